//! Joining: by the open door, with an invitation, as the first administrator.

use duly_tracker::testing::TestTracker;
use duly_tracker::users::{Registration, Role, admin, confirm_email, setup_link, setup_needed};
use duly_tracker::{Error, Refusal};
use serde_json::{Value, json};

use crate::{
    PASSWORD, advance, both_at_once, home, mailed_secret, principal, register, register_with,
    secret_in, text, try_log_in, version, wrong,
};

fn body(email: &str) -> Value {
    json!({ "name": "Ada", "email": email, "password": PASSWORD })
}

fn with(mut body: Value, field: &str, value: impl Into<Value>) -> Value {
    body[field] = value.into();
    body
}

#[tokio::test]
async fn a_new_account_is_logged_in_and_asked_to_confirm_its_address() {
    let app = TestTracker::new().await;
    let json = with(body("Ada@Example.org"), "time_zone", "europe/berlin");
    let (account, secret) = register_with(&app, json).await.unwrap();
    assert_eq!(
        serde_json::to_value(&account).unwrap(),
        json!({
            "id": account.id, "name": "Ada", "email": "Ada@example.org", "email_confirmed": false,
            "pending_email": null, "role": "user", "time_zone": "Europe/Berlin", "locale": "en",
            "reminders": true, "reminder_time": "09:00", "overdue_mail": true,
            "digest": { "is_on": true, "day": "monday", "hour": 9 }, "escalation": "high",
            "quiet_hours": null, "mails_a_day": null, "mail_stopped": null,
            "created_at": "2026-11-23T07:00:00Z",
        })
    );
    assert_eq!(principal(&app, &secret).await.user, account.id);
    assert_eq!(version(&app, account.id).await.number(), 1);
    app.run_jobs().await;
    let mail = app.mails.mails().pop().unwrap();
    assert_eq!(mail.to_email, "Ada@example.org");
    confirm_email(&app, mailed_secret(&app)).await.unwrap();
    assert!(
        duly_tracker::users::profile(&mut app.db.read_fresh(), account.id)
            .await
            .unwrap()
            .email_confirmed
    );
    assert!(version(&app, account.id).await.number() > 1);
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let app = TestTracker::new().await;
    let json = json!({ "name": "", "email": "ada", "password": 7, "time_zone": null, "invite": 1 });
    let Err(Error::Invalid(errors)) = register_with(&app, json).await else {
        unreachable!("all fields are wrong");
    };
    let found: Vec<_> = errors
        .iter()
        .map(|error| (error.field.as_str(), error.code))
        .collect();
    let expected = [
        ("name", "too_short"),
        ("email", "invalid"),
        ("password", "invalid_type"),
        ("time_zone", "not_null"),
        ("invite", "invalid_type"),
    ];
    assert_eq!(found, expected);
    let Err(Error::Invalid(errors)) = register_with(&app, json!({})).await else {
        unreachable!("three fields are missing");
    };
    assert!(errors.iter().all(|error| error.code == "required"));
    assert_eq!(errors.len(), 3);
}

#[tokio::test]
async fn a_short_password_is_named_beside_other_wrong_fields() {
    let app = TestTracker::new().await;
    let json = json!({ "name": "Ada", "email": "ada", "password": "short" });
    let Err(Error::Invalid(errors)) = register_with(&app, json).await else {
        unreachable!("two fields are wrong");
    };
    let found: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(found, ["email", "password"]);
}

#[tokio::test]
async fn one_address_has_one_account_however_it_is_written() {
    let app = TestTracker::new().await;
    register_with(&app, body("jose\u{301}@example.org"))
        .await
        .unwrap();
    let again = register_with(&app, body("JOS\u{c9}@EXAMPLE.org")).await;
    assert_eq!(wrong(again), ("email".into(), "taken"));
    try_log_in(&app, "Jos\u{e9}@example.org", PASSWORD, home())
        .await
        .unwrap();
    let tracker = (*app).clone();
    let winners = both_at_once(move || {
        let tracker = tracker.clone();
        Box::pin(async move { register_with(&tracker, body("twin@example.org")).await })
    });
    assert_eq!(winners.await, 1);
}

#[tokio::test]
async fn closed_means_closed() {
    let app = TestTracker::with(|settings| settings.registration = Registration::Closed).await;
    let url = admin::invite(&app, None).await.unwrap();
    for json in [
        body("ada@example.org"),
        with(body("ada@example.org"), "invite", secret_in(&url).reveal()),
    ] {
        let refused = register_with(&app, json).await;
        assert!(matches!(
            refused,
            Err(Error::Forbidden(Refusal::RegistrationClosed))
        ));
    }
}

