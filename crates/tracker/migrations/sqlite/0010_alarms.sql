-- What operators have to be told of how the queues are doing.
CREATE TABLE alarms (
  name TEXT PRIMARY KEY NOT NULL,
  detail TEXT NOT NULL,
  since INTEGER NOT NULL,
  -- When it was told last.
  told_at INTEGER,
  -- Until then somebody else is telling it.
  telling_until INTEGER
) STRICT, WITHOUT ROWID;
