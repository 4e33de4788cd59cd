-- What went of a home because its space was used up, by the day on which it went, so that its page can say so.

-- day: since 1970 (UTC). from_at, to_at: when the first and the last of these events began. last_at: when the last one went.
CREATE TABLE space_erasures (
  home BLOB NOT NULL REFERENCES homes (id),
  day INTEGER NOT NULL,
  events INTEGER NOT NULL CHECK (events >= 1),
  from_at INTEGER NOT NULL,
  to_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (home, day)
) STRICT, WITHOUT ROWID;
