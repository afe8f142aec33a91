//! `duly doctor`: what is wrong with this installation, and what to do about it.

mod cache;
mod partitions;
mod queue;
mod servers;
mod statistics;

use std::fs;
use std::path::Path;
use std::time::Duration;

use duly_db::Db;
use duly_db::diagnosis::{self, Diagnosis};
use duly_db::migrate::Mode;
use jiff::tz::TimeZoneDatabase;
use rustix::process::{Resource, getrlimit};

use super::{CommandError, Outcome};
use crate::config::{Config, Loaded};
use crate::{output, start};

/// Looking at every page of a large file takes its time.
const PATIENCE: Duration = Duration::from_secs(600);

/// Below this, SQLite may not be able to write for much longer.
const LITTLE_SPACE: u64 = 256 * 1024 * 1024;

/// Files that are open beside the connections: the database, its log, the terminal.
const OTHER_FILES: u64 = 64;

/// No clock that is right shows an earlier year.
const OLDEST_YEAR: i16 = 2026;

enum Finding {
    Ok(String),
    Warn(String),
    Fail(String),
}
use Finding::{Fail, Ok as Fine, Warn};

pub(super) async fn run(loaded: Result<Loaded, CommandError>) -> Outcome {
    let mut report = Report::default();
    match loaded {
        Err(wrong) => report.add("settings", Fail(wrong.to_string())),
        Ok(loaded) => {
            let config = loaded.config;
            report.add("settings", Fine("are right".into()));
            report.add("public url", public_url(&config));
            database(&mut report, &config).await;
            report.add("cache", cache::look(&config).await);
            report.add("jobs", queue::look(&config).await);
            report.add("disk space", disk_space(&config.database.folder()));
            report.add("mail", mail(&config).await);
            report.add("open files", open_files(&config));
        }
    }
    report.add("clock", clock());
    report.add("time zones", time_zones());
    report.end()
}

#[derive(Default)]
struct Report {
    failures: usize,
}

impl Report {
    fn add(&mut self, what: &str, finding: Finding) {
        let (mark, text) = match finding {
            Fine(text) => ("ok  ", text),
            Warn(text) => ("warn", text),
            Fail(text) => {
                self.failures += 1;
                ("FAIL", text)
            }
        };
        output::say(format!("{mark}  {what}: {text}"));
    }

    fn end(self) -> Outcome {
        match self.failures {
            0 => Ok(()),
            1 => Err(CommandError::Failed("one thing has to be put right".into())),
            several => Err(CommandError::Failed(format!(
                "{several} things have to be put right"
            ))),
        }
    }
}

fn public_url(config: &Config) -> Finding {
    let url = &config.http.public_url;
    let local = config.http.listen.ip().is_loopback() || url.starts_with("http://127.");
    match url.starts_with("https://") || local {
        true => Fine(url.clone()),
        false => Warn(format!(
            "{url} is not encrypted: anybody on the way can read passwords; put a proxy with TLS \
             in front and set http.public_url"
        )),
    }
}

async fn database(report: &mut Report, config: &Config) {
    let place = config.database.place();
    let size = match config.database.file().map(fs::metadata) {
        Some(Ok(about)) => format!(" ({} MiB)", about.len() / (1024 * 1024)),
        Some(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            let text = format!("{place} does not exist yet; `duly serve` makes it");
            return report.add("database", Warn(text));
        }
        Some(Err(error)) => return report.add("database", Fail(format!("{place}: {error}"))),
        None => String::new(),
    };
    let mut options = config.database.options.clone();
    options.statement_timeout = PATIENCE;
    let db = match Db::open(options).await {
        Ok(db) => db,
        Err(error) => return report.add("database", Fail(error.to_string())),
    };
    report.add("database", Fine(format!("{place}{size}")));
    if config.database.file().is_some() {
        match diagnosis::diagnose(&db).await {
            Ok(found) => health(report, &found),
            Err(error) => report.add("integrity", Fail(error.to_string())),
        }
    }
    servers::look(report, &db).await;
    let (migrations, are_complete) = migrations(&db).await;
    report.add("migrations", migrations);
    partitions::look(report, &db).await;
    if are_complete {
        statistics::look(report, &db).await;
    }
    db.close().await;
}

fn health(report: &mut Report, found: &Diagnosis) {
    report.add("sqlite", Fine(found.version.clone()));
    report.add(
        "durability",
        match (found.durable, found.concurrent) {
            (true, true) => Fine("write-ahead log, synchronous=FULL".into()),
            _ => Fail("the database is not in WAL mode with synchronous=FULL".into()),
        },
    );
    report.add(
        "integrity",
        match found.damage.as_slice() {
            [] => Fine("nothing is damaged".into()),
            damage => Fail(format!(
                "{}; stop Duly, keep a copy of the file and restore a backup",
                damage.join("; ")
            )),
        },
    );
}

/// What there is to say of them, and whether all have been applied.
async fn migrations(db: &Db) -> (Finding, bool) {
    match start::migrate(db, Mode::DryRun).await {
        Ok(report) if report.applied.is_empty() => (Fine("up to date".into()), true),
        Ok(report) => {
            let text = format!(
                "{} missing; `duly migrate` or the next start applies them",
                report.applied.join(", ")
            );
            (Warn(text), false)
        }
        Err(error) => (Fail(error.to_string()), false),
    }
}

fn disk_space(folder: &Path) -> Finding {
    let folder = folder.ancestors().find(|folder| folder.exists());
    let folder = folder.unwrap_or(Path::new("."));
    match rustix::fs::statvfs(folder) {
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            let text = format!("{} MiB free in {}", free / (1024 * 1024), folder.display());
            if free < LITTLE_SPACE {
                Fail(format!("only {text}"))
            } else {
                Fine(text)
            }
        }
        Err(error) => Warn(format!("{}: {error}", folder.display())),
    }
}

async fn mail(config: &Config) -> Finding {
    let Some(server) = &config.mail.server else {
        let folder = start::outbox(config);
        return Warn(format!(
            "no server is set (mail.url); mails are written to {}",
            folder.display()
        ));
    };
    match start::mailer(config).check().await {
        Ok(()) => Fine(format!("{}:{} takes mails", server.host, server.port)),
        Err(error) => Fail(format!("{error}; see mail.url")),
    }
}

fn open_files(config: &Config) -> Finding {
    let wanted = u64::try_from(config.http.max_connections).unwrap_or(u64::MAX) + OTHER_FILES;
    match getrlimit(Resource::Nofile).maximum {
        Some(most) if most < wanted => Warn(format!(
            "the system allows {most}, fewer than http.max_connections needs ({wanted}); raise \
             the limit (ulimit -n, LimitNOFILE) or lower the setting"
        )),
        Some(most) => Fine(format!("up to {most}")),
        None => Fine("not limited".into()),
    }
}

fn clock() -> Finding {
    let now = start::now();
    let year = now.to_zoned(jiff::tz::TimeZone::UTC).year();
    if year < OLDEST_YEAR {
        return Fail(format!(
            "it is not {now}; set the clock, reminders go by it"
        ));
    }
    Fine(now.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

fn time_zones() -> Finding {
    let probe = "Europe/Berlin";
    match (
        jiff::tz::db().get(probe).is_ok(),
        TimeZoneDatabase::bundled().get(probe).is_ok(),
    ) {
        (true, _) => Fine("from the system".into()),
        (false, true) => Warn("the system has none (package tzdata); using our own copy".into()),
        (false, false) => Fail("there is no time zone database; install tzdata".into()),
    }
}
