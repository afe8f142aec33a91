//! The figures that are kept are those that the tasks say, whatever is done to tasks.

use duly_db::query;
use duly_queue::Job;
use duly_tracker::statistics::{
    LastRecount, RecountStatistics, Statistics, last_recount, statistics,
};
use duly_tracker::tasks;
use duly_tracker::testing::{TestTracker, by};
use duly_tracker::transfer::{self, Options};
use duly_tracker::{TaskId, UserId};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use super::{Now, change, create, titled, version};

async fn figures(app: &TestTracker, user: UserId) -> Statistics {
    let zone = TimeZone::get("Asia/Kathmandu").unwrap();
    let mut conn = app.db.read_fresh();
    let figures = statistics(&mut conn, user, &zone, app.tracker_now());
    figures.await.unwrap()
}

/// Does something to the rows behind the back of `statistics/`.
async fn set(app: &TestTracker, statement: &'static str, user: UserId) {
    let mut tx = app.db.begin();
    tx.execute(query(statement).bind(user)).await.unwrap();
    tx.commit().await.unwrap();
}

const UNCOUNTED: &str = "UPDATE task_counts SET counted = FALSE WHERE user_id = ?1";
/// The last quarter stands for all.
const COUNTED: &str = "UPDATE task_counts SET counted = TRUE \
     WHERE user_id = ?1 AND quarter = 9223372036854775807";

/// What is kept, and what the tasks themselves say.
async fn both(app: &TestTracker, user: UserId) -> (Statistics, Statistics) {
    let kept = figures(app, user).await;
    set(app, UNCOUNTED, user).await;
    let counted = figures(app, user).await;
    set(app, COUNTED, user).await;
    (kept, counted)
}

/// Counts everything anew, as at night.
async fn recount(app: &TestTracker) -> LastRecount {
    recount_by(app, &RecountStatistics::default()).await
}

async fn recount_by(app: &TestTracker, job: &RecountStatistics) -> LastRecount {
    app.clock.advance(SignedDuration::from_mins(1));
    run(app, job).await;
    let last = last_recount(&mut app.db.read_fresh()).await.unwrap();
    let last = last.unwrap();
    assert_eq!(last.ended_at, Some(app.tracker_now()));
    last
}

