//! What the system gives: files, room, time.

use std::path::Path;

use jiff::tz::TimeZoneDatabase;
use rustix::process::{Resource, getrlimit};

use super::report::{Finding, fail, fine, warn};
use crate::config::Config;
use crate::start;

/// Below this, SQLite may not be able to write for much longer.
const LITTLE_SPACE: u64 = 256 * 1024 * 1024;

/// Files that are open beside the connections: the database, its log, the terminal.
const OTHER_FILES: u64 = 64;

/// No clock that is right shows an earlier year.
const OLDEST_YEAR: i16 = 2026;

pub(super) fn disk_space(folder: &Path) -> Finding {
    let folder = folder.ancestors().find(|folder| folder.exists());
    let folder = folder.unwrap_or(Path::new("."));
    match rustix::fs::statvfs(folder) {
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            let text = format!("{} MiB free in {}", free / (1024 * 1024), folder.display());
            if free < LITTLE_SPACE {
                fail(format!("only {text}"), "make room before writes fail")
            } else {
                fine(text)
            }
        }
        Err(error) => warn(
            format!("{}: {error}", folder.display()),
            "let the user of Duly look into that folder",
        ),
    }
}

pub(super) fn open_files(config: &Config) -> Finding {
    let wanted = u64::try_from(config.http.max_connections).unwrap_or(u64::MAX) + OTHER_FILES;
    match getrlimit(Resource::Nofile).maximum {
        Some(most) if most < wanted => warn(
            format!("the system allows {most}, fewer than http.max_connections needs ({wanted})"),
            "raise the limit (ulimit -n, LimitNOFILE) or lower the setting",
        ),
        Some(most) => fine(format!("up to {most}")),
        None => fine("not limited"),
    }
}

pub(super) fn clock() -> Finding {
    let now = start::now();
    let year = now.to_zoned(jiff::tz::TimeZone::UTC).year();
    if year < OLDEST_YEAR {
        return fail(
            format!("it is not {now}"),
            "set the clock, reminders go by it",
        );
    }
    fine(now.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

pub(super) fn time_zones() -> Finding {
    let probe = "Europe/Berlin";
    match (
        jiff::tz::db().get(probe).is_ok(),
        TimeZoneDatabase::bundled().get(probe).is_ok(),
    ) {
        (true, _) => fine("from the system"),
        (false, true) => warn(
            "the system has none; using our own copy",
            "install the package tzdata, which is newer",
        ),
        (false, false) => fail("there is no time zone database", "install tzdata"),
    }
}
