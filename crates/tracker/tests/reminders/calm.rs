//! Quiet hours, and at most so many mails a day.

use duly_tracker::UserId;
use duly_tracker::testing::TestTracker;
use serde_json::json;

use crate::{at, change, create, due, ledger, set, subjects, tick};

async fn at_half_past_eleven(app: &TestTracker, owner: UserId) -> duly_tracker::tasks::Task {
    let task = json!({ "title": "Lock up", "due_date": "2026-11-23", "due_time": "23:30" });
    create(app, owner, task).await
}

#[tokio::test]
async fn what_falls_into_quiet_hours_is_sent_when_they_are_over() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    // 12:00 to 13:30 in Berlin.
    set(&app, ann, "quiet_from = 720, quiet_to = 810").await;
    create(
        &app,
        ann,
        json!({ "title": "Eat", "due_date": "2026-11-23", "due_time": "12:15" }),
    )
    .await;
    assert!(at(&app, "2026-11-23T11:15:00Z").await.is_empty());
    assert!(at(&app, "2026-11-23T12:29:59Z").await.is_empty());
    assert_eq!(
        subjects(&at(&app, "2026-11-23T12:30:00Z").await),
        ["Due now: Eat"]
    );
    assert_eq!(ledger(&app, ann).await, ["due_time 2026-11-23T12:15 sent"]);
}

#[tokio::test]
async fn what_is_not_wanted_any_more_when_quiet_hours_are_over_is_not_sent() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    set(&app, ann, "quiet_from = 1320, quiet_to = 420").await;
    let task = at_half_past_eleven(&app, ann).await;
    assert!(at(&app, "2026-11-23T22:30:00Z").await.is_empty());
    change(&app, ann, &task, json!({ "status": "completed" })).await;
    assert!(at(&app, "2026-11-24T06:00:00Z").await.is_empty());
    let cancelled = "due_time 2026-11-23T23:30 cancelled: the task was completed";
    assert_eq!(ledger(&app, ann).await, [cancelled]);
}

#[tokio::test]
async fn quiet_hours_that_were_wished_meanwhile_are_kept() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let task = json!({ "title": "Eat", "due_date": "2026-11-23", "due_time": "12:15" });
    create(&app, ann, task).await;
    app.mails
        .refuse_next(duly_tracker::mail::SendError::Temporary(
            "421 closing".into(),
        ));
    assert!(at(&app, "2026-11-23T11:15:00Z").await.is_empty());
    app.mails.accept_again();
    set(&app, ann, "quiet_from = 720, quiet_to = 810").await;
    assert!(at(&app, "2026-11-23T11:20:00Z").await.is_empty());
    assert_eq!(at(&app, "2026-11-23T12:30:00Z").await.len(), 1);
}

#[tokio::test]
async fn beyond_the_mails_of_a_day_one_tells_of_all() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    set(&app, ann, "mails_a_day = 2").await;
    due(&app, ann, "Old", "2026-11-20").await;
    for title in ["One", "Two", "Three"] {
        due(&app, ann, title, "2026-11-23").await;
    }
    let mails = at(&app, "2026-11-23T08:00:00Z").await;
    assert!(
        mails[0].subject.starts_with("Due today: "),
        "{}",
        mails[0].subject
    );
    assert_eq!(subjects(&mails[1..]), ["Your tasks: 3 due, 1 overdue"]);
    for title in ["One", "Two", "Three", "Old"] {
        assert!(
            mails[1].text.contains(&format!("- {title}")),
            "{}",
            mails[1].text
        );
        assert!(mails[1].html.contains(title), "{}", mails[1].html);
    }
    let folded = "told in another mail: the mails of the day are used up";
    let expected = [
        "collected 2026-11-23 sent".to_owned(),
        format!("due 2026-11-23 cancelled: {folded}"),
        format!("due 2026-11-23 cancelled: {folded}"),
        "due 2026-11-23 sent".to_owned(),
        format!("overdue 2026-11-23 cancelled: {folded}"),
    ];
    let mut written = ledger(&app, ann).await;
    written.sort_unstable();
    assert_eq!(written, expected);
    let later = json!({ "title": "More", "due_date": "2026-11-23", "due_time": "15:00" });
    create(&app, ann, later).await;
    assert!(at(&app, "2026-11-23T14:00:00Z").await.is_empty());
    assert!(tick(&app).await.is_empty());
}

#[tokio::test]
async fn the_next_day_has_mails_of_its_own() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    set(&app, ann, "mails_a_day = 1, overdue_mail = FALSE").await;
    for day in ["2026-11-23", "2026-11-25"] {
        due(&app, ann, "x", day).await;
    }
    assert_eq!(
        subjects(&at(&app, "2026-11-23T08:00:00Z").await),
        ["Due today: x"]
    );
    assert_eq!(
        subjects(&at(&app, "2026-11-24T08:00:00Z").await),
        ["Due tomorrow: x"]
    );
}

#[tokio::test]
async fn a_mail_that_came_back_does_not_stop_others_and_three_in_a_row_do() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    set(&app, ann, "overdue_mail = FALSE").await;
    let refused = || duly_tracker::mail::SendError::Permanent("550 no such mailbox".into());
    let mut stopped = Vec::new();
    for day in 23..28 {
        due(&app, ann, "x", &format!("2026-11-{}", day + 1)).await;
        app.mails.refuse_next(refused());
        app.clock
            .set(format!("2026-11-{day}T08:00:00Z").parse().unwrap());
        crate::tick_with_failures(&app).await;
        let account = duly_tracker::users::profile(&mut app.db.read_fresh(), ann).await;
        stopped.push(account.unwrap().mail_stopped.map(|stopped| stopped.reason));
    }
    let why = Some("550 no such mailbox".to_owned());
    assert_eq!(stopped, [None, None, why.clone(), why.clone(), why]);
    assert_eq!(ledger(&app, ann).await.len(), 3, "nothing more is promised");
    app.mails.accept_again();
    set(
        &app,
        ann,
        "mail_stopped_at = NULL, mail_stopped_reason = NULL",
    )
    .await;
    due(&app, ann, "y", "2026-11-29").await;
    let mails = at(&app, "2026-11-28T08:00:00Z").await;
    assert_eq!(subjects(&mails), ["Due today: x", "Due tomorrow: y"]);
}
