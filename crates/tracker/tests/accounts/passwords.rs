//! Which passwords are accepted, and how they are kept.

use duly_db::query;
use duly_tracker::testing::TestTracker;
use duly_tracker::users::password::{HashCost, Password, PasswordHasher, Verdict};
use duly_tracker::users::{Email, PasswordRules, PersonName};
use duly_tracker::{Error, Tracker, UserId};
use tokio::task::JoinSet;

use crate::{PASSWORD, client, home, register, text, try_log_in};

fn check(password: &str) -> &'static str {
    let (name, email): (PersonName, Email) = (
        text("Ada Lovelace Byron"),
        text("countess.of.lovelace@example.org"),
    );
    let rules = PasswordRules::default();
    rules
        .check(&text(password), &name, &email)
        .map_or_else(|wrong| wrong.code, |()| "accepted")
}

#[test]
fn length_is_what_counts() {
    for password in [
        PASSWORD,
        "lowercaseonlyok",
        "               .",
        "пароль из пятнадцати букв",
        "十五文字以上の長い合言葉ですよね",
        "👩‍🚀👨‍🌾🧙🐢🦊🐙🌵🍉🚲🎻🧩🛶🗿",
        "tab\tand\0nul are characters too",
        &"long enough to be a whole sentence ".repeat(7),
    ] {
        assert_eq!(check(password), "accepted", "{password}");
    }
    assert_eq!(check("fourteen chars"), "too_short");
    assert_eq!(check("fifteen chars.."), "accepted");
    let long = |length| <Password as duly_tracker::input::FromText>::from_text(&"ä".repeat(length));
    assert!(long(256).is_ok());
    assert_eq!(long(257).unwrap_err().code, "too_long");
    assert_eq!(long(0).unwrap_err().code, "required");
}

#[test]
fn what_a_guesser_tries_first_is_refused() {
    for password in [
        "passwordpassword",
        "PasswordPassword",
        "monkeymonkeymonkey",
        "123456789012345",
        "1234567890123456789",
        "aaaaaaaaaaaaaaaa",
        "abababababababab",
        "abcdefghijklmnop",
        "ponmlkjihgfedcba",
        "dulydulydulydulyduly",
        "countess.of.lovelace@example.org",
        "COUNTESS.OF.LOVELACE",
        "Ada Lovelace Byron",
        "\u{ff50}assword\u{ff50}assword",
    ] {
        assert_eq!(check(password), "too_common", "{password}");
    }
    let short = PasswordRules { minimum_length: 8 };
    let (name, email) = (text("Ada"), text("ada@example.org"));
    let code = |password: &str| {
        short
            .check(&text(password), &name, &email)
            .unwrap_err()
            .code
    };
    assert_eq!(code("iloveyou"), "too_common");
    assert_eq!(code("Football1"), "too_common");
}

#[tokio::test]
async fn a_password_is_the_same_on_every_keyboard_and_never_cut() {
    let app = TestTracker::new().await;
    let start = "x y".repeat(30);
    let json = |email: &str, password: &str| serde_json::json!({ "name": "Ada", "email": email, "password": password });
    let written = format!("{start} e\u{301} \u{fb01}n");
    crate::register_with(&app, json("ada@example.org", &written))
        .await
        .unwrap();
    let typed = format!("{start} \u{e9} fin");
    try_log_in(&app, "ada@example.org", &typed, home())
        .await
        .unwrap();
    for other in [
        format!("{start} \u{e9} fiN"),
        format!("{start} \u{e9} fi"),
        start,
    ] {
        let refused = try_log_in(&app, "ada@example.org", &other, home()).await;
        assert!(matches!(refused, Err(Error::WrongCredentials)), "{other}");
    }
}

async fn stored(tracker: &Tracker, user: UserId) -> String {
    let select = query("SELECT password_hash FROM users WHERE id = ?1").bind(user);
    let row = tracker
        .db
        .read_fresh()
        .optional_row(select)
        .await
        .unwrap()
        .unwrap();
    row.get("password_hash").unwrap()
}

