-- The slot each schedule was last claimed for.
CREATE TABLE schedules (
  name VARCHAR(128) PRIMARY KEY,
  last_slot DATETIME(6) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Who leads. The term grows with each change of the holder.
CREATE TABLE leases (
  name VARCHAR(128) PRIMARY KEY,
  holder BINARY(16) NOT NULL,
  term BIGINT NOT NULL,
  lease_until DATETIME(6) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
