-- Jobs on their way to Redis: each is here from the commit of whoever pushed it until Redis has it.
CREATE TABLE job_outbox (
  id uuid PRIMARY KEY,
  job_id uuid NOT NULL,
  written_at timestamptz NOT NULL,
  turn bigint NOT NULL,
  queue text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  payload text COLLATE "C" NOT NULL,
  tags text COLLATE "C" NOT NULL,
  unique_key text COLLATE "C",
  tries bigint NOT NULL,
  attempt bigint NOT NULL,
  fence bigint NOT NULL,
  run_at timestamptz NOT NULL,
  pushed_at timestamptz NOT NULL,
  priority bigint NOT NULL,
  -- Null for a job that takes its turn in its lane.
  position timestamptz,
  lane text COLLATE "C",
  retry_until timestamptz,
  UNIQUE (name, unique_key)
);

CREATE INDEX job_outbox_order ON job_outbox (written_at, turn);

-- Up to where what has become of jobs in Redis is recorded here.
CREATE TABLE job_drained (
  name text COLLATE "C" PRIMARY KEY,
  last_id text COLLATE "C" NOT NULL
);
