//! Forgetting what is older than the operator keeps it.

use duly_db::{Row, Tx, dialect, query};
use jiff::Timestamp;

use crate::id::{ActivityId, TaskId, UserId};
use crate::{Error, Result, Tracker};

/// How many entries one transaction deletes, so that others can write in between.
const BATCH: u32 = 500;

/// Deletes entries that are older than the operator keeps them, and answers how many there were.
/// Where the log is partitioned this deletes none: whole partitions are dropped instead. Nobody's
/// version is raised, because that something has grown old is no news to anybody.
///
/// # Errors
/// When the database fails.
pub async fn forget_old(tracker: &Tracker) -> Result<u64> {
    if dialect::has_partitions(tracker.db.engine()) {
        return Ok(0);
    }
    // Before the beginning of time there was no activity.
    let Ok(before) = tracker
        .clock
        .now()
        .checked_sub(tracker.settings.activity_keep)
    else {
        return Ok(0);
    };
    let mut forgotten = 0;
    loop {
        let mut tx = tracker.db.begin();
        let some = delete_before(&mut tx, before).await?;
        tx.commit().await?;
        forgotten += u64::from(some);
        if some < BATCH {
            return Ok(forgotten);
        }
    }
}

/// Deletes the oldest entries from before an instant, at most [`BATCH`]; answers how many.
async fn delete_before(tx: &mut Tx, before: Timestamp) -> Result<u32> {
    let select =
        query("SELECT user_id, task_id, at, id FROM activity WHERE at < ?1 ORDER BY at LIMIT ?2");
    let rows = tx.rows(select.bind(before).bind(BATCH)).await?;
    for row in &rows {
        delete(tx, row)?;
    }
    u32::try_from(rows.len()).map_err(|error| Error::Internal(error.to_string()))
}

fn delete(tx: &mut Tx, row: &Row) -> Result<()> {
    let delete =
        query("DELETE FROM activity WHERE user_id = ?1 AND task_id = ?2 AND at = ?3 AND id = ?4");
    tx.defer(
        delete
            .bind(row.get::<UserId>("user_id")?)
            .bind(row.get::<TaskId>("task_id")?)
            .bind(row.get::<Timestamp>("at")?)
            .bind(row.get::<ActivityId>("id")?),
    );
    Ok(())
}
