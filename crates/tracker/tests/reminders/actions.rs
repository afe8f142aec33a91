//! Links in mails.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use duly_db::{Clock, Version};
use duly_tracker::reminders::actions::{self, Action, MailKind, SnoozeUntil};
use duly_tracker::secret::SigningKey;
use duly_tracker::tasks::{self, Status, Task};
use duly_tracker::testing::{TestTracker, by};
use duly_tracker::{Error, UserId};
use jiff::SignedDuration;
use serde_json::json;

use crate::{at, change, due, tick};

async fn scene() -> (TestTracker, UserId, Task) {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let task = due(&app, ann, "Pay rent", "2026-11-24").await;
    (app, ann, task)
}

async fn version(app: &TestTracker, user: UserId) -> Version {
    duly_db::versions::current(&mut app.db.read_fresh(), user.0)
        .await
        .unwrap()
        .unwrap()
}

async fn now(app: &TestTracker, user: UserId, task: &Task) -> Task {
    tasks::get(
        &mut app.db.read(user.0, version(app, user).await),
        user,
        task.id,
    )
    .await
    .unwrap()
}

#[tokio::test]
async fn the_links_of_a_mail_work() {
    let (app, ann, task) = scene().await;
    let mails = at(&app, "2026-11-23T08:00:00Z").await;
    let tokens: Vec<&str> = mails[0]
        .text
        .lines()
        .filter_map(|line| line.split_once("?token=").map(|(_, token)| token.trim()))
        .collect();
    let mut offers = Vec::new();
    for token in &tokens {
        offers.push(actions::describe(&app, token).await.unwrap().sentence);
    }
    assert_eq!(
        offers,
        [
            "Mark “Pay rent” as done?",
            "Keep quiet about “Pay rent” until Tuesday 24 November 2026?",
            "Keep quiet about “Pay rent” until Monday 30 November 2026?",
            "Send you no more reminders of tasks?",
        ]
    );
    assert_eq!(now(&app, ann, &task).await, task, "looking changes nothing");
    let url = mails[0].unsubscribe_url.as_ref().unwrap();
    assert!(url.ends_with(tokens[3]));
}

#[tokio::test]
async fn done_twice_is_done_once() {
    let (app, ann, task) = scene().await;
    let token = actions::token(&app, ann, Action::Done { task: task.id });
    let done = actions::perform(&app, &token).await.unwrap();
    assert_eq!(
        (&*done.sentence, done.button),
        ("“Pay rent” is done.", None)
    );
    let first = now(&app, ann, &task).await;
    assert_eq!(first.status, Status::Completed);
    app.clock.advance(SignedDuration::from_mins(5));
    let seen = version(&app, ann).await;
    actions::perform(&app, &token).await.unwrap();
    assert_eq!(now(&app, ann, &task).await, first);
    assert_eq!(version(&app, ann).await, seen);
    let described = actions::describe(&app, &token).await.unwrap();
    assert_eq!(
        (&*described.sentence, described.button),
        ("“Pay rent” is done already.", None)
    );
}

#[tokio::test]
async fn snoozed_to_the_day_that_was_shown() {
    let (app, ann, task) = scene().await;
    for (until, expected) in [
        (SnoozeUntil::Tomorrow, "2026-11-24"),
        (SnoozeUntil::Monday, "2026-11-30"),
    ] {
        let token = actions::token(
            &app,
            ann,
            Action::Snooze {
                task: task.id,
                until,
            },
        );
        for _ in 0..2 {
            actions::perform(&app, &token).await.unwrap();
            let until = now(&app, ann, &task).await.snoozed_until.unwrap();
            assert_eq!(until.to_string(), expected);
        }
    }
    change(&app, ann, &task, json!({ "status": "completed" })).await;
    let late = Action::Snooze {
        task: task.id,
        until: SnoozeUntil::Tomorrow,
    };
    let token = actions::token(&app, ann, late);
    let version = now(&app, ann, &task).await.version;
    assert!(
        actions::perform(&app, &token)
            .await
            .unwrap()
            .sentence
            .contains("done already")
    );
    assert_eq!(now(&app, ann, &task).await.version, version);
}

#[tokio::test]
async fn unsubscribing_ends_the_mails_and_never_expires() {
    let (app, ann, _) = scene().await;
    due(&app, ann, "Old", "2026-11-01").await;
    let overdue = Action::Unsubscribe {
        mail: MailKind::Overdue,
    };
    let all = Action::Unsubscribe {
        mail: MailKind::Reminders,
    };
    let (overdue, all) = (
        actions::token(&app, ann, overdue),
        actions::token(&app, ann, all),
    );
    let before = version(&app, ann).await;
    actions::perform(&app, &overdue).await.unwrap();
    let after = version(&app, ann).await;
    assert!(after > before);
    actions::perform(&app, &overdue).await.unwrap();
    assert_eq!(version(&app, ann).await, after);
    assert_eq!(
        crate::subjects(&at(&app, "2026-11-23T08:00:00Z").await),
        ["Due tomorrow: Pay rent"]
    );
    app.clock.advance(SignedDuration::from_hours(24 * 3650));
    let described = actions::describe(&app, &all).await.unwrap();
    assert_eq!(described.button, Some("No more reminders"));
    actions::perform(&app, &all).await.unwrap();
    assert_eq!(actions::describe(&app, &all).await.unwrap().button, None);
    app.clock.set("2026-11-24T08:00:00Z".parse().unwrap());
    assert!(tick(&app).await.is_empty());
}

