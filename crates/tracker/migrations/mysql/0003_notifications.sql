-- The ledger of promises: one row per thing a user is to be told, once.

CREATE TABLE notifications (
  user_id BINARY(16) NOT NULL,
  id BINARY(16) NOT NULL,
  -- due, due_time, overdue
  kind VARCHAR(255) NOT NULL,
  -- The task; sixteen zero bytes for a mail about several.
  task_id BINARY(16) NOT NULL,
  -- What it is about: 2026-11-24, or 2026-11-24T18:00 with a due time. A changed due date is
  -- another slot, so another promise.
  slot VARCHAR(255) NOT NULL,
  -- planned, queued, sending, sent, failed, bounced, cancelled
  state VARCHAR(255) NOT NULL,
  message_id VARCHAR(255) NOT NULL,
  reason TEXT,
  attempts BIGINT NOT NULL,
  planned_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  sent_at DATETIME(6),
  PRIMARY KEY (user_id, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE UNIQUE INDEX notifications_user_id_task_id_kind_slot_key
  ON notifications (user_id, task_id, kind, slot);
CREATE INDEX notifications_state ON notifications (state, updated_at);

-- When each user's reminders have to be looked at next.
CREATE TABLE reminder_schedules (
  user_id BINARY(16) PRIMARY KEY,
  next_run DATETIME(6) NOT NULL,
  -- The last local day whose daily run has happened.
  last_day DATE NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX reminder_schedules_next_run ON reminder_schedules (next_run, user_id);
