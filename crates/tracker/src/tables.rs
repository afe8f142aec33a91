//! What is in each table, for moving house; see [`duly_db::dump`].

use duly_db::dump::Kind::{Bytes, Date, Id, Instant, Number, Text, Truth};
use duly_db::dump::Table;

/// The tables of who is logged in at the moment and of what is under way. Without them everybody
/// logs in again, and links that were mailed are worth nothing.
pub const SESSION_TABLES: &[&str] = &["sessions", "links", "idempotency_keys"];

/// The tables of what every release brings along.
pub const RELEASE_TABLES: &[&str] = &["assets"];

/// The tables of this crate. Each comes after those it refers to.
pub const TABLES: &[Table] = &[
    Table {
        name: "instance",
        key: &["name"],
        columns: &[("name", Text), ("value", Bytes)],
    },
    Table {
        name: "users",
        key: &["id"],
        columns: &[
            ("id", Id),
            ("name", Text),
            ("email", Text),
            ("email_folded", Text),
            ("email_confirmed", Truth),
            ("pending_email", Text),
            ("password_hash", Text),
            ("role", Text),
            ("time_zone", Text),
            ("locale", Text),
            ("reminders", Truth),
            ("reminder_minute", Number),
            ("overdue_mail", Truth),
            ("digest", Truth),
            ("digest_day", Text),
            ("digest_hour", Number),
            ("escalation", Text),
            ("quiet_from", Number),
            ("quiet_to", Number),
            ("mails_a_day", Number),
            ("mail_stopped_at", Instant),
            ("mail_stopped_reason", Text),
            ("created_at", Instant),
            ("updated_at", Instant),
        ],
    },
    Table {
        name: "sessions",
        key: &["id_hash"],
        columns: &[
            ("id_hash", Bytes),
            ("id", Id),
            ("user_id", Id),
            ("created_at", Instant),
            ("last_seen_at", Instant),
            ("idle_expires_at", Instant),
            ("expires_at", Instant),
            ("ip", Text),
            ("user_agent", Text),
        ],
    },
    Table {
        name: "tokens",
        key: &["secret_hash"],
        columns: &[
            ("secret_hash", Bytes),
            ("id", Id),
            ("user_id", Id),
            ("name", Text),
            ("abilities", Text),
            ("created_at", Instant),
            ("expires_at", Instant),
            ("last_used_at", Instant),
            ("expiry_told_at", Instant),
        ],
    },
    Table {
        name: "links",
        key: &["secret_hash"],
        columns: &[
            ("secret_hash", Bytes),
            ("purpose", Text),
            ("user_id", Id),
            ("email", Text),
            ("created_at", Instant),
            ("expires_at", Instant),
        ],
    },
    Table {
        name: "idempotency_keys",
        key: &["user_id", "idempotency_key"],
        columns: &[
            ("user_id", Id),
            ("idempotency_key", Text),
            ("request_hash", Bytes),
            ("status", Number),
            ("location", Text),
            ("body", Text),
            ("created_at", Instant),
        ],
    },
    Table {
        name: "tasks",
        key: &["user_id", "id"],
        columns: &[
            ("user_id", Id),
            ("id", Id),
            ("title", Text),
            ("description", Text),
            ("title_folded", Text),
            ("description_folded", Text),
            ("status", Number),
            ("is_open", Truth),
            ("due_date", Date),
            ("due_minute", Number),
            ("priority", Number),
            ("labels", Text),
            ("snoozed_until", Date),
            ("muted", Truth),
            ("completed_at", Instant),
            ("created_at", Instant),
            ("updated_at", Instant),
            ("deleted_at", Instant),
            ("version", Number),
        ],
    },
    Table {
        name: "task_labels",
        key: &["user_id", "label_folded", "task_id"],
        columns: &[
            ("user_id", Id),
            ("label_folded", Text),
            ("task_id", Id),
            ("label", Text),
        ],
    },
    Table {
        name: "notifications",
        key: &["user_id", "id"],
        columns: &[
            ("user_id", Id),
            ("id", Id),
            ("kind", Text),
            ("task_id", Id),
            ("slot", Text),
            ("state", Text),
            ("message_id", Text),
            ("reason", Text),
            ("attempts", Number),
            ("planned_at", Instant),
            ("updated_at", Instant),
            ("sent_at", Instant),
        ],
    },
    Table {
        name: "reminder_schedules",
        key: &["user_id"],
        columns: &[("user_id", Id), ("next_run", Instant), ("last_day", Date)],
    },
    Table {
        name: "import_sources",
        key: &["user_id", "source", "source_id"],
        columns: &[
            ("user_id", Id),
            ("source", Text),
            ("source_id", Text),
            ("task_id", Id),
        ],
    },
    Table {
        name: "activity",
        key: &["user_id", "task_id", "at", "id"],
        columns: &[
            ("user_id", Id),
            ("task_id", Id),
            ("at", Instant),
            ("id", Id),
            ("actor", Id),
            ("via", Text),
            ("token_name", Text),
            ("action", Text),
            ("changes", Text),
        ],
    },
    Table {
        name: "job_filters",
        key: &["user_id", "name"],
        columns: &[
            ("user_id", Id),
            ("name", Text),
            ("words", Text),
            ("saved_at", Instant),
        ],
    },
    Table {
        name: "alarms",
        key: &["name"],
        columns: &[
            ("name", Text),
            ("detail", Text),
            ("since", Instant),
            ("told_at", Instant),
            ("telling_until", Instant),
        ],
    },
    Table {
        name: "assets",
        key: &["name"],
        columns: &[
            ("name", Text),
            ("last_offered", Instant),
            ("content", Bytes),
        ],
    },
];
