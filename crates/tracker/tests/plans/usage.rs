//! What people and workers do all day.

use duly_db::{Clock, query, versions};
use duly_tracker::feedback::{self, Report, Taken, Verdict};
use duly_tracker::idempotency::Recorded;
use duly_tracker::live::Stream;
use duly_tracker::mail::{self, Outcome};
use duly_tracker::notifications;
use duly_tracker::sessions::{self, Principal, Shown};
use duly_tracker::tasks::{self, TaskFilter};
use duly_tracker::testing::{TestTracker, by};
use duly_tracker::{TaskId, UserId, activity, reminders, statistics, tokens};
use jiff::SignedDuration;
use serde_json::json;

use super::sowing::{self, Sowing};

/// Does each of it once for the first user.
pub(crate) async fn use_everything(app: &TestTracker, sowing: &Sowing) {
    let user = *sowing.users.first().unwrap();
    let task = sowing.task.unwrap();
    let principal = principal(app).await;
    assert_eq!(principal.user, user);
    let version = principal.version;
    let wall = principal.time_zone.to_datetime(app.clock.now());

    for parameters in [
        &[("status", "pending,in_progress"), ("limit", "10")][..],
        &[("due", "today")],
        &[("due", "overdue")],
        &[
            ("due_from", "2026-11-20"),
            ("due_to", "2026-12-20"),
            ("limit", "10"),
        ],
        &[("label", "label-3")],
    ] {
        let filter = TaskFilter::parse(parameters.iter().copied()).unwrap();
        let page = tasks::list(&mut app.db.read(user.0, version), user, &filter, wall)
            .await
            .unwrap();
        if let Some(cursor) = page.next_cursor {
            let mut next: Vec<(&str, &str)> = parameters.to_vec();
            next.push(("cursor", cursor.as_str()));
            let filter = TaskFilter::parse(next).unwrap();
            tasks::list(&mut app.db.read(user.0, version), user, &filter, wall)
                .await
                .unwrap();
        }
    }
    tasks::get(&mut app.db.read(user.0, version), user, task)
        .await
        .unwrap();
    tasks::labels(&mut app.db.read_fresh(), user).await.unwrap();
    see_figures(app, &principal).await;
    notifications::list(&mut app.db.read_fresh(), user, None, 20, None)
        .await
        .unwrap();
    activity::list(&mut app.db.read(user.0, version), user, task, 20, None)
        .await
        .unwrap();

    let mut events = Stream::open(app, Shown::Session(sowing::session(app, user, 0)), None)
        .await
        .unwrap();
    write(app, user, task).await;
    for _ in 0..2 {
        events.next().await.unwrap();
    }
    work(app, user).await;
}

/// Before the user was ever counted, and after.
async fn see_figures(app: &TestTracker, principal: &Principal) {
    let user = principal.user;
    for is_counted in [false, true] {
        let count = query(
            "UPDATE task_counts SET counted = ?2 WHERE user_id = ?1 \
             AND quarter = 9223372036854775807",
        );
        let mut tx = app.db.begin();
        tx.execute(count.bind(user).bind(is_counted)).await.unwrap();
        tx.commit().await.unwrap();
        let mut conn = app.db.read(user.0, principal.version);
        let (zone, now) = (&principal.time_zone, app.clock.now());
        statistics::statistics(&mut conn, user, zone, now)
            .await
            .unwrap();
    }
}

async fn write(app: &TestTracker, user: UserId, task: TaskId) {
    let input: tasks::NewTaskInput =
        serde_json::from_value(json!({ "title": "Call back", "labels": ["work"] })).unwrap();
    tasks::create(app, &by(user), input.parse().unwrap(), None)
        .await
        .unwrap();
    let input: tasks::TaskChangeInput =
        serde_json::from_value(json!({ "due_date": "2026-11-24" })).unwrap();
    let change = input.parse(duly_tracker::input::Reader::new()).unwrap();
    tasks::change(app, &by(user), task, change, None)
        .await
        .unwrap();
    tasks::delete(app, &by(user), task, None).await.unwrap();
    tasks::restore(app, &by(user), task).await.unwrap();
    versions::current(&mut app.db.read_fresh(), user.0)
        .await
        .unwrap();
}

async fn principal(app: &TestTracker) -> Principal {
    let find = query("SELECT id FROM users WHERE email = 'ann-0@example.org'");
    let first = app.db.read_fresh().optional_row(find).await.unwrap();
    let user = first.unwrap().get("id").unwrap();
    let cookie = sowing::session(app, user, 0);
    let principal = sessions::authenticate(app, &cookie).await.unwrap();
    let input: tokens::NewTokenInput =
        serde_json::from_value(json!({ "name": "test", "abilities": ["*"] })).unwrap();
    let new = input.parse(app.clock.now()).unwrap();
    match tokens::create(app, principal.user, new, None)
        .await
        .unwrap()
    {
        Recorded::Fresh((_, token)) => tokens::authenticate(app, &token).await.unwrap(),
        Recorded::Replayed(_) => unreachable!("no key was given"),
    };
    // As new as after the token.
    sessions::authenticate(app, &cookie).await.unwrap()
}

/// A reminder is planned, sent and looked after; what is old is cleared away.
async fn work(app: &TestTracker, user: UserId) {
    sessions::flush_seen(app).await.unwrap();
    let mut tx = app.db.begin();
    reminders::reschedule(app, &mut tx, user).await.unwrap();
    tx.commit().await.unwrap();
    app.clock.advance(SignedDuration::from_hours(3));
    reminders::dispatch_due(app).await.unwrap();
    app.run_jobs().await;
    let report = Report {
        message_id: Some("mail-0@duly.example".into()),
        verdict: Some(Verdict {
            outcome: Outcome::Bounced,
            words: "550 no such mailbox".into(),
        }),
    };
    let taken = feedback::take(app, &report).await.unwrap();
    assert_ne!(taken, Taken::Unknown);
    mail::forget_sent(app).await.unwrap();
    reminders::reconcile(app).await.unwrap();
    sessions::purge_expired(app).await.unwrap();
}
