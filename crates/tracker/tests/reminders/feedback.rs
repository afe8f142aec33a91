//! What mail servers tell after they have taken a mail.

use duly_db::{query, versions};
use duly_tracker::feedback::{Report, Taken, Verdict, take};
use duly_tracker::mail::{self, Mail, Outcome, SendError};
use duly_tracker::secret::SigningKey;
use duly_tracker::testing::TestTracker;
use duly_tracker::users::{self, SendPasswordChanged};
use duly_tracker::{Error, UserId, jobs, reminders};
use jiff::SignedDuration;

use crate::{at, due, ledger, set, tick};

fn report(mail: &Mail, outcome: Outcome) -> Report {
    Report {
        message_id: Some(mail.message_id.clone()),
        verdict: Some(Verdict {
            outcome,
            words: format!("mx: {}", outcome.name()),
        }),
    }
}

async fn tell(app: &TestTracker, mail: &Mail, outcome: Outcome) -> Taken {
    take(app, &report(mail, outcome)).await.unwrap()
}

/// Why nothing is sent to somebody any more.
async fn stopped(app: &TestTracker, user: UserId) -> Option<String> {
    let account = users::profile(&mut app.db.read_fresh(), user).await;
    account.unwrap().mail_stopped.map(|stopped| stopped.reason)
}

/// Ann, and the mail to her of each of so many days.
async fn mails(app: &TestTracker, days: i8) -> (UserId, Vec<Mail>) {
    let ann = app.user("Ann").await;
    set(app, ann, "overdue_mail = FALSE, digest = FALSE").await;
    let mut mails = Vec::new();
    for day in 23..23 + days {
        due(app, ann, "x", &format!("2026-11-{}", day + 1)).await;
        let sent = at(app, &format!("2026-11-{day}T08:00:00Z")).await;
        assert_eq!(sent.len(), 1);
        mails.extend(sent);
    }
    (ann, mails)
}

#[tokio::test]
async fn three_mails_in_a_row_that_come_back_later_stop_mails() {
    let app = TestTracker::new().await;
    let (ann, mails) = mails(&app, 4).await;
    // The newest, then one before one that was read, then the one between.
    for index in [3, 0, 2] {
        let mail = &mails[index];
        assert_eq!(tell(&app, mail, Outcome::Bounced).await, Taken::Noted);
        assert_eq!(tell(&app, mail, Outcome::Bounced).await, Taken::Known);
        assert_eq!(stopped(&app, ann).await, None, "{index}");
    }
    let last = tell(&app, &mails[1], Outcome::Bounced).await;
    assert_eq!(last, Taken::Stopped);
    assert_eq!(stopped(&app, ann).await.as_deref(), Some("mx: bounced"));
    for line in ledger(&app, ann).await {
        assert!(line.ends_with(" bounced: mx: bounced"), "{line}");
    }
    due(&app, ann, "y", "2026-11-28").await;
    assert!(at(&app, "2026-11-27T08:00:00Z").await.is_empty());
}

#[tokio::test]
async fn what_the_mail_server_refuses_and_what_comes_back_later_count_together() {
    let app = TestTracker::new().await;
    let (ann, mails) = mails(&app, 2).await;
    app.mails
        .refuse_next(SendError::Permanent("550 no such mailbox".into()));
    due(&app, ann, "y", "2026-11-26").await;
    app.clock.set("2026-11-25T08:00:00Z".parse().unwrap());
    assert_eq!(crate::tick_with_failures(&app).await, 1);
    assert_eq!(tell(&app, &mails[0], Outcome::Bounced).await, Taken::Noted);
    assert_eq!(
        tell(&app, &mails[1], Outcome::Bounced).await,
        Taken::Stopped
    );
}

#[tokio::test]
async fn reports_about_several_mails_at_once_are_all_counted() {
    let app = TestTracker::new().await;
    let (ann, mails) = mails(&app, 3).await;
    let bounced = async |index: usize| tell(&app, &mails[index], Outcome::Bounced).await;
    let (first, second, third) = tokio::join!(bounced(0), bounced(1), bounced(2));
    let taken = [first, second, third];
    let stops = taken.iter().filter(|taken| **taken == Taken::Stopped);
    assert_eq!(stops.count(), 1, "{taken:?}");
    assert!(stopped(&app, ann).await.is_some());
}

#[tokio::test]
async fn a_complaint_stops_mails_at_once_until_the_person_says_so() {
    let app = TestTracker::new().await;
    let (ann, mails) = mails(&app, 1).await;
    let taken = tell(&app, &mails[0], Outcome::Complained).await;
    assert_eq!(taken, Taken::Stopped);
    assert_eq!(stopped(&app, ann).await.as_deref(), Some("mx: complained"));
    let complained = "due 2026-11-24 complained: mx: complained";
    assert_eq!(ledger(&app, ann).await, [complained]);
    due(&app, ann, "y", "2026-11-25").await;
    assert!(at(&app, "2026-11-24T08:00:00Z").await.is_empty());
    set(
        &app,
        ann,
        "mail_stopped_at = NULL, mail_stopped_reason = NULL",
    )
    .await;
    // The same report once more, and that it came back after all.
    for outcome in [Outcome::Complained, Outcome::Bounced, Outcome::GivenUp] {
        assert_eq!(tell(&app, &mails[0], outcome).await, Taken::Known);
    }
    assert_eq!(stopped(&app, ann).await, None);
    due(&app, ann, "z", "2026-11-26").await;
    assert!(!at(&app, "2026-11-25T08:00:00Z").await.is_empty());
}

