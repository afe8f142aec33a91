-- Tasks. The owner leads every key and index: the access check is the key.

CREATE TABLE tasks (
  user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  id BLOB NOT NULL CHECK (length(id) = 16),
  title TEXT NOT NULL,
  description TEXT NOT NULL,
  -- Both in lower case and NFC: engines fold case differently, so they sort and match these.
  title_folded TEXT NOT NULL,
  description_folded TEXT NOT NULL,
  -- 0 pending, 1 in progress, 2 completed
  status INTEGER NOT NULL,
  -- Whether it is neither completed nor in the trash; leads the index of the usual list.
  is_open INTEGER NOT NULL,
  -- 9999-12-31 stands for none, so that keyset pages work on every engine.
  due_date TEXT NOT NULL,
  -- Minutes after midnight in the owner's zone; 1440 stands for none: the day as a whole.
  due_minute INTEGER NOT NULL,
  -- 0 none to 3 high
  priority INTEGER NOT NULL,
  -- JSON list in the order given; task_labels is its index.
  labels TEXT NOT NULL,
  -- The overdue mail leaves the task out until this day.
  snoozed_until TEXT,
  -- The overdue mail leaves the task out for good.
  muted INTEGER NOT NULL,
  completed_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  version INTEGER NOT NULL,
  PRIMARY KEY (user_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX tasks_open ON tasks (user_id, is_open, due_date, due_minute, id);
CREATE INDEX tasks_due ON tasks (user_id, due_date, due_minute, id);
CREATE INDEX tasks_completed ON tasks (user_id, completed_at);
CREATE INDEX tasks_deleted ON tasks (deleted_at);

CREATE TABLE task_labels (
  user_id BLOB NOT NULL,
  -- Lower case: labels are compared without regard to case and shown as first written.
  label_folded TEXT NOT NULL,
  task_id BLOB NOT NULL,
  label TEXT NOT NULL,
  PRIMARY KEY (user_id, label_folded, task_id),
  FOREIGN KEY (user_id, task_id) REFERENCES tasks (user_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX task_labels_task ON task_labels (user_id, task_id);
