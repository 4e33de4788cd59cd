-- Devices that leave and deliver what they recorded until then; visits of the operator.

-- Until when a removed device recorded what is still taken from it, for 30 days from then; NULL: nothing more is taken.
ALTER TABLE devices ADD COLUMN left_at INTEGER;
-- Whether it left by itself, as it was paired elsewhere: then nothing that began later can be its own.
ALTER TABLE devices ADD COLUMN left_itself INTEGER NOT NULL DEFAULT 0 CHECK (left_itself IN (0, 1));
