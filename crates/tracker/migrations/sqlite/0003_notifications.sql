-- The ledger of promises: one row per thing a user is to be told, once.

CREATE TABLE notifications (
  user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  id BLOB NOT NULL CHECK (length(id) = 16),
  -- due, due_time, overdue
  kind TEXT NOT NULL,
  -- The task; sixteen zero bytes for a mail about several.
  task_id BLOB NOT NULL,
  -- What it is about: 2026-11-24, or 2026-11-24T18:00 with a due time. A changed due date is
  -- another slot, so another promise.
  slot TEXT NOT NULL,
  -- planned, queued, sending, sent, failed, bounced, cancelled
  state TEXT NOT NULL,
  message_id TEXT NOT NULL,
  reason TEXT,
  attempts INTEGER NOT NULL,
  planned_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  sent_at INTEGER,
  PRIMARY KEY (user_id, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX notifications_user_id_task_id_kind_slot_key
  ON notifications (user_id, task_id, kind, slot);
CREATE INDEX notifications_state ON notifications (state, updated_at);

-- When each user's reminders have to be looked at next.
CREATE TABLE reminder_schedules (
  user_id BLOB PRIMARY KEY NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  next_run INTEGER NOT NULL,
  -- The last local day whose daily run has happened.
  last_day TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX reminder_schedules_next_run ON reminder_schedules (next_run, user_id);
