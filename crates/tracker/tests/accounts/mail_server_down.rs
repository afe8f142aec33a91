//! Mails about accounts while the mail server is down.

use duly_tracker::mail::SendError;
use duly_tracker::testing::TestTracker;
use duly_tracker::tokens::tell_of_ends;
use duly_tracker::users::{confirm_email, request_password_reset};
use serde_json::json;

use crate::tokens::try_make;
use crate::{
    OTHER_PASSWORD, PASSWORD, advance, ask_for_reset, change, confirmed, home, mailed_secret, now,
    register, reset, text,
};

/// How long the mail server is down.
const NIGHT: i64 = 10 * 60;

/// Refuses every mail of a night, and answers how many minutes after it the first one comes, and of what.
async fn after_a_night(app: &TestTracker) -> (i64, String) {
    let _ = app.mails.take_mails();
    for minute in 0..NIGHT + 120 {
        if minute < NIGHT {
            let down = SendError::Temporary("no connection".into());
            app.mails.refuse_next(down);
        } else if minute == NIGHT {
            app.mails.accept_again();
        }
        app.run_jobs().await;
        let mut mails = app.mails.take_mails();
        if let Some(mail) = mails.pop() {
            assert!(mails.is_empty(), "one mail");
            return (minute - NIGHT, mail.subject);
        }
        advance(app, 1);
    }
    unreachable!("no mail came")
}

/// Who waits for a mail has it within minutes.
fn assert_awaited((minutes, subject): (i64, String), expected: &str) {
    assert_eq!(subject, expected);
    assert!((0..=6).contains(&minutes), "{subject} after {minutes}");
}

/// The others come within the hour.
fn assert_told((minutes, subject): (i64, String), expected: &str) {
    assert_eq!(subject, expected);
    assert!((0..=66).contains(&minutes), "{subject} after {minutes}");
}

#[tokio::test]
async fn links_arrive_soon_after_it_is_back_and_work() {
    let app = TestTracker::new().await;
    register(&app, "Ada").await;
    assert_awaited(after_a_night(&app).await, "Confirm your e-mail address");
    let (_, session) = confirmed(&app, "Ben").await;
    request_password_reset(&app, text("ben@example.org"), home())
        .await
        .unwrap();
    assert_awaited(after_a_night(&app).await, "Choose a new password");
    let json = json!({ "email": "new@example.org", "current_password": PASSWORD });
    change(&app, &session, json).await.unwrap();
    assert_awaited(after_a_night(&app).await, "Confirm your e-mail address");
}

#[tokio::test]
async fn what_happened_to_an_account_is_told_when_it_is_back() {
    let app = TestTracker::new().await;
    let (ada, session) = confirmed(&app, "Ada").await;
    let json = json!({ "email": "new@example.org", "current_password": PASSWORD });
    change(&app, &session, json).await.unwrap();
    app.run_jobs().await;
    confirm_email(&app, mailed_secret(&app)).await.unwrap();
    assert_told(after_a_night(&app).await, "Your e-mail address was changed");
    let link = ask_for_reset(&app, "new@example.org").await;
    reset(&app, &link, OTHER_PASSWORD).await.unwrap();
    assert_told(after_a_night(&app).await, "Your password was changed");
    let ends = now(&app) + jiff::SignedDuration::from_hours(30 * 24);
    let new = json!({ "name": "cron", "abilities": ["tasks:read"], "expires_at": ends });
    try_make(&app, ada.id, new).await.unwrap();
    app.run_jobs().await;
    advance(&app, 24 * 1440);
    tell_of_ends(&app).await.unwrap();
    assert_told(after_a_night(&app).await, "Your API token “cron” ends soon");
}
