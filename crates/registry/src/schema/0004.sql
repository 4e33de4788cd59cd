-- Shares: some cameras of a home, for an account outside it.

-- An invitation to a share has no role. SQLite cannot take a column's NOT NULL away: the table is made anew.
CREATE TABLE invitations_anew (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  find BLOB NOT NULL UNIQUE CHECK (length(find) = 32),
  home BLOB NOT NULL REFERENCES homes (id),
  role INTEGER CHECK (role BETWEEN 1 AND 3),
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
INSERT INTO invitations_anew SELECT * FROM invitations;
DROP TABLE invitations;
ALTER TABLE invitations_anew RENAME TO invitations;
CREATE INDEX invitations_of_home ON invitations (home);

-- A share is there from when it was offered; account, wrap and member_key come when it is accepted. contents lies under the
-- share key, which is in wrap, or before that in the invitation. One that ended keeps its row for the record, without keys;
-- epoch_due: its cameras get new keys at the next request of an owner or adult.
CREATE TABLE shares (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  home BLOB NOT NULL REFERENCES homes (id),
  account BLOB REFERENCES accounts (id),
  serial INTEGER NOT NULL CHECK (serial >= 1),
  created_at INTEGER NOT NULL,
  from_at INTEGER,
  until_at INTEGER,
  wrap BLOB NOT NULL CHECK (length(wrap) <= 4096),
  away INTEGER NOT NULL CHECK (away IN (0, 1)),
  member_key BLOB NOT NULL CHECK (length(member_key) <= 4096),
  contents BLOB NOT NULL CHECK (length(contents) <= 16777216),
  revoked_at INTEGER,
  epoch_due INTEGER NOT NULL DEFAULT 0 CHECK (epoch_due IN (0, 1))
) STRICT;
CREATE INDEX shares_of_account ON shares (account) WHERE account IS NOT NULL AND revoked_at IS NULL;
CREATE INDEX shares_of_home ON shares (home);

-- A share has ended, and nobody with the control key was there: their next request gives its cameras new keys.
ALTER TABLE homes ADD COLUMN shares_due INTEGER NOT NULL DEFAULT 0 CHECK (shares_due IN (0, 1));

-- The epochs whose secrets a share holds: what finds its events while it is live, and what gets new keys once it is over.
CREATE TABLE share_epochs (
  share BLOB NOT NULL REFERENCES shares (id),
  camera BLOB NOT NULL REFERENCES cameras (id),
  tenure BLOB NOT NULL REFERENCES tenures (id),
  home_epoch INTEGER NOT NULL,
  camera_epoch INTEGER NOT NULL,
  PRIMARY KEY (share, camera, tenure, home_epoch, camera_epoch)
) STRICT, WITHOUT ROWID;
CREATE INDEX share_epochs_of_camera ON share_epochs (camera);

CREATE INDEX opened_by_account ON opened (account, home);
