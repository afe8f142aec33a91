//! What is in each table, for moving house; see [`duly_db::dump`].

use duly_db::dump::Kind::{Id, Instant, Number, Text};
use duly_db::dump::Table;

/// The tables of the job store.
pub const TABLES: &[Table] = &[
    Table {
        name: "jobs",
        key: &["id"],
        columns: &[
            ("id", Id),
            ("queue", Text),
            ("name", Text),
            ("payload", Text),
            ("tags", Text),
            ("unique_key", Text),
            ("tries", Number),
            ("attempt", Number),
            ("fence", Number),
            ("run_at", Instant),
            ("lease_until", Instant),
            ("pushed_at", Instant),
        ],
    },
    Table {
        name: "failed_jobs",
        key: &["id"],
        columns: &[
            ("id", Id),
            ("queue", Text),
            ("name", Text),
            ("payload", Text),
            ("tags", Text),
            ("unique_key", Text),
            ("tries", Number),
            ("attempt", Number),
            ("fence", Number),
            ("pushed_at", Instant),
            ("failed_at", Instant),
            ("error", Text),
        ],
    },
    Table {
        name: "job_attempts",
        key: &["job_id", "fence"],
        columns: &[
            ("job_id", Id),
            ("fence", Number),
            ("number", Number),
            ("started_at", Instant),
            ("ended_at", Instant),
            ("outcome", Text),
            ("error", Text),
        ],
    },
    Table {
        name: "job_totals",
        key: &["queue", "minute"],
        columns: &[
            ("queue", Text),
            ("minute", Number),
            ("done", Number),
            ("failed", Number),
            ("retried", Number),
            ("expired", Number),
            ("released", Number),
        ],
    },
    Table {
        name: "schedules",
        key: &["name"],
        columns: &[("name", Text), ("last_slot", Instant)],
    },
    Table {
        name: "leases",
        key: &["name"],
        columns: &[
            ("name", Text),
            ("holder", Id),
            ("term", Number),
            ("lease_until", Instant),
        ],
    },
];
