-- What operators have to be told of how the queues are doing.
CREATE TABLE alarms (
  name text COLLATE "C" PRIMARY KEY,
  detail text COLLATE "C" NOT NULL,
  since timestamptz NOT NULL,
  -- When it was told last.
  told_at timestamptz,
  -- Until then somebody else is telling it.
  telling_until timestamptz
);
