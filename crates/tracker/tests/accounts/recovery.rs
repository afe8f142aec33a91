//! A forgotten password.

use duly_tracker::Error;
use duly_tracker::mail::SendError;
use duly_tracker::sessions::authenticate;
use duly_tracker::testing::TestTracker;
use duly_tracker::tokens;
use duly_tracker::users::{Email, profile, purge_links, request_password_reset};
use serde_json::json;

use crate::{
    OTHER_PASSWORD, PASSWORD, advance, ask_for_reset, both_at_once, change, client, confirmed,
    home, mailed_secret, register, reset, text, try_log_in, version, wrong,
};

#[tokio::test]
async fn a_mailed_link_sets_a_new_password_once_and_ends_all_sessions() {
    let app = TestTracker::new().await;
    let (ada, session) = confirmed(&app, "Ada").await;
    let token = ask_for_reset(&app, "ADA@example.org").await;
    let mail = app.mails.mails().pop().unwrap();
    assert_eq!(mail.to_email, "ada@example.org");
    let link = format!("https://duly.example/reset?token={}", token.reveal());
    assert!(mail.text.contains(&link), "{}", mail.text);
    assert!(mail.html.contains(token.reveal()), "{}", mail.html);
    let before = version(&app, ada.id).await;
    reset(&app, &token, OTHER_PASSWORD).await.unwrap();
    assert!(version(&app, ada.id).await > before);
    assert!(authenticate(&app, &session).await.is_err());
    assert!(
        try_log_in(&app, "ada@example.org", PASSWORD, home())
            .await
            .is_err()
    );
    try_log_in(&app, "ada@example.org", OTHER_PASSWORD, home())
        .await
        .unwrap();
    let again = reset(&app, &token, "another fine password").await;
    assert!(matches!(again, Err(Error::LinkExpired)));
    app.run_jobs().await;
    assert_eq!(
        app.mails.mails().pop().unwrap().subject,
        "Your password was changed"
    );
}

#[tokio::test]
async fn of_two_parallel_uses_one_wins() {
    let app = TestTracker::new().await;
    confirmed(&app, "Ada").await;
    let token = ask_for_reset(&app, "ada@example.org").await;
    let tracker = (*app).clone();
    let winners = both_at_once(move || {
        let (tracker, token) = (tracker.clone(), token.clone());
        Box::pin(async move { reset(&tracker, &token, OTHER_PASSWORD).await })
    });
    assert_eq!(winners.await, 1);
    app.run_jobs().await;
}

#[tokio::test]
async fn a_newer_link_an_hour_or_a_new_password_kills_a_link() {
    let app = TestTracker::new().await;
    let (_, session) = confirmed(&app, "Ada").await;
    let old = ask_for_reset(&app, "ada@example.org").await;
    let new = ask_for_reset(&app, "ada@example.org").await;
    assert!(matches!(
        reset(&app, &old, OTHER_PASSWORD).await,
        Err(Error::LinkExpired)
    ));
    advance(&app, 60);
    assert!(matches!(
        reset(&app, &new, OTHER_PASSWORD).await,
        Err(Error::LinkExpired)
    ));
    purge_links(&app).await.unwrap();
    let third = ask_for_reset(&app, "ada@example.org").await;
    let json = json!({ "password": OTHER_PASSWORD, "current_password": PASSWORD });
    change(&app, &session, json).await.unwrap();
    assert!(matches!(
        reset(&app, &third, PASSWORD).await,
        Err(Error::LinkExpired)
    ));
    app.run_jobs().await;
}

#[tokio::test]
async fn a_link_is_worth_nothing_once_the_address_is_another() {
    let app = TestTracker::new().await;
    let (_, session) = confirmed(&app, "Ada").await;
    let token = ask_for_reset(&app, "ada@example.org").await;
    let json = json!({ "email": "new@example.org", "current_password": PASSWORD });
    change(&app, &session, json).await.unwrap();
    app.run_jobs().await;
    duly_tracker::users::confirm_email(&app, mailed_secret(&app))
        .await
        .unwrap();
    assert!(matches!(
        reset(&app, &token, OTHER_PASSWORD).await,
        Err(Error::LinkExpired)
    ));
    app.run_jobs().await;
}

