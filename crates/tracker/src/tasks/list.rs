//! Reading one task or a page of them.

use duly_db::{Conn, Error as DbError, FromRow, Row, Value, dialect};
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::filter::{SortBy, TaskField, TaskFilter};
use super::{Task, store};
use crate::id::{TaskId, UserId};
use crate::page::{decode_cursor, encode_cursor};
use crate::{Error, Page, Result};

/// One row of a list: the whole task, or only the fields asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum TaskEntry {
    /// Every field.
    Whole(Box<Task>),
    /// The fields named by `fields=`.
    Part(serde_json::Map<String, serde_json::Value>),
}

/// One task of its owner, outside the trash.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn get(conn: &mut Conn, owner: UserId, id: TaskId) -> Result<Task> {
    store::find(conn, owner, id)
        .await?
        .filter(|task| task.deleted_at.is_none())
        .ok_or(Error::NotFound("task"))
}

/// A page of the owner's tasks. `now` is the time on the owner's wall: it decides what "today"
/// and "overdue" are.
///
/// # Errors
/// [`Error::Invalid`] for a cursor of another list.
pub async fn list(
    conn: &mut Conn,
    owner: UserId,
    filter: &TaskFilter,
    now: DateTime,
) -> Result<Page<TaskEntry>> {
    let engine = conn.engine();
    let keys = filter.sort.by.columns();
    let mut condition = filter.condition(owner, now);
    if let Some(cursor) = &filter.cursor {
        let position: Position = decode_cursor(cursor)?;
        let first = condition.next_parameter();
        for value in position.values(filter)? {
            condition.bind(value);
        }
        let after = dialect::keyset_after(engine, keys, first, filter.sort.descending)?;
        condition.fixed(&after);
    }
    let direction = if filter.sort.descending { " DESC" } else { "" };
    let order: Vec<String> = keys.iter().map(|key| format!("{key}{direction}")).collect();
    let limit = filter.limit;
    condition.bind(Value::Int(i64::from(limit) + 1));
    let limit_parameter = condition.next_parameter() - 1;
    let statement = condition.into_query(|condition| {
        format!(
            "SELECT {} FROM tasks WHERE {condition} ORDER BY {} LIMIT ?{limit_parameter}",
            columns(filter),
            order.join(", "),
        )
    });
    let statement = if filter.is_usual() {
        statement.brief()
    } else {
        statement
    };
    let mut rows = conn.rows(statement).await?;
    let whole_pages = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > whole_pages;
    rows.truncate(whole_pages);
    let next_cursor = match rows.last() {
        Some(last) if more => Some(encode_cursor(&Position::of(last, filter)?)?),
        _ => None,
    };
    let data = rows
        .iter()
        .map(|row| entry(row, &filter.fields))
        .collect::<Result<_>>()?;
    Ok(Page { data, next_cursor })
}

