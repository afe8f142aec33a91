//! The ledger as operators see it: what anybody was promised, and what became of it.

use duly_db::{Conn, Error as DbError, FromRow, Query, Row, Value, query};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Kind, State, ledger};
use crate::id::{NotificationId, TaskId, UserId};
use crate::page::{decode_cursor, encode_cursor};
use crate::{Page, Result};

/// What somebody was promised, and what became of it. It says nothing of what stands in a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Receipt {
    /// Its id.
    pub id: NotificationId,
    /// Who was to be told.
    pub user_id: UserId,
    /// Where.
    pub user_email: String,
    /// Of what.
    pub kind: Kind,
    /// The task; null for a mail about several.
    pub task_id: Option<TaskId>,
    /// The day it is about, `2026-11-24`, or the time, `2026-11-24T18:00`; of a week its Monday.
    pub slot: String,
    /// How far it has come.
    pub state: State,
    /// When it was promised.
    #[schema(value_type = String, format = DateTime)]
    pub planned_at: Timestamp,
    /// When the mail server took it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<Timestamp>,
    /// How long after it was promised that was, in milliseconds.
    pub late_ms: Option<i64>,
    /// How often it was attempted.
    pub attempts: u32,
    /// The `Message-ID` of the mail, without the angle brackets.
    pub message_id: String,
    /// Why it failed, was cancelled, or has to be attempted again.
    pub reason: Option<String>,
    /// When anything last became of it.
    #[serde(skip)]
    updated_at: Timestamp,
}

impl FromRow for Receipt {
    fn from_row(row: &Row) -> std::result::Result<Self, DbError> {
        let task: TaskId = row.get("task_id")?;
        let planned_at: Timestamp = row.get("planned_at")?;
        let sent_at: Option<Timestamp> = row.get("sent_at")?;
        let late = sent_at.map(|sent| sent.duration_since(planned_at).as_millis());
        Ok(Receipt {
            id: row.get("id")?,
            user_id: row.get("user_id")?,
            user_email: row.get("email")?,
            kind: row.get("kind")?,
            task_id: (task != ledger::NO_TASK).then_some(task),
            slot: row.get("slot")?,
            state: row.get("state")?,
            planned_at,
            sent_at,
            late_ms: late.and_then(|late| i64::try_from(late).ok()),
            attempts: row.get("attempts")?,
            message_id: row.get("message_id")?,
            reason: row.get("reason")?,
            updated_at: row.get("updated_at")?,
        })
    }
}

/// Which receipts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReceiptFilter {
    /// Those of one person.
    pub user: Option<UserId>,
    /// Those in one state.
    pub state: Option<State>,
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Place {
    at: Timestamp,
    id: NotificationId,
}

const COLUMNS: &str = "n.id, n.user_id, u.email, n.kind, n.task_id, n.slot, n.state, \
     n.planned_at, n.sent_at, n.attempts, n.message_id, n.reason, n.updated_at \
     FROM notifications n JOIN users u ON u.id = n.user_id";

/// A page of the receipts of everybody, that of which anything became last first; of one person the newest
/// first.
///
/// # Errors
/// [`crate::Error::Invalid`] for a cursor of another list.
pub async fn receipts(
    conn: &mut Conn,
    filter: &ReceiptFilter,
    limit: u32,
    cursor: Option<&str>,
) -> Result<Page<Receipt>> {
    let before: Option<Place> = cursor.map(decode_cursor).transpose()?;
    let more = limit.saturating_add(1);
    let mut data: Vec<Receipt> = match filter.user {
        Some(user) => conn.all(of_one(user, filter.state, before, more)).await?,
        None => {
            let states = match filter.state {
                Some(state) => vec![state],
                None => State::ALL.to_vec(),
            };
            let queries = states.iter().map(|state| in_state(*state, before, more));
            let answers = conn.snapshot(queries.collect()).await?;
            let rows = answers.iter().flatten().map(Receipt::from_row);
            rows.collect::<std::result::Result<_, _>>()?
        }
    };
    if filter.user.is_none() {
        data.sort_unstable_by_key(|receipt| std::cmp::Reverse((receipt.updated_at, receipt.id)));
    }
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_full = data.len() > size;
    data.truncate(size);
    let place = data.last().filter(|_| is_full).map(|last| Place {
        at: last.updated_at,
        id: last.id,
    });
    let next_cursor = place.as_ref().map(encode_cursor).transpose()?;
    Ok(Page { data, next_cursor })
}

/// One person's, along the primary key.
fn of_one(user: UserId, state: Option<State>, before: Option<Place>, limit: u32) -> Query {
    let mut values: Vec<Value> = vec![user.into(), limit.into()];
    let mut conditions = String::new();
    if let Some(before) = before {
        values.push(before.id.into());
        conditions.push_str(&format!(" AND n.id < ?{}", values.len()));
    }
    if let Some(state) = state {
        values.push(state.into());
        conditions.push_str(&format!(" AND n.state = ?{}", values.len()));
    }
    let text =
        format!("SELECT {COLUMNS} WHERE n.user_id = ?1{conditions} ORDER BY n.id DESC LIMIT ?2");
    query(text).bind_all(values)
}

/// Everybody's in one state, along the index of states.
fn in_state(state: State, before: Option<Place>, limit: u32) -> Query {
    let (condition, place): (_, Vec<Value>) = match before {
        Some(Place { at, id }) => (
            " AND n.updated_at <= ?3 AND (n.updated_at < ?3 OR n.id < ?4)",
            vec![at.into(), id.into()],
        ),
        None => ("", Vec::new()),
    };
    let text = format!(
        "SELECT {COLUMNS} WHERE n.state = ?1{condition} \
         ORDER BY n.updated_at DESC, n.id DESC LIMIT ?2"
    );
    query(text).bind(state).bind(limit).bind_all(place)
}
