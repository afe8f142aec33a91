-- Tasks. The owner leads every key and index: the access check is the key.

CREATE TABLE tasks (
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  title text COLLATE "C" NOT NULL,
  description text COLLATE "C" NOT NULL,
  -- Both in lower case and NFC: engines fold case differently, so they sort and match these. NFC
  -- makes up to three characters of one, so a folded title is too long for an index.
  title_folded text COLLATE "C" NOT NULL,
  description_folded text COLLATE "C" NOT NULL,
  -- 0 pending, 1 in progress, 2 completed
  status bigint NOT NULL,
  -- Whether it is neither completed nor in the trash; leads the index of the usual list.
  is_open boolean NOT NULL,
  -- 9999-12-31 stands for none, so that keyset pages work on every engine.
  due_date date NOT NULL,
  -- Minutes after midnight in the owner's zone; 1440 stands for none: the day as a whole.
  due_minute bigint NOT NULL,
  -- 0 none to 3 high
  priority bigint NOT NULL,
  -- JSON list in the order given; task_labels is its index.
  labels text COLLATE "C" NOT NULL,
  -- The overdue mail leaves the task out until this day.
  snoozed_until date,
  -- The overdue mail leaves the task out for good.
  muted boolean NOT NULL,
  completed_at timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  deleted_at timestamptz,
  version bigint NOT NULL,
  PRIMARY KEY (user_id, id)
);

CREATE INDEX tasks_open ON tasks (user_id, is_open, due_date, due_minute, id);
CREATE INDEX tasks_due ON tasks (user_id, due_date, due_minute, id);
CREATE INDEX tasks_completed ON tasks (user_id, completed_at);
CREATE INDEX tasks_deleted ON tasks (deleted_at);

CREATE TABLE task_labels (
  user_id uuid NOT NULL,
  -- Lower case: labels are compared without regard to case and shown as first written.
  label_folded text COLLATE "C" NOT NULL,
  task_id uuid NOT NULL,
  label text COLLATE "C" NOT NULL,
  PRIMARY KEY (user_id, label_folded, task_id),
  FOREIGN KEY (user_id, task_id) REFERENCES tasks (user_id, id) ON DELETE CASCADE
);

CREATE INDEX task_labels_task ON task_labels (user_id, task_id);
