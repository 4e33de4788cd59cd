-- Members: what a grant needs while its account is away, what a home keeps of its past, and who is invited.

-- away: `wrap` is sealed to the account's public key, and to be wrapped under its account key at first use.
ALTER TABLE grants ADD COLUMN away INTEGER NOT NULL DEFAULT 0 CHECK (away IN (0, 1));
ALTER TABLE grants ADD COLUMN member_key BLOB NOT NULL DEFAULT x'' CHECK (length(member_key) <= 4096);

-- keyring: former home keys under the present one. The others: what waits for an owner's or adult's request.
ALTER TABLE homes ADD COLUMN keyring BLOB NOT NULL DEFAULT x'' CHECK (length(keyring) <= 16777216);
ALTER TABLE homes ADD COLUMN epoch_due INTEGER NOT NULL DEFAULT 0 CHECK (epoch_due IN (0, 1));
ALTER TABLE homes ADD COLUMN joins_due INTEGER NOT NULL DEFAULT 0 CHECK (joins_due IN (0, 1));
-- An erased home's or account's row stays, without anything in it, for what refers to it.
ALTER TABLE homes ADD COLUMN erased_at INTEGER;
ALTER TABLE accounts ADD COLUMN erased_at INTEGER;

-- text: what program began it, sealed under the account key; empty where it did not say. noticed: its account knows of it.
ALTER TABLE sessions ADD COLUMN text BLOB NOT NULL DEFAULT x'' CHECK (length(text) <= 4096);
ALTER TABLE sessions ADD COLUMN noticed INTEGER NOT NULL DEFAULT 1 CHECK (noticed IN (0, 1));

CREATE TABLE rosters (
  home BLOB NOT NULL PRIMARY KEY REFERENCES homes (id),
  epoch INTEGER NOT NULL CHECK (epoch BETWEEN 1 AND 4294967295),
  serial INTEGER NOT NULL CHECK (serial >= 1),
  roster BLOB NOT NULL CHECK (length(roster) <= 1048576),
  members BLOB NOT NULL CHECK (length(members) <= 1048576)
) STRICT, WITHOUT ROWID;

-- id is that of the grant that comes of it. Who accepted left a note, until an owner's or adult's request.
CREATE TABLE invitations (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  find BLOB NOT NULL UNIQUE CHECK (length(find) = 32),
  home BLOB NOT NULL REFERENCES homes (id),
  role INTEGER NOT NULL CHECK (role BETWEEN 1 AND 3),
  epoch INTEGER NOT NULL CHECK (epoch BETWEEN 1 AND 4294967295),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  text BLOB NOT NULL CHECK (length(text) <= 65536),
  wrap BLOB NOT NULL CHECK (length(wrap) <= 4096),
  kept BLOB NOT NULL CHECK (length(kept) <= 65536),
  joined_at INTEGER,
  joined_account BLOB REFERENCES accounts (id),
  note BLOB CHECK (length(note) <= 65536),
  tag BLOB CHECK (length(tag) = 32)
) STRICT, WITHOUT ROWID;
CREATE INDEX invitations_of_home ON invitations (home);
