//! What the dialect writes, tried on the engine it is written for.

use std::collections::BTreeSet;

use duly_db::dialect::{
    contains_pattern, for_update, for_update_of_free_rows, insert_or_add, insert_or_change,
    insert_or_keep, keyset_after,
};
use duly_db::migrate::{Migration, MigrationSet};
use duly_db::testing::TestDatabase;
use duly_db::{Db, Engine, Error, query};
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use tokio::sync::oneshot;
use uuid::Uuid;

const CHORES: MigrationSet = MigrationSet {
    owner: "test",
    migrations: &[Migration {
        name: "0001_chores",
        sqlite: "CREATE TABLE rooms (id INTEGER PRIMARY KEY NOT NULL) STRICT;\n\
                 CREATE TABLE chores (id BLOB PRIMARY KEY NOT NULL, due TEXT NOT NULL, \
                 minute INTEGER NOT NULL, name TEXT NOT NULL CHECK (length(name) <= 20), \
                 taken INTEGER NOT NULL, room INTEGER REFERENCES rooms (id)) STRICT;\n",
        postgres: "CREATE TABLE rooms (id bigint PRIMARY KEY);\n\
                 CREATE TABLE chores (id uuid PRIMARY KEY, due date NOT NULL, \
                 minute bigint NOT NULL, name text COLLATE \"C\" NOT NULL CHECK (length(name) <= 20), \
                 taken boolean NOT NULL, room bigint REFERENCES rooms (id));\n",
        mysql: "CREATE TABLE rooms (id BIGINT PRIMARY KEY) ENGINE = InnoDB;\n\
                 CREATE TABLE chores (id BINARY(16) PRIMARY KEY, due DATE NOT NULL, \
                 minute BIGINT NOT NULL, name VARCHAR(20) NOT NULL, taken BOOLEAN NOT NULL, \
                 room BIGINT, FOREIGN KEY (room) REFERENCES rooms (id)) ENGINE = InnoDB \
                 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;\n",
    }],
};

const INSERT: &str =
    "INSERT INTO chores (id, due, minute, name, taken) VALUES (?1, '2026-11-24', ?2, ?3, FALSE)";

