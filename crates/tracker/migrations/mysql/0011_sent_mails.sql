-- Which mail went to whom, for as long as reports about it may come back.

CREATE TABLE sent_mails (
  -- Without the angle brackets.
  message_id VARCHAR(320) PRIMARY KEY,
  user_id BINARY(16) NOT NULL,
  -- The promise it kept; null for a mail about an account.
  notification_id BINARY(16),
  -- Where it went: the person may have another address by the time a report comes.
  email VARCHAR(320) NOT NULL,
  sent_at DATETIME(6) NOT NULL,
  -- bounced, given_up, complained: what a report said; null while there was none.
  outcome VARCHAR(16),
  KEY sent_mails_sent_at (sent_at),
  KEY sent_mails_user_id (user_id),
  FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
