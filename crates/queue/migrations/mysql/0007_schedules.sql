-- What became of schedules, and which are paused.
-- When it fired last.
ALTER TABLE schedules ADD COLUMN fired_at DATETIME(6);
-- What it fired for then; an operator may have wanted it between slots.
ALTER TABLE schedules ADD COLUMN fired_slot DATETIME(6);
-- How many slots passed without a firing, because no scheduler ran or it was too late.
ALTER TABLE schedules ADD COLUMN missed BIGINT NOT NULL DEFAULT 0;
-- When it could not be fired last, until it is.
ALTER TABLE schedules ADD COLUMN failed_at DATETIME(6);
ALTER TABLE schedules ADD COLUMN error LONGTEXT;
-- While it is paused its slots pass without a firing.
ALTER TABLE schedules ADD COLUMN paused_at DATETIME(6);
ALTER TABLE schedules ADD COLUMN paused_until DATETIME(6);
ALTER TABLE schedules ADD COLUMN paused_by LONGTEXT;
ALTER TABLE schedules ADD COLUMN pause_reason LONGTEXT;
