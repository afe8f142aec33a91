//! Fills a database for measuring: `seed URL USERS TASKS_PER_USER COOKIES [due]`.
//!
//! COOKIES is a file for the users' session cookies, one a line. Tasks are spread over due dates, priorities and
//! statuses, fifteen of each user's open ones on the first page. With `due` everybody's reminders
//! are due.

use std::process::ExitCode;

use duly_db::migrate::{Mode, run};
use duly_db::random::{SystemRandom, new_id};
use duly_db::{Clock, Db, Durability, Location, Options, Query, Tx, query};
use duly_tracker::secret::Secret;
use duly_tracker::{Result, instance};
use jiff::{SignedDuration, Span, Timestamp};
use uuid::Uuid;

const USERS_PER_TRANSACTION: u32 = 100;
const TASKS_PER_STATEMENT: usize = 50;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, users, tasks, cookies, rest @ ..] = arguments.as_slice() else {
        return fail("usage: seed URL USERS TASKS_PER_USER COOKIES [due]");
    };
    let are_due = rest.iter().any(|argument| argument == "due");
    let (Ok(users), Ok(tasks)) = (users.parse(), tasks.parse()) else {
        return fail("USERS and TASKS_PER_USER are numbers");
    };
    match seed(url, users, tasks, are_due).await {
        Ok(made) => match std::fs::write(cookies, made) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&format!("{cookies}: {error}")),
        },
        Err(error) => fail(&error.to_string()),
    }
}

#[expect(clippy::print_stderr, reason = "a program for the command line")]
fn fail(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::FAILURE
}

async fn seed(url: &str, users: u32, tasks: u32, are_due: bool) -> Result<String> {
    let mut options = Options::at(Location::parse(url, &[])?);
    options.durability = Durability::None;
    let db = Db::open(options).await?;
    let now = duly_db::clock::SystemClock.now();
    let sets = [
        duly_db::versions::MIGRATIONS,
        duly_queue::MIGRATIONS,
        duly_tracker::MIGRATIONS,
    ];
    run(&db, &sets, now, Mode::Apply).await?;
    let keys = instance::signing_key(&db, &SystemRandom)
        .await?
        .owner_keys();
    let mut cookies = String::new();
    let mut number = 0;
    while number < users {
        let mut tx = db.begin();
        for _ in 0..USERS_PER_TRANSACTION.min(users - number) {
            let user = new_id(&SystemRandom, now);
            let cookie = format!("{}.bench-{number}", keys.of(user));
            let session = Secret::received(cookie.as_str());
            seed_user(&mut tx, (number, user, session), tasks, now).await?;
            cookies.push_str(&cookie);
            cookies.push('\n');
            if are_due {
                tx.execute(due_schedule(user, now)).await?;
            }
            number += 1;
        }
        tx.commit().await?;
    }
    db.close().await;
    Ok(cookies)
}

async fn seed_user(
    tx: &mut Tx,
    (number, user, session): (u32, Uuid, Secret),
    tasks: u32,
    now: Timestamp,
) -> duly_db::Result<()> {
    tx.execute(
        query(
            "INSERT INTO users (id, name, email, email_folded, password_hash, time_zone, \
             created_at, updated_at) VALUES (?1, ?2, ?3, ?3, '', 'Europe/Berlin', ?4, ?4)",
        )
        .bind(user)
        .bind(format!("Person {number}"))
        .bind(format!("person-{number}@example.org"))
        .bind(now),
    )
    .await?;
    duly_db::versions::start(tx, user).await?;
    let until = now
        .checked_add(SignedDuration::from_hours(24 * 30))
        .unwrap_or(now);
    tx.execute(
        query(
            "INSERT INTO sessions (id_hash, id, user_id, created_at, last_seen_at, \
             idle_expires_at, expires_at, ip, user_agent) \
             VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?5, '127.0.0.1', 'bench')",
        )
        .bind(session.hash())
        .bind(new_id(&SystemRandom, now))
        .bind(user)
        .bind(now)
        .bind(until),
    )
    .await?;
    let numbers: Vec<u32> = (0..tasks).collect();
    for some in numbers.chunks(TASKS_PER_STATEMENT) {
        tx.execute(task_rows(user, some, now)).await?;
    }
    Ok(())
}

fn due_schedule(user: Uuid, now: Timestamp) -> Query {
    let yesterday = jiff::tz::TimeZone::UTC.to_datetime(now).date().yesterday();
    query("INSERT INTO reminder_schedules (user_id, next_run, last_day) VALUES (?1, ?2, ?3)")
        .bind(user)
        .bind(now)
        .bind(yesterday.unwrap_or(jiff::civil::Date::MIN))
}

/// Many rows in one statement: a server answers each statement by itself.
fn task_rows(user: Uuid, numbers: &[u32], now: Timestamp) -> Query {
    let mut rows = Vec::with_capacity(numbers.len());
    for row in 0..numbers.len() {
        let own: Vec<String> = (0..6)
            .map(|column| format!("?{}", 4 + row * 6 + column))
            .collect();
        rows.push(match own.as_slice() {
            [id, title, status, is_open, due, priority] => format!(
                "(?1, {id}, {title}, ?2, LOWER({title}), LOWER(?2), {status}, {is_open}, {due}, \
                 1440, {priority}, '[]', FALSE, ?3, ?3, 1)"
            ),
            _ => String::new(),
        });
    }
    let statement = query(format!(
        "INSERT INTO tasks (user_id, id, title, description, title_folded, description_folded, \
         status, is_open, due_date, due_minute, priority, labels, muted, created_at, updated_at, \
         version) VALUES {}",
        rows.join(", ")
    ));
    let statement = statement
        .bind(user)
        .bind("A few words more, as people write them.")
        .bind(now);
    numbers
        .iter()
        .fold(statement, |all, task| bind_task(all, *task, now))
}

fn bind_task(statement: Query, task: u32, now: Timestamp) -> Query {
    let today = jiff::tz::TimeZone::UTC.to_datetime(now).date();
    let due = today.saturating_add(Span::new().days(i64::from(task % 40) - 5));
    let title = format!("Call back about offer number {task} and write down what was said");
    statement
        .bind(new_id(&SystemRandom, now))
        .bind(title)
        .bind(i64::from(task % 4 / 3 * 2))
        .bind(task % 4 != 3)
        .bind(due)
        .bind(i64::from(task % 4))
}
