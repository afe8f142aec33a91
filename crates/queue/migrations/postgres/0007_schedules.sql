-- What became of schedules, and which are paused.
-- When it fired last.
ALTER TABLE schedules ADD COLUMN fired_at timestamptz;
-- What it fired for then; an operator may have wanted it between slots.
ALTER TABLE schedules ADD COLUMN fired_slot timestamptz;
-- How many slots passed without a firing, because no scheduler ran or it was too late.
ALTER TABLE schedules ADD COLUMN missed bigint NOT NULL DEFAULT 0;
-- When it could not be fired last, until it is.
ALTER TABLE schedules ADD COLUMN failed_at timestamptz;
ALTER TABLE schedules ADD COLUMN error text COLLATE "C";
-- While it is paused its slots pass without a firing.
ALTER TABLE schedules ADD COLUMN paused_at timestamptz;
ALTER TABLE schedules ADD COLUMN paused_until timestamptz;
ALTER TABLE schedules ADD COLUMN paused_by text COLLATE "C";
ALTER TABLE schedules ADD COLUMN pause_reason text COLLATE "C";
