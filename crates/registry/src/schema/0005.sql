-- Tokens of programs, invitations that are confirmed, devices that leave, what a restored installation waits for.

-- Each start of a device has a run of its own: which one calls, and since when. Two devices that
-- present one identity are found by their runs; contested_at: neither is served from then on.
ALTER TABLE devices ADD COLUMN run BLOB CHECK (length(run) = 16);
ALTER TABLE devices ADD COLUMN run_since INTEGER;
ALTER TABLE devices ADD COLUMN contested_at INTEGER;
