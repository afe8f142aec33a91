-- Which mail went to whom, for as long as reports about it may come back.

CREATE TABLE sent_mails (
  -- Without the angle brackets.
  message_id TEXT PRIMARY KEY NOT NULL,
  user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  -- The promise it kept; null for a mail about an account.
  notification_id BLOB CHECK (length(notification_id) = 16),
  -- Where it went: the person may have another address by the time a report comes.
  email TEXT NOT NULL,
  sent_at INTEGER NOT NULL,
  -- bounced, given_up, complained: what a report said; null while there was none.
  outcome TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX sent_mails_sent_at ON sent_mails (sent_at);
CREATE INDEX sent_mails_user_id ON sent_mails (user_id);
