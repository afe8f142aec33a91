-- The slot each schedule was last claimed for.
CREATE TABLE schedules (
  name text COLLATE "C" PRIMARY KEY,
  last_slot timestamptz NOT NULL
);

-- Who leads. The term grows with each change of the holder.
CREATE TABLE leases (
  name text COLLATE "C" PRIMARY KEY,
  holder uuid NOT NULL,
  term bigint NOT NULL,
  lease_until timestamptz NOT NULL
);