#[tokio::test]
async fn what_was_given_up_is_no_bounce_and_may_become_one() {
    let app = TestTracker::new().await;
    let (ann, mails) = mails(&app, 1).await;
    for (outcome, taken, line) in [
        (Outcome::GivenUp, Taken::Noted, "failed: mx: given_up"),
        (Outcome::GivenUp, Taken::Known, "failed: mx: given_up"),
        (Outcome::Bounced, Taken::Noted, "bounced: mx: bounced"),
        (Outcome::GivenUp, Taken::Known, "bounced: mx: bounced"),
    ] {
        assert_eq!(tell(&app, &mails[0], outcome).await, taken);
        let line = format!("due 2026-11-24 {line}");
        assert_eq!(ledger(&app, ann).await, [line]);
    }
}

#[tokio::test]
async fn a_report_about_nothing_of_ours_changes_nothing() {
    let app = TestTracker::new().await;
    let (ann, mails) = mails(&app, 1).await;
    let before = versions::current(&mut app.db.read_fresh(), ann.0).await;
    let mut other = mails[0].clone();
    other.message_id = format!("due-{}@duly.example", "0".repeat(32));
    let taken = tell(&app, &other, Outcome::Complained).await;
    assert_eq!(taken, Taken::Unknown);
    let mut nameless = report(&mails[0], Outcome::Complained);
    nameless.message_id = None;
    assert_eq!(take(&app, &nameless).await.unwrap(), Taken::Unknown);
    let mut late = report(&mails[0], Outcome::Bounced);
    late.verdict = None;
    assert_eq!(take(&app, &late).await.unwrap(), Taken::Nothing);
    assert_eq!(stopped(&app, ann).await, None);
    let after = versions::current(&mut app.db.read_fresh(), ann.0).await;
    assert_eq!(before.unwrap(), after.unwrap());
}

#[tokio::test]
async fn a_report_about_an_address_of_before_stops_nothing() {
    let app = TestTracker::new().await;
    let (ann, mails) = mails(&app, 1).await;
    set(
        &app,
        ann,
        "email = 'new@example.org', email_folded = 'new@example.org'",
    )
    .await;
    let taken = tell(&app, &mails[0], Outcome::Complained).await;
    assert_eq!((taken, stopped(&app, ann).await), (Taken::Noted, None));
}

#[tokio::test]
async fn a_report_that_is_faster_than_the_mail_server_comes_again() {
    let app = TestTracker::new().await;
    let (ann, mails) = mails(&app, 1).await;
    let state = async |state: &str| {
        let mut tx = app.db.begin();
        let update = query("UPDATE notifications SET state = ?2 WHERE user_id = ?1");
        tx.execute(update.bind(ann).bind(state)).await.unwrap();
        tx.commit().await.unwrap();
    };
    state("sending").await;
    let early = take(&app, &report(&mails[0], Outcome::Bounced)).await;
    assert!(matches!(early, Err(Error::Unavailable(_))), "{early:?}");
    state("sent").await;
    assert_eq!(tell(&app, &mails[0], Outcome::Bounced).await, Taken::Noted);
}

#[tokio::test]
async fn a_complaint_about_a_mail_of_the_account_stops_reminders() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    let mut tx = app.db.begin();
    let job = SendPasswordChanged { user: ann };
    app.queue.push(&mut tx, &job).await.unwrap();
    tx.commit().await.unwrap();
    let mails = tick(&app).await;
    assert_eq!(tell(&app, &mails[0], Outcome::Bounced).await, Taken::Noted);
    assert_eq!(stopped(&app, ann).await, None);
    let taken = tell(&app, &mails[0], Outcome::Complained).await;
    assert_eq!(taken, Taken::Stopped);
}

#[tokio::test]
async fn reports_are_awaited_for_sixty_days() {
    let app = TestTracker::new().await;
    let (_, mails) = mails(&app, 2).await;
    app.clock.advance(SignedDuration::from_hours(59 * 24 + 1));
    mail::forget_sent(&app).await.unwrap();
    assert_eq!(tell(&app, &mails[1], Outcome::Bounced).await, Taken::Noted);
    app.clock.advance(SignedDuration::from_hours(24));
    mail::forget_sent(&app).await.unwrap();
    let taken = tell(&app, &mails[0], Outcome::Bounced).await;
    assert_eq!(taken, Taken::Unknown);
}

/// Of a promise whose user, task and day are the same.
async fn message_id(key: u8) -> String {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    due(&app, ann, "x", "2026-11-20").await;
    let mut tracker = (*app).clone();
    tracker.signing_key = SigningKey::new([key; 32]);
    app.clock.set("2026-11-23T08:00:00Z".parse().unwrap());
    reminders::dispatch_due(&tracker).await.unwrap();
    let registry = jobs::registry();
    let ran = tracker.queue.run_due(&registry, &tracker, 100).await;
    ran.unwrap();
    let mails = app.mails.take_mails();
    assert!(mails[0].message_id.starts_with("overdue-"));
    mails[0].message_id.clone()
}

#[tokio::test]
async fn who_knows_ids_and_days_does_not_know_the_message_id() {
    assert_eq!(message_id(1).await, message_id(1).await);
    assert_ne!(message_id(1).await, message_id(2).await);
}
