//! Confirming an address, changing it, and the other settings.

use duly_tracker::Error;
use duly_tracker::testing::TestTracker;
use duly_tracker::users::{ProfileChangeInput, confirm_email, profile, resend_confirmation};
use serde_json::json;

use crate::{
    OTHER_PASSWORD, PASSWORD, advance, change, confirmed, home, mailed_secret, register,
    try_log_in, version, wrong,
};

#[tokio::test]
async fn a_confirmation_works_once_within_a_day_and_only_the_newest() {
    let app = TestTracker::new().await;
    let (ada, _) = register(&app, "Ada").await;
    app.run_jobs().await;
    let old = mailed_secret(&app);
    resend_confirmation(&app, ada.id).await.unwrap();
    app.run_jobs().await;
    let new = mailed_secret(&app);
    assert!(matches!(
        confirm_email(&app, old).await,
        Err(Error::LinkExpired)
    ));
    advance(&app, 24 * 60);
    assert!(matches!(
        confirm_email(&app, new).await,
        Err(Error::LinkExpired)
    ));
    resend_confirmation(&app, ada.id).await.unwrap();
    app.run_jobs().await;
    let third = mailed_secret(&app);
    confirm_email(&app, third.clone()).await.unwrap();
    assert!(matches!(
        confirm_email(&app, third).await,
        Err(Error::LinkExpired)
    ));
    let count = app.mails.mails().len();
    resend_confirmation(&app, ada.id).await.unwrap();
    app.run_jobs().await;
    assert_eq!(
        app.mails.mails().len(),
        count,
        "there is nothing left to confirm"
    );
}

