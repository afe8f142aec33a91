-- One row per owner of visible data; see src/versions.rs.
CREATE TABLE versions (
  owner_id BINARY(16) PRIMARY KEY,
  data BIGINT NOT NULL,
  auth BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  -- For whoever tails the table; MAX(changed) is one seek.
  KEY versions_changed (changed)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
