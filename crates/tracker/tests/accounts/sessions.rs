//! Logging in and out, and what a request learns from its cookie.

use duly_tracker::secret::Secret;
use duly_tracker::sessions::{
    ClientInfo, Via, authenticate, flush_seen, get, list, log_out, purge_expired, revoke,
    revoke_others,
};
use duly_tracker::testing::TestTracker;
use duly_tracker::users::Role;
use duly_tracker::{Error, SessionId};

use crate::{
    OTHER_PASSWORD, PASSWORD, advance, change, confirmed, home, now, principal, register,
    try_log_in, version,
};

const DAY: i64 = 24 * 60;

async fn is_dead(app: &TestTracker, secret: &Secret) -> bool {
    matches!(authenticate(app, secret).await, Err(Error::Unauthenticated))
}

async fn session_of(app: &TestTracker, secret: &Secret) -> SessionId {
    principal(app, secret).await.require_session().unwrap()
}

async fn log_in(app: &TestTracker) -> Secret {
    try_log_in(app, "ada@example.org", PASSWORD, home())
        .await
        .unwrap()
        .1
}

#[tokio::test]
async fn a_request_learns_everything_by_one_statement_and_writes_nothing() {
    let app = TestTracker::new().await;
    let (ada, secret) = confirmed(&app, "Ada").await;
    change(
        &app,
        &secret,
        serde_json::json!({ "time_zone": "Asia/Tokyo" }),
    )
    .await
    .unwrap();
    advance(&app, 10);
    let before = app.db.counters();
    let principal = principal(&app, &secret).await;
    let after = app.db.counters();
    assert_eq!(after.statements - before.statements, 1);
    assert_eq!(after.round_trips - before.round_trips, 1);
    assert_eq!(after.transactions, before.transactions);
    assert_eq!(principal.user, ada.id);
    assert_eq!(principal.role, Role::User);
    assert_eq!(principal.time_zone.iana_name(), Some("Asia/Tokyo"));
    assert_eq!(principal.version, version(&app, ada.id).await);
    assert!(matches!(*principal.via, Via::Session { .. }));
}

#[tokio::test]
async fn what_is_no_session_opens_nothing() {
    let app = TestTracker::new().await;
    let (_, secret) = register(&app, "Ada").await;
    let upper = secret.reveal().to_uppercase();
    for text in [
        "",
        "x",
        &upper,
        &format!("{} ", secret.reveal()),
        "\0",
        "' OR 1=1 --",
    ] {
        assert!(is_dead(&app, &Secret::received(text)).await, "{text:?}");
    }
}

#[tokio::test]
async fn an_unused_session_ends_and_a_used_one_goes_on() {
    let app = TestTracker::new().await;
    let (_, used) = register(&app, "Ada").await;
    let unused = log_in(&app).await;
    advance(&app, 13 * DAY);
    principal(&app, &used).await;
    advance(&app, DAY);
    assert!(is_dead(&app, &unused).await);
    // The use has not been written yet, and counts all the same.
    principal(&app, &used).await;
    assert_eq!(flush_seen(&app).await.unwrap(), 1);
    assert_eq!(flush_seen(&app).await.unwrap(), 0);
    advance(&app, 14 * DAY - 1);
    principal(&app, &used).await;
    flush_seen(&app).await.unwrap();
    advance(&app, 14 * DAY);
    assert!(is_dead(&app, &used).await);
}

#[tokio::test]
async fn a_written_use_is_known_to_another_process() {
    let app = TestTracker::new().await;
    let (_, secret) = register(&app, "Ada").await;
    advance(&app, 10 * DAY);
    principal(&app, &secret).await;
    flush_seen(&app).await.unwrap();
    let mut other = (*app).clone();
    other.seen = duly_tracker::sessions::Seen::default();
    advance(&app, 10 * DAY);
    authenticate(&other, &secret).await.unwrap();
}

#[tokio::test]
async fn uses_within_a_minute_are_one() {
    let app = TestTracker::new().await;
    let (_, secret) = register(&app, "Ada").await;
    app.clock.advance(jiff::SignedDuration::from_secs(59));
    principal(&app, &secret).await;
    assert_eq!(flush_seen(&app).await.unwrap(), 0);
    app.clock.advance(jiff::SignedDuration::from_secs(1));
    principal(&app, &secret).await;
    principal(&app, &secret).await;
    assert_eq!(flush_seen(&app).await.unwrap(), 1);
}

#[tokio::test]
async fn no_session_lives_longer_than_its_lifetime_however_much_it_is_used() {
    let app = TestTracker::new().await;
    let (ada, secret) = register(&app, "Ada").await;
    for _ in 0..89 {
        advance(&app, DAY);
        principal(&app, &secret).await;
    }
    let shown = &list(&app, ada.id, None).await.unwrap().data[0];
    assert_eq!(
        shown.expires_at,
        ada.created_at + jiff::SignedDuration::from_hours(90 * 24)
    );
    advance(&app, DAY);
    assert!(is_dead(&app, &secret).await);
    assert!(list(&app, ada.id, None).await.unwrap().data.is_empty());
    purge_expired(&app).await.unwrap();
}

