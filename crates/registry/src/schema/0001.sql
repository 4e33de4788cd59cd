-- Times are microseconds since 1970 (UTC), ids 16 bytes, hashes and keys 32. What is sealed is only bounded in length.

CREATE TABLE installation (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  id BLOB NOT NULL CHECK (length(id) = 16),
  created_at INTEGER NOT NULL,
  master_commitment BLOB NOT NULL CHECK (length(master_commitment) = 32)
) STRICT;

CREATE TABLE links (
  find BLOB NOT NULL PRIMARY KEY CHECK (length(find) = 32),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER,
  sealed BLOB NOT NULL CHECK (length(sealed) <= 65536)
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  email TEXT NOT NULL UNIQUE CHECK (length(email) BETWEEN 3 AND 254),
  created_at INTEGER NOT NULL,
  public_key BLOB NOT NULL CHECK (length(public_key) = 32),
  text BLOB NOT NULL CHECK (length(text) <= 65536)
) STRICT, WITHOUT ROWID;

CREATE TABLE passwords (
  email TEXT NOT NULL PRIMARY KEY REFERENCES accounts (email),
  params TEXT NOT NULL CHECK (length(params) <= 1024),
  wrap BLOB NOT NULL CHECK (length(wrap) <= 4096)
) STRICT, WITHOUT ROWID;

CREATE TABLE custodies (
  email TEXT NOT NULL PRIMARY KEY REFERENCES accounts (email),
  wrap BLOB NOT NULL CHECK (length(wrap) <= 4096)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  find BLOB NOT NULL PRIMARY KEY CHECK (length(find) = 32),
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  account BLOB NOT NULL REFERENCES accounts (id),
  kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 255),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  wrap BLOB NOT NULL CHECK (length(wrap) <= 4096)
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of_account ON sessions (account);
CREATE INDEX sessions_by_end ON sessions (expires_at);

CREATE TABLE homes (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  epoch INTEGER NOT NULL CHECK (epoch BETWEEN 1 AND 4294967295),
  created_at INTEGER NOT NULL,
  text BLOB NOT NULL CHECK (length(text) <= 65536),
  local_agent INTEGER NOT NULL CHECK (local_agent IN (0, 1)),
  retention_days INTEGER NOT NULL CHECK (retention_days BETWEEN 0 AND 4294967295),
  retention_bytes INTEGER NOT NULL CHECK (retention_bytes >= 0)
) STRICT, WITHOUT ROWID;

