use std::collections::BTreeSet;

use duly_db::testing::TestDatabase;
use duly_db::versions::{Kind, MIGRATIONS, current, raise, start};
use duly_db::{Db, Error, query};
use uuid::Uuid;

const ANNA: Uuid = Uuid::from_u128(1);
const BEN: Uuid = Uuid::from_u128(2);

async fn with_owners() -> TestDatabase {
    let db = TestDatabase::new(&[MIGRATIONS]).await;
    let mut tx = db.begin();
    start(&mut tx, ANNA).await.unwrap();
    start(&mut tx, BEN).await.unwrap();
    tx.commit().await.unwrap();
    db
}

async fn row_of(db: &Db, owner: Uuid) -> [i64; 3] {
    let statement = query("SELECT data, auth, changed FROM versions WHERE owner_id = ?1");
    let row = db
        .read_fresh()
        .optional_row(statement.bind(owner))
        .await
        .unwrap()
        .unwrap();
    ["data", "auth", "changed"].map(|column| row.get(column).unwrap())
}

async fn raise_once(db: &Db, owner: Uuid, kind: Kind) {
    let mut tx = db.begin();
    raise(&mut tx, owner, kind);
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn each_owner_counts_alone_and_changes_count_together() {
    let db = with_owners().await;
    assert_eq!(
        (row_of(&db, ANNA).await, row_of(&db, BEN).await),
        ([1, 1, 1], [1, 1, 2])
    );
    raise_once(&db, ANNA, Kind::Data).await;
    assert_eq!(
        (row_of(&db, ANNA).await, row_of(&db, BEN).await),
        ([2, 1, 3], [1, 1, 2])
    );
    raise_once(&db, BEN, Kind::Auth).await;
    assert_eq!(
        (row_of(&db, ANNA).await, row_of(&db, BEN).await),
        ([2, 1, 3], [2, 2, 4])
    );
    let version = current(&mut db.read_fresh(), ANNA).await.unwrap().unwrap();
    assert_eq!(version.number(), 2);
}

#[tokio::test]
async fn an_unknown_owner_has_no_version() {
    let db = with_owners().await;
    let stranger = Uuid::from_u128(9);
    assert_eq!(current(&mut db.read_fresh(), stranger).await.unwrap(), None);
    let mut tx = db.begin();
    raise(&mut tx, stranger, Kind::Data);
    let error = tx.commit().await.unwrap_err();
    assert!(matches!(error, Error::Other(_)), "{error:?}");
}

#[tokio::test]
async fn an_owner_starts_once() {
    let db = with_owners().await;
    let mut tx = db.begin();
    let error = start(&mut tx, ANNA).await.unwrap_err();
    assert!(error.is_unique("versions_owner_id_key"), "{error:?}");
}

#[tokio::test]
async fn what_was_rolled_back_was_not_raised() {
    let db = with_owners().await;
    let mut tx = db.begin();
    raise(&mut tx, ANNA, Kind::Data);
    drop(tx);
    raise_once(&db, BEN, Kind::Data).await;
    assert_eq!(
        (row_of(&db, ANNA).await, row_of(&db, BEN).await),
        ([1, 1, 1], [2, 1, 3])
    );
}

/// Whoever tails the table by `changed` sees every commit: each has a number of its own, larger
/// than all that could be seen before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changed_grows_with_every_commit() {
    let db = with_owners().await;
    let writers: Vec<_> = [ANNA, BEN]
        .into_iter()
        .map(|owner| {
            let db = (*db).clone();
            tokio::spawn(async move {
                let mut numbers = BTreeSet::new();
                for _ in 0..200 {
                    let mut tx = db.begin();
                    raise(&mut tx, owner, Kind::Data);
                    let statement =
                        query("SELECT changed FROM versions WHERE owner_id = ?1").bind(owner);
                    let row = tx.optional_row(statement).await.unwrap().unwrap();
                    tx.commit().await.unwrap();
                    let number: i64 = row.get("changed").unwrap();
                    assert!(numbers.last().is_none_or(|last| *last < number));
                    numbers.insert(number);
                }
                numbers
            })
        })
        .collect();
    let mut all = BTreeSet::new();
    for writer in writers {
        all.extend(writer.await.unwrap());
    }
    assert_eq!(all, (3..=402).collect());
}
