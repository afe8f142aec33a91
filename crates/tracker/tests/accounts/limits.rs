//! How often somebody may guess a password.

use std::time::Duration;

use duly_tracker::LoginAttempts;
use duly_tracker::testing::TestTracker;
use duly_tracker::{Error, Tracker};

use crate::{
    OTHER_PASSWORD, PASSWORD, advance, ask_for_reset, client, confirmed, register, reset,
    try_log_in,
};

async fn attempts(per_pair: u32, per_account: u32, per_address: u32) -> TestTracker {
    TestTracker::with(|settings| {
        settings.login_attempts = LoginAttempts {
            per_pair,
            per_account,
            per_address,
        };
    })
    .await
}

async fn fail(tracker: &Tracker, email: &str, ip: &str) -> Error {
    try_log_in(tracker, email, "not my password", client(ip))
        .await
        .unwrap_err()
}

async fn is_limited(tracker: &Tracker, email: &str, ip: &str) -> bool {
    match try_log_in(tracker, email, PASSWORD, client(ip)).await {
        Ok(_) => false,
        Err(Error::RateLimited(standing)) => {
            let retry_after = standing.retry_after();
            assert!(retry_after > Duration::ZERO);
            assert!(
                retry_after <= Duration::from_secs(30 * 60),
                "{retry_after:?}"
            );
            true
        }
        Err(other) => unreachable!("{other:?}"),
    }
}

#[tokio::test]
async fn five_mistakes_from_one_place_hold_back_that_place_only_and_not_for_long() {
    let app = attempts(5, 100, 100).await;
    register(&app, "Ada").await;
    register(&app, "Bob").await;
    for _ in 0..5 {
        let error = fail(&app, "ada@example.org", "203.0.113.1").await;
        assert!(matches!(error, Error::WrongCredentials));
    }
    let runs = app.hasher.runs();
    assert!(
        is_limited(&app, "ADA@example.org", "203.0.113.1").await,
        "even if it is right"
    );
    assert_eq!(app.hasher.runs(), runs, "what is refused costs nothing");
    assert!(!is_limited(&app, "ada@example.org", "203.0.113.2").await);
    assert!(!is_limited(&app, "bob@example.org", "203.0.113.1").await);
    // Going on against the wall does not make it higher.
    for _ in 0..29 {
        advance(&app, 1);
        fail(&app, "nobody@example.org", "203.0.113.9").await;
        is_limited(&app, "ada@example.org", "203.0.113.1").await;
    }
    advance(&app, 1);
    assert!(!is_limited(&app, "ada@example.org", "203.0.113.1").await);
}

#[tokio::test]
async fn success_forgets_mistakes_and_costs_none() {
    let app = attempts(5, 100, 100).await;
    register(&app, "Ada").await;
    for _ in 0..10 {
        for _ in 0..4 {
            fail(&app, "ada@example.org", "203.0.113.1").await;
        }
        assert!(!is_limited(&app, "ada@example.org", "203.0.113.1").await);
    }
    for _ in 0..200 {
        assert!(!is_limited(&app, "ada@example.org", "203.0.113.2").await);
    }
}

#[tokio::test]
async fn guesses_from_many_places_lock_the_account_but_not_where_its_person_is() {
    let app = attempts(5, 20, 100).await;
    confirmed(&app, "Ada").await;
    assert!(!is_limited(&app, "ada@example.org", "2001:db8:1:2::7").await);
    for number in 0..20 {
        let error = fail(&app, "ada@example.org", &format!("203.0.113.{number}")).await;
        assert!(matches!(error, Error::WrongCredentials));
    }
    assert!(is_limited(&app, "ada@example.org", "198.51.100.1").await);
    // From where she is logged in she gets in: an attacker cannot lock her out.
    assert!(!is_limited(&app, "ada@example.org", "192.0.2.1").await);
    assert!(
        !is_limited(&app, "ada@example.org", "2001:db8:1:2:ffff::1").await,
        "the same /64"
    );
    assert!(is_limited(&app, "ada@example.org", "2001:db8:1:3::7").await);
    // Nor can she be kept from coming back by mail.
    let link = ask_for_reset(&app, "ada@example.org").await;
    reset(&app, &link, OTHER_PASSWORD).await.unwrap();
    let back = try_log_in(
        &app,
        "ada@example.org",
        OTHER_PASSWORD,
        client("198.51.100.1"),
    )
    .await;
    assert!(back.is_ok());
    app.run_jobs().await;
}

#[tokio::test]
async fn whoever_could_not_remember_and_resets_the_password_gets_in_at_once() {
    let app = attempts(5, 20, 100).await;
    confirmed(&app, "Ada").await;
    for _ in 0..5 {
        fail(&app, "ada@example.org", "192.0.2.1").await;
    }
    assert!(is_limited(&app, "ada@example.org", "192.0.2.1").await);
    let link = ask_for_reset(&app, "ada@example.org").await;
    reset(&app, &link, OTHER_PASSWORD).await.unwrap();
    let back = try_log_in(&app, "ada@example.org", OTHER_PASSWORD, client("192.0.2.1")).await;
    assert!(back.is_ok());
    app.run_jobs().await;
}

#[tokio::test]
async fn an_address_without_an_account_is_locked_like_one_with() {
    let app = attempts(5, 20, 100).await;
    for number in 0..20 {
        fail(&app, "nobody@example.org", &format!("203.0.113.{number}")).await;
    }
    let error = fail(&app, "nobody@example.org", "198.51.100.1").await;
    assert!(matches!(error, Error::RateLimited(_)));
}

#[tokio::test]
async fn one_network_cannot_try_one_password_on_everybody() {
    let app = attempts(5, 20, 30).await;
    register(&app, "Ada").await;
    for number in 0..30 {
        let ip = format!("2001:db8::{number:x}");
        fail(&app, &format!("user{number}@example.org"), &ip).await;
    }
    assert!(is_limited(&app, "ada@example.org", "2001:db8::ffff").await);
    assert!(!is_limited(&app, "ada@example.org", "2001:db8:0:1::1").await);
    advance(&app, 30);
    assert!(!is_limited(&app, "ada@example.org", "2001:db8::ffff").await);
}

#[tokio::test]
async fn registrations_from_one_network_are_limited() {
    let app = attempts(5, 20, 3).await;
    for name in ["A", "B", "C"] {
        register(&app, name).await;
    }
    let json = serde_json::json!({
        "name": "D", "email": "d@example.org", "password": PASSWORD,
    });
    let refused = crate::register_with(&app, json).await;
    assert!(matches!(refused, Err(Error::RateLimited(_))));
}
