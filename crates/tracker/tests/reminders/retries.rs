//! Attempts that fail, jobs that vanish, processes that die.

use std::time::Duration;

use duly_db::query;
use duly_queue::store::{Filter, Listing, State};
use duly_tracker::mail::{Mailer, SendError, Sender, SmtpSettings};
use duly_tracker::testing::TestTracker;
use duly_tracker::{Tracker, UserId, jobs, reminders};

use crate::smtp_server::{Script, Server, Step};
use crate::{at, due, ledger, receipts, tick, tick_with_failures};

async fn forget_jobs(app: &TestTracker) {
    let mut tx = app.db.begin();
    tx.execute(query("DELETE FROM jobs")).await.unwrap();
    tx.commit().await.unwrap();
}

async fn promised(app: &TestTracker) -> UserId {
    let ann = app.user("Ann").await;
    due(app, ann, "Pay rent", "2026-11-24").await;
    app.clock.set("2026-11-23T08:00:00Z".parse().unwrap());
    ann
}

#[tokio::test]
async fn a_refusal_for_good_is_a_bounce_and_one_dead_letter() {
    let app = TestTracker::new().await;
    let ann = promised(&app).await;
    app.mails
        .refuse_next(SendError::Permanent("550 no such mailbox".into()));
    assert_eq!(tick_with_failures(&app).await, 1);
    assert_eq!(
        ledger(&app, ann).await,
        ["due 2026-11-24 bounced: 550 no such mailbox"]
    );
    let listing = Listing {
        state: State::Failed,
        filter: &Filter::default(),
        limit: 10,
        after: None,
    };
    let failed = app.queue.operations().list(&listing).await.unwrap();
    assert_eq!(failed.len(), 1);
    app.clock.advance(jiff::SignedDuration::from_hours(20));
    reminders::reconcile(&app).await.unwrap();
    assert!(tick(&app).await.is_empty(), "nobody tries again");
}

#[tokio::test]
async fn an_hour_without_mail_server_costs_no_mail() {
    let app = TestTracker::new().await;
    let ann = promised(&app).await;
    let mut sent = Vec::new();
    for minute in 0..180 {
        if minute < 60 {
            app.mails
                .refuse_next(SendError::Temporary("421 closing".into()));
        } else if minute == 60 {
            app.mails.accept_again();
        }
        sent.extend(tick(&app).await);
        app.clock.advance(jiff::SignedDuration::from_mins(1));
    }
    assert_eq!(sent.len(), 1);
    assert_eq!(ledger(&app, ann).await, ["due 2026-11-24 sent"]);
    assert!(receipts(&app, ann).await[0].attempts > 5);
}

#[tokio::test]
async fn when_every_attempt_failed_the_receipt_says_so_and_why() {
    let app = TestTracker::new().await;
    let ann = promised(&app).await;
    let mut failed = 0;
    for _ in 0..48 {
        app.mails
            .refuse_next(SendError::Temporary("451 later".into()));
        failed += tick_with_failures(&app).await;
        app.clock.advance(jiff::SignedDuration::from_mins(59));
        reminders::reconcile(&app).await.unwrap();
    }
    assert_eq!(failed, 1);
    assert_eq!(
        ledger(&app, ann).await[0],
        "due 2026-11-24 failed: 451 later"
    );
}

#[tokio::test]
async fn a_vanished_job_is_made_again() {
    let app = TestTracker::new().await;
    let ann = promised(&app).await;
    app.mails.refuse_next(SendError::Temporary("down".into()));
    tick(&app).await;
    forget_jobs(&app).await;
    app.clock.advance(jiff::SignedDuration::from_mins(11));
    let mended = reminders::reconcile(&app).await.unwrap();
    assert_eq!(mended.queued, 1);
    assert_eq!(tick(&app).await.len(), 1);
    assert_eq!(ledger(&app, ann).await, ["due 2026-11-24 sent"]);
}

#[tokio::test]
async fn a_job_that_waits_is_left_alone() {
    let app = TestTracker::new().await;
    let ann = promised(&app).await;
    for _ in 0..6 {
        app.mails.refuse_next(SendError::Temporary("down".into()));
    }
    for _ in 0..6 {
        tick(&app).await;
        app.clock.advance(jiff::SignedDuration::from_mins(11));
        assert_eq!(
            reminders::reconcile(&app).await.unwrap(),
            reminders::Reconciled::default()
        );
    }
    assert_eq!(ledger(&app, ann).await.len(), 1);
    app.clock.advance(jiff::SignedDuration::from_hours(1));
    assert_eq!(tick(&app).await.len(), 1);
}

