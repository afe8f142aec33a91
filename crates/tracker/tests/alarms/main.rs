//! What operators are told at once, and how often.
#![expect(clippy::unwrap_used, reason = "these are tests")]

use std::time::Duration;

use duly_queue::store::{WorkerId, WorkerRecord};
use duly_tracker::alarms::{self, Alarm, Limits, Looked, Word};
use duly_tracker::testing::TestTracker;
use jiff::SignedDuration;
use uuid::Uuid;

const LIMITS: Limits = Limits {
    wait: Duration::from_secs(300),
    failures: 50,
};

async fn look(app: &TestTracker) -> Looked {
    alarms::look(app, &LIMITS).await.unwrap()
}

/// What this process has to tell, as name and word.
async fn to_tell(app: &TestTracker) -> Vec<(String, Word)> {
    let tell = look(app).await.tell.into_iter();
    tell.map(|telling| (telling.alarm.name, telling.word))
        .collect()
}

/// What the page shows.
async fn current(app: &TestTracker) -> Vec<Alarm> {
    let now = duly_db::Clock::now(&*app.clock);
    let shown = alarms::current(&mut app.db.read_fresh(), now).await;
    shown.unwrap()
}

/// Tells it.
async fn tell(app: &TestTracker) -> Vec<(String, Word)> {
    let looked = look(app).await;
    let mut told = Vec::new();
    for telling in looked.tell {
        alarms::told(app, &telling).await.unwrap();
        told.push((telling.alarm.name, telling.word));
    }
    told
}

/// A worker says that it lives, and somebody leads.
async fn live(app: &TestTracker) {
    let now = duly_db::Clock::now(&*app.clock);
    let worker = WorkerRecord {
        id: WorkerId(Uuid::from_u128(7)),
        host: "a".into(),
        process: 1,
        version: "1".into(),
        queues: Vec::new(),
        slots: 1,
        running: Vec::new(),
        memory: 0,
        started_at: now,
        heard_at: now,
    };
    let store = app.queue.store();
    store.operations().report(&worker).await.unwrap();
    let lease = Duration::from_secs(15);
    let holder = Uuid::from_u128(8);
    store
        .lead(duly_queue::SCHEDULER_LEASE, holder, lease)
        .await
        .unwrap();
}

fn advance(app: &TestTracker, seconds: i64) {
    app.clock.advance(SignedDuration::from_secs(seconds));
}

#[tokio::test]
async fn what_holds_for_a_minute_is_told_once_and_again_after_six_hours() {
    let app = TestTracker::new().await;
    assert!(tell(&app).await.is_empty());
    advance(&app, 59);
    assert!(tell(&app).await.is_empty());
    assert!(current(&app).await.is_empty());
    advance(&app, 1);
    let both = |word| ["no_scheduler", "no_worker"].map(|name| (name.to_owned(), word));
    let mut told = tell(&app).await;
    told.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(told, both(Word::Raised));
    assert_eq!(current(&app).await.len(), 2);
    advance(&app, 6 * 3600 - 1);
    assert!(tell(&app).await.is_empty());
    advance(&app, 1);
    let mut told = tell(&app).await;
    told.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(told, both(Word::Lasting));
}

#[tokio::test]
async fn what_is_over_is_told_when_it_was_told_that_it_holds() {
    let app = TestTracker::new().await;
    tell(&app).await;
    live(&app).await;
    assert!(tell(&app).await.is_empty(), "nobody knew");
    advance(&app, 120);
    tell(&app).await;
    advance(&app, 60);
    assert_eq!(tell(&app).await.len(), 2);
    live(&app).await;
    let mut told = tell(&app).await;
    told.sort_by(|one, other| one.0.cmp(&other.0));
    let over = ["no_scheduler", "no_worker"].map(|name| (name.to_owned(), Word::Over));
    assert_eq!(told, over);
    assert!(tell(&app).await.is_empty());
    assert_eq!(look(&app).await, Looked::default());
}

#[tokio::test]
async fn one_of_many_processes_tells_and_another_when_it_dies_over_it() {
    let app = TestTracker::new().await;
    look(&app).await;
    advance(&app, 60);
    assert_eq!(to_tell(&app).await.len(), 2);
    assert!(to_tell(&app).await.is_empty(), "somebody is at it");
    advance(&app, 59);
    assert!(to_tell(&app).await.is_empty(), "still");
    advance(&app, 1);
    assert_eq!(to_tell(&app).await.len(), 2, "it died over it");
}

#[tokio::test]
async fn a_job_that_waits_too_long_is_an_alarm_unless_its_queue_is_paused() {
    use duly_queue::QueueName;
    use duly_queue::store::{By, Pause, Paused};
    let app = TestTracker::new().await;
    let mut tx = app.db.begin();
    let job = duly_tracker::jobs::PurgeSessions {};
    app.queue.push(&mut tx, &job).await.unwrap();
    tx.commit().await.unwrap();
    advance(&app, 301);
    live(&app).await;
    let wrong = look(&app).await.wrong;
    let told: Vec<_> = wrong.iter().map(|alarm| alarm.detail.as_str()).collect();
    assert_eq!(
        told,
        ["A job of the queue maintenance has waited for 5 minutes."]
    );
    let now = duly_db::Clock::now(&*app.clock);
    let pause = Pause {
        what: Paused::Queue(QueueName::MAINTENANCE),
        since: now,
        until: None,
        by: "ann".into(),
        reason: String::new(),
    };
    app.queue
        .operations()
        .pause(By("ann"), &pause)
        .await
        .unwrap();
    assert!(look(&app).await.wrong.is_empty());
}

#[tokio::test]
async fn what_is_shown_is_how_it_is_now_whether_anybody_could_be_told_or_not() {
    let app = TestTracker::new().await;
    let mut tx = app.db.begin();
    let job = duly_tracker::jobs::PurgeSessions {};
    app.queue.push(&mut tx, &job).await.unwrap();
    tx.commit().await.unwrap();
    advance(&app, 301);
    for minute in 5..8 {
        live(&app).await;
        look(&app).await;
        let shown: Vec<String> = current(&app)
            .await
            .into_iter()
            .map(|it| it.detail)
            .collect();
        let expected = format!("A job of the queue maintenance has waited for {minute} minutes.");
        assert_eq!(
            shown,
            if minute == 5 {
                Vec::new()
            } else {
                vec![expected]
            }
        );
        advance(&app, 60);
    }
}

#[tokio::test]
async fn administrators_are_written_to() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    app.user("Ben").await;
    let mut tx = app.db.begin();
    let promote = duly_db::query("UPDATE users SET role = 'admin' WHERE id = ?1");
    tx.execute(promote.bind(ann)).await.unwrap();
    tx.commit().await.unwrap();
    let administrators = alarms::administrators(&mut app.db.read_fresh())
        .await
        .unwrap();
    assert_eq!(administrators, ["ann@example.org"]);
    look(&app).await;
    advance(&app, 60);
    let tell = look(&app).await.tell;
    let worker = tell
        .iter()
        .find(|telling| telling.alarm.name == "no_worker")
        .unwrap();
    let mail = alarms::mail(&app, &administrators[0], worker).unwrap();
    assert_eq!(mail.subject, "[Duly] alarm: no_worker");
    assert!(mail.text.starts_with("No worker runs: "), "{}", mail.text);
    assert!(
        mail.text.contains("https://duly.example/admin/queues"),
        "{}",
        mail.text
    );
}