/// Something that is done, to one of the tasks there are.
#[derive(Debug, Clone)]
enum Step {
    Create(&'static str),
    Change(usize, &'static str),
    Edit(usize),
    Delete(usize),
    Restore(usize),
    BulkDelete(usize),
    BulkRestore(usize),
    BulkChange(usize, &'static str),
    Import(i8, bool),
    Wait(i64),
    Purge,
}

fn status() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["pending", "in_progress", "completed"])
}

fn step() -> impl Strategy<Value = Step> {
    let any_task = 0..40_usize;
    prop_oneof![
        4 => status().prop_map(Step::Create),
        6 => (any_task.clone(), status()).prop_map(|(task, to)| Step::Change(task, to)),
        1 => any_task.clone().prop_map(Step::Edit),
        3 => any_task.clone().prop_map(Step::Delete),
        3 => any_task.clone().prop_map(Step::Restore),
        1 => any_task.clone().prop_map(Step::BulkDelete),
        1 => any_task.clone().prop_map(Step::BulkRestore),
        2 => (any_task, status()).prop_map(|(task, to)| Step::BulkChange(task, to)),
        2 => (0..60_i8, any::<bool>()).prop_map(|(days, done)| Step::Import(days, done)),
        4 => (1..60_i64).prop_map(Step::Wait),
        1 => Just(Step::Purge),
    ]
}

/// What is refused, because a task is in the trash or is not, has to change nothing.
async fn take(app: &TestTracker, user: UserId, step: Step) {
    let select = query("SELECT id FROM tasks WHERE user_id = ?1 ORDER BY id").bind(user);
    let rows = app.db.read_fresh().rows(select).await.unwrap();
    let ids: Vec<TaskId> = rows.iter().map(|row| row.get("id").unwrap()).collect();
    let from = |index: usize| index % ids.len().max(1);
    let some = |index| -> Vec<TaskId> { ids.iter().skip(from(index)).take(5).copied().collect() };
    let one = |index| ids.get(from(index)).copied();
    match step {
        Step::Create(status) => {
            create(app, user, json!({ "title": "x", "status": status })).await;
        }
        Step::Change(index, status) => edit(app, user, one(index), "status", status).await,
        Step::Edit(index) => edit(app, user, one(index), "title", "y").await,
        Step::Delete(index) => {
            if let Some(id) = one(index) {
                let _ = tasks::delete(app, &by(user), id, None).await;
            }
        }
        Step::Restore(index) => {
            if let Some(id) = one(index) {
                tasks::restore(app, &by(user), id).await.unwrap();
            }
        }
        Step::BulkDelete(index) => bulk(app, user, some(index), "delete", json!(true)).await,
        Step::BulkRestore(index) => bulk(app, user, some(index), "restore", json!(true)).await,
        Step::BulkChange(index, status) => {
            bulk(
                app,
                user,
                some(index),
                "change",
                json!({ "status": status }),
            )
            .await;
        }
        Step::Import(days, done) => import(app, user, days, done).await,
        Step::Wait(hours) => app.clock.advance(SignedDuration::from_hours(hours)),
        Step::Purge => run(app, &tasks::PurgeTrash {}).await,
    }
}

async fn edit(app: &TestTracker, user: UserId, id: Option<TaskId>, field: &str, value: &str) {
    if let Some(id) = id {
        let _ = change(app, user, id, json!({ field: value }), None).await;
    }
}

async fn bulk(app: &TestTracker, user: UserId, ids: Vec<TaskId>, what: &str, how: Value) {
    let input: tasks::BulkInput = serde_json::from_value(json!({ "ids": ids, what: how })).unwrap();
    if let Ok((ids, action)) = input.parse() {
        let _ = tasks::bulk(app, &by(user), ids, action, None).await;
    }
}

async fn run<J: Job>(app: &TestTracker, job: &J) {
    let mut tx = app.db.begin();
    app.queue.push(&mut tx, job).await.unwrap();
    tx.commit().await.unwrap();
    app.run_jobs().await;
}

/// A task of so many days ago, by a file of Taskwarrior.
async fn import(app: &TestTracker, user: UserId, days: i8, done: bool) {
    let entry = app.tracker_now() - SignedDuration::from_hours(24 * i64::from(days));
    let end = entry + SignedDuration::from_hours(5);
    let write = |at: jiff::Timestamp| at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let uuid = duly_db::random::new_id(app.random.as_ref(), entry);
    let (entry, end) = (write(entry), write(end.min(app.tracker_now())));
    let task = match done {
        true => json!({ "uuid": uuid, "description": "z", "entry": entry, "end": end,
            "status": "completed" }),
        false => json!({ "uuid": uuid, "description": "z", "entry": entry,
            "status": "pending" }),
    };
    let file = json!([task]).to_string().into_bytes();
    let zone = TimeZone::UTC;
    let report = transfer::import(app, &by(user), &zone, file, Options::default()).await;
    let report = report.unwrap();
    assert_eq!(report.created + report.changed, 1, "{report:?}");
}

#[test]
fn whatever_is_done_what_is_kept_is_what_the_tasks_say() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let app = runtime.block_on(TestTracker::new());
    let number = std::cell::Cell::new(0);
    let config = Config {
        cases: 12,
        ..Config::default()
    };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, random);
    let outcome = runner.run(&proptest::collection::vec(step(), 1..40), |steps| {
        number.set(number.get() + 1);
        let checked = async {
            let user = app.user(&format!("Ann{}", number.get())).await;
            for step in steps {
                take(&app, user, step).await;
            }
            let found = recount(&app).await;
            (both(&app, user).await, found)
        };
        let ((kept, counted), found) = runtime.block_on(checked);
        prop_assert_eq!(kept, counted);
        prop_assert_eq!((found.filled, found.differences), (0, 0));
        Ok(())
    });
    outcome.unwrap();
    drop(runtime);
}

