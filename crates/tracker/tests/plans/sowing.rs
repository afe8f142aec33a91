//! Many users with many tasks, written in few statements.

use duly_db::random::new_id;
use duly_db::testing::refresh_statistics;
use duly_db::{Clock, Query, query};
use duly_tracker::secret::Secret;
use duly_tracker::testing::TestTracker;
use duly_tracker::{TaskId, UserId};
use jiff::Span;
use jiff::civil::date;

const TASKS_PER_USER: usize = 50;

/// How many others there are beside each user with tasks: an engine rightly reads a table of a
/// hundred users from end to end.
const IDLE_PER_USER: usize = 9;

#[derive(Default)]
pub(crate) struct Sowing {
    pub(crate) users: Vec<UserId>,
    /// A task of the first user.
    pub(crate) task: Option<TaskId>,
}

impl Sowing {
    /// Adds users until there are so many tasks, and lets the engine count its rows anew.
    pub(crate) async fn grow_to(&mut self, app: &TestTracker, tasks: usize) {
        while self.users.len() * TASKS_PER_USER < tasks {
            let mut tx = app.db.begin();
            for _ in 0..50 {
                let first = self.users.len() * (IDLE_PER_USER + 1);
                let users: Vec<UserId> = (0..=IDLE_PER_USER)
                    .map(|_| UserId(new_id(app.random.as_ref(), app.clock.now())))
                    .collect();
                for statement in people_rows(app, &users, first)
                    .into_iter()
                    .chain(job_rows(app, &users))
                {
                    tx.execute(statement).await.unwrap();
                }
                let user = *users.first().unwrap();
                let ids: Vec<TaskId> = (0..TASKS_PER_USER)
                    .map(|_| TaskId(new_id(app.random.as_ref(), app.clock.now())))
                    .collect();
                tx.execute(task_rows(app, user, &ids)).await.unwrap();
                tx.execute(label_rows(user, &ids)).await.unwrap();
                tx.execute(notification_rows(app, user, &ids))
                    .await
                    .unwrap();
                tx.execute(activity_rows(app, user, &ids)).await.unwrap();
                self.task = self.task.or(ids.first().copied());
                self.users.push(user);
            }
            tx.commit().await.unwrap();
        }
        refresh_statistics(&app.db).await.unwrap();
    }
}

/// Binds what differs between one user's row and another's.
type Bind<'a> = &'a dyn Fn(Query, UserId, usize) -> Query;

/// One row for each user; `#` is a value of its own, `?1` now and `?2` in a month.
fn each(
    app: &TestTracker,
    users: &[UserId],
    first: usize,
    table: &str,
    values: &str,
    bind: Bind,
) -> Query {
    let now = app.clock.now();
    let later = now + jiff::SignedDuration::from_hours(24 * 30);
    let own = values.matches('#').count();
    let all = rows(users.len(), 2, own, |names| {
        let mut names = names.iter();
        let parts = values.split('#').map(str::to_owned);
        let row = parts.reduce(|row, part| row + names.next().unwrap() + &part);
        row.unwrap()
    });
    let statement = query(format!("INSERT INTO {table} VALUES {all}"));
    let numbered = users.iter().zip(first..);
    numbered.fold(statement.bind(now).bind(later), |all, (user, number)| {
        bind(all, *user, number)
    })
}

/// For each user a job that waits, one that runs, and an attempt of one that has failed.
fn job_rows(app: &TestTracker, users: &[UserId]) -> [Query; 3] {
    let jobs = "jobs (id, queue, name, payload, tags, tries, attempt, fence, run_at, pushed_at, \
                lease_until)";
    [
        (
            jobs,
            "#, 'reminders', 'x', '{}', '[]', 3, 0, 0, ?2, ?1, NULL",
        ),
        (jobs, "#, 'reminders', 'x', '{}', '[]', 3, 1, 1, ?1, ?1, ?2"),
        (
            "job_attempts (job_id, fence, number, started_at)",
            "#, 1, 1, ?1",
        ),
    ]
    .map(|(table, values)| {
        let id = || new_id(app.random.as_ref(), app.clock.now());
        each(app, users, 0, table, values, &|all, _, _| all.bind(id()))
    })
}

/// The secret of a user's session.
pub(crate) fn session(app: &TestTracker, user: UserId, number: usize) -> Secret {
    let owner = app.cache.keys().of(user.0);
    Secret::received(format!("{owner}.session-{number}"))
}