#[tokio::test]
async fn a_new_address_waits_for_its_confirmation_and_the_old_one_is_told() {
    let app = TestTracker::new().await;
    let (ada, session) = confirmed(&app, "Ada").await;
    let json = json!({ "email": "New@example.org", "current_password": PASSWORD });
    let changed = change(&app, &session, json).await.unwrap();
    assert!(changed.session.is_none());
    assert_eq!(changed.account.email.as_str(), "ada@example.org");
    assert_eq!(
        changed.account.pending_email.as_ref().unwrap().as_str(),
        "New@example.org"
    );
    assert!(
        try_log_in(&app, "new@example.org", PASSWORD, home())
            .await
            .is_err()
    );
    try_log_in(&app, "ada@example.org", PASSWORD, home())
        .await
        .unwrap();
    app.run_jobs().await;
    assert_eq!(
        app.mails.mails().last().unwrap().to_email,
        "New@example.org"
    );
    let before = version(&app, ada.id).await;
    confirm_email(&app, mailed_secret(&app)).await.unwrap();
    assert!(version(&app, ada.id).await > before);
    let after = profile(&mut app.db.read_fresh(), ada.id).await.unwrap();
    assert_eq!(
        (after.email.as_str(), after.pending_email),
        ("New@example.org", None)
    );
    assert!(after.email_confirmed);
    app.run_jobs().await;
    let notice = app.mails.mails().pop().unwrap();
    assert_eq!(notice.to_email, "ada@example.org");
    assert_eq!(notice.subject, "Your e-mail address was changed");
    assert!(notice.text.contains("New@example.org"));
    assert!(
        try_log_in(&app, "ada@example.org", PASSWORD, home())
            .await
            .is_err()
    );
    try_log_in(&app, "new@example.org", PASSWORD, home())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_change_of_address_can_be_taken_back() {
    let app = TestTracker::new().await;
    let (ada, session) = confirmed(&app, "Ada").await;
    let json = json!({ "email": "new@example.org", "current_password": PASSWORD });
    change(&app, &session, json).await.unwrap();
    app.run_jobs().await;
    let link = mailed_secret(&app);
    let json = json!({ "email": "ada@example.org", "current_password": PASSWORD });
    let back = change(&app, &session, json).await.unwrap();
    assert_eq!(back.account.pending_email, None);
    assert!(matches!(
        confirm_email(&app, link).await,
        Err(Error::LinkExpired)
    ));
    assert_eq!(
        profile(&mut app.db.read_fresh(), ada.id)
            .await
            .unwrap()
            .email
            .as_str(),
        "ada@example.org"
    );
    app.run_jobs().await;
}

#[tokio::test]
async fn an_address_has_one_account_also_when_it_is_taken_meanwhile() {
    let app = TestTracker::new().await;
    let (_, session) = confirmed(&app, "Ada").await;
    register(&app, "Bob").await;
    app.run_jobs().await;
    let json = json!({ "email": "BOB@example.org", "current_password": PASSWORD });
    assert_eq!(
        wrong(change(&app, &session, json).await),
        ("email".into(), "taken")
    );
    let json = json!({ "email": "eve@example.org", "current_password": PASSWORD });
    change(&app, &session, json).await.unwrap();
    app.run_jobs().await;
    let link = mailed_secret(&app);
    register(&app, "Eve").await;
    assert_eq!(
        wrong(confirm_email(&app, link).await),
        ("email".into(), "taken")
    );
    app.run_jobs().await;
}

#[tokio::test]
async fn the_address_and_the_password_change_only_with_the_current_password() {
    let app = TestTracker::new().await;
    let (ada, session) = confirmed(&app, "Ada").await;
    for json in [
        json!({ "email": "x@example.org" }),
        json!({ "password": OTHER_PASSWORD }),
    ] {
        let refused = change(&app, &session, json.clone()).await;
        assert_eq!(wrong(refused), ("current_password".into(), "required"));
        let mut json = json;
        json["current_password"] = "not my password".into();
        let refused = change(&app, &session, json).await;
        assert_eq!(wrong(refused), ("current_password".into(), "wrong"));
    }
    let weak = json!({ "password": "adaadaadaadaadaada", "current_password": PASSWORD });
    assert_eq!(
        wrong(change(&app, &session, weak).await),
        ("password".into(), "too_common")
    );
    let before = version(&app, ada.id).await;
    assert_eq!(
        profile(&mut app.db.read_fresh(), ada.id)
            .await
            .unwrap()
            .pending_email,
        None
    );
    // A session that somebody else uses cannot guess on either.
    for _ in 0..3 {
        let json = json!({ "password": OTHER_PASSWORD, "current_password": "wrong again" });
        assert!(change(&app, &session, json).await.is_err());
    }
    let json = json!({ "password": OTHER_PASSWORD, "current_password": PASSWORD });
    let limited = change(&app, &session, json.clone()).await;
    assert!(matches!(limited, Err(Error::RateLimited(_))), "{limited:?}");
    assert_eq!(version(&app, ada.id).await, before);
    advance(&app, 30);
    change(&app, &session, json).await.unwrap();
    app.run_jobs().await;
}

#[tokio::test]
async fn settings_change_without_a_password_and_raise_the_version_once() {
    let app = TestTracker::new().await;
    let (ada, session) = confirmed(&app, "Ada").await;
    let json = json!({
        "name": "Ada L.", "time_zone": "America/New_York", "locale": "de", "reminders": false,
        "reminder_time": "07:30", "overdue_mail": false,
    });
    let before = version(&app, ada.id).await.number();
    let changed = change(&app, &session, json.clone()).await.unwrap().account;
    assert_eq!(version(&app, ada.id).await.number(), before + 1);
    assert_eq!(
        changed,
        profile(&mut app.db.read_fresh(), ada.id).await.unwrap()
    );
    let shown = serde_json::to_value(&changed).unwrap();
    for (field, value) in json.as_object().unwrap() {
        assert_eq!(&shown[field], value, "{field}");
    }
    change(&app, &session, json).await.unwrap();
    change(&app, &session, json!({})).await.unwrap();
    assert_eq!(
        version(&app, ada.id).await.number(),
        before + 1,
        "nothing has changed"
    );
}

#[tokio::test]
async fn a_new_zone_or_hour_moves_the_reminders() {
    let app = TestTracker::new().await;
    let (_, session) = confirmed(&app, "Ada").await;
    let next_run = || async {
        let select = duly_db::query("SELECT next_run FROM reminder_schedules");
        let row = app
            .db
            .read_fresh()
            .optional_row(select)
            .await
            .unwrap()
            .unwrap();
        row.get::<jiff::Timestamp>("next_run").unwrap()
    };
    let before = next_run().await;
    change(&app, &session, json!({ "name": "Ada L." }))
        .await
        .unwrap();
    assert_eq!(next_run().await, before);
    change(&app, &session, json!({ "time_zone": "Asia/Tokyo" }))
        .await
        .unwrap();
    let moved = next_run().await;
    assert_ne!(moved, before);
}

#[test]
fn wrong_fields_are_named() {
    let json = json!({
        "name": null, "email": "x", "current_password": "x", "time_zone": "Mars", "locale": 1,
        "reminders": "yes", "reminder_time": "25:00", "overdue_mail": null,
    });
    let input: ProfileChangeInput = serde_json::from_value(json).unwrap();
    let Err(Error::Invalid(errors)) = input.parse() else {
        unreachable!("all fields are wrong");
    };
    let found: Vec<_> = errors
        .iter()
        .map(|error| (error.field.as_str(), error.code))
        .collect();
    let expected = [
        ("name", "not_null"),
        ("email", "invalid"),
        ("time_zone", "unknown_time_zone"),
        ("locale", "invalid_type"),
        ("reminders", "invalid_type"),
        ("reminder_time", "invalid"),
        ("overdue_mail", "not_null"),
    ];
    assert_eq!(found, expected);
    assert!(serde_json::from_value::<ProfileChangeInput>(json!({ "role": "admin" })).is_err());
}
