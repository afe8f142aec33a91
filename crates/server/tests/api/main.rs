//! Duly as its clients see it, by URL.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "these are tests"
)]
#![expect(unreachable_pub, reason = "one binary, several files")]

mod account;
mod activity;
mod admin;
mod admin_balance;
mod admin_cache;
mod admin_jobs;
mod admin_queues;
mod admin_schedules;
mod alarms;
mod assets;
mod balancers;
mod bodies;
mod bulk;
mod caching;
mod chaos;
mod commands;
mod crossing;
mod doctor;
mod documents;
mod durability;
mod error_reports;
mod events;
mod freshness;
mod hanging_up;
mod health;
mod house;
mod idempotency;
mod large_files;
mod limits;
mod lists;
mod logs;
mod mail_delivery;
mod mail_feedback;
mod mail_links;
mod nodes;
mod operations;
mod pages;
mod permissions;
mod protocol;
mod queue_commands;
mod secrets;
mod servers;
mod sessions;
mod sockets;
mod supervision;
mod support;
mod tasks;
mod tokens;
mod traces;
mod transfer;