#[tokio::test]
async fn an_invitation_works_once_for_whom_it_is_meant() {
    let app = TestTracker::with(|settings| settings.registration = Registration::Invite).await;
    let refused = register_with(&app, body("ada@example.org")).await;
    assert!(matches!(
        refused,
        Err(Error::Forbidden(Refusal::InvitationNeeded))
    ));
    let invented = with(body("ada@example.org"), "invite", "A".repeat(43));
    assert!(matches!(
        register_with(&app, invented).await,
        Err(Error::LinkExpired)
    ));

    let url = admin::invite(&app, Some(&text("ada@example.org")))
        .await
        .unwrap();
    assert!(
        url.starts_with("https://duly.example/register?invite="),
        "{url}"
    );
    let invite = secret_in(&url).reveal().to_owned();
    let other = register_with(
        &app,
        with(body("eve@example.org"), "invite", invite.as_str()),
    )
    .await;
    assert_eq!(wrong(other), ("email".into(), "not_invited"));
    let (account, _) = register_with(
        &app,
        with(body("ADA@example.org"), "invite", invite.as_str()),
    )
    .await
    .unwrap();
    assert_eq!(account.role, Role::User);
    let again = register_with(&app, with(body("ada2@example.org"), "invite", invite)).await;
    assert!(matches!(again, Err(Error::LinkExpired)));
    let taken = admin::invite(&app, Some(&text("ada@example.org"))).await;
    assert_eq!(wrong(taken), ("email".into(), "taken"));
}

#[tokio::test]
async fn an_invitation_survives_a_failed_registration_but_not_a_week_or_a_race() {
    let app = TestTracker::with(|settings| settings.registration = Registration::Invite).await;
    let invite = secret_in(&admin::invite(&app, None).await.unwrap())
        .reveal()
        .to_owned();
    admin::create(&app, crate::admin::new_user("Bob", None))
        .await
        .unwrap();
    let taken = with(body("bob@example.org"), "invite", invite.as_str());
    assert_eq!(
        wrong(register_with(&app, taken).await),
        ("email".into(), "taken")
    );
    let tracker = (*app).clone();
    let number = std::sync::atomic::AtomicUsize::new(0);
    let winners = both_at_once(move || {
        let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let json = with(
            body(&format!("a{number}@example.org")),
            "invite",
            invite.as_str(),
        );
        let tracker = tracker.clone();
        Box::pin(async move { register_with(&tracker, json).await })
    });
    assert_eq!(winners.await, 1);
    let late = secret_in(&admin::invite(&app, None).await.unwrap())
        .reveal()
        .to_owned();
    advance(&app, 7 * 24 * 60);
    let late = register_with(&app, with(body("late@example.org"), "invite", late)).await;
    assert!(matches!(late, Err(Error::LinkExpired)));
}

#[tokio::test]
async fn the_first_administrator_registers_once_with_the_newest_link() {
    let app = TestTracker::with(|settings| settings.registration = Registration::Closed).await;
    assert!(setup_needed(&app).await.unwrap());
    let old = secret_in(&setup_link(&app).await.unwrap().unwrap());
    let url = setup_link(&app).await.unwrap().unwrap();
    assert!(
        url.starts_with("https://duly.example/setup?token="),
        "{url}"
    );
    let attempt = |email: &str, token: &str| {
        let json = with(body(email), "setup_token", token);
        let tracker = (*app).clone();
        async move { register_with(&tracker, json).await }
    };
    let killed = attempt("eve@example.org", old.reveal()).await;
    assert!(matches!(killed, Err(Error::LinkExpired)));
    let token = secret_in(&url);
    let (account, _) = attempt("ada@example.org", token.reveal()).await.unwrap();
    assert_eq!(account.role, Role::Admin);
    let again = attempt("eve@example.org", token.reveal()).await;
    assert!(matches!(again, Err(Error::LinkExpired)));
    assert!(!setup_needed(&app).await.unwrap());
    assert_eq!(setup_link(&app).await.unwrap(), None);
}

#[tokio::test]
async fn a_setup_link_ends_after_a_day_or_when_there_is_an_administrator() {
    let app = TestTracker::new().await;
    let token = secret_in(&setup_link(&app).await.unwrap().unwrap());
    let json = with(body("eve@example.org"), "setup_token", token.reveal());
    let (ada, _) = register(&app, "Ada").await;
    admin::promote(&app, &ada.email, Role::Admin).await.unwrap();
    assert!(matches!(
        register_with(&app, json.clone()).await,
        Err(Error::LinkExpired)
    ));
    admin::promote(&app, &ada.email, Role::User).await.unwrap();
    advance(&app, 24 * 60);
    assert!(matches!(
        register_with(&app, json).await,
        Err(Error::LinkExpired)
    ));
}
