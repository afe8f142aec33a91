//! What `make bench` sees of a morning: `morning URL SECONDS PEOPLE` makes the reminders of so many people due in so
//! many seconds or a little later, and looks on until all have been planned by whoever serves this database.
//!
//! Prints one JSON object a line: that the schedules are set, and when it was over how long it took from the minute
//! at which they were due until all had been found, and until all had been planned.

#![expect(
    clippy::print_stdout,
    reason = "a program that prints what it measured"
)]

use std::error::Error;
use std::time::Duration;

use duly_db::clock::SystemClock;
use duly_db::{Clock, Conn, Db, Location, Options, query};
use jiff::{Timestamp, ToSpan};

/// How long it is looked on.
const PATIENCE: Duration = Duration::from_secs(1800);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: morning URL SECONDS PEOPLE";
    let url = arguments.next().ok_or(usage)?;
    let seconds: i64 = arguments.next().ok_or(usage)?.parse()?;
    let people: u32 = arguments.next().ok_or(usage)?.parse()?;
    let db = Db::open(Options::at(Location::parse(&url, &[])?)).await?;
    let now = SystemClock.now();
    // People are due at whole minutes, and it is looked for them every ten seconds.
    let due = (now.as_second() + seconds).div_euclid(10) * 10 + 10;
    let due = Timestamp::from_second(due)?;
    let before = jiff::tz::TimeZone::UTC.to_datetime(now).date() - 2.days();
    let last = query("SELECT user_id FROM reminder_schedules ORDER BY user_id LIMIT 1 OFFSET ?1");
    let last = last.bind(people.saturating_sub(1));
    let last = db.read_fresh().optional_row(last).await?;
    let last: uuid::Uuid = last.ok_or("there are not so many people")?.get("user_id")?;
    let mut tx = db.begin();
    // Nobody else is due.
    let later = due + 24.hours();
    let others = query("UPDATE reminder_schedules SET next_run = ?1 WHERE user_id > ?2");
    tx.execute(others.bind(later).bind(last)).await?;
    let set =
        query("UPDATE reminder_schedules SET next_run = ?1, last_day = ?2 WHERE user_id <= ?3");
    let people = tx.execute(set.bind(due).bind(before).bind(last)).await?;
    tx.commit().await?;
    println!("{{\"people\":{people},\"due\":{}}}", due.as_millisecond());

    let found = query("SELECT 1 FROM reminder_schedules WHERE next_run <= ?1 LIMIT 1").bind(due);
    let planned = query("SELECT 1 FROM reminder_schedules WHERE last_day <= ?1 LIMIT 1");
    let planned = planned.bind(before);
    let found = seconds_until_none(&db, found, due).await?;
    let planned = seconds_until_none(&db, planned, due).await?;
    let promises = count(&mut db.read_fresh()).await?;
    println!("{{\"found\":{found:.2},\"planned\":{planned:.2},\"promises\":{promises}}}");
    db.close().await;
    Ok(())
}

/// How long after that time there are no such rows any more.
async fn seconds_until_none(
    db: &Db,
    rows: duly_db::Query,
    due: Timestamp,
) -> Result<f64, Box<dyn Error>> {
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let after = SystemClock.now().duration_since(due);
        if after.is_positive() && db.read_fresh().optional_row(rows.clone()).await?.is_none() {
            return Ok(after.as_secs_f64());
        }
        if after > jiff::SignedDuration::try_from(PATIENCE)? {
            return Err("they are not planned".into());
        }
    }
}

async fn count(conn: &mut Conn) -> Result<i64, Box<dyn Error>> {
    let count = query("SELECT COUNT(*) AS promises FROM notifications");
    match conn.optional_row(count).await? {
        Some(row) => Ok(row.get("promises")?),
        None => Ok(0),
    }
}
