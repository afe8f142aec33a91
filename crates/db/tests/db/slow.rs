//! What is noted of slow statements, and how they are explained.

use std::time::{Duration, Instant};

use duly_db::caller::with_request;
use duly_db::testing::TestDatabase;
use duly_db::{Db, Durability, Location, Options, SlowSample, placeholders, query, versions};
use uuid::Uuid;

/// A database that takes every statement for slow.
async fn database() -> TestDatabase {
    TestDatabase::with(&[versions::MIGRATIONS], |options| {
        options.slow_query = Duration::ZERO;
    })
    .await
}

fn noted(db: &Db, text: &str) -> Option<SlowSample> {
    let slow = db.slow_queries().data;
    let entry = slow.into_iter().find(|entry| entry.text == text)?;
    Some(entry.worst)
}

#[tokio::test]
async fn every_way_to_run_a_statement_is_observed_with_who_asked() {
    let db = database().await;
    let owner = Uuid::from_u128(42);
    let request = Uuid::from_u128(7);
    with_request(request, async {
        let mut tx = db.begin();
        versions::start(&mut tx, owner).await.unwrap();
        tx.execute(query("UPDATE versions SET auth = 5 WHERE owner_id = ?1").bind(owner))
            .await
            .unwrap();
        tx.defer(query("UPDATE versions SET auth = 6 WHERE owner_id = ?1").bind(owner));
        tx.commit().await.unwrap();
        let by_owner = || query("SELECT data FROM versions WHERE owner_id = ?1").bind(owner);
        db.read_fresh().rows(by_owner().brief()).await.unwrap();
        let all = query("SELECT auth FROM versions");
        db.read_fresh().rows(all).await.unwrap();
        let both = vec![query("SELECT owner_id FROM versions"), by_owner()];
        db.read_fresh().snapshot(both).await.unwrap();
    })
    .await;
    for (text, rows) in [
        ("UPDATE versions SET auth = 5 WHERE owner_id = ?", 1),
        ("UPDATE versions SET auth = 6 WHERE owner_id = ?", 1),
        ("SELECT data FROM versions WHERE owner_id = ?", 1),
        ("SELECT auth FROM versions", 1),
        ("SELECT owner_id FROM versions", 1),
    ] {
        let sample = noted(&db, text).unwrap_or_else(|| panic!("{text} was not noted"));
        assert_eq!(sample.request_id, Some(request), "{text}");
        assert!(sample.caller.contains("tests/db/slow.rs:"), "{sample:?}");
        assert_eq!((sample.rows, sample.values), (rows, None), "{text}");
        assert_eq!(sample.target, "primary");
        assert_eq!(sample.engine, db.engine());
    }
}

#[tokio::test]
async fn what_fails_is_observed_too() {
    let db = database().await;
    let text = "SELECT nothing FROM versions";
    let failed = db.read_fresh().rows(query(text)).await;
    assert!(failed.is_err());
    assert_eq!(noted(&db, text).map(|sample| sample.rows), Some(0));
}

#[tokio::test]
async fn waiting_for_a_turn_is_told_apart_from_taking_long() {
    let whole = database().await;
    let mut options = Options::at(Location::parse(whole.url(), &[]).unwrap());
    options.slow_query = Duration::ZERO;
    options.connections = 1;
    options.durability = Durability::None;
    let db = Db::open(options).await.unwrap();
    let held = Duration::from_millis(50);
    let (mut first, mut second) = (db.begin(), db.begin());
    first
        .rows(query("SELECT data FROM versions"))
        .await
        .unwrap();
    let holding = async {
        let since = Instant::now();
        while since.elapsed() < held {
            first
                .rows(query("SELECT data FROM versions"))
                .await
                .unwrap();
        }
        drop(first);
    };
    let text = "SELECT auth FROM versions";
    let (answered, ()) = tokio::join!(second.rows(query(text)), holding);
    answered.unwrap();
    let sample = noted(&db, text).unwrap();
    assert!(sample.pool_wait_us >= 50_000, "{sample:?}");
    assert!(sample.duration_us < sample.pool_wait_us, "{sample:?}");
    second
        .rows(query("SELECT changed FROM versions"))
        .await
        .unwrap();
    let sample = noted(&db, "SELECT changed FROM versions").unwrap();
    assert_eq!(sample.pool_wait_us, 0, "it had its turn already");
}

#[tokio::test]
async fn the_worst_of_a_text_is_explained_and_not_run() {
    let db = database().await;
    let owner = Uuid::from_u128(42);
    let mut tx = db.begin();
    versions::start(&mut tx, owner).await.unwrap();
    let list = placeholders(2, 3);
    let many = query(format!(
        "SELECT auth FROM versions WHERE data > ?1 AND owner_id IN ({list})"
    ));
    let many = many.bind(0_i64).bind_all([owner; 3]);
    tx.rows(many).await.unwrap();
    let all = query("DELETE FROM versions WHERE owner_id = ?1").bind(Uuid::from_u128(1));
    tx.execute(all).await.unwrap();
    tx.commit().await.unwrap();
    let slow = db.slow_queries().data;
    for part in ["IN (…)", "DELETE FROM versions"] {
        let entry = slow.iter().find(|entry| entry.text.contains(part)).unwrap();
        let plan = db.explain_worst(&entry.id).await.unwrap().unwrap();
        assert!(plan.contains("versions"), "{part}: {plan}");
        assert!(!plan.contains(&owner.to_string()), "{plan}");
        // A second time, too: nothing that has a name was left behind.
        assert_eq!(db.explain_worst(&entry.id).await.unwrap(), Some(plan));
    }
    let left = query("SELECT data FROM versions");
    assert_eq!(db.read_fresh().rows(left).await.unwrap().len(), 1);
    assert_eq!(db.explain_worst("unknown").await.unwrap(), None);
}

#[tokio::test]
async fn what_is_quick_is_not_noted() {
    let db = TestDatabase::with(&[versions::MIGRATIONS], |options| {
        options.slow_query = Duration::from_secs(3600);
    })
    .await;
    db.read_fresh()
        .rows(query("SELECT data FROM versions"))
        .await
        .unwrap();
    assert_eq!(db.slow_queries().data, []);
    assert_eq!(db.slow_queries().recent, []);
}

#[tokio::test]
async fn the_status_says_what_answers() {
    let db = database().await;
    let owner = Uuid::from_u128(42);
    let mut tx = db.begin();
    versions::start(&mut tx, owner).await.unwrap();
    tx.commit().await.unwrap();
    let version = versions::current(&mut db.read_fresh(), owner).await;
    let version = version.unwrap().unwrap();
    let before = db.status();
    for _ in 0..3 {
        db.read(owner, version)
            .rows(query("SELECT data FROM versions"))
            .await
            .unwrap();
    }
    let status = db.status();
    assert_eq!(status.engine, db.engine());
    assert!(!status.version.is_empty());
    assert_eq!(status.reads.primary, before.reads.primary + 3);
    assert_eq!(status.pool.size, status.pool.idle + status.pool.in_use);
    assert!(status.pool.size <= status.pool.max);
}
