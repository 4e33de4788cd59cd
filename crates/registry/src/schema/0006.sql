-- Devices that leave and deliver what they recorded until then; visits of the operator.

-- Until when a removed device recorded what is still taken from it, for 30 days from then; NULL: nothing more is taken.
ALTER TABLE devices ADD COLUMN left_at INTEGER;
-- Whether it left by itself, as it was paired elsewhere: then nothing that began later can be its own.
ALTER TABLE devices ADD COLUMN left_itself INTEGER NOT NULL DEFAULT 0 CHECK (left_itself IN (0, 1));

-- Visits of the operator in a browser. wrap: a key that opens nothing, under the visit's secret: that it opens proves both halves
-- and the end.
CREATE TABLE visits (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  find BLOB NOT NULL UNIQUE CHECK (length(find) = 32),
  begun_by TEXT NOT NULL CHECK (length(begun_by) <= 200),
  begun_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  wrap BLOB NOT NULL CHECK (length(wrap) <= 4096)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER visit_ended AFTER DELETE ON visits BEGIN UPDATE installation SET ended = ended + 1; END;