/// The columns of the fields asked for, and those the next cursor is made of.
fn columns(filter: &TaskFilter) -> String {
    let sorted_by_title = filter.sort.by == SortBy::Title;
    if filter.fields.is_empty() {
        let extra = if sorted_by_title {
            ", title_folded"
        } else {
            ""
        };
        return format!("{}{extra}", store::COLUMNS);
    }
    let mut columns: Vec<&str> = filter.sort.by.columns().to_vec();
    for field in &filter.fields {
        let column = if field.0 == "due_time" {
            "due_minute"
        } else {
            field.0
        };
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    columns.join(", ")
}

fn entry(row: &Row, fields: &[TaskField]) -> Result<TaskEntry> {
    if fields.is_empty() {
        return Ok(TaskEntry::Whole(Box::new(Task::from_row(row)?)));
    }
    let mut part = serde_json::Map::with_capacity(fields.len());
    for field in fields {
        part.insert(field.0.to_owned(), field.read(row)?);
    }
    Ok(TaskEntry::Part(part))
}

impl TaskField {
    fn read(self, row: &Row) -> Result<serde_json::Value> {
        let time = |column| -> std::result::Result<serde_json::Value, DbError> {
            Ok(row
                .get::<Option<Timestamp>>(column)?
                .map(|time| time.to_string())
                .into())
        };
        Ok(match self.0 {
            "id" => row.get::<TaskId>("id")?.to_string().into(),
            "status" => row.get::<super::Status>("status")?.name().into(),
            "priority" => row.get::<super::Priority>("priority")?.name().into(),
            "due_date" => {
                let date: jiff::civil::Date = row.get("due_date")?;
                (date <= super::LATEST_DUE_DATE)
                    .then(|| date.to_string())
                    .into()
            }
            "due_time" => super::DueTime::from_minute(row.get("due_minute")?)
                .map(|time| super::write_hour_and_minute(time.0))
                .into(),
            "labels" => row.get::<serde_json::Value>("labels")?,
            "version" => row.get::<i64>("version")?.into(),
            "muted" => row.get::<bool>("muted")?.into(),
            "snoozed_until" => {
                let date: Option<jiff::civil::Date> = row.get("snoozed_until")?;
                date.map(|date| date.to_string()).into()
            }
            text @ ("title" | "description") => row.get::<String>(text)?.into(),
            instant => time(instant)?,
        })
    }
}

impl SortBy {
    fn columns(self) -> &'static [&'static str] {
        match self {
            SortBy::DueDate => &["due_date", "due_minute", "id"],
            SortBy::CreatedAt => &["created_at", "id"],
            SortBy::UpdatedAt => &["updated_at", "id"],
            SortBy::Priority => &["priority", "id"],
            SortBy::Title => &["title_folded", "id"],
        }
    }

    fn letter(self) -> char {
        match self {
            SortBy::DueDate => 'd',
            SortBy::CreatedAt => 'c',
            SortBy::UpdatedAt => 'u',
            SortBy::Priority => 'p',
            SortBy::Title => 't',
        }
    }
}

/// The keys of the last row of a page.
#[derive(Debug, Serialize, Deserialize)]
struct Position {
    /// What the list was sorted by.
    by: char,
    text: Option<String>,
    number: Option<i64>,
    id: Uuid,
}

impl Position {
    fn of(row: &Row, filter: &TaskFilter) -> Result<Self> {
        let by = filter.sort.by;
        let (text, number) = match by {
            SortBy::DueDate => {
                let date: jiff::civil::Date = row.get("due_date")?;
                (Some(date.to_string()), Some(row.get("due_minute")?))
            }
            SortBy::CreatedAt => (
                None,
                Some(row.get::<Timestamp>("created_at")?.as_microsecond()),
            ),
            SortBy::UpdatedAt => (
                None,
                Some(row.get::<Timestamp>("updated_at")?.as_microsecond()),
            ),
            SortBy::Priority => (None, Some(row.get("priority")?)),
            SortBy::Title => (Some(row.get("title_folded")?), None),
        };
        Ok(Position {
            by: by.letter(),
            text,
            number,
            id: row.get("id")?,
        })
    }

    fn values(self, filter: &TaskFilter) -> Result<Vec<Value>> {
        let wrong = || Error::field("cursor", "invalid", "is not a cursor of this list");
        if self.by != filter.sort.by.letter() {
            return Err(wrong());
        }
        let mut values = match (filter.sort.by, self.text, self.number) {
            (SortBy::DueDate, Some(date), Some(minute)) => {
                let date: jiff::civil::Date = date.parse().map_err(|_| wrong())?;
                vec![Value::Date(date), Value::Int(minute)]
            }
            (SortBy::CreatedAt | SortBy::UpdatedAt, None, Some(micros)) => {
                let time = Timestamp::from_microsecond(micros).map_err(|_| wrong())?;
                vec![Value::Time(time)]
            }
            (SortBy::Priority, None, Some(number)) => vec![Value::Int(number)],
            (SortBy::Title, Some(title), None) => vec![Value::Text(title)],
            _ => return Err(wrong()),
        };
        values.push(Value::Uuid(self.id));
        Ok(values)
    }
}
