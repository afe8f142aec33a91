//! What reads and writes cost beside replicas, and which statements replicas answer.

use duly_db::{Counters, Db, Query, Version, query, versions};

use crate::fleet::{Fleet, REPLICAS, owner};
use crate::session::{Session, number_of};

/// What a piece of work costs in statements and round trips.
async fn cost(db: &Db, work: impl Future<Output = ()>) -> (u64, u64) {
    let count = |now: Counters| (now.statements, now.round_trips);
    let before = count(db.counters());
    work.await;
    let after = count(db.counters());
    (after.0 - before.0, after.1 - before.1)
}

fn none_of(number: u128) -> Query {
    query("SELECT number FROM notes WHERE owner_id = ?1 AND number < 0").bind(owner(number))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_cost_reads_and_writes_no_more_than_they_have_to() {
    let Some(fleet) = Fleet::start().await else {
        return;
    };
    let db = fleet.open().await;
    let version = Session::of(owner(0)).gate(&db).await.unwrap();
    reads_cost_one_round_trip(&fleet, &db, version).await;
    writes_cost_one_statement_more(&db).await;
    any_statement_can_be_answered(&db, version).await;
    what_replicas_do_not_know_yet_is_read_from_the_primary(&fleet, &db).await;
}

async fn reads_cost_one_round_trip(fleet: &Fleet, db: &Db, version: Version) {
    let reader = || db.read(owner(0), version);
    let list = cost(db, async {
        assert_eq!(reader().rows(number_of(owner(0))).await.unwrap().len(), 1);
    });
    assert_eq!(list.await, (1, 1));

    let empty = cost(db, async {
        assert!(reader().rows(none_of(0)).await.unwrap().is_empty());
    });
    // On MariaDB no row brings the version along, so it is asked for in a snapshot: with its
    // beginning and its end four round trips more.
    let expected = match fleet.is_postgres() {
        true => (1, 1),
        false => (3, 5),
    };
    assert_eq!(empty.await, expected);

    let both = cost(db, async {
        let queries = vec![number_of(owner(0)), none_of(0)];
        let answers = reader().snapshot(queries).await.unwrap();
        assert_eq!(answers.iter().map(Vec::len).collect::<Vec<_>>(), [1, 0]);
    });
    assert_eq!(
        both.await,
        (3, 5),
        "the version, two lists, beginning and end"
    );
    let reads = db.status().reads;
    assert_eq!((reads.replica, reads.primary), (3, 0), "all from replicas");
}

async fn writes_cost_one_statement_more(db: &Db) {
    let write = async |is_raised: bool| {
        let mut tx = db.begin();
        let change = query("UPDATE notes SET number = number + 1 WHERE owner_id = ?1");
        tx.execute(change.bind(owner(1))).await.unwrap();
        if is_raised {
            versions::raise(&mut tx, owner(1), versions::Kind::Data);
        }
        tx.commit().await.unwrap();
    };
    let plain = cost(db, write(false)).await;
    assert_eq!(plain, (1, 3), "the change, beginning and end");
    assert_eq!(cost(db, write(true)).await, (2, 4));
}

/// Which statements go to replicas must not depend on how they are written.
async fn any_statement_can_be_answered(db: &Db, version: Version) {
    let before = db.status().reads;
    for text in [
        "SELECT * FROM notes WHERE owner_id = ?1",
        "SELECT DISTINCT number FROM notes WHERE owner_id = ?1",
        "SELECT COUNT(*) AS number FROM notes WHERE owner_id = ?1",
        "SELECT number FROM notes WHERE owner_id = ?1 UNION ALL SELECT 2 AS number",
        "WITH mine AS (SELECT number FROM notes WHERE owner_id = ?1) SELECT number FROM mine",
    ] {
        let list = query(text).bind(owner(0));
        let rows = db.read(owner(0), version).rows(list).await.unwrap();
        assert_eq!(rows[0].get::<i64>("number").unwrap(), 1, "{text}");
    }
    let after = db.status().reads;
    let by_each = (
        after.replica - before.replica,
        after.primary - before.primary,
    );
    assert_eq!(by_each, (5, 0));
}

/// A migration reaches the replicas later than the nodes that have run it.
async fn what_replicas_do_not_know_yet_is_read_from_the_primary(fleet: &Fleet, db: &Db) {
    for replica in REPLICAS {
        fleet.hold(replica).await;
    }
    let mut tx = db.begin();
    let create = query("CREATE TABLE labels (name VARCHAR(20) PRIMARY KEY)");
    tx.execute(create).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = db.begin();
    let insert = query("INSERT INTO labels (name) VALUES ('urgent')");
    tx.execute(insert).await.unwrap();
    versions::raise(&mut tx, owner(0), versions::Kind::Data);
    tx.commit().await.unwrap();
    let version = Session::of(owner(0)).gate(db).await.unwrap();
    let list = query("SELECT name FROM labels");
    assert_eq!(
        db.read(owner(0), version).rows(list).await.unwrap().len(),
        1
    );
}
