-- What an operator has closed. A lockdown that was lifted keeps its row for the record.
-- scope: 1 installation, 2 home, 3 camera, 4 account; subject is its id, or zeros.
CREATE TABLE lockdowns (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  scope INTEGER NOT NULL CHECK (scope BETWEEN 1 AND 4),
  subject BLOB NOT NULL CHECK (length(subject) = 16),
  closes INTEGER NOT NULL CHECK (closes BETWEEN 1 AND 255),
  reason TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  begun_by TEXT NOT NULL CHECK (length(begun_by) <= 200),
  begun_at INTEGER NOT NULL,
  lifted_by TEXT CHECK (length(lifted_by) <= 200),
  lifted_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX lockdowns_of_subject ON lockdowns (scope, subject) WHERE lifted_at IS NULL;
