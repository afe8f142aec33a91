-- People, how they log in, and what they may do.

CREATE TABLE instance (
  name VARCHAR(64) PRIMARY KEY,
  value BLOB NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE users (
  id BINARY(16) PRIMARY KEY,
  name VARCHAR(100) NOT NULL,
  email VARCHAR(254) NOT NULL,
  -- The address in lower case and NFC: what is compared. Every engine folds case differently.
  email_folded VARCHAR(320) NOT NULL,
  email_confirmed BOOLEAN NOT NULL DEFAULT FALSE,
  -- The new address that waits for its confirmation.
  pending_email VARCHAR(254),
  password_hash VARCHAR(255) NOT NULL,
  role VARCHAR(16) NOT NULL DEFAULT 'user',
  time_zone VARCHAR(64) NOT NULL,
  locale VARCHAR(35) NOT NULL DEFAULT 'en',
  reminders BOOLEAN NOT NULL DEFAULT TRUE,
  -- Minutes after midnight in the user's zone.
  reminder_minute BIGINT NOT NULL DEFAULT 540,
  overdue_mail BOOLEAN NOT NULL DEFAULT TRUE,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  UNIQUE KEY users_email_folded_key (email_folded)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- id_hash is the SHA-256 of the cookie. It leads the table, because each request looks it up.
CREATE TABLE sessions (
  id_hash VARBINARY(32) PRIMARY KEY,
  id BINARY(16) NOT NULL,
  user_id BINARY(16) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  last_seen_at DATETIME(6) NOT NULL,
  idle_expires_at DATETIME(6) NOT NULL,
  expires_at DATETIME(6) NOT NULL,
  ip VARCHAR(45) NOT NULL,
  user_agent VARCHAR(200) NOT NULL,
  UNIQUE KEY sessions_user_id_id_key (user_id, id),
  KEY sessions_expires_at (expires_at),
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE tokens (
  secret_hash VARBINARY(32) PRIMARY KEY,
  id BINARY(16) NOT NULL,
  user_id BINARY(16) NOT NULL,
  name VARCHAR(100) NOT NULL,
  -- JSON list of abilities.
  abilities LONGTEXT NOT NULL,
  created_at DATETIME(6) NOT NULL,
  expires_at DATETIME(6),
  last_used_at DATETIME(6),
  UNIQUE KEY tokens_user_id_id_key (user_id, id),
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Single-use links of mails: password reset, e-mail confirmation, invitation, first administrator.
CREATE TABLE links (
  secret_hash VARBINARY(32) PRIMARY KEY,
  purpose VARCHAR(16) NOT NULL,
  -- Null for an invitation and for the first administrator: nobody exists yet.
  user_id BINARY(16),
  -- The address the link was mailed to; it is worth nothing for another.
  email VARCHAR(254),
  created_at DATETIME(6) NOT NULL,
  expires_at DATETIME(6) NOT NULL,
  KEY links_user_id (user_id, purpose),
  KEY links_expires_at (expires_at),
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE idempotency_keys (
  user_id BINARY(16) NOT NULL,
  idempotency_key VARCHAR(255) NOT NULL,
  -- SHA-256 of method, path and body.
  request_hash VARBINARY(32) NOT NULL,
  status BIGINT NOT NULL,
  location TEXT,
  body LONGTEXT NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (user_id, idempotency_key),
  KEY idempotency_keys_created_at (created_at),
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