#[tokio::test]
async fn a_promise_that_kills_its_sender_is_given_up() {
    let app = TestTracker::new().await;
    let ann = promised(&app).await;
    app.mails.refuse_next(SendError::Temporary("down".into()));
    tick(&app).await;
    forget_jobs(&app).await;
    let mut tx = app.db.begin();
    tx.execute(query(
        "UPDATE notifications SET attempts = 60, state = 'sending'",
    ))
    .await
    .unwrap();
    tx.commit().await.unwrap();
    app.clock.advance(jiff::SignedDuration::from_mins(11));
    assert_eq!(reminders::reconcile(&app).await.unwrap().given_up, 1);
    assert_eq!(
        ledger(&app, ann).await,
        ["due 2026-11-24 failed: given up after 60 attempts"]
    );
}

/// The tracker of a test, sending over SMTP.
fn over_smtp(app: &TestTracker, server: &Server) -> Tracker {
    let from: Sender = "Duly <duly@example.org>".parse().unwrap();
    let mut settings = SmtpSettings::from_url(&server.url(), from).unwrap();
    settings.reply_timeout = Duration::from_secs(5);
    Tracker {
        mailer: Mailer::smtp(settings),
        ..(**app).clone()
    }
}

#[tokio::test]
async fn a_crash_after_the_final_dot_repeats_the_mail_under_the_same_id() {
    let app = TestTracker::new().await;
    let ann = promised(&app).await;
    let server = Server::start(Script::default().at("end of data", Step::Hang)).await;
    let tracker = over_smtp(&app, &server);
    reminders::dispatch_due(&app).await.unwrap();
    // The process dies when the server has the mail and has not answered yet.
    let registry = jobs::registry();
    tokio::select! {
        _ = tracker.queue.run_due(&registry, &tracker, 100) => panic!("the server never answers"),
        () = server.delivered(1) => {}
    }
    assert_eq!(ledger(&app, ann).await, ["due 2026-11-24 sending"]);
    forget_jobs(&app).await;
    app.clock.advance(jiff::SignedDuration::from_mins(11));
    reminders::reconcile(&app).await.unwrap();
    tracker
        .queue
        .run_due(&registry, &tracker, 100)
        .await
        .unwrap();
    let ids: Vec<String> = server
        .deliveries()
        .iter()
        .map(|mail| mail.header("Message-ID").unwrap())
        .collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
    assert_eq!(ledger(&app, ann).await, ["due 2026-11-24 sent"]);
    assert_eq!(receipts(&app, ann).await[0].attempts, 2);
}

#[tokio::test]
async fn one_bad_recipient_does_not_hold_up_the_others() {
    let app = TestTracker::new().await;
    let mut users = Vec::new();
    for name in ["Ann", "Ben", "Cem"] {
        let user = app.user(name).await;
        due(&app, user, "Pay rent", "2026-11-24").await;
        users.push(user);
    }
    let script = Script::default().at("RCPT TO:<ben@example.org>", Step::Reply("550 no such user"));
    let server = Server::start(script).await;
    let tracker = over_smtp(&app, &server);
    app.clock.set("2026-11-23T08:00:00Z".parse().unwrap());
    reminders::dispatch_due(&app).await.unwrap();
    tracker
        .queue
        .run_due(&jobs::registry(), &tracker, 100)
        .await
        .unwrap();
    assert_eq!(server.deliveries().len(), 2);
    assert_eq!(ledger(&app, users[0]).await, ["due 2026-11-24 sent"]);
    assert!(ledger(&app, users[1]).await[0].starts_with("due 2026-11-24 bounced: "));
    assert_eq!(ledger(&app, users[2]).await, ["due 2026-11-24 sent"]);
}

#[tokio::test]
async fn the_receipt_counts_the_attempts() {
    let app = TestTracker::new().await;
    let ann = promised(&app).await;
    app.mails.refuse_next(SendError::Temporary("down".into()));
    tick(&app).await;
    let waiting = receipts(&app, ann).await;
    assert_eq!(
        (waiting[0].attempts, waiting[0].reason.as_deref()),
        (1, Some("down"))
    );
    at(&app, "2026-11-23T08:02:00Z").await;
    let sent = receipts(&app, ann).await;
    assert_eq!((sent[0].attempts, sent[0].reason.as_deref()), (2, None));
    assert!(sent[0].sent_at.is_some());
}
