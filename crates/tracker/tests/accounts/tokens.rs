//! API tokens.

use duly_tracker::secret::Secret;
use duly_tracker::sessions::{Via, flush_seen};
use duly_tracker::testing::TestTracker;
use duly_tracker::tokens::{
    Ability, ApiToken, NewTokenInput, authenticate, create, get, list, revoke, revoke_all,
    tell_of_ends,
};
use duly_tracker::{Error, Refusal, Result, UserId};
use serde_json::{Value, json};

use crate::{OTHER_PASSWORD, PASSWORD, advance, change, confirmed, now, register, version, wrong};

pub(crate) async fn try_make(
    app: &TestTracker,
    user: UserId,
    json: Value,
) -> Result<(ApiToken, Secret)> {
    let input: NewTokenInput = serde_json::from_value(json).unwrap();
    let made = create(app, user, input.parse(now(app))?, None).await?;
    Ok(made.fresh().unwrap())
}

async fn make(app: &TestTracker, user: UserId, abilities: &[&str]) -> (ApiToken, Secret) {
    try_make(app, user, json!({ "name": "cron", "abilities": abilities }))
        .await
        .unwrap()
}

async fn is_dead(app: &TestTracker, token: &Secret) -> bool {
    matches!(authenticate(app, token).await, Err(Error::Unauthenticated))
}

#[tokio::test]
async fn a_token_acts_for_its_person_by_one_statement() {
    let app = TestTracker::new().await;
    let (ada, _) = register(&app, "Ada").await;
    let before = version(&app, ada.id).await;
    let (token, secret) = make(&app, ada.id, &["tasks:write", "tasks:read", "tasks:read"]).await;
    assert!(version(&app, ada.id).await > before);
    assert_eq!(
        serde_json::to_value(&token).unwrap(),
        json!({
            "id": token.id, "name": "cron", "abilities": ["tasks:read", "tasks:write"],
            "created_at": "2026-11-23T07:00:00Z", "expires_at": null, "last_used_at": null,
        })
    );
    let tag = app.cache.keys().of(ada.id.0);
    assert!(
        secret.reveal().starts_with(&format!("duly_{tag}_")),
        "{}",
        secret.reveal()
    );
    assert_eq!(secret.reveal().len(), 71);
    let before = app.db.counters();
    let principal = authenticate(&app, &secret).await.unwrap();
    let after = app.db.counters();
    assert_eq!(after.statements - before.statements, 1);
    assert_eq!(after.transactions, before.transactions);
    assert_eq!(principal.user, ada.id);
    assert_eq!(principal.version, version(&app, ada.id).await);
    assert_eq!(
        *principal.via,
        Via::Token {
            id: token.id,
            name: token.name,
            abilities: token.abilities
        }
    );
}

