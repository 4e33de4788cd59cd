-- Tokens of programs, invitations that are confirmed, devices that leave, what a restored installation waits for.

-- Each start of a device has a run of its own: which one calls, and since when. Two devices that
-- present one identity are found by their runs; contested_at: neither is served from then on.
ALTER TABLE devices ADD COLUMN run BLOB CHECK (length(run) = 16);
ALTER TABLE devices ADD COLUMN run_since INTEGER;
ALTER TABLE devices ADD COLUMN contested_at INTEGER;

-- A home that came back from a backup: when, and as of when it is. It opens nothing until an owner has confirmed it.
ALTER TABLE homes ADD COLUMN restored_at INTEGER;
ALTER TABLE homes ADD COLUMN restored_as_of INTEGER;
-- Who confirmed it, for the record.
CREATE TABLE confirmations (
  home BLOB NOT NULL REFERENCES homes (id),
  restored_at INTEGER NOT NULL,
  restored_as_of INTEGER NOT NULL,
  account BLOB NOT NULL REFERENCES accounts (id),
  confirmed_at INTEGER NOT NULL,
  PRIMARY KEY (home, restored_at)
) STRICT, WITHOUT ROWID;

-- How often something ended that gave somebody access. Triggers count, so that no way of ending something can forget to; a table
-- that is made anew takes its own along. Also at the end of this file for that reason.
ALTER TABLE installation ADD COLUMN ended INTEGER NOT NULL DEFAULT 0 CHECK (ended >= 0);
CREATE TRIGGER session_ended AFTER DELETE ON sessions BEGIN UPDATE installation SET ended = ended + 1; END;
CREATE TRIGGER grant_ended AFTER UPDATE OF role, revoked_at ON grants
  WHEN new.role <> old.role OR new.revoked_at IS NOT old.revoked_at
  BEGIN UPDATE installation SET ended = ended + 1; END;
CREATE TRIGGER home_epoch_ended AFTER UPDATE OF epoch ON homes BEGIN UPDATE installation SET ended = ended + 1; END;
CREATE TRIGGER share_changed AFTER UPDATE OF serial, revoked_at ON shares BEGIN UPDATE installation SET ended = ended + 1; END;
CREATE TRIGGER share_gone AFTER DELETE ON shares BEGIN UPDATE installation SET ended = ended + 1; END;
CREATE TRIGGER invitation_used AFTER UPDATE OF joined_at ON invitations BEGIN UPDATE installation SET ended = ended + 1; END;
CREATE TRIGGER invitation_gone AFTER DELETE ON invitations BEGIN UPDATE installation SET ended = ended + 1; END;
CREATE TRIGGER link_used AFTER UPDATE OF used_at ON links BEGIN UPDATE installation SET ended = ended + 1; END;
CREATE TRIGGER link_gone AFTER DELETE ON links BEGIN UPDATE installation SET ended = ended + 1; END;
CREATE TRIGGER device_removed AFTER UPDATE OF standing ON devices WHEN new.standing = 3 AND old.standing <> 3
  BEGIN UPDATE installation SET ended = ended + 1; END;
CREATE TRIGGER password_replaced AFTER UPDATE ON passwords BEGIN UPDATE installation SET ended = ended + 1; END;
CREATE TRIGGER password_gone AFTER DELETE ON passwords BEGIN UPDATE installation SET ended = ended + 1; END;
CREATE TRIGGER lockdown_begun AFTER INSERT ON lockdowns BEGIN UPDATE installation SET ended = ended + 1; END;

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

CREATE TRIGGER code_used AFTER UPDATE OF joined_at, confirmed_at ON invitation_codes
  BEGIN UPDATE installation SET ended = ended + 1; END;
CREATE TRIGGER code_gone AFTER DELETE ON invitation_codes BEGIN UPDATE installation SET ended = ended + 1; END;
