-- One row per owner of visible data; see src/versions.rs.
CREATE TABLE versions (
  owner_id uuid PRIMARY KEY,
  data bigint NOT NULL,
  auth bigint NOT NULL,
  changed bigint NOT NULL
);

-- For whoever tails the table; MAX(changed) is one seek.
CREATE INDEX versions_changed ON versions (changed);
