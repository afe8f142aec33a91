-- Which task came from which row of another program, so that importing twice changes nothing.

CREATE TABLE import_sources (
  user_id BINARY(16) NOT NULL,
  -- taskwarrior, todotxt, ics, todoist, duly
  source VARCHAR(32) NOT NULL,
  source_id VARCHAR(200) NOT NULL,
  task_id BINARY(16) NOT NULL,
  PRIMARY KEY (user_id, source, source_id),
  KEY import_sources_task (user_id, task_id),
  FOREIGN KEY (user_id, task_id) REFERENCES tasks (user_id, id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
