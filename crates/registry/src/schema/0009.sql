-- What somebody who manages a home said to be no event: it leaves the list, and is kept like the others.

ALTER TABLE events ADD COLUMN not_event_at INTEGER;
CREATE INDEX events_not_event ON events (camera, not_event_at) WHERE not_event_at IS NOT NULL;
