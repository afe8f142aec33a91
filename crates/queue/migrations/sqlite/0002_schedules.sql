-- The slot each schedule was last claimed for.
CREATE TABLE schedules (
  name TEXT PRIMARY KEY NOT NULL,
  last_slot INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who leads. The term grows with each change of the holder.
CREATE TABLE leases (
  name TEXT PRIMARY KEY NOT NULL,
  holder BLOB NOT NULL CHECK (length(holder) = 16),
  term INTEGER NOT NULL,
  lease_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
