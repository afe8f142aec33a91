//! The SQL of the ledger.
//!
//! A row is made once per (user, task, kind, slot), in the state `planned`, and moves
//! planned → queued → sending → sent, failed, bounced or cancelled. A failed attempt leads from
//! sending back to queued. What mail servers tell later makes bounced, failed or complained of sent. Rows are what keeps a promise from being kept twice, so they stay until
//! long after their day.

use duly_db::{
    Conn, Engine, Error as DbError, FromRow, Query, Result, Row, Tx, dialect, placeholders, query,
};
use jiff::Timestamp;
use uuid::Uuid;

use super::{Kind, State};
use crate::id::{NotificationId, TaskId, UserId};

/// Stands for "several tasks", so that the unique key works on every engine.
pub(crate) const NO_TASK: TaskId = TaskId(Uuid::nil());

/// A promise about to be written down.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Promise {
    pub(crate) kind: Kind,
    /// The task, or [`NO_TASK`].
    pub(crate) task: TaskId,
    pub(crate) slot: String,
}

/// A promise as it stands in the ledger.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) user: UserId,
    pub(crate) id: NotificationId,
    pub(crate) promise: Promise,
    pub(crate) state: State,
    pub(crate) message_id: String,
    pub(crate) attempts: u32,
}

impl FromRow for Entry {
    fn from_row(row: &Row) -> std::result::Result<Self, DbError> {
        Ok(Entry {
            user: row.get("user_id")?,
            id: row.get("id")?,
            promise: Promise {
                kind: row.get("kind")?,
                task: row.get("task_id")?,
                slot: row.get("slot")?,
            },
            state: row.get("state")?,
            message_id: row.get("message_id")?,
            attempts: row.get("attempts")?,
        })
    }
}

const COLUMNS: &str = "user_id, id, kind, task_id, slot, state, message_id, attempts";

/// Writes a promise down and answers its id; `None` when it stands there already. One that was
/// cancelled is promised again: the task was finished, moved or snoozed, and is back.
pub(crate) async fn plan(
    tx: &mut Tx,
    engine: Engine,
    entry: &Entry,
    now: Timestamp,
) -> Result<Option<NotificationId>> {
    if insert(tx, engine, entry, State::Planned, None, now).await? {
        return Ok(Some(entry.id));
    }
    let find = format!(
        "SELECT id FROM notifications \
         WHERE user_id = ?1 AND task_id = ?2 AND kind = ?3 AND slot = ?4 AND state = ?5{}",
        dialect::for_update(engine)
    );
    let find = query(find)
        .bind(entry.user)
        .bind(entry.promise.task)
        .bind(entry.promise.kind)
        .bind(&entry.promise.slot)
        .bind(State::Cancelled);
    let Some(row) = tx.optional_row(find).await? else {
        return Ok(None);
    };
    let id: NotificationId = row.get("id")?;
    let cancelled = Entry {
        id,
        ..entry.clone()
    };
    change_state(tx, &cancelled, State::Planned, None, now).await?;
    Ok(Some(id))
}

/// Writes down a promise that is not kept; answers whether it was news.
pub(crate) async fn record_cancelled(
    tx: &mut Tx,
    engine: Engine,
    entry: &Entry,
    reason: &str,
    now: Timestamp,
) -> Result<bool> {
    insert(tx, engine, entry, State::Cancelled, Some(reason), now).await
}

/// How many promises one statement writes: few lengths, so that there are few statements.
const ROWS: [usize; 4] = [64, 16, 4, 1];

/// How many values a promise has of its own in such a statement.
const VALUES: usize = 7;

/// Writes promises down that have their jobs; answers whether all of them were news. If not, the transaction has to
/// be given up, because nobody knows which.
pub(crate) async fn queue_all(tx: &mut Tx, entries: &[Entry], now: Timestamp) -> Result<bool> {
    let mut written = 0;
    let mut rest = entries;
    for rows in ROWS {
        while let Some((some, others)) = rest.split_at_checked(rows) {
            let statement = queue_rows(tx.engine(), some, now);
            written += tx.execute(statement).await?;
            rest = others;
        }
    }
    Ok(usize::try_from(written).is_ok_and(|written| written == entries.len()))
}

fn queue_rows(engine: Engine, entries: &[Entry], now: Timestamp) -> Query {
    let row = |number: usize| {
        let own = placeholders(2 + number * VALUES, VALUES);
        format!("({own}, NULL, 0, ?1, ?1, NULL)")
    };
    let rows: Vec<String> = (0..entries.len()).map(row).collect();
    let text = format!(
        "INSERT INTO notifications (user_id, id, kind, task_id, slot, state, message_id, reason, \
         attempts, planned_at, updated_at, sent_at) VALUES {}",
        rows.join(", ")
    );
    let statement = dialect::insert_or_keep(engine, &text).bind(now);
    entries.iter().fold(statement, |statement, entry| {
        statement
            .bind(entry.user)
            .bind(entry.id)
            .bind(entry.promise.kind)
            .bind(entry.promise.task)
            .bind(&entry.promise.slot)
            .bind(State::Queued)
            .bind(&entry.message_id)
    })
}