-- A revoked grant keeps its row for the history, without its wrap.
CREATE TABLE grants (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  account BLOB NOT NULL REFERENCES accounts (id),
  home BLOB NOT NULL REFERENCES homes (id),
  role INTEGER NOT NULL CHECK (role BETWEEN 1 AND 3),
  epoch INTEGER NOT NULL CHECK (epoch BETWEEN 1 AND 4294967295),
  created_at INTEGER NOT NULL,
  wrap BLOB NOT NULL CHECK (length(wrap) <= 4096),
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_of_account ON grants (account, home) WHERE revoked_at IS NULL;
CREATE INDEX grants_of_home ON grants (home, account) WHERE revoked_at IS NULL;

CREATE TABLE devices (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  home BLOB NOT NULL REFERENCES homes (id),
  standing INTEGER NOT NULL CHECK (standing BETWEEN 1 AND 3),
  agent INTEGER NOT NULL CHECK (agent IN (0, 1)),
  local INTEGER NOT NULL CHECK (local IN (0, 1)),
  public_key BLOB CHECK (length(public_key) = 32),
  credential_hash BLOB CHECK (length(credential_hash) = 32),
  text BLOB NOT NULL CHECK (length(text) <= 65536),
  text_epoch INTEGER NOT NULL CHECK (text_epoch BETWEEN 1 AND 4294967295),
  created_at INTEGER NOT NULL,
  paired_at INTEGER,
  seen_at INTEGER,
  version TEXT CHECK (length(version) <= 200),
  latest_serial INTEGER NOT NULL CHECK (latest_serial >= 0),
  acknowledged_serial INTEGER NOT NULL CHECK (acknowledged_serial >= 0),
  key_epoch INTEGER NOT NULL CHECK (key_epoch BETWEEN 1 AND 4294967295),
  device_key BLOB NOT NULL CHECK (length(device_key) <= 4096)
) STRICT;
CREATE INDEX devices_of_home ON devices (home);

CREATE TABLE pairings (
  device BLOB NOT NULL PRIMARY KEY REFERENCES devices (id),
  find BLOB NOT NULL UNIQUE CHECK (length(find) = 32),
  expires_at INTEGER NOT NULL,
  blob BLOB NOT NULL CHECK (length(blob) <= 65536),
  answer_public_key BLOB CHECK (length(answer_public_key) = 32),
  answer_credential_hash BLOB CHECK (length(answer_credential_hash) = 32),
  answer_mac BLOB CHECK (length(answer_mac) = 32),
  answer_agent INTEGER CHECK (answer_agent IN (0, 1)),
  answer_version TEXT CHECK (length(answer_version) <= 200)
) STRICT, WITHOUT ROWID;

CREATE TABLE configurations (
  device BLOB NOT NULL REFERENCES devices (id),
  serial INTEGER NOT NULL CHECK (serial >= 1),
  sealed BLOB NOT NULL CHECK (length(sealed) <= 16777216),
  PRIMARY KEY (device, serial)
) STRICT;

-- (tenure, home_epoch, camera_epoch) names the current row of camera_epochs.
CREATE TABLE cameras (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  home BLOB NOT NULL REFERENCES homes (id),
  standing INTEGER NOT NULL CHECK (standing BETWEEN 1 AND 3),
  device BLOB REFERENCES devices (id),
  created_at INTEGER NOT NULL,
  text BLOB NOT NULL CHECK (length(text) <= 65536),
  address BLOB CHECK (length(address) <= 65536),
  tenure BLOB NOT NULL CHECK (length(tenure) = 16),
  home_epoch INTEGER NOT NULL,
  camera_epoch INTEGER NOT NULL,
  erased_at INTEGER
) STRICT;
CREATE INDEX cameras_of_home ON cameras (home, standing);
CREATE INDEX cameras_of_device ON cameras (device) WHERE device IS NOT NULL;

CREATE TABLE tenures (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  camera BLOB NOT NULL REFERENCES cameras (id),
  home BLOB NOT NULL REFERENCES homes (id),
  began_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX tenures_of_camera ON tenures (camera);

CREATE TABLE camera_epochs (
  camera BLOB NOT NULL REFERENCES cameras (id),
  tenure BLOB NOT NULL REFERENCES tenures (id),
  home_epoch INTEGER NOT NULL CHECK (home_epoch BETWEEN 1 AND 4294967295),
  camera_epoch INTEGER NOT NULL CHECK (camera_epoch BETWEEN 1 AND 4294967295),
  home BLOB NOT NULL REFERENCES homes (id),
  salt BLOB NOT NULL CHECK (length(salt) = 32),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (camera, tenure, home_epoch, camera_epoch)
) STRICT, WITHOUT ROWID;

-- What a camera's kept objects take in a home, so that quotas and counts need no scan.
CREATE TABLE usage (
  home BLOB NOT NULL REFERENCES homes (id),
  camera BLOB NOT NULL REFERENCES cameras (id),
  bytes INTEGER NOT NULL CHECK (bytes >= 0),
  events INTEGER NOT NULL CHECK (events >= 0),
  PRIMARY KEY (home, camera)
) STRICT, WITHOUT ROWID;

-- An erased event stays for a while as a tombstone: without header and trailer, with erased_at.
CREATE TABLE events (
  camera BLOB NOT NULL REFERENCES cameras (id),
  id BLOB NOT NULL CHECK (length(id) = 16),
  home BLOB NOT NULL REFERENCES homes (id),
  tenure BLOB NOT NULL,
  home_epoch INTEGER NOT NULL,
  camera_epoch INTEGER NOT NULL,
  device BLOB NOT NULL REFERENCES devices (id),
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  label INTEGER NOT NULL CHECK (label BETWEEN 0 AND 255),
  still INTEGER NOT NULL CHECK (still IN (0, 1)),
  received_at INTEGER NOT NULL,
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  bytes INTEGER NOT NULL CHECK (bytes >= 0),
  header BLOB NOT NULL CHECK (length(header) <= 65536),
  trailer BLOB NOT NULL CHECK (length(trailer) <= 65536),
  erased_at INTEGER,
  PRIMARY KEY (camera, id),
  UNIQUE (home, id),
  FOREIGN KEY (camera, tenure, home_epoch, camera_epoch)
    REFERENCES camera_epochs (camera, tenure, home_epoch, camera_epoch)
) STRICT;
CREATE INDEX events_of_home ON events (home, started_at DESC, id DESC, still, label) WHERE erased_at IS NULL;
CREATE INDEX events_of_camera ON events (camera, started_at DESC, id DESC, still, label) WHERE erased_at IS NULL;
CREATE UNIQUE INDEX last_stills ON events (camera) WHERE still = 1 AND erased_at IS NULL;
CREATE INDEX tombstones ON events (erased_at) WHERE erased_at IS NOT NULL;

CREATE TABLE opened (
  home BLOB NOT NULL REFERENCES homes (id),
  event BLOB NOT NULL CHECK (length(event) = 16),
  account BLOB NOT NULL REFERENCES accounts (id),
  PRIMARY KEY (home, event, account)
) STRICT, WITHOUT ROWID;

-- kind: 1 a device on itself, 2 a camera, 3 a camera test; subject is its id.
CREATE TABLE reports (
  kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 3),
  subject BLOB NOT NULL CHECK (length(subject) = 16),
  device BLOB NOT NULL REFERENCES devices (id),
  received_at INTEGER NOT NULL,
  body BLOB NOT NULL CHECK (length(body) <= 262144),
  tag BLOB NOT NULL CHECK (length(tag) <= 64),
  PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE gaps (
  camera BLOB NOT NULL REFERENCES cameras (id),
  from_at INTEGER NOT NULL,
  to_at INTEGER,
  device BLOB NOT NULL REFERENCES devices (id),
  received_at INTEGER NOT NULL,
  body BLOB NOT NULL CHECK (length(body) <= 262144),
  tag BLOB NOT NULL CHECK (length(tag) <= 64),
  PRIMARY KEY (camera, from_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE tests (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  home BLOB NOT NULL REFERENCES homes (id),
  device BLOB NOT NULL REFERENCES devices (id),
  draft BLOB NOT NULL UNIQUE REFERENCES cameras (id),
  existing BLOB REFERENCES cameras (id),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tests_of_home ON tests (home);
CREATE INDEX tests_by_end ON tests (expires_at);
