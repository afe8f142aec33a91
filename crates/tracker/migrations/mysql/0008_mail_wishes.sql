-- Which mails a person wants, and when none.

-- The mail about a week, at this hour of the user's zone.
ALTER TABLE users ADD COLUMN digest BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE users ADD COLUMN digest_day VARCHAR(16) NOT NULL DEFAULT 'monday';
ALTER TABLE users ADD COLUMN digest_hour BIGINT NOT NULL DEFAULT 9;
-- off, high, all: of which tasks a mail is sent when they are still open an hour after their time.
ALTER TABLE users ADD COLUMN escalation VARCHAR(16) NOT NULL DEFAULT 'high';
-- Minutes after midnight in the user's zone between which nothing is sent.
ALTER TABLE users ADD COLUMN quiet_from BIGINT;
ALTER TABLE users ADD COLUMN quiet_to BIGINT;
ALTER TABLE users ADD COLUMN mails_a_day BIGINT;
-- Since when nothing is sent, because mails came back.
ALTER TABLE users ADD COLUMN mail_stopped_at DATETIME(6);
ALTER TABLE users ADD COLUMN mail_stopped_reason LONGTEXT;

-- When the owner was told that the token ends soon.
ALTER TABLE tokens ADD COLUMN expiry_told_at DATETIME(6);
