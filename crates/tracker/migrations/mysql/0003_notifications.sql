-- The ledger of promises: one row per thing a user is to be told, once. A maintenance task splits
-- a partition for each month off the last one before that month begins. InnoDB allows no foreign
-- key on partitions: whoever deletes a user deletes these rows too.

CREATE TABLE notifications (
  user_id BINARY(16) NOT NULL,
  id BINARY(16) NOT NULL,
  -- due, due_time, overdue
  kind VARCHAR(16) NOT NULL,
  -- The task; sixteen zero bytes for a mail about several.
  task_id BINARY(16) NOT NULL,
  -- What it is about: 2026-11-24, or 2026-11-24T18:00 with a due time. A changed due date is
  -- another slot, so another promise.
  slot VARCHAR(32) NOT NULL,
  -- planned, queued, sending, sent, failed, bounced, cancelled
  state VARCHAR(16) NOT NULL,
  message_id VARCHAR(320) NOT NULL,
  reason TEXT,
  attempts BIGINT NOT NULL,
  planned_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  sent_at DATETIME(6),
  PRIMARY KEY (user_id, id, slot),
  UNIQUE KEY notifications_user_id_task_id_kind_slot_key (user_id, task_id, kind, slot),
  KEY notifications_state (state, updated_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
PARTITION BY RANGE COLUMNS (slot) (
  PARTITION notifications_default VALUES LESS THAN (MAXVALUE)
);

-- When each user's reminders have to be looked at next.
CREATE TABLE reminder_schedules (
  user_id BINARY(16) PRIMARY KEY,
  next_run DATETIME(6) NOT NULL,
  -- The last local day whose daily run has happened.
  last_day DATE NOT NULL,
  KEY reminder_schedules_next_run (next_run, user_id),
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
