//! When everything was last copied.

use duly_db::Db;
use duly_tracker::instance;
use jiff::{SignedDuration, Timestamp};

use super::report::{Finding, fail, fine, warn};
use crate::start;

/// Whoever loses more than a week of tasks has no use for the rest.
const OLD: SignedDuration = SignedDuration::from_hours(7 * 24);

pub(super) async fn look(db: &Db) -> Finding {
    match instance::last_backup(db).await {
        Ok(last) => told(last, start::now(), db.is_shared()),
        Err(error) => fail(error.to_string(), "see the other lines about the database"),
    }
}

fn told(last: Option<Timestamp>, now: Timestamp, is_server: bool) -> Finding {
    let remedy = match is_server {
        true => "have pg_dump, mariabackup or `duly dump` make one every night",
        false => "have `duly backup` make one every night, and keep it on another machine",
    };
    match last {
        // Its own programs make better ones, which Duly does not hear of.
        None if is_server => fine("none by Duly; whether the server has its own is not known"),
        None => warn("none was made by Duly", remedy),
        Some(at) => {
            let day = at.strftime("%Y-%m-%d %H:%M UTC");
            match now.duration_since(at) > OLD {
                false => fine(format!("{day}")),
                true if is_server => fine(format!("{day} by Duly; of later ones nothing is known")),
                true => warn(format!("the last one by Duly is of {day}"), remedy),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_backup_is_told() {
        let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        let before = |hours| Some(now - SignedDuration::from_hours(hours));
        let line = |last, is_server| told(last, now, is_server).to_string();
        assert_eq!(line(before(20), false), "2026-11-29 16:00 UTC");
        assert!(line(before(8 * 24), false).contains("2026-11-22 12:00 UTC; have `duly backup`"));
        assert!(line(None, false).starts_with("none was made by Duly; "));
        assert_eq!(
            told(None, now, true).status,
            told(before(1), now, true).status
        );
    }
}