/// Users with whatever everybody has one of: a session, a token, a schedule and a version.
fn people_rows(app: &TestTracker, users: &[UserId], first: usize) -> Vec<Query> {
    let now = app.clock.now();
    let tomorrow = now + jiff::SignedDuration::from_hours(24);
    let id = || new_id(app.random.as_ref(), now);
    let token = |number| Secret::received(format!("token-{number}")).hash();
    let each = |text: &str, values: &str, bind: Bind| each(app, users, first, text, values, bind);
    vec![
        each(
            "users (id, email, email_folded, name, password_hash, time_zone, created_at, updated_at)",
            "#, #, #, 'Ann', '', 'Europe/Berlin', ?1, ?1",
            &|all, user, number| {
                let email = format!("ann-{number}@example.org");
                all.bind(user).bind(email.clone()).bind(email)
            },
        ),
        each(
            "sessions (id_hash, id, user_id, created_at, last_seen_at, idle_expires_at, \
             expires_at, ip, user_agent)",
            "#, #, #, ?1, ?1, ?2, ?2, '127.0.0.1', 'test'",
            &|all, user, number| {
                all.bind(session(app, user, number).hash())
                    .bind(id())
                    .bind(user)
            },
        ),
        each(
            "task_counts (user_id, quarter, counted, pending, in_progress, completed, created)",
            "#, 9223372036854775807, FALSE, 0, 0, 0, 0",
            &|all, user, _| all.bind(user),
        ),
        each(
            "sent_mails (message_id, user_id, email, sent_at)",
            "#, #, 'ann@example.org', ?1",
            &|all, user, number| all.bind(format!("mail-{number}@duly.example")).bind(user),
        ),
        each(
            "tokens (secret_hash, id, user_id, name, abilities, created_at)",
            "#, #, #, 'test', '[\"*\"]', ?1",
            &|all, user, number| all.bind(token(number)).bind(id()).bind(user),
        ),
        each(
            "reminder_schedules (user_id, next_run, last_day)",
            "#, #, '2026-11-22'",
            &|all, user, _| all.bind(user).bind(tomorrow),
        ),
        each(
            "versions (owner_id, data, auth, changed)",
            "#, 1, 1, 0",
            &|all, user, _| all.bind(user),
        ),
    ]
}

/// `(?1, ?2, ?3), (…)` for so many rows, `own` columns of each its own, after some shared ones.
fn rows(count: usize, shared: usize, own: usize, row: impl Fn(&[String]) -> String) -> String {
    let rows: Vec<String> = (0..count)
        .map(|number| {
            let first = shared + number * own + 1;
            let names: Vec<String> = (first..first + own).map(|one| format!("?{one}")).collect();
            format!("({})", row(&names))
        })
        .collect();
    rows.join(", ")
}

fn task_rows(app: &TestTracker, user: UserId, ids: &[TaskId]) -> Query {
    let all = rows(ids.len(), 2, 4, |own| {
        let [id, is_open, status, due] = own else {
            unreachable!()
        };
        format!(
            "?1, {id}, 'Water the plants', 'all of them', 'water the plants', 'all of them', \
             {status}, {is_open}, {due}, 1440, 1, '[]', FALSE, ?2, ?2, 1"
        )
    });
    let mut statement = query(format!(
        "INSERT INTO tasks (user_id, id, title, description, title_folded, description_folded, \
         status, is_open, due_date, due_minute, priority, labels, muted, created_at, updated_at, \
         version) VALUES {all}"
    ))
    .bind(user)
    .bind(app.clock.now());
    for (number, id) in ids.iter().enumerate() {
        let days = i64::try_from(number % 40).unwrap() - 5;
        statement = statement
            .bind(*id)
            .bind(number % 4 != 3)
            .bind(i64::from(number % 4 == 3) * 2)
            .bind(date(2026, 11, 23).saturating_add(Span::new().days(days)));
    }
    statement
}

fn label_rows(user: UserId, ids: &[TaskId]) -> Query {
    let all = rows(ids.len(), 1, 2, |own| {
        let [label, id] = own else { unreachable!() };
        format!("?1, {label}, {id}, {label}")
    });
    let statement = query(format!(
        "INSERT INTO task_labels (user_id, label_folded, task_id, label) VALUES {all}"
    ));
    ids.iter()
        .enumerate()
        .fold(statement.bind(user), |all, (number, id)| {
            all.bind(format!("label-{}", number % 7)).bind(*id)
        })
}

fn notification_rows(app: &TestTracker, user: UserId, ids: &[TaskId]) -> Query {
    let all = rows(ids.len(), 2, 2, |own| {
        let [id, task] = own else { unreachable!() };
        format!("?1, {id}, 'due', {task}, '2026-11-20', 'sent', 'message', 1, ?2, ?2, ?2")
    });
    let statement = query(format!(
        "INSERT INTO notifications (user_id, id, kind, task_id, slot, state, message_id, \
         attempts, planned_at, updated_at, sent_at) VALUES {all}"
    ));
    let statement = statement.bind(user).bind(app.clock.now());
    ids.iter().fold(statement, |all, id| {
        all.bind(new_id(app.random.as_ref(), app.clock.now()))
            .bind(*id)
    })
}

fn activity_rows(app: &TestTracker, user: UserId, ids: &[TaskId]) -> Query {
    let all = rows(ids.len(), 2, 2, |own| {
        let [id, task] = own else { unreachable!() };
        format!("?1, {id}, {task}, ?1, 'session', 'created', '{{}}', ?2")
    });
    let statement = query(format!(
        "INSERT INTO activity (user_id, id, task_id, actor, via, action, changes, at) \
         VALUES {all}"
    ));
    let statement = statement.bind(user).bind(app.clock.now());
    ids.iter().fold(statement, |all, id| {
        all.bind(new_id(app.random.as_ref(), app.clock.now()))
            .bind(*id)
    })
}
