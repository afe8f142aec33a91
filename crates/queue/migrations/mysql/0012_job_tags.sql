-- Tags that operators keep an eye on.
CREATE TABLE job_tags (
  tag VARCHAR(200) PRIMARY KEY,
  -- As it stands in the list of tags of a job.
  quoted LONGTEXT NOT NULL,
  watched_at DATETIME(6) NOT NULL,
  actor VARCHAR(255) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
