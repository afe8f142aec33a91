-- People, how they log in, and what they may do.

CREATE TABLE instance (
  name TEXT PRIMARY KEY NOT NULL,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
  id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
  name TEXT NOT NULL,
  email TEXT NOT NULL,
  -- The address in lower case and NFC: what is compared. Every engine folds case differently.
  email_folded TEXT NOT NULL,
  email_confirmed INTEGER NOT NULL DEFAULT 0,
  -- The new address that waits for its confirmation.
  pending_email TEXT,
  password_hash TEXT NOT NULL,
  role TEXT NOT NULL DEFAULT 'user',
  time_zone TEXT NOT NULL,
  locale TEXT NOT NULL DEFAULT 'en',
  reminders INTEGER NOT NULL DEFAULT 1,
  -- Minutes after midnight in the user's zone.
  reminder_minute INTEGER NOT NULL DEFAULT 540,
  overdue_mail INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX users_email_folded_key ON users (email_folded);

-- id_hash is the SHA-256 of the cookie. It leads the table, because each request looks it up.
CREATE TABLE sessions (
  id_hash BLOB PRIMARY KEY NOT NULL,
  id BLOB NOT NULL CHECK (length(id) = 16),
  user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  idle_expires_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  ip TEXT NOT NULL,
  user_agent TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX sessions_user_id_id_key ON sessions (user_id, id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

CREATE TABLE tokens (
  secret_hash BLOB PRIMARY KEY NOT NULL,
  id BLOB NOT NULL CHECK (length(id) = 16),
  user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  -- JSON list of abilities.
  abilities TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  last_used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX tokens_user_id_id_key ON tokens (user_id, id);

-- Single-use links of mails: password reset, e-mail confirmation, invitation, first administrator.
CREATE TABLE links (
  secret_hash BLOB PRIMARY KEY NOT NULL,
  purpose TEXT NOT NULL,
  -- Null for an invitation and for the first administrator: nobody exists yet.
  user_id BLOB REFERENCES users (id) ON DELETE CASCADE,
  -- The address the link was mailed to; it is worth nothing for another.
  email TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX links_user_id ON links (user_id, purpose);
CREATE INDEX links_expires_at ON links (expires_at);

CREATE TABLE idempotency_keys (
  user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  idempotency_key TEXT NOT NULL,
  -- SHA-256 of method, path and body.
  request_hash BLOB NOT NULL,
  status INTEGER NOT NULL,
  location TEXT,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, idempotency_key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);