#[tokio::test]
async fn figures_that_were_wrong_are_told_and_put_right() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let bob = app.user("Bob").await;
    for user in [ann, bob] {
        titled(&app, user, "open").await;
        let done = json!({ "title": "done", "status": "completed" });
        create(&app, user, done).await;
    }
    let right = figures(&app, ann).await;
    assert_eq!((right.open, right.completed_today), (1, 1));
    let none = recount(&app).await;
    assert_eq!((none.users, none.filled, none.differences), (2, 0, 0));

    set(
        &app,
        "UPDATE task_counts SET pending = 7 WHERE user_id = ?1 AND pending = 1",
        ann,
    )
    .await;
    let lost = "DELETE FROM task_counts WHERE user_id = ?1 AND created > 0";
    set(&app, lost, ann).await;
    let strange = "INSERT INTO task_counts (user_id, quarter, counted, pending, in_progress, \
                   completed, created) VALUES (?1, 1995999, FALSE, 0, 0, 3, 4)";
    set(&app, strange, ann).await;
    assert_eq!(figures(&app, ann).await.by_status.pending, 7);
    let before = version(&app, ann).await;
    let untouched = version(&app, bob).await;
    let found = recount(&app).await;
    assert_eq!((found.users, found.filled, found.differences), (2, 0, 3));
    assert_eq!(figures(&app, ann).await, right);
    assert!(version(&app, ann).await > before, "she was shown others");
    assert_eq!(version(&app, bob).await, untouched);
    assert_eq!(recount(&app).await.differences, 0);
}

#[tokio::test]
async fn figures_are_right_before_they_were_ever_counted() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    titled(&app, ann, "early").await;
    // As a release left it that knew no figures.
    set(&app, "DELETE FROM task_counts WHERE user_id = ?1", ann).await;
    let late = titled(&app, ann, "late").await;
    assert_eq!(figures(&app, ann).await.open, 2);
    let done = json!({ "status": "completed" });
    change(&app, ann, late.id, done, None).await.unwrap();
    let uncounted = figures(&app, ann).await;
    assert_eq!((uncounted.open, uncounted.completed_today), (1, 1));
    let found = recount(&app).await;
    assert_eq!((found.users, found.filled, found.differences), (1, 1, 0));
    assert_eq!(figures(&app, ann).await, uncounted);
    let (kept, counted) = both(&app, ann).await;
    assert_eq!(kept, counted);
}

#[tokio::test]
async fn changes_at_once_are_all_counted_by_whoever_recounts_meanwhile() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    set(&app, UNCOUNTED, ann).await;
    let work = async || {
        for _ in 0..5 {
            let task = titled(&app, ann, "x").await;
            let done = json!({ "status": "completed" });
            let changed = change(&app, ann, task.id, done, None).await;
            changed.unwrap();
        }
    };
    let count = async || run(&app, &RecountStatistics::default()).await;
    tokio::join!(work(), work(), work(), count());
    let (kept, counted) = both(&app, ann).await;
    assert_eq!(kept, counted);
    assert_eq!(counted.completed_today, 15);
    recount(&app).await;
    let (kept, counted) = both(&app, ann).await;
    assert_eq!(kept, counted);
}

#[tokio::test]
async fn everybody_is_counted_some_at_a_time_and_what_is_old_goes() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    titled(&app, ann, "x").await;
    for number in 0..60 {
        app.user(&format!("Bob{number}")).await;
    }
    let found = recount(&app).await;
    assert_eq!((found.users, found.filled, found.differences), (61, 0, 0));
    // As when there are so many that several jobs share them.
    let shared = RecountStatistics { part: 0, slices: 1 };
    let found = recount_by(&app, &shared).await;
    assert_eq!((found.users, found.filled, found.differences), (61, 0, 0));
    let select = query("SELECT name FROM finished_jobs WHERE name = 'recount_statistics'");
    let jobs = app.db.read_fresh().rows(select).await.unwrap();
    assert_eq!(
        jobs.len(),
        1 + 4,
        "25 users each, and the last finds nobody"
    );
    app.clock.advance(SignedDuration::from_hours(24 * 40));
    let found = recount(&app).await;
    assert_eq!((found.users, found.differences), (61, 0));
    let select = query("SELECT quarter FROM task_counts WHERE created <> 0");
    let left = app.db.read_fresh().rows(select).await;
    assert!(left.unwrap().is_empty());
    assert_eq!(figures(&app, ann).await.open, 1);
}
