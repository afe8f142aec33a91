//! What an operator has to be told at once: that jobs wait and nobody runs them, that nothing is started any
//! more, that many fail.
//!
//! Every process looks, because the one that does the work may be the one that is dead. An alarm is a row: it is
//! told when it has held for a minute, by one process, again every six hours, and once when it is over.

mod facts;
mod mail;
mod store;

use std::fmt::{Display, Formatter};
use std::time::Duration;

use duly_db::{Conn, query};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

pub use self::facts::{Facts, Limits, facts, judge};
pub use self::mail::mail;
use self::store::Row;
use crate::users::Role;
use crate::{Result, Tracker};

/// What holds for less is not told: a restart takes a while.
const HOLD: SignedDuration = SignedDuration::from_mins(1);

/// What lasts is told again after this.
const REPEAT: SignedDuration = SignedDuration::from_hours(6);

/// A process that has not told what it was about to tell within this time is dead.
const TELLING: SignedDuration = SignedDuration::from_mins(1);

/// No more administrators are written to.
const MOST_ADMINISTRATORS: u32 = 20;

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Alarm {
    /// For programs: `no_worker`, `no_scheduler`, `waiting:urgent`, `failing:default`.
    pub name: String,
    /// For people, one sentence.
    pub detail: String,
    /// Since when it is known to hold.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
}

/// What is said of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// It holds.
    Raised,
    /// It still does, hours later.
    Lasting,
    /// It is over.
    Over,
}

impl Display for Word {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Word::Raised => "alarm",
            Word::Lasting => "still",
            Word::Over => "over",
        })
    }
}

/// An alarm that this process has to tell. Once that is done, say so by [`told`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// The alarm.
    pub alarm: Alarm,
    /// What of it.
    pub word: Word,
}

/// What a look found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// What is wrong now, told or not.
    pub wrong: Vec<Alarm>,
    /// What this process has to tell.
    pub tell: Vec<Telling>,
}

/// Looks how the queues are doing, keeps what is wrong, and answers what this process has to tell of it.
///
/// # Errors
/// Whatever the database says.
pub async fn look(tracker: &Tracker, limits: &Limits) -> Result<Looked> {
    let now = tracker.clock.now();
    let facts = facts(tracker, now).await?;
    let wrong = judge(&facts, limits, now);
    let known = store::all(&mut tracker.db.read_fresh()).await?;
    let mut tell = Vec::new();
    for alarm in &wrong {
        match known.iter().find(|row| row.alarm.name == alarm.name) {
            None => store::insert(tracker, alarm, now).await?,
            Some(row) => {
                if row.alarm.detail != alarm.detail {
                    store::update(tracker, alarm).await?;
                }
                tell.extend(lasting(tracker, row, alarm, now).await?);
            }
        }
    }
    for row in known {
        if wrong.iter().all(|alarm| alarm.name != row.alarm.name) {
            tell.extend(over(tracker, row, now).await?);
        }
    }
    Ok(Looked { wrong, tell })
}

/// What is to be told of an alarm that was there before.
async fn lasting(
    tracker: &Tracker,
    row: &Row,
    alarm: &Alarm,
    now: Timestamp,
) -> Result<Option<Telling>> {
    let word = match row.told_at {
        None if now.duration_since(row.alarm.since) >= HOLD => Word::Raised,
        Some(told) if now.duration_since(told) >= REPEAT => Word::Lasting,
        _ => return Ok(None),
    };
    let until = later(now, TELLING);
    let is_ours = store::claim(tracker, row, now, until).await?;
    let alarm = Alarm {
        since: row.alarm.since.min(alarm.since),
        ..alarm.clone()
    };
    Ok(is_ours.then_some(Telling { alarm, word }))
}

/// What is to be told of an alarm that holds no more.
async fn over(tracker: &Tracker, row: Row, now: Timestamp) -> Result<Option<Telling>> {
    if row.told_at.is_none() {
        store::delete(tracker, &row.alarm.name).await?;
        return Ok(None);
    }
    let is_ours = store::claim(tracker, &row, now, later(now, TELLING)).await?;
    Ok(is_ours.then_some(Telling {
        alarm: row.alarm,
        word: Word::Over,
    }))
}

/// Notes that something was told.
///
/// # Errors
/// Whatever the database says; it is told again then.
pub async fn told(tracker: &Tracker, telling: &Telling) -> Result<()> {
    let name = &telling.alarm.name;
    match telling.word {
        Word::Raised | Word::Lasting => store::note(tracker, name, tracker.clock.now()).await,
        Word::Over => store::delete(tracker, name).await,
    }
}

/// The alarms that have held for a minute, whether somebody could be told or not, the oldest first.
///
/// # Errors
/// Whatever the database says.
pub async fn current(conn: &mut Conn, now: Timestamp) -> Result<Vec<Alarm>> {
    let rows = store::all(conn).await?.into_iter();
    let held = rows.filter(|row| now.duration_since(row.alarm.since) >= HOLD);
    Ok(held.map(|row| row.alarm).collect())
}

/// The addresses of the administrators, for who has named nobody else to be told.
///
/// # Errors
/// Whatever the database says.
pub async fn administrators(conn: &mut Conn) -> Result<Vec<String>> {
    let select = query("SELECT email FROM users WHERE role = ?1 ORDER BY id LIMIT ?2");
    let rows = conn
        .rows(select.bind(Role::Admin).bind(MOST_ADMINISTRATORS))
        .await?;
    let emails = rows.iter().map(|row| row.get("email"));
    Ok(emails.collect::<duly_db::Result<_>>()?)
}

fn later(now: Timestamp, length: SignedDuration) -> Timestamp {
    now.checked_add(length).unwrap_or(Timestamp::MAX)
}

/// How often each process looks.
pub const EVERY: Duration = Duration::from_secs(20);
