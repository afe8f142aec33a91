-- Tasks. The owner leads every key and index: the access check is the key.

CREATE TABLE tasks (
  user_id BINARY(16) NOT NULL,
  id BINARY(16) NOT NULL,
  title VARCHAR(500) NOT NULL,
  -- 20,000 characters are more bytes than a TEXT takes.
  description LONGTEXT NOT NULL,
  -- Both in lower case and NFC: engines fold case differently, so they sort and match these. NFC
  -- makes up to three characters of one, so a folded title is too long for an index.
  title_folded VARCHAR(1500) NOT NULL,
  description_folded LONGTEXT NOT NULL,
  -- 0 pending, 1 in progress, 2 completed
  status BIGINT NOT NULL,
  -- Whether it is neither completed nor in the trash; leads the index of the usual list.
  is_open BOOLEAN NOT NULL,
  -- 9999-12-31 stands for none, so that keyset pages work on every engine.
  due_date DATE NOT NULL,
  -- Minutes after midnight in the owner's zone; 1440 stands for none: the day as a whole.
  due_minute BIGINT NOT NULL,
  -- 0 none to 3 high
  priority BIGINT NOT NULL,
  -- JSON list in the order given; task_labels is its index.
  labels LONGTEXT NOT NULL,
  -- The overdue mail leaves the task out until this day.
  snoozed_until DATE,
  -- The overdue mail leaves the task out for good.
  muted BOOLEAN NOT NULL,
  completed_at DATETIME(6),
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  deleted_at DATETIME(6),
  version BIGINT NOT NULL,
  PRIMARY KEY (user_id, id),
  KEY tasks_open (user_id, is_open, due_date, due_minute, id),
  KEY tasks_due (user_id, due_date, due_minute, id),
  KEY tasks_completed (user_id, completed_at),
  KEY tasks_deleted (deleted_at),
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE task_labels (
  user_id BINARY(16) NOT NULL,
  -- Lower case: labels are compared without regard to case and shown as first written.
  label_folded VARCHAR(150) NOT NULL,
  task_id BINARY(16) NOT NULL,
  label VARCHAR(50) NOT NULL,
  PRIMARY KEY (user_id, label_folded, task_id),
  KEY task_labels_task (user_id, task_id),
  FOREIGN KEY (user_id, task_id) REFERENCES tasks (user_id, id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
