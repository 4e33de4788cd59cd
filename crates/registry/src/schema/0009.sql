-- What somebody who manages a home said to be no event: it leaves the list, and is kept like the others.

ALTER TABLE events ADD COLUMN not_event_at INTEGER;
-- What is counted must not need the rows themselves.
DROP INDEX events_of_home;
DROP INDEX events_of_camera;
CREATE INDEX events_of_home ON events (home, started_at DESC, id DESC, still, label, not_event_at) WHERE erased_at IS NULL;
CREATE INDEX events_of_camera ON events (camera, started_at DESC, id DESC, still, label, not_event_at) WHERE erased_at IS NULL;
CREATE INDEX events_not_event ON events (camera, not_event_at) WHERE not_event_at IS NOT NULL;