#[tokio::test]
async fn sessions_are_listed_and_revoked() {
    let app = TestTracker::new().await;
    let (ada, first) = register(&app, "Ada").await;
    let (bob, bobs) = register(&app, "Bob").await;
    advance(&app, 5);
    let client = ClientInfo::new(
        "2001:db8::1".parse().unwrap(),
        "Evil\r\nSet-Cookie: x\u{1b}[2J",
    );
    let second = try_log_in(&app, "ada@example.org", PASSWORD, client)
        .await
        .unwrap()
        .1;
    let (first_id, second_id) = (
        session_of(&app, &first).await,
        session_of(&app, &second).await,
    );
    let all = list(&app, ada.id, Some(second_id)).await.unwrap().data;
    let ids: Vec<_> = all
        .iter()
        .map(|session| (session.id, session.current))
        .collect();
    assert_eq!(ids, [(second_id, true), (first_id, false)]);
    assert_eq!(all[0].ip, "2001:db8::1");
    assert_eq!(all[0].user_agent, "EvilSet-Cookie: x[2J");
    assert_eq!(
        all[1].last_seen_at,
        now(&app),
        "a use counts before it is written"
    );
    assert_eq!(
        get(&app, ada.id, first_id, None).await.unwrap().ip,
        "192.0.2.1"
    );

    let not_mine = revoke(&app, bob.id, first_id).await;
    assert!(matches!(not_mine, Err(Error::NotFound("session"))));
    assert!(get(&app, bob.id, first_id, None).await.is_err());
    let before = version(&app, ada.id).await;
    revoke(&app, ada.id, first_id).await.unwrap();
    assert!(version(&app, ada.id).await > before);
    assert!(is_dead(&app, &first).await);
    assert!(revoke(&app, ada.id, first_id).await.is_err());
    principal(&app, &second).await;

    let third = log_in(&app).await;
    revoke_others(&app, ada.id, session_of(&app, &third).await)
        .await
        .unwrap();
    assert!(is_dead(&app, &second).await);
    principal(&app, &third).await;
    principal(&app, &bobs).await;
    let before = version(&app, ada.id).await;
    revoke_others(&app, ada.id, session_of(&app, &third).await)
        .await
        .unwrap();
    assert_eq!(version(&app, ada.id).await, before);
}

#[tokio::test]
async fn logging_out_ends_the_session_once_and_for_all() {
    let app = TestTracker::new().await;
    let (ada, secret) = register(&app, "Ada").await;
    let other = log_in(&app).await;
    let before = version(&app, ada.id).await;
    log_out(&app, &secret).await.unwrap();
    assert!(version(&app, ada.id).await > before);
    assert!(is_dead(&app, &secret).await);
    principal(&app, &other).await;
    log_out(&app, &secret).await.unwrap();
}

#[tokio::test]
async fn logging_in_gives_a_new_session_and_ends_the_one_shown() {
    let app = TestTracker::new().await;
    let (_, mine) = register(&app, "Ada").await;
    let (bob, planted) = register(&app, "Bob").await;
    let mut client = home();
    client.session = Some(mine.clone());
    let (_, again) = try_log_in(&app, "ada@example.org", PASSWORD, client.clone())
        .await
        .unwrap();
    assert_ne!(again.reveal(), mine.reveal());
    assert!(is_dead(&app, &mine).await);
    // Somebody else's session that was planted in the browser is no way in either.
    let before = version(&app, bob.id).await;
    client.session = Some(planted.clone());
    let (_, third) = try_log_in(&app, "ada@example.org", PASSWORD, client.clone())
        .await
        .unwrap();
    assert!(is_dead(&app, &planted).await);
    assert!(version(&app, bob.id).await > before);
    client.session = Some(Secret::received("chosen by an attacker"));
    let (_, fourth) = try_log_in(&app, "ada@example.org", PASSWORD, client)
        .await
        .unwrap();
    assert_ne!(fourth.reveal(), "chosen by an attacker");
    principal(&app, &third).await;
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions_and_renews_this_one() {
    let app = TestTracker::new().await;
    let (ada, secret) = confirmed(&app, "Ada").await;
    let other = log_in(&app).await;
    let id = session_of(&app, &secret).await;
    let json = serde_json::json!({ "password": OTHER_PASSWORD, "current_password": PASSWORD });
    let changed = change(&app, &secret, json).await.unwrap();
    let renewed = changed.session.unwrap();
    assert!(is_dead(&app, &secret).await);
    assert!(is_dead(&app, &other).await);
    assert_eq!(session_of(&app, &renewed).await, id);
    assert_eq!(list(&app, ada.id, None).await.unwrap().data.len(), 1);
    let old = try_log_in(&app, "ada@example.org", PASSWORD, home()).await;
    assert!(matches!(old, Err(Error::WrongCredentials)));
    try_log_in(&app, "ada@example.org", OTHER_PASSWORD, home())
        .await
        .unwrap();
    app.run_jobs().await;
    let mail = app.mails.mails().pop().unwrap();
    assert_eq!(
        (mail.subject.as_str(), mail.to_email.as_str()),
        ("Your password was changed", "ada@example.org")
    );
}

#[tokio::test]
async fn the_oldest_of_too_many_sessions_ends() {
    let app = TestTracker::new().await;
    let (ada, first) = register(&app, "Ada").await;
    advance(&app, 1);
    let second = log_in(&app).await;
    for _ in 0..99 {
        app.clock.advance(jiff::SignedDuration::from_millis(1));
        log_in(&app).await;
    }
    assert!(is_dead(&app, &first).await);
    principal(&app, &second).await;
    assert_eq!(list(&app, ada.id, None).await.unwrap().data.len(), 100);
}
