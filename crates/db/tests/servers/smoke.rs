//! A little of everything a connection has to be able to do.

use std::collections::BTreeSet;
use std::time::Duration;

use duly_db::migrate::{self, Mode};
use duly_db::{Db, Error, Query, query, versions};
use jiff::Timestamp;
use tokio::task::JoinSet;
use uuid::Uuid;

/// More texts than a connection keeps prepared.
const TEXTS: i64 = 300;

const CALLERS: i64 = 300;

fn insert(id: i64) -> Query {
    query("INSERT INTO notes (id, text) VALUES (?1, ?2)")
        .bind(id)
        .bind(format!("Note {id}"))
}

/// Goes through all of it on an empty database.
pub(crate) async fn works(db: &Db) {
    migrate::run(
        db,
        &[versions::MIGRATIONS],
        Timestamp::UNIX_EPOCH,
        Mode::Apply,
    )
    .await
    .unwrap();
    let mut tx = db.begin();
    tx.execute(query(
        "CREATE TABLE notes (id BIGINT PRIMARY KEY, text VARCHAR(100) NOT NULL)",
    ))
    .await
    .unwrap();
    tx.commit().await.unwrap();
    transactions(db).await;
    prepared_statements(db).await;
    raised_versions(db).await;
    callers_who_go_away(db).await;
}

async fn transactions(db: &Db) {
    let mut tx = db.begin();
    tx.execute(insert(-1)).await.unwrap();
    assert_eq!(count(db).await, 0, "nobody else sees it yet");
    drop(tx);
    let mut tx = db.begin();
    tx.execute(insert(-1)).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = db.begin();
    let again = tx.execute(insert(-1)).await;
    assert!(matches!(again, Err(Error::Unique { .. })), "{again:?}");
    drop(tx);
    assert_eq!(count(db).await, 1);
}

/// Many different statements at once, each of which says which one it is.
async fn prepared_statements(db: &Db) {
    let mut callers = JoinSet::new();
    for caller in 0..8 {
        let db = db.clone();
        callers.spawn(async move {
            for number in 0..TEXTS {
                let number = (number * (caller + 1)) % TEXTS;
                let asked = query(format!("SELECT {number} AS text, ?1 + {number} AS sum"));
                let rows = db.read_fresh().rows(asked.bind(caller)).await.unwrap();
                assert_eq!(rows[0].get::<i64>("text").unwrap(), number);
                assert_eq!(rows[0].get::<i64>("sum").unwrap(), number + caller);
            }
        });
    }
    while let Some(joined) = callers.join_next().await {
        joined.unwrap();
    }
}

async fn raised_versions(db: &Db) {
    let owner = Uuid::from_u128(7);
    let mut tx = db.begin();
    versions::start(&mut tx, owner).await.unwrap();
    tx.commit().await.unwrap();
    let current = async || {
        let version = versions::current(&mut db.read_fresh(), owner).await;
        version.unwrap().unwrap()
    };
    let first = current().await;
    let mut tx = db.begin();
    tx.execute(insert(-2)).await.unwrap();
    versions::raise(&mut tx, owner, versions::Kind::Data);
    tx.commit().await.unwrap();
    let second = current().await;
    assert!(second > first, "{first:?} {second:?}");
    let row = db.read(owner, second).optional_row(find(-2)).await;
    assert!(row.unwrap().is_some(), "whoever names the version sees it");
}

fn find(id: i64) -> Query {
    query("SELECT text FROM notes WHERE id = ?1").bind(id)
}

/// Callers are gone at any moment of a transaction; what was acknowledged is there, and nothing by
/// half.
async fn callers_who_go_away(db: &Db) {
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let db = db.clone();
        callers.spawn(async move {
            let id = caller * 2;
            let pair = async {
                let mut tx = db.begin();
                tx.execute(insert(id)).await?;
                tx.execute(insert(id + 1)).await?;
                tx.commit().await?;
                Ok::<_, Error>(id)
            };
            // Every other one stays.
            let patience = match caller % 2 {
                0 => Duration::from_micros(u64::try_from(caller * 20).unwrap()),
                _ => Duration::from_secs(60),
            };
            tokio::time::timeout(patience, pair).await.ok()
        });
    }
    let mut acknowledged = BTreeSet::new();
    while let Some(joined) = callers.join_next().await {
        acknowledged.extend(joined.unwrap().transpose().unwrap());
    }
    assert!(acknowledged.len() >= usize::try_from(CALLERS / 2).unwrap());
    // Waits for the statements that are still seen through.
    let rows = db
        .read_fresh()
        .rows(query("SELECT id FROM notes WHERE id >= 0"))
        .await;
    let rows = rows.unwrap();
    let found: BTreeSet<i64> = rows.iter().map(|row| row.get("id").unwrap()).collect();
    for id in acknowledged {
        assert!(found.contains(&id), "{id} was acknowledged and is lost");
    }
    for id in found {
        let row = db.read_fresh().optional_row(find(id ^ 1)).await.unwrap();
        assert!(row.is_some(), "{id} is there by half");
    }
}

async fn count(db: &Db) -> i64 {
    let rows = db
        .read_fresh()
        .rows(query("SELECT COUNT(*) AS total FROM notes"))
        .await;
    rows.unwrap()[0].get("total").unwrap()
}