#[tokio::test]
async fn junk_is_refused_without_asking_the_database() {
    let app = TestTracker::new().await;
    let (ada, session) = register(&app, "Ada").await;
    let (_, token) = make(&app, ada.id, &["*"]).await;
    let mut mistyped = token.reveal().to_owned();
    mistyped.replace_range(20..21, if &mistyped[20..21] == "A" { "B" } else { "A" });
    let before = app.db.counters().statements;
    for text in [
        "",
        "duly_",
        session.reveal(),
        &mistyped,
        &token.reveal()[..65],
        "ö",
    ] {
        assert!(is_dead(&app, &Secret::received(text)).await, "{text}");
    }
    assert_eq!(app.db.counters().statements, before);
    assert!(
        duly_tracker::sessions::authenticate(&app, &token)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_token_may_do_what_it_was_made_for() {
    let app = TestTracker::new().await;
    let (ada, _) = register(&app, "Ada").await;
    for has in Ability::ALL {
        let (_, secret) = make(&app, ada.id, &[has.name()]).await;
        let principal = authenticate(&app, &secret).await.unwrap();
        for wanted in Ability::ALL {
            let allowed = has == wanted || has == Ability::Everything;
            match principal.require(wanted) {
                Ok(()) => assert!(allowed, "{has:?} {wanted:?}"),
                Err(Error::Forbidden(Refusal::MissingAbility(name))) => {
                    assert!(!allowed, "{has:?} {wanted:?}");
                    assert_eq!(name, wanted.name());
                }
                Err(other) => unreachable!("{other:?}"),
            }
        }
        for refused in [
            principal.require_session().map(|_| ()),
            principal.require_administrator(),
        ] {
            assert!(matches!(
                refused,
                Err(Error::Forbidden(Refusal::SessionOnly))
            ));
        }
        let change = duly_tracker::users::ProfileChange::default();
        let refused = duly_tracker::users::change_profile(&app, &principal, change).await;
        assert!(matches!(
            refused,
            Err(Error::Forbidden(Refusal::SessionOnly))
        ));
    }
}

#[tokio::test]
async fn a_token_ends_at_its_time() {
    let app = TestTracker::new().await;
    let (ada, _) = register(&app, "Ada").await;
    let json = json!({
        "name": "trip", "abilities": ["*"], "expires_at": "2026-11-23T10:00:00+02:00",
    });
    let (token, secret) = try_make(&app, ada.id, json).await.unwrap();
    assert_eq!(
        token.expires_at,
        Some("2026-11-23T08:00:00Z".parse().unwrap())
    );
    advance(&app, 59);
    authenticate(&app, &secret).await.unwrap();
    advance(&app, 1);
    assert!(is_dead(&app, &secret).await);
    assert_eq!(
        list(&app, ada.id).await.unwrap().data.len(),
        1,
        "its owner still sees it"
    );
}

#[tokio::test]
async fn tokens_are_revoked_by_their_person_only_and_at_once() {
    let app = TestTracker::new().await;
    let (ada, _) = register(&app, "Ada").await;
    let (bob, _) = register(&app, "Bob").await;
    let (first, first_secret) = make(&app, ada.id, &["*"]).await;
    let (second, second_secret) = make(&app, ada.id, &["*"]).await;
    let (_, bobs) = make(&app, bob.id, &["*"]).await;
    assert!(matches!(
        revoke(&app, bob.id, first.id).await,
        Err(Error::NotFound("token"))
    ));
    assert!(get(&app, bob.id, first.id).await.is_err());
    revoke(&app, ada.id, first.id).await.unwrap();
    assert!(is_dead(&app, &first_secret).await);
    authenticate(&app, &second_secret).await.unwrap();
    assert_eq!(get(&app, ada.id, second.id).await.unwrap().id, second.id);
    let before = version(&app, ada.id).await;
    revoke_all(&app, ada.id).await.unwrap();
    assert!(version(&app, ada.id).await > before);
    assert!(is_dead(&app, &second_secret).await);
    authenticate(&app, &bobs).await.unwrap();
}

#[tokio::test]
async fn the_last_use_is_shown_at_once_and_written_later() {
    let app = TestTracker::new().await;
    let (ada, _) = register(&app, "Ada").await;
    let (token, secret) = make(&app, ada.id, &["*"]).await;
    authenticate(&app, &secret).await.unwrap();
    assert_eq!(
        get(&app, ada.id, token.id).await.unwrap().last_used_at,
        Some(now(&app))
    );
    let first_use = now(&app);
    assert_eq!(flush_seen(&app).await.unwrap(), 1);
    app.clock.advance(jiff::SignedDuration::from_secs(30));
    authenticate(&app, &secret).await.unwrap();
    assert_eq!(flush_seen(&app).await.unwrap(), 0);
    assert_eq!(
        get(&app, ada.id, token.id).await.unwrap().last_used_at,
        Some(first_use)
    );
}

#[tokio::test]
async fn a_new_password_leaves_tokens_alone() {
    let app = TestTracker::new().await;
    let (ada, session) = confirmed(&app, "Ada").await;
    let (_, secret) = make(&app, ada.id, &["*"]).await;
    let json = json!({ "password": OTHER_PASSWORD, "current_password": PASSWORD });
    change(&app, &session, json).await.unwrap();
    authenticate(&app, &secret).await.unwrap();
}

#[tokio::test]
async fn wrong_tokens_are_refused_field_by_field() {
    let app = TestTracker::new().await;
    let (ada, _) = register(&app, "Ada").await;
    let past = "2026-11-23T07:00:00Z";
    for (json, field, code) in [
        (json!({ "abilities": ["*"] }), "name", "required"),
        (
            json!({ "name": " ", "abilities": ["*"] }),
            "name",
            "too_short",
        ),
        (
            json!({ "name": "n", "abilities": [] }),
            "abilities",
            "too_short",
        ),
        (
            json!({ "name": "n", "abilities": ["admin"] }),
            "abilities",
            "unknown_value",
        ),
        (
            json!({ "name": "n", "abilities": "*" }),
            "abilities",
            "invalid_type",
        ),
        (
            json!({ "name": "n", "abilities": ["*"], "expires_at": past }),
            "expires_at",
            "in_the_past",
        ),
        (
            json!({ "name": "n", "abilities": ["*"], "expires_at": "2027" }),
            "expires_at",
            "invalid",
        ),
        (
            json!({ "name": "n", "abilities": ["*"], "expires_at": 7 }),
            "expires_at",
            "invalid_type",
        ),
    ] {
        let answer = try_make(&app, ada.id, json.clone()).await;
        assert_eq!(wrong(answer), (field.to_owned(), code), "{json}");
    }
    for _ in 0..100 {
        make(&app, ada.id, &["*"]).await;
    }
    let more = try_make(&app, ada.id, json!({ "name": "n", "abilities": ["*"] })).await;
    assert_eq!(wrong(more), ("name".into(), "too_many"));
}

/// Lets the daily look at tokens and what comes of it happen, and answers whom was written to and of what.
async fn told(app: &TestTracker) -> Vec<(String, String)> {
    tell_of_ends(app).await.unwrap();
    app.run_jobs().await;
    let mails = app.mails.take_mails().into_iter();
    mails.map(|mail| (mail.to_email, mail.subject)).collect()
}

#[tokio::test]
async fn people_are_told_once_that_a_token_ends_within_a_week() {
    let app = TestTracker::new().await;
    let (ada, _) = confirmed(&app, "Ada").await;
    for (name, days) in [("backup", 30), ("short", 13), ("cron", 60)] {
        let ends = now(&app) + jiff::SignedDuration::from_hours(days * 24);
        let new = json!({ "name": name, "abilities": ["tasks:read"], "expires_at": ends });
        try_make(&app, ada.id, new).await.unwrap();
    }
    make(&app, ada.id, &["tasks:read"]).await;
    advance(&app, 7 * 1440);
    assert!(
        told(&app).await.is_empty(),
        "whoever makes a token for so short a time knows"
    );
    advance(&app, 16 * 1440 - 1);
    assert!(told(&app).await.is_empty(), "a minute too early");
    advance(&app, 1);
    let mail = (
        "ada@example.org".to_owned(),
        "Your API token “backup” ends soon".to_owned(),
    );
    assert_eq!(told(&app).await, [mail]);
    assert!(told(&app).await.is_empty(), "once");
}

#[tokio::test]
async fn nobody_is_told_of_a_token_that_was_revoked() {
    let app = TestTracker::new().await;
    let (ada, _) = confirmed(&app, "Ada").await;
    let ends = now(&app) + jiff::SignedDuration::from_hours(30 * 24);
    let new = json!({ "name": "cron", "abilities": ["tasks:read"], "expires_at": ends });
    let (token, _) = try_make(&app, ada.id, new).await.unwrap();
    advance(&app, 24 * 1440);
    let _ = app.mails.take_mails();
    tell_of_ends(&app).await.unwrap();
    revoke(&app, ada.id, token.id).await.unwrap();
    app.run_jobs().await;
    assert!(app.mails.take_mails().is_empty());
}
