//! Whether every row lies in a partition that was made for it.

use duly_db::partitions::MOST_COUNTED;
use duly_db::partitions::yearly::standing;
use duly_db::{Db, dialect};
use duly_tracker::partitions::{Misplaced, misplaced};
use duly_tracker::tasks;

use super::report::{Report, fail, fine, warn};

const REMEDY: &str =
    "the worker makes those that are due at 03:00 UTC and `duly serve` when it starts, see its log";

const DATABASE: &str = "see the other lines about the database";

pub(super) async fn look(report: &mut Report, db: &Db) {
    if !dialect::has_partitions(db.engine()) {
        return;
    }
    match misplaced(db).await {
        Ok(found) if found.is_empty() => {
            report.add("partitions", fine("every row is where it belongs"));
        }
        Ok(found) => {
            for one in found {
                report.add("partitions", warn(told(&one), REMEDY));
            }
        }
        Err(error) => report.add("partitions", fail(error.to_string(), DATABASE)),
    }
    match standing(db, &tasks::BY_YEAR).await {
        Ok(now) if now.is_unfinished => report.add(
            "tasks",
            warn(
                "a `duly db partition tasks` runs or was interrupted, and each change is written \
                 twice until it ends",
                "start it again, with --undo to go back",
            ),
        ),
        Ok(_) => {}
        Err(error) => report.add("tasks", fail(error.to_string(), DATABASE)),
    }
}

fn told(found: &Misplaced) -> String {
    let Misplaced { table, rows } = found;
    let many = if *rows >= MOST_COUNTED {
        " or more"
    } else {
        ""
    };
    format!(
        "{rows}{many} rows of {table} lie in {table}_default: partitions were not made in time, or \
         a clock is wrong"
    )
}
