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
