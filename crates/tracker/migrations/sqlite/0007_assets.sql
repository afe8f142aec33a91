-- The files of the page whose names change with their content, of every release that was served lately:
-- tabs from before an upgrade, and nodes of another release, are asked for them as well.

-- Not WITHOUT ROWID: those tables are slow with rows as large as these.
CREATE TABLE assets (
  -- Below /assets; a compressed copy has .br or .gz after it.
  name TEXT NOT NULL PRIMARY KEY,
  last_offered INTEGER NOT NULL,
  content BLOB NOT NULL
) STRICT;
