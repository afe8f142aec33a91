-- Lists of jobs that administrators look at again and again, by names of their own.
CREATE TABLE job_filters (
  user_id BINARY(16) NOT NULL,
  name VARCHAR(100) NOT NULL,
  -- What it says, as JSON.
  words LONGTEXT NOT NULL,
  saved_at DATETIME(6) NOT NULL,
  PRIMARY KEY (user_id, name),
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
