//! Putting right what is wrong with the figures of one user, or making them for the first time.

use duly_db::versions::{self, Kind};
use duly_db::{Tx, query};
use jiff::Timestamp;

use super::figures::{Figures, differences};
use super::progress::{self, Run};
use crate::id::UserId;
use crate::statistics::ByStatus;
use crate::statistics::counts::{bind, insert_text, keep_others_out};
use crate::statistics::kept::{Kept, TOTALS, quarter_of};
use crate::{Result, Tracker};

/// How many rows one statement writes.
const BATCH: usize = 100;

/// Looks again while nobody can change the figures, and writes them if they are still others than the tasks say.
///
/// Who changes tasks writes their figures last, and waits for the row of totals there. So whoever has committed is
/// counted here, and whoever waits adds to what is written here.
pub(super) async fn repair(
    tracker: &Tracker,
    run: &Run,
    user: UserId,
    since: Timestamp,
) -> Result<()> {
    let mut tx = tracker.db.begin_on_shared_rows();
    keep_others_out(&mut tx, user);
    let figures = Figures::read(&mut tx, (user, user), since).await?;
    let (kept, counted) = (figures.kept(user), figures.counted(user));
    if kept == counted {
        return Ok(());
    }
    let differences = match kept.is_counted {
        true => differences(&kept, &counted),
        false => 0,
    };
    write(&mut tx, user, &counted, since);
    progress::note(&mut tx, run, !kept.is_counted, differences);
    if differences > 0 {
        // Somebody was shown something else.
        versions::raise(&mut tx, user.0, Kind::Data);
    }
    tx.commit().await?;
    if differences > 0 {
        let (was, is) = (kept.by_status, counted.by_status);
        tracing::warn!(%user, differences, ?was, ?is, "figures of the statistics were wrong");
    }
    Ok(())
}

fn write(tx: &mut Tx, user: UserId, counted: &Kept, since: Timestamp) {
    let update = query(
        "UPDATE task_counts SET counted = ?3, pending = ?4, in_progress = ?5, completed = ?6 \
         WHERE user_id = ?1 AND quarter = ?2",
    );
    let by_status = &counted.by_status;
    tx.defer(
        update
            .bind(user)
            .bind(TOTALS)
            .bind(true)
            .bind(by_status.pending)
            .bind(by_status.in_progress)
            .bind(by_status.completed),
    );
    let delete =
        query("DELETE FROM task_counts WHERE user_id = ?1 AND quarter >= ?2 AND quarter < ?3");
    tx.defer(delete.bind(user).bind(quarter_of(since)).bind(TOTALS));
    let quarters = counted.quarters.iter();
    let rows: Vec<(i64, ByStatus, i64)> = quarters
        .map(|(number, quarter)| (*number, quarter.by_status(), quarter.created))
        .collect();
    for some in rows.chunks(BATCH) {
        let insert = query(insert_text(some.len()));
        tx.defer(bind(insert, user, false, some));
    }
}
