-- What operators have to be told of how the queues are doing.
CREATE TABLE alarms (
  name VARCHAR(191) PRIMARY KEY,
  detail LONGTEXT NOT NULL,
  since DATETIME(6) NOT NULL,
  -- When it was told last.
  told_at DATETIME(6),
  -- Until then somebody else is telling it.
  telling_until DATETIME(6)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
