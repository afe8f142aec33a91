-- The files of the page whose names change with their content, of every release that was served lately:
-- tabs from before an upgrade, and nodes of another release, are asked for them as well.

CREATE TABLE assets (
  -- Below /assets; a compressed copy has .br or .gz after it.
  name text COLLATE "C" PRIMARY KEY,
  last_offered timestamptz NOT NULL,
  content bytea NOT NULL
);
