-- The files of the page whose names change with their content, of every release that was served lately:
-- tabs from before an upgrade, and nodes of another release, are asked for them as well.

CREATE TABLE assets (
  -- Below /assets; a compressed copy has .br or .gz after it.
  name VARCHAR(200) PRIMARY KEY,
  last_offered DATETIME(6) NOT NULL,
  content LONGBLOB NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
