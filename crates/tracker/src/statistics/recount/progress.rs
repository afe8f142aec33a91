//! How far the recount of a night has come, and what it has found.

use duly_db::random::new_id;
use duly_db::{Conn, Error as DbError, FromRow, Row, Tx, query};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::id::UserId;
use crate::statistics::kept::quarter_of;
use crate::{Result, Tracker};

/// For so long what recounts have found is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// A recount that has not ended.
#[derive(Debug, Clone)]
pub(super) struct Run {
    id: Uuid,
    /// Everybody up to this user has been counted.
    pub(super) after: UserId,
}

impl FromRow for Run {
    fn from_row(row: &Row) -> std::result::Result<Self, DbError> {
        Ok(Run {
            id: row.get("id")?,
            after: row.get("after_user")?,
        })
    }
}

/// What the newest recount has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRecount {
    /// When it began.
    pub started_at: Timestamp,
    /// When everybody had been counted; none while it goes on.
    pub ended_at: Option<Timestamp>,
    /// How many users were counted.
    pub users: i64,
    /// How many of them for the first time.
    pub filled: i64,
    /// How many figures were wrong, and put right.
    pub differences: i64,
}

impl FromRow for LastRecount {
    fn from_row(row: &Row) -> std::result::Result<Self, DbError> {
        Ok(LastRecount {
            started_at: row.get("started_at")?,
            ended_at: row.get("ended_at")?,
            users: row.get("users")?,
            filled: row.get("filled")?,
            differences: row.get("differences")?,
        })
    }
}

/// The newest recount; none when there was none yet.
///
/// # Errors
/// When the database fails.
pub async fn last_recount(conn: &mut Conn) -> Result<Option<LastRecount>> {
    let select = query(
        "SELECT started_at, ended_at, users, filled, differences FROM statistics_recounts \
         ORDER BY started_at DESC, id DESC LIMIT 1",
    );
    Ok(conn.optional(select).await?)
}

/// The recount that goes on, or a new one.
pub(super) async fn begin(tracker: &Tracker) -> Result<Run> {
    let now = tracker.clock.now();
    let select = query(
        "SELECT id, after_user FROM statistics_recounts WHERE ended_at IS NULL \
         ORDER BY started_at DESC LIMIT 1",
    );
    let mut conn = tracker.db.read_fresh();
    if let Some(run) = conn.optional(select).await? {
        return Ok(run);
    }
    let run = Run {
        id: new_id(&*tracker.random, now),
        after: UserId(Uuid::nil()),
    };
    let mut tx = tracker.db.begin_on_shared_rows();
    let old = now.checked_sub(KEPT).unwrap_or(Timestamp::UNIX_EPOCH);
    tx.defer(query("DELETE FROM statistics_recounts WHERE started_at < ?1").bind(old));
    let insert = query(
        "INSERT INTO statistics_recounts (id, started_at, ended_at, after_user, users, filled, \
         differences) VALUES (?1, ?2, NULL, ?3, 0, 0, 0)",
    );
    tx.execute(insert.bind(run.id).bind(now).bind(run.after))
        .await?;
    tx.commit().await?;
    Ok(run)
}

/// Notes what was found about one user, in the transaction that puts it right.
pub(super) fn note(tx: &mut Tx, run: &Run, is_new: bool, differences: usize) {
    let update = query(
        "UPDATE statistics_recounts SET filled = filled + ?2, differences = differences + ?3 \
         WHERE id = ?1",
    );
    let differences = i64::try_from(differences).unwrap_or(i64::MAX);
    tx.defer(
        update
            .bind(run.id)
            .bind(i64::from(is_new))
            .bind(differences),
    );
}

/// Notes that everybody up to the last of these users has been counted, and drops what is too old to be shown.
pub(super) async fn go_on(
    tracker: &Tracker,
    run: &mut Run,
    (first, last): (UserId, UserId),
    users: usize,
    oldest: Timestamp,
) -> Result<()> {
    let mut tx = tracker.db.begin_on_shared_rows();
    let delete =
        query("DELETE FROM task_counts WHERE user_id >= ?1 AND user_id <= ?2 AND quarter < ?3");
    tx.defer(delete.bind(first).bind(last).bind(quarter_of(oldest)));
    // Nobody is counted twice when two jobs are at it.
    let update = query(
        "UPDATE statistics_recounts SET after_user = ?3, users = users + ?4 \
         WHERE id = ?1 AND after_user = ?2",
    );
    let update = update.bind(run.id).bind(run.after).bind(last);
    let users = i64::try_from(users).unwrap_or(i64::MAX);
    tx.execute(update.bind(users)).await?;
    tx.commit().await?;
    run.after = last;
    Ok(())
}

/// Notes that everybody has been counted, and says what was found.
pub(super) async fn end(tracker: &Tracker, run: &Run) -> Result<()> {
    let mut tx = tracker.db.begin_on_shared_rows();
    let update = query("UPDATE statistics_recounts SET ended_at = ?2 WHERE id = ?1");
    tx.execute(update.bind(run.id).bind(tracker.clock.now()))
        .await?;
    let select = query(
        "SELECT started_at, ended_at, users, filled, differences FROM statistics_recounts \
         WHERE id = ?1",
    );
    let found: Option<LastRecount> = tx.optional(select.bind(run.id)).await?;
    tx.commit().await?;
    if let Some(found) = found {
        let LastRecount {
            users,
            filled,
            differences,
            ..
        } = found;
        match differences {
            0 => tracing::info!(users, filled, differences, "the statistics were recounted"),
            _ => tracing::warn!(users, filled, differences, "the statistics had drifted"),
        }
    }
    Ok(())
}
