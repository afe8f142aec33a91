-- People, how they log in, and what they may do.

CREATE TABLE instance (
  name text COLLATE "C" PRIMARY KEY,
  value bytea NOT NULL
);

CREATE TABLE users (
  id uuid PRIMARY KEY,
  name text COLLATE "C" NOT NULL,
  email text COLLATE "C" NOT NULL,
  -- The address in lower case and NFC: what is compared. Every engine folds case differently.
  email_folded text COLLATE "C" NOT NULL,
  email_confirmed boolean NOT NULL DEFAULT FALSE,
  -- The new address that waits for its confirmation.
  pending_email text COLLATE "C",
  password_hash text COLLATE "C" NOT NULL,
  role text COLLATE "C" NOT NULL DEFAULT 'user',
  time_zone text COLLATE "C" NOT NULL,
  locale text COLLATE "C" NOT NULL DEFAULT 'en',
  reminders boolean NOT NULL DEFAULT TRUE,
  -- Minutes after midnight in the user's zone.
  reminder_minute bigint NOT NULL DEFAULT 540,
  overdue_mail boolean NOT NULL DEFAULT TRUE,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);

CREATE UNIQUE INDEX users_email_folded_key ON users (email_folded);

-- id_hash is the SHA-256 of the cookie. It leads the table, because each request looks it up.
CREATE TABLE sessions (
  id_hash bytea PRIMARY KEY,
  id uuid NOT NULL,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  idle_expires_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ip text COLLATE "C" NOT NULL,
  user_agent text COLLATE "C" NOT NULL
);

CREATE UNIQUE INDEX sessions_user_id_id_key ON sessions (user_id, id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

CREATE TABLE tokens (
  secret_hash bytea PRIMARY KEY,
  id uuid NOT NULL,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name text COLLATE "C" NOT NULL,
  -- JSON list of abilities.
  abilities text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  last_used_at timestamptz
);

CREATE UNIQUE INDEX tokens_user_id_id_key ON tokens (user_id, id);

-- Single-use links of mails: password reset, e-mail confirmation, invitation, first administrator.
CREATE TABLE links (
  secret_hash bytea PRIMARY KEY,
  purpose text COLLATE "C" NOT NULL,
  -- Null for an invitation and for the first administrator: nobody exists yet.
  user_id uuid REFERENCES users (id) ON DELETE CASCADE,
  -- The address the link was mailed to; it is worth nothing for another.
  email text COLLATE "C",
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);

CREATE INDEX links_user_id ON links (user_id, purpose);
CREATE INDEX links_expires_at ON links (expires_at);

CREATE TABLE idempotency_keys (
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  idempotency_key text COLLATE "C" NOT NULL,
  -- SHA-256 of method, path and body.
  request_hash bytea NOT NULL,
  status bigint NOT NULL,
  location text COLLATE "C",
  body text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, idempotency_key)
);

CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);