async fn insert(
    tx: &mut Tx,
    engine: Engine,
    entry: &Entry,
    state: State,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<bool> {
    let statement = dialect::insert_or_keep(
        engine,
        "INSERT INTO notifications (user_id, id, kind, task_id, slot, state, message_id, reason, \
         attempts, planned_at, updated_at, sent_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9, ?9, NULL)",
    );
    let statement = statement
        .bind(entry.user)
        .bind(entry.id)
        .bind(entry.promise.kind)
        .bind(entry.promise.task)
        .bind(&entry.promise.slot)
        .bind(state)
        .bind(&entry.message_id)
        .bind(reason)
        .bind(now);
    Ok(tx.execute(statement).await? == 1)
}

/// One promise, locked for the transaction.
pub(crate) async fn lock(
    tx: &mut Tx,
    engine: Engine,
    user: UserId,
    id: NotificationId,
) -> Result<Option<Entry>> {
    let text = format!(
        "SELECT {COLUMNS} FROM notifications WHERE user_id = ?1 AND id = ?2{}",
        dialect::for_update(engine)
    );
    tx.optional(query(text).bind(user).bind(id)).await
}

/// Promises in one state that nothing has happened to since `before`, longest ago first.
pub(crate) async fn stale(
    conn: &mut Conn,
    state: State,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<Entry>> {
    let text = format!(
        "SELECT {COLUMNS} FROM notifications WHERE state = ?1 AND updated_at < ?2 \
         ORDER BY updated_at LIMIT ?3"
    );
    conn.all(query(text).bind(state).bind(before).bind(limit))
        .await
}

/// Whether the ledger has a mail about several tasks of this kind for a later day.
pub(crate) async fn has_later(
    conn: &mut Conn,
    user: UserId,
    kind: Kind,
    slot: &str,
) -> Result<bool> {
    let statement = query(
        "SELECT id FROM notifications \
         WHERE user_id = ?1 AND task_id = ?2 AND kind = ?3 AND slot > ?4 LIMIT 1",
    );
    let statement = statement.bind(user).bind(NO_TASK).bind(kind).bind(slot);
    Ok(conn.optional_row(statement).await?.is_some())
}

/// How many promises of a person were made or kept since then and not cancelled. None of them is older than
/// `oldest`.
pub(crate) async fn count_since(
    conn: &mut Conn,
    user: UserId,
    oldest: NotificationId,
    since: Timestamp,
) -> Result<u32> {
    let statement = query(
        "SELECT COUNT(*) AS mails FROM notifications \
         WHERE user_id = ?1 AND id >= ?2 AND updated_at >= ?3 AND state <> ?4",
    );
    let statement = statement
        .bind(user)
        .bind(oldest)
        .bind(since)
        .bind(State::Cancelled);
    match conn.optional_row(statement).await? {
        Some(row) => row.get("mails"),
        None => Ok(0),
    }
}

/// How the newest promises of a person ended, newest first; those that have not ended are left out.
pub(crate) async fn newest_ends(conn: &mut Conn, user: UserId, limit: u32) -> Result<Vec<State>> {
    let statement = query(
        "SELECT state FROM notifications WHERE user_id = ?1 AND state IN (?2, ?3, ?4) \
         ORDER BY id DESC LIMIT ?5",
    );
    let statement = statement
        .bind(user)
        .bind(State::Sent)
        .bind(State::Complained)
        .bind(State::Bounced)
        .bind(limit);
    let rows = conn.rows(statement).await?;
    rows.iter().map(|row| row.get("state")).collect()
}

/// Changes one promise, if a condition holds; `?1` to `?3` say which. Its slot is one of them, so
/// that only the month it lies in is looked at.
fn change(entry: &Entry, set: &str, only_if: &str) -> Query {
    query(format!(
        "UPDATE notifications SET {set} WHERE user_id = ?1 AND id = ?2 AND slot = ?3{only_if}"
    ))
    .bind(entry.user)
    .bind(entry.id)
    .bind(&entry.promise.slot)
}

/// Moves a promise to another state.
pub(crate) async fn change_state(
    tx: &mut Tx,
    entry: &Entry,
    state: State,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    let statement = change(entry, "state = ?4, reason = ?5, updated_at = ?6", "");
    let statement = statement.bind(state).bind(reason).bind(now);
    tx.execute(statement).await.map(|_| ())
}

/// Notes that a promise was looked at and nothing had to be done.
pub(crate) async fn touch(tx: &mut Tx, entry: &Entry, now: Timestamp) -> Result<()> {
    let statement = change(entry, "updated_at = ?4", "").bind(now);
    tx.execute(statement).await.map(|_| ())
}

/// Begins an attempt and answers its number.
pub(crate) async fn begin_attempt(tx: &mut Tx, entry: &Entry, now: Timestamp) -> Result<u32> {
    let attempt = entry.attempts.saturating_add(1);
    let statement = change(entry, "state = ?4, attempts = ?5, updated_at = ?6", "")
        .bind(State::Sending)
        .bind(attempt)
        .bind(now);
    tx.execute(statement).await?;
    Ok(attempt)
}

/// Notes that the mail server has taken the mail, whichever attempt it was.
pub(crate) async fn record_sent(tx: &mut Tx, entry: &Entry, now: Timestamp) -> Result<()> {
    let set = "state = ?4, reason = NULL, sent_at = ?5, updated_at = ?5";
    let statement = change(entry, set, " AND state <> ?4")
        .bind(State::Sent)
        .bind(now);
    tx.execute(statement).await.map(|_| ())
}

/// Ends an attempt that did not succeed, unless another one has begun since.
pub(crate) async fn end_attempt(
    tx: &mut Tx,
    entry: &Entry,
    attempt: u32,
    state: State,
    reason: &str,
    now: Timestamp,
) -> Result<()> {
    let set = "state = ?6, reason = ?7, updated_at = ?8";
    let statement = change(entry, set, " AND attempts = ?4 AND state = ?5")
        .bind(attempt)
        .bind(State::Sending)
        .bind(state)
        .bind(reason)
        .bind(now);
    tx.execute(statement).await.map(|_| ())
}
