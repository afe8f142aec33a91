//! `duly doctor`: what is wrong with this installation, and what to do about it.

mod backups;
mod cache;
mod partitions;
mod queue;
mod reach;
mod report;
mod secrets;
mod servers;
mod statistics;
mod system;

use std::fs;
use std::time::Duration;

use clap::Args;
use duly_db::Db;
use duly_db::diagnosis::{self, Diagnosis};
use duly_db::migrate::Mode;

use self::report::{Finding, Report, fail, fine, warn};
use super::Outcome;
use crate::config::{Config, Fault, Loaded};
use crate::start;

/// Looking at every page of a large file takes its time.
const PATIENCE: Duration = Duration::from_secs(600);

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// For programs: every check with its name, its status (ok, warning or failed), a message and a remedy.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: &Arguments, loaded: Result<Loaded, Vec<Fault>>) -> Outcome {
    let mut report = Report::new(arguments.json);
    match loaded {
        Err(faults) => {
            for fault in faults {
                let remedy = "put it right; `duly config check` says whether it is";
                report.add("settings", fail(fault.to_string(), remedy));
            }
        }
        Ok(loaded) => {
            report.add("settings", fine("are right"));
            secrets::look(&mut report, &loaded);
            look(&mut report, &loaded.config).await;
        }
    }
    report.add("clock", system::clock());
    report.add("time zones", system::time_zones());
    report.end()
}

async fn look(report: &mut Report, config: &Config) {
    report.add("public url", reach::public_url(config));
    report.add("operations", reach::operations(config.operations.listen));
    database(report, config).await;
    report.add("cache", cache::look(config).await);
    report.add("jobs", queue::look(config).await);
    let folder = config.database.folder();
    report.add("disk space", system::disk_space(&folder));
    report.add("mail", mail(config).await);
    report.add("open files", system::open_files(config));
}

async fn database(report: &mut Report, config: &Config) {
    let place = config.database.place();
    let size = match config.database.file().map(fs::metadata) {
        Some(Ok(about)) => format!(" ({} MiB)", about.len() / (1024 * 1024)),
        Some(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            let text = format!("{place} does not exist yet");
            return report.add("database", warn(text, "`duly serve` makes it"));
        }
        Some(Err(error)) => {
            let remedy = "let the user of Duly read it; see database.url";
            return report.add("database", fail(format!("{place}: {error}"), remedy));
        }
        None => String::new(),
    };
    let mut options = config.database.options.clone();
    options.statement_timeout = PATIENCE;
    let db = match Db::open(options).await {
        Ok(db) => db,
        Err(error) => {
            let remedy = "see database.url in the settings";
            return report.add("database", fail(error.to_string(), remedy));
        }
    };
    report.add("database", fine(format!("{place}{size}")));
    if config.database.file().is_some() {
        match diagnosis::diagnose(&db).await {
            Ok(found) => health(report, &found),
            Err(error) => report.add("integrity", fail(error.to_string(), RESTORE)),
        }
    }
    servers::look(report, &db).await;
    let (migrations, are_complete) = migrations(&db).await;
    report.add("migrations", migrations);
    partitions::look(report, &db).await;
    if are_complete {
        statistics::look(report, &db).await;
        report.add("backup", backups::look(&db).await);
    }
    db.close().await;
}

const RESTORE: &str = "stop Duly, keep a copy of the file and restore a backup";

fn health(report: &mut Report, found: &Diagnosis) {
    report.add("sqlite", fine(found.version.clone()));
    report.add(
        "durability",
        match (found.durable, found.concurrent) {
            (true, true) => fine("write-ahead log, synchronous=FULL"),
            _ => fail(
                "the database is not in WAL mode with synchronous=FULL",
                "put the file on a local disk, not on a network share",
            ),
        },
    );
    report.add(
        "integrity",
        match found.damage.as_slice() {
            [] => fine("nothing is damaged"),
            damage => fail(damage.join("; "), RESTORE),
        },
    );
}

/// What there is to say of them, and whether all have been applied.
async fn migrations(db: &Db) -> (Finding, bool) {
    match start::migrate(db, Mode::DryRun).await {
        Ok(report) if report.applied.is_empty() => (fine("up to date"), true),
        Ok(report) => {
            let text = format!("{} missing", report.applied.join(", "));
            let remedy = "`duly migrate` or the next start applies them";
            (warn(text, remedy), false)
        }
        Err(error) => {
            let remedy = "run the release that made this database, or a newer one";
            (fail(error.to_string(), remedy), false)
        }
    }
}

async fn mail(config: &Config) -> Finding {
    let Some(server) = &config.mail.server else {
        let folder = start::outbox(config);
        return warn(
            format!(
                "no server is set; mails are written to {}",
                folder.display()
            ),
            "set mail.url",
        );
    };
    match start::mailer(config).check().await {
        Ok(()) if config.mail.from.is_local() => warn(
            "mails come from an address that only this machine knows, which others refuse",
            "set mail.from",
        ),
        Ok(()) => fine(format!("{}:{} takes mails", server.host, server.port)),
        Err(error) => fail(error.to_string(), "see mail.url"),
    }
}