#[tokio::test]
async fn thirty_days_and_no_longer() {
    let (app, ann, task) = scene().await;
    let token = actions::token(&app, ann, Action::Done { task: task.id });
    app.clock
        .advance(SignedDuration::from_secs(30 * 86_400 - 1));
    actions::describe(&app, &token).await.unwrap();
    app.clock.advance(SignedDuration::from_secs(1));
    assert!(matches!(
        actions::describe(&app, &token).await,
        Err(Error::LinkExpired)
    ));
    assert!(matches!(
        actions::perform(&app, &token).await,
        Err(Error::LinkExpired)
    ));
    assert_eq!(now(&app, ann, &task).await.status, Status::Pending);
}

#[tokio::test]
async fn no_changed_byte_is_accepted() {
    let (app, ann, task) = scene().await;
    let token = actions::token(&app, ann, Action::Done { task: task.id });
    let (payload, signature) = token.split_once('.').unwrap();
    for place in 0..token.len() {
        for other in ['A', 'b', '-', '.', '='] {
            let mut forged: Vec<char> = token.chars().collect();
            if forged[place] == other {
                continue;
            }
            forged[place] = other;
            let forged: String = forged.into_iter().collect();
            let answer = actions::perform(&app, &forged).await;
            assert!(matches!(answer, Err(Error::LinkExpired)), "{forged}");
        }
    }
    for forged in [
        "",
        ".",
        payload,
        &format!("{payload}."),
        &format!(".{signature}"),
        &format!("{token}A"),
        &format!("{token}."),
        &"A".repeat(100_000),
        "ü.ü",
        "\0",
    ] {
        assert!(matches!(
            actions::perform(&app, forged).await,
            Err(Error::LinkExpired)
        ));
    }
    assert_eq!(now(&app, ann, &task).await, task);
}

#[tokio::test]
async fn signatures_made_with_another_key_or_for_another_purpose_are_worth_nothing() {
    let (app, ann, task) = scene().await;
    let token = actions::token(&app, ann, Action::Done { task: task.id });
    let (payload, _) = token.split_once('.').unwrap();
    for (key, message) in [
        ([8; 32], format!("mail action {payload}")),
        ([7; 32], payload.into()),
    ] {
        let signature = SigningKey::new(key).sign(message.as_bytes());
        let forged = format!("{payload}.{}", URL_SAFE_NO_PAD.encode(signature));
        assert!(matches!(
            actions::perform(&app, &forged).await,
            Err(Error::LinkExpired)
        ));
    }
}

#[tokio::test]
async fn a_link_reaches_only_the_task_of_its_owner() {
    let (app, _, task) = scene().await;
    let ben = app.user("Ben").await;
    let token = actions::token(&app, ben, Action::Done { task: task.id });
    assert!(matches!(
        actions::perform(&app, &token).await,
        Err(Error::NotFound("task"))
    ));
    assert!(matches!(
        actions::describe(&app, &token).await,
        Err(Error::NotFound("task"))
    ));
}

#[tokio::test]
async fn a_task_in_the_trash_is_gone() {
    let (app, ann, task) = scene().await;
    tasks::delete(&app, &by(ann), task.id, None).await.unwrap();
    for action in [
        Action::Done { task: task.id },
        Action::Snooze {
            task: task.id,
            until: SnoozeUntil::Monday,
        },
    ] {
        let token = actions::token(&app, ann, action);
        assert!(matches!(
            actions::perform(&app, &token).await,
            Err(Error::NotFound("task"))
        ));
    }
}

#[tokio::test]
async fn next_monday_seen_from_every_day_of_the_week() {
    let (app, ann, task) = scene().await;
    for day in 23..=30 {
        app.clock
            .set(format!("2026-11-{day}T11:00:00Z").parse().unwrap());
        assert!(app.clock.now() > task.created_at);
        let action = Action::Snooze {
            task: task.id,
            until: SnoozeUntil::Monday,
        };
        let token = actions::token(&app, ann, action);
        let said = actions::describe(&app, &token).await.unwrap().sentence;
        let monday = if day < 30 {
            "Monday 30 November 2026"
        } else {
            "Monday 7 December 2026"
        };
        assert!(said.contains(monday), "{day}: {said}");
    }
}