fn chore(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// Chores 1 to `count`, all at minute 0.
async fn chores(count: u128) -> TestDatabase {
    let db = TestDatabase::new(&[CHORES]).await;
    let mut tx = db.begin();
    for number in 1..=count {
        let insert = query(INSERT).bind(chore(number)).bind(0_i64);
        tx.execute(insert.bind(format!("chore {number}")))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    db
}

async fn minutes_and_names(db: &Db) -> Vec<(i64, String)> {
    let all = query("SELECT minute, name FROM chores ORDER BY id");
    let rows = db.read_fresh().rows(all).await.unwrap();
    rows.iter()
        .map(|row| (row.get("minute").unwrap(), row.get("name").unwrap()))
        .collect()
}

#[tokio::test]
async fn a_row_that_is_there_is_kept_and_the_transaction_goes_on() {
    let db = chores(1).await;
    let keep = |id, name: &str| {
        let insert = insert_or_keep(db.engine(), INSERT);
        insert.bind(chore(id)).bind(7_i64).bind(name)
    };
    let mut tx = db.begin();
    assert_eq!(tx.execute(keep(1, "again")).await.unwrap(), 0);
    assert_eq!(tx.execute(keep(2, "new")).await.unwrap(), 1);
    tx.defer(keep(1, "later"));
    tx.defer(keep(3, "newer"));
    tx.commit().await.unwrap();
    let found = [(0, "chore 1"), (7, "new"), (7, "newer")];
    assert_eq!(
        minutes_and_names(&db).await,
        found.map(|(minute, name)| (minute, name.to_owned()))
    );
}

/// Only a duplicate is kept silent about.
#[tokio::test]
async fn what_is_no_duplicate_is_still_refused() {
    let db = chores(0).await;
    let too_long = insert_or_keep(db.engine(), INSERT);
    let too_long = too_long.bind(chore(1)).bind(0_i64).bind("x".repeat(21));
    let mut tx = db.begin();
    assert!(tx.execute(too_long).await.is_err());
    let nowhere = insert_or_keep(
        db.engine(),
        "INSERT INTO chores (id, due, minute, name, taken, room) \
         VALUES (?1, '2026-11-24', 0, 'x', FALSE, 99)",
    );
    let mut tx = db.begin();
    let refused = tx.execute(nowhere.bind(chore(2))).await;
    assert!(matches!(refused, Err(Error::Constraint(_))), "{refused:?}");
    drop(tx);
    assert_eq!(minutes_and_names(&db).await, []);
}

#[tokio::test]
async fn a_row_that_is_there_is_changed_in_the_named_columns() {
    let db = chores(1).await;
    let change = insert_or_change(db.engine(), INSERT, "id", &["minute"]);
    let mut tx = db.begin();
    for (id, minute) in [(1, 5_i64), (2, 6), (1, 7)] {
        let change = query(change.clone()).bind(chore(id)).bind(minute);
        assert!(tx.execute(change.bind("changed")).await.unwrap() > 0);
    }
    tx.commit().await.unwrap();
    assert_eq!(
        minutes_and_names(&db).await,
        [(7, "chore 1".to_owned()), (6, "changed".to_owned())]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_that_arrive_at_once_are_all_added() {
    let db = chores(0).await;
    let add = insert_or_add(db.engine(), "chores", INSERT, "id", &["minute"]);
    let adding: Vec<_> = (0..4)
        .map(|_| {
            let (db, add) = ((*db).clone(), add.clone());
            tokio::spawn(async move {
                for _ in 0..10 {
                    let mut tx = db.begin_on_shared_rows();
                    let add = query(add.clone()).bind(chore(1)).bind(3_i64);
                    tx.execute(add.bind("sum")).await.unwrap();
                    tx.commit().await.unwrap();
                }
            })
        })
        .collect();
    for added in adding {
        added.await.unwrap();
    }
    assert_eq!(minutes_and_names(&db).await, [(120, "sum".to_owned())]);
}

/// Whoever waited for a locked row sees what was made of it.
#[tokio::test]
async fn a_locked_row_is_waited_for() {
    let db = chores(1).await;
    let select = format!("SELECT minute FROM chores{}", for_update(db.engine()));
    let mut first = db.begin_on_shared_rows();
    first.rows(query(select.clone())).await.unwrap();
    let (other, text) = ((*db).clone(), select);
    let (begins, begun) = oneshot::channel();
    let second = tokio::spawn(async move {
        let mut tx = other.begin_on_shared_rows();
        begins.send(()).unwrap();
        let row = tx.optional_row(query(text)).await?.unwrap();
        row.get::<i64>("minute")
    });
    begun.await.unwrap();
    first
        .execute(query("UPDATE chores SET minute = 9"))
        .await
        .unwrap();
    assert!(!second.is_finished());
    first.commit().await.unwrap();
    assert_eq!(second.await.unwrap().unwrap(), 9);
}

/// Takes up to two chores nobody else has.
async fn take_two(db: Db) -> Result<Vec<Uuid>, Error> {
    let mut tx = db.begin_on_shared_rows();
    let free = query(format!(
        "SELECT id FROM chores WHERE taken = FALSE ORDER BY id LIMIT 2{}",
        for_update_of_free_rows(db.engine())
    ));
    let mut taken = Vec::new();
    for row in tx.rows(free).await? {
        let id: Uuid = row.get("id")?;
        let take = query("UPDATE chores SET taken = TRUE WHERE id = ?1").bind(id);
        tx.execute(take.expecting(1)).await?;
        taken.push(id);
    }
    tx.commit().await?;
    Ok(taken)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn takers_of_work_never_take_the_same() {
    let db = chores(40).await;
    let mut all = BTreeSet::new();
    while all.len() < 40 {
        let takers: Vec<_> = (0..4)
            .map(|_| tokio::spawn(take_two((*db).clone())))
            .collect();
        for taker in takers {
            for id in taker.await.unwrap().unwrap() {
                assert!(all.insert(id), "{id} was taken twice");
            }
        }
    }
}

/// SQLite has one writer at a time, so there is nobody to be in the way.
#[tokio::test]
async fn on_a_server_takers_of_work_do_not_wait_for_each_other() {
    let db = chores(4).await;
    if db.engine() == Engine::Sqlite {
        return;
    }
    let mut first = db.begin_on_shared_rows();
    let locked = query(format!(
        "SELECT id FROM chores ORDER BY id LIMIT 2{}",
        for_update(db.engine())
    ));
    first.rows(locked).await.unwrap();
    let taken = take_two((*db).clone()).await.unwrap();
    assert_eq!(taken, [chore(3), chore(4)]);
    assert!(take_two((*db).clone()).await.unwrap().is_empty());
}

type Place = (Date, i64, Uuid);

/// Many chores on few days and at few minutes.
async fn with_ties() -> (TestDatabase, Vec<Place>) {
    let db = chores(0).await;
    let mut places = Vec::new();
    let mut tx = db.begin();
    for number in 0..60_u8 {
        let day = date(2026, 11, 24).checked_add(i64::from(number % 3).days());
        // Ids that sort unlike the order in which they were made.
        let id = Uuid::from_bytes([number.wrapping_mul(167); 16]);
        let place = (day.unwrap(), i64::from(number % 2), id);
        let insert = query(
            "INSERT INTO chores (id, due, minute, name, taken) VALUES (?1, ?2, ?3, 'x', FALSE)",
        );
        tx.execute(insert.bind(id).bind(place.0).bind(place.1))
            .await
            .unwrap();
        places.push(place);
    }
    tx.commit().await.unwrap();
    places.sort();
    (db, places)
}

async fn pages(db: &Db, descending: bool) -> Vec<Place> {
    let columns = ["due", "minute", "id"];
    let after = keyset_after(db.engine(), &columns, 1, descending).unwrap();
    let order = columns.map(|column| match descending {
        true => format!("{column} DESC"),
        false => column.to_owned(),
    });
    let order = order.join(", ");
    let mut found: Vec<Place> = Vec::new();
    loop {
        let mut page = query(match found.is_empty() {
            true => format!("SELECT due, minute, id FROM chores ORDER BY {order} LIMIT 7"),
            false => {
                format!("SELECT due, minute, id FROM chores WHERE {after} ORDER BY {order} LIMIT 7")
            }
        });
        if let Some((day, minute, id)) = found.last() {
            page = page.bind(*day).bind(*minute).bind(*id);
        }
        let rows = db.read_fresh().rows(page).await.unwrap();
        if rows.is_empty() {
            return found;
        }
        for row in rows {
            let [due, minute, id] = columns;
            found.push((
                row.get(due).unwrap(),
                row.get(minute).unwrap(),
                row.get(id).unwrap(),
            ));
        }
    }
}

#[tokio::test]
async fn pages_over_ties_leave_out_nothing_and_repeat_nothing() {
    let (db, mut places) = with_ties().await;
    assert_eq!(pages(&db, false).await, places);
    places.reverse();
    assert_eq!(pages(&db, true).await, places);
}

#[tokio::test]
async fn what_is_looked_for_is_found_literally() {
    let db = chores(0).await;
    let names = ["50% off", "500 off", "a_b", "axb", "wow!", "back\\slash"];
    let mut tx = db.begin();
    for (number, name) in (1..).zip(names) {
        let insert = query(INSERT).bind(chore(number)).bind(0_i64).bind(name);
        tx.execute(insert).await.unwrap();
    }
    tx.commit().await.unwrap();
    for (wanted, found) in [
        ("50%", vec!["50% off"]),
        ("a_b", vec!["a_b"]),
        ("w!", vec!["wow!"]),
        ("k\\s", vec!["back\\slash"]),
        ("off", vec!["50% off", "500 off"]),
    ] {
        let search = query("SELECT name FROM chores WHERE name LIKE ?1 ESCAPE '!' ORDER BY id");
        let search = search.bind(contains_pattern(wanted));
        let rows = db.read_fresh().rows(search).await.unwrap();
        let names: Vec<String> = rows.iter().map(|row| row.get("name").unwrap()).collect();
        assert_eq!(names, found, "{wanted}");
    }
}