#[tokio::test]
async fn a_link_of_another_kind_does_not_reset() {
    let app = TestTracker::new().await;
    register(&app, "Ada").await;
    app.run_jobs().await;
    let confirmation = mailed_secret(&app);
    assert!(matches!(
        reset(&app, &confirmation, OTHER_PASSWORD).await,
        Err(Error::LinkExpired)
    ));
    duly_tracker::users::confirm_email(&app, confirmation)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_password_that_is_not_good_enough_does_not_use_the_link_up() {
    let app = TestTracker::new().await;
    confirmed(&app, "Ada").await;
    let token = ask_for_reset(&app, "ada@example.org").await;
    let runs = app.hasher.runs();
    let weak = reset(&app, &token, "passwordpassword").await;
    assert_eq!(wrong(weak), ("password".into(), "too_common"));
    let invented = duly_tracker::secret::Secret::received("x");
    assert!(reset(&app, &invented, OTHER_PASSWORD).await.is_err());
    assert_eq!(app.hasher.runs(), runs, "nothing was hashed for nothing");
    reset(&app, &token, OTHER_PASSWORD).await.unwrap();
    app.run_jobs().await;
}

#[tokio::test]
async fn an_unknown_address_costs_the_same_and_gets_no_mail() {
    let app = TestTracker::new().await;
    confirmed(&app, "Ada").await;
    let mut costs = Vec::new();
    for email in ["ada@example.org", "nobody@example.org"] {
        let before = app.db.counters();
        request_password_reset(&app, text::<Email>(email), home())
            .await
            .unwrap();
        let after = app.db.counters();
        costs.push((
            after.statements - before.statements,
            after.transactions - before.transactions,
        ));
    }
    assert_eq!(costs[0], costs[1]);
    app.run_jobs().await;
    let to: Vec<_> = app
        .mails
        .mails()
        .into_iter()
        .map(|mail| mail.to_email)
        .collect();
    assert_eq!(to, ["ada@example.org"]);
}

#[tokio::test]
async fn nobody_can_fill_a_mailbox() {
    let app = TestTracker::new().await;
    confirmed(&app, "Ada").await;
    for number in 0..20 {
        let from = client(&format!("198.51.100.{number}"));
        request_password_reset(&app, text::<Email>("ada@example.org"), from)
            .await
            .unwrap();
        app.run_jobs().await;
    }
    assert_eq!(app.mails.mails().len(), 5);
}

#[tokio::test]
async fn a_mail_that_had_to_be_sent_twice_holds_the_link_that_works() {
    let app = TestTracker::new().await;
    confirmed(&app, "Ada").await;
    app.mails
        .refuse_next(SendError::Temporary("451 try again".into()));
    request_password_reset(&app, text::<Email>("ada@example.org"), home())
        .await
        .unwrap();
    app.run_jobs().await;
    assert!(app.mails.mails().is_empty());
    advance(&app, 30);
    app.run_jobs().await;
    assert_eq!(app.mails.mails().len(), 1);
    reset(&app, &mailed_secret(&app), OTHER_PASSWORD)
        .await
        .unwrap();
    app.run_jobs().await;
}

#[tokio::test]
async fn tokens_survive_a_reset_unless_nobody_had_confirmed_the_address() {
    let app = TestTracker::new().await;
    for (name, survives) in [("Ada", true), ("Eve", false)] {
        let (account, session) = match survives {
            true => confirmed(&app, name).await,
            false => register(&app, name).await,
        };
        let input = json!({ "name": "cron", "abilities": ["*"] });
        let input: tokens::NewTokenInput = serde_json::from_value(input).unwrap();
        let new = input.parse(crate::now(&app)).unwrap();
        let made = tokens::create(&app, account.id, new, None).await;
        let (_, token) = made.unwrap().fresh().unwrap();
        let json = json!({ "email": format!("{name}2@example.org"), "current_password": PASSWORD });
        change(&app, &session, json).await.unwrap();
        app.run_jobs().await;
        let pending = mailed_secret(&app);
        let link = ask_for_reset(&app, account.email.as_str()).await;
        reset(&app, &link, OTHER_PASSWORD).await.unwrap();
        assert_eq!(
            tokens::authenticate(&app, &token).await.is_ok(),
            survives,
            "{name}"
        );
        let after = profile(&mut app.db.read_fresh(), account.id).await.unwrap();
        assert!(
            after.email_confirmed,
            "the link has shown that mails arrive"
        );
        assert_eq!(after.pending_email, None);
        let taken_back = duly_tracker::users::confirm_email(&app, pending).await;
        assert!(matches!(taken_back, Err(Error::LinkExpired)));
        app.run_jobs().await;
    }
}
