-- One row per owner of visible data; see src/versions.rs.
CREATE TABLE versions (
  owner_id BLOB PRIMARY KEY NOT NULL CHECK (length(owner_id) = 16),
  data INTEGER NOT NULL,
  auth INTEGER NOT NULL,
  changed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- For whoever tails the table; MAX(changed) is one seek.
CREATE INDEX versions_changed ON versions (changed);
