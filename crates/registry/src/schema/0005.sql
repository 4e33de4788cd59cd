-- Tokens of programs, invitations that are confirmed, devices that leave, what a restored installation waits for.

-- A program's token is a session with rights (code of model::TokenRights); a sign-in has none. used_at: for a token, the hour in
-- which it was last used.
ALTER TABLE sessions ADD COLUMN rights INTEGER CHECK (rights BETWEEN 0 AND 255);
ALTER TABLE sessions ADD COLUMN used_at INTEGER;

-- Invitations by code, for somebody who is there: no key of the home lies in one. Who asks to join leaves a note, and the member
-- key of the grant that comes of it under their own key; the grant is made when an owner or adult confirms. id is that grant's.
CREATE TABLE invitation_codes (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  find BLOB NOT NULL UNIQUE CHECK (length(find) = 32),
  home BLOB NOT NULL REFERENCES homes (id),
  epoch INTEGER NOT NULL CHECK (epoch BETWEEN 1 AND 4294967295),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  text BLOB NOT NULL CHECK (length(text) <= 65536),
  kept BLOB NOT NULL CHECK (length(kept) <= 65536),
  joined_at INTEGER,
  joined_account BLOB REFERENCES accounts (id),
  note BLOB CHECK (length(note) <= 65536),
  tag BLOB CHECK (length(tag) = 32),
  member_key BLOB NOT NULL DEFAULT x'' CHECK (length(member_key) <= 4096),
  confirmed_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX invitation_codes_of_home ON invitation_codes (home);
