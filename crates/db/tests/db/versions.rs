use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use duly_db::testing::TestDatabase;
use duly_db::versions::{Kind, MIGRATIONS, Raised, Watcher, current, raise, start};
use duly_db::{Db, Engine, Error, Row, query};
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

/// The numbers of visible data and of what the owner may do.
async fn numbers(db: &Db, owner: Uuid) -> [i64; 2] {
    let row = row_of(db, owner).await;
    ["data", "auth"].map(|column| row.get(column).unwrap())
}

async fn changed(db: &Db, owner: Uuid) -> i64 {
    row_of(db, owner).await.get("changed").unwrap()
}

async fn row_of(db: &Db, owner: Uuid) -> Row {
    let statement = query("SELECT data, auth, changed FROM versions WHERE owner_id = ?1");
    let row = db.read_fresh().optional_row(statement.bind(owner)).await;
    row.unwrap().unwrap()
}

async fn raise_once(db: &Db, owner: Uuid, kind: Kind) {
    let mut tx = db.begin();
    raise(&mut tx, owner, kind);
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn each_owner_counts_alone_and_changes_count_together() {
    let db = with_owners().await;
    let both = async || (numbers(&db, ANNA).await, numbers(&db, BEN).await);
    assert_eq!(both().await, ([1, 1], [1, 1]));
    raise_once(&db, ANNA, Kind::Data).await;
    assert_eq!(both().await, ([2, 1], [1, 1]));
    assert!(changed(&db, ANNA).await > changed(&db, BEN).await);
    raise_once(&db, BEN, Kind::Auth).await;
    assert_eq!(both().await, ([2, 1], [2, 2]));
    assert!(changed(&db, BEN).await > changed(&db, ANNA).await);
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
    assert!(error.is_unique("versions_pkey"), "{error:?}");
}

#[tokio::test]
async fn what_was_rolled_back_was_not_raised() {
    let db = with_owners().await;
    let mut tx = db.begin();
    raise(&mut tx, ANNA, Kind::Data);
    assert_eq!(current(&mut tx, ANNA).await.unwrap().unwrap().number(), 2);
    drop(tx);
    raise_once(&db, BEN, Kind::Data).await;
    assert_eq!(numbers(&db, ANNA).await, [1, 1]);
    assert_eq!(numbers(&db, BEN).await, [2, 1]);
}

/// Two owners who change something all the time: each sees its own numbers grow by one, and what
/// the table is tailed by never falls.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_grow_with_every_commit() {
    let db = with_owners().await;
    let writers: Vec<_> = [ANNA, BEN]
        .into_iter()
        .map(|owner| {
            let db = (*db).clone();
            tokio::spawn(async move {
                let mut last = changed(&db, owner).await;
                let mut all = BTreeSet::new();
                for data in 2..=100_i64 {
                    raise_once(&db, owner, Kind::Data).await;
                    assert_eq!(numbers(&db, owner).await, [data, 1]);
                    let now = changed(&db, owner).await;
                    assert!(now > last, "{now} after {last}");
                    last = now;
                    all.insert(now);
                }
                all
            })
        })
        .collect();
    let mut all = BTreeSet::new();
    for writer in writers {
        all.extend(writer.await.unwrap());
    }
    if db.engine() == Engine::Sqlite {
        assert_eq!(all, (3..=200).collect(), "one number for each commit");
    }
}

/// Whoever raises the same owner's numbers at once waits, and none of them is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_raised_at_once_are_all_counted() {
    let db = with_owners().await;
    let writers: Vec<_> = (0..3)
        .map(|_| {
            let db = (*db).clone();
            tokio::spawn(async move {
                let (mut raised, mut refused) = (0, 0);
                while raised < 30 {
                    let mut tx = db.begin();
                    raise(&mut tx, ANNA, Kind::Data);
                    match tx.commit().await {
                        Ok(()) => raised += 1,
                        Err(error) if error.is_conflict() => refused += 1,
                        Err(error) => panic!("{error}"),
                    }
                }
                refused
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(numbers(&db, ANNA).await, [91, 1]);
}

#[derive(Debug)]
struct Witness {
    name: &'static str,
    told: Arc<Mutex<Vec<(&'static str, Uuid)>>>,
}

#[async_trait::async_trait]
impl Watcher for Witness {
    async fn committed(&self, raised: &[Raised]) {
        let told = raised.iter().map(|raised| (self.name, raised.owner));
        self.told.lock().unwrap().extend(told);
    }
}

/// The cache has to know before those who ask it anew.
#[tokio::test]
async fn all_who_watch_are_told_in_the_order_in_which_they_came() {
    let db = with_owners().await;
    let told: Arc<Mutex<Vec<_>>> = Arc::default();
    for name in ["first", "second"] {
        let told = told.clone();
        db.tell(Arc::new(Witness { name, told }));
    }
    let mut tx = db.begin();
    raise(&mut tx, ANNA, Kind::Data);
    tx.commit().await.unwrap();
    assert_eq!(*told.lock().unwrap(), [("first", ANNA), ("second", ANNA)]);
}
