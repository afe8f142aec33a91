-- The ledger of promises: one row per thing a user is to be told, once. A maintenance task makes a
-- partition for each month before it begins.

CREATE TABLE notifications (
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  -- due, due_time, overdue
  kind text COLLATE "C" NOT NULL,
  -- The task; sixteen zero bytes for a mail about several.
  task_id uuid NOT NULL,
  -- What it is about: 2026-11-24, or 2026-11-24T18:00 with a due time. A changed due date is
  -- another slot, so another promise.
  slot text COLLATE "C" NOT NULL,
  -- planned, queued, sending, sent, failed, bounced, cancelled
  state text COLLATE "C" NOT NULL,
  message_id text COLLATE "C" NOT NULL,
  reason text COLLATE "C",
  attempts bigint NOT NULL,
  planned_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  sent_at timestamptz,
  PRIMARY KEY (user_id, id, slot)
) PARTITION BY RANGE (slot);

CREATE TABLE notifications_default PARTITION OF notifications DEFAULT;

CREATE UNIQUE INDEX notifications_user_id_task_id_kind_slot_key
  ON notifications (user_id, task_id, kind, slot);
CREATE INDEX notifications_state ON notifications (state, updated_at);

-- When each user's reminders have to be looked at next.
CREATE TABLE reminder_schedules (
  user_id uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  next_run timestamptz NOT NULL,
  -- The last local day whose daily run has happened.
  last_day date NOT NULL
);

CREATE INDEX reminder_schedules_next_run ON reminder_schedules (next_run, user_id);
