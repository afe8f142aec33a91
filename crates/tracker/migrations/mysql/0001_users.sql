-- People, how they log in, and what they may do.

CREATE TABLE instance (
  name VARCHAR(255) PRIMARY KEY,
  value VARBINARY(255) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE users (
  id BINARY(16) PRIMARY KEY,
  name VARCHAR(255) NOT NULL,
  email VARCHAR(255) NOT NULL,
  -- The address in lower case and NFC: what is compared. Every engine folds case differently.
  email_folded VARCHAR(255) NOT NULL,
  email_confirmed BOOLEAN NOT NULL DEFAULT FALSE,
  -- The new address that waits for its confirmation.
  pending_email VARCHAR(255),
  password_hash VARCHAR(255) NOT NULL,
  role VARCHAR(255) NOT NULL DEFAULT 'user',
  time_zone VARCHAR(255) NOT NULL,
  locale VARCHAR(255) NOT NULL DEFAULT 'en',
  reminders BOOLEAN NOT NULL DEFAULT TRUE,
  -- Minutes after midnight in the user's zone.
  reminder_minute BIGINT NOT NULL DEFAULT 540,
  overdue_mail BOOLEAN NOT NULL DEFAULT TRUE,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE UNIQUE INDEX users_email_folded_key ON users (email_folded);

-- id_hash is the SHA-256 of the cookie. It leads the table, because each request looks it up.
CREATE TABLE sessions (
  id_hash VARBINARY(255) PRIMARY KEY,
  id BINARY(16) NOT NULL,
  user_id BINARY(16) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  last_seen_at DATETIME(6) NOT NULL,
  idle_expires_at DATETIME(6) NOT NULL,
  expires_at DATETIME(6) NOT NULL,
  ip VARCHAR(255) NOT NULL,
  user_agent TEXT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE UNIQUE INDEX sessions_user_id_id_key ON sessions (user_id, id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

CREATE TABLE tokens (
  secret_hash VARBINARY(255) PRIMARY KEY,
  id BINARY(16) NOT NULL,
  user_id BINARY(16) NOT NULL,
  name VARCHAR(255) NOT NULL,
  -- JSON list of abilities.
  abilities TEXT NOT NULL,
  created_at DATETIME(6) NOT NULL,
  expires_at DATETIME(6),
  last_used_at DATETIME(6)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE UNIQUE INDEX tokens_user_id_id_key ON tokens (user_id, id);

-- Single-use links of mails: password reset, e-mail confirmation, invitation, first administrator.
CREATE TABLE links (
  secret_hash VARBINARY(255) PRIMARY KEY,
  purpose VARCHAR(255) NOT NULL,
  -- Null for an invitation and for the first administrator: nobody exists yet.
  user_id BINARY(16),
  -- The address the link was mailed to; it is worth nothing for another.
  email VARCHAR(255),
  created_at DATETIME(6) NOT NULL,
  expires_at DATETIME(6) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX links_user_id ON links (user_id, purpose);
CREATE INDEX links_expires_at ON links (expires_at);

CREATE TABLE idempotency_keys (
  user_id BINARY(16) NOT NULL,
  idempotency_key VARCHAR(255) NOT NULL,
  -- SHA-256 of method, path and body.
  request_hash VARBINARY(255) NOT NULL,
  status BIGINT NOT NULL,
  location TEXT,
  body LONGTEXT NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (user_id, idempotency_key)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);