#[tokio::test]
async fn the_default_cost_is_what_owasp_asks_for_and_less_is_refused() {
    let cost = HashCost::new(HashCost::LEAST_MEMORY_KIB, HashCost::LEAST_PASSES).unwrap();
    let hasher = PasswordHasher::new(cost, 1);
    let random = duly_db::random::SeededRandom::new(1);
    let hash = hasher.hash(random.as_ref(), &text(PASSWORD)).await.unwrap();
    assert!(
        hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{hash}"
    );
    let again = hasher.hash(random.as_ref(), &text(PASSWORD)).await.unwrap();
    assert_ne!(hash, again, "each hash has its own salt");
    assert_eq!(
        hasher.verify(&text(PASSWORD), Some(hash)).await.unwrap(),
        Verdict::Right
    );
    assert!(HashCost::new(19_455, 2).is_err());
    assert!(HashCost::new(19_456, 1).is_err());
    assert!(HashCost::new(u32::MAX, u32::MAX).is_ok());
}

#[tokio::test]
async fn a_hash_that_has_become_too_cheap_is_replaced_at_log_in() {
    let app = TestTracker::new().await;
    let (ada, _) = register(&app, "Ada").await;
    let weak = stored(&app, ada.id).await;
    let mut stricter = (*app).clone();
    stricter.hasher = PasswordHasher::new(HashCost::cheap(3), 1);
    let wrong = try_log_in(&stricter, "ada@example.org", "not my password", home()).await;
    assert!(wrong.is_err());
    assert_eq!(stored(&app, ada.id).await, weak);
    try_log_in(&stricter, "ada@example.org", PASSWORD, home())
        .await
        .unwrap();
    let strong = stored(&app, ada.id).await;
    assert!(strong.contains("t=3"), "{strong}");
    let runs = stricter.hasher.runs();
    try_log_in(&stricter, "ada@example.org", PASSWORD, home())
        .await
        .unwrap();
    assert_eq!(stricter.hasher.runs(), runs + 1);
    assert_eq!(stored(&app, ada.id).await, strong);
    // A setting that is lowered again does not weaken anybody.
    try_log_in(&app, "ada@example.org", PASSWORD, home())
        .await
        .unwrap();
    assert_eq!(stored(&app, ada.id).await, strong);
}

#[tokio::test]
async fn the_work_and_the_answer_do_not_tell_who_has_an_account() {
    let app = TestTracker::new().await;
    register(&app, "Ada").await;
    let mut costs = Vec::new();
    for email in ["ada@example.org", "nobody@example.org"] {
        let (runs, before) = (app.hasher.runs(), app.db.counters());
        let refused = try_log_in(&app, email, "not my password", client("192.0.2.7")).await;
        assert!(matches!(refused, Err(Error::WrongCredentials)));
        let after = app.db.counters();
        costs.push((
            app.hasher.runs() - runs,
            after.statements - before.statements,
            after.transactions - before.transactions,
        ));
    }
    assert_eq!(costs, [(1, 1, 0), (1, 1, 0)]);
}

#[tokio::test]
async fn the_queue_for_hashing_is_bounded() {
    // Far longer than it takes to ask sixty times.
    let hasher = PasswordHasher::new(HashCost::cheap(50_000), 1);
    let mut asking = JoinSet::new();
    for _ in 0..60 {
        let hasher = hasher.clone();
        asking.spawn(async move { hasher.verify(&text(PASSWORD), None).await });
    }
    // One runs, fifty wait, nine are sent away.
    for _ in 0..9 {
        let answer = asking.join_next().await.unwrap().unwrap();
        assert!(matches!(answer, Err(Error::Unavailable(_))));
    }
    asking.shutdown().await;
    // Who went away has made room, and is not worked for.
    let next = hasher.verify(&text(PASSWORD), None).await.unwrap();
    assert_eq!(next, Verdict::Wrong);
    assert_eq!(hasher.runs(), 2);
}
