-- What operators have said a queue may have, instead of what is configured.
CREATE TABLE job_queue_settings (
  queue VARCHAR(191) PRIMARY KEY,
  settings LONGTEXT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
