//! Tables that are partitioned by month.

use std::time::Duration;

use duly_db::migrate::{Migration, MigrationSet};
use duly_db::partitions::{
    Dropped, Kind, PartitionedTable, Period, drop_older, make_ahead, rows_in_default,
};
use duly_db::testing::TestDatabase;
use duly_db::{Db, Engine, Error, Value, dialect, query};
use jiff::Timestamp;

const VISITS: PartitionedTable = PartitionedTable {
    name: "visits",
    column: "at",
    key: &["id", "at"],
    kind: Kind::Instant,
    period: Period::Month,
    is_referenced: false,
};
const LETTERS: PartitionedTable = PartitionedTable {
    name: "letters",
    column: "slot",
    key: &["id", "slot"],
    kind: Kind::Day,
    ..VISITS
};
const COUNTS: PartitionedTable = PartitionedTable {
    name: "counts",
    column: "minute",
    key: &["id", "minute"],
    kind: Kind::Minute,
    ..VISITS
};

const SCHEMA: MigrationSet = MigrationSet {
    owner: "visitors",
    migrations: &[Migration {
        name: "0001_visits",
        sqlite: "CREATE TABLE visits (id INTEGER, at INTEGER, PRIMARY KEY (id, at)) STRICT;\n\
             CREATE TABLE letters (id INTEGER, slot TEXT, PRIMARY KEY (id, slot)) STRICT;\n\
             CREATE TABLE counts (id INTEGER, minute INTEGER, PRIMARY KEY (id, minute)) STRICT;\n",
        postgres: "CREATE TABLE visits (id bigint, at timestamptz, PRIMARY KEY (id, at)) \
             PARTITION BY RANGE (at);\n\
             CREATE INDEX visits_at ON visits (at);\n\
             CREATE TABLE visits_default PARTITION OF visits DEFAULT;\n\
             CREATE TABLE letters (id bigint, slot text COLLATE \"C\", PRIMARY KEY (id, slot)) \
             PARTITION BY RANGE (slot);\n\
             CREATE TABLE letters_default PARTITION OF letters DEFAULT;\n\
             CREATE TABLE counts (id bigint, minute bigint, PRIMARY KEY (id, minute)) \
             PARTITION BY RANGE (minute);\n\
             CREATE TABLE counts_default PARTITION OF counts DEFAULT;\n",
        mysql: "CREATE TABLE visits (id BIGINT, at DATETIME(6), PRIMARY KEY (id, at), \
             KEY visits_at (at)) PARTITION BY RANGE COLUMNS (at) \
             (PARTITION visits_default VALUES LESS THAN (MAXVALUE));\n\
             CREATE TABLE letters (id BIGINT, slot VARCHAR(32), PRIMARY KEY (id, slot)) \
             COLLATE utf8mb4_bin PARTITION BY RANGE COLUMNS (slot) \
             (PARTITION letters_default VALUES LESS THAN (MAXVALUE));\n\
             CREATE TABLE counts (id BIGINT, minute BIGINT, PRIMARY KEY (id, minute)) \
             PARTITION BY RANGE COLUMNS (minute) \
             (PARTITION counts_default VALUES LESS THAN (MAXVALUE));\n",
    }],
};

const ALL: [PartitionedTable; 3] = [VISITS, LETTERS, COUNTS];

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The instant as the table's column says it.
fn said(table: &PartitionedTable, instant: &str) -> Value {
    match table.kind {
        Kind::Day => Value::Text(instant.split("T00:00").next().unwrap().into()),
        Kind::Minute => Value::Int(at(instant).as_second() / 60),
        _ => Value::Time(at(instant)),
    }
}

async fn put(db: &Db, table: &PartitionedTable, id: i64, instant: &str) {
    let (name, column) = (table.name, table.column);
    let mut tx = db.begin();
    let insert = query(format!("INSERT INTO {name} (id, {column}) VALUES (?1, ?2)"));
    tx.execute(insert.bind(id).bind(said(table, instant)))
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn ids(db: &Db, table: &PartitionedTable) -> Vec<i64> {
    let select = query(format!("SELECT id FROM {} ORDER BY id", table.name));
    let rows = db.read_fresh().rows(select).await.unwrap();
    rows.iter().map(|row| row.get("id").unwrap()).collect()
}

fn has_partitions(db: &Db) -> bool {
    dialect::has_partitions(db.engine())
}

const NOW: &str = "2026-11-23T07:00:00Z";

#[tokio::test]
async fn months_are_made_ahead_and_only_once() {
    let db = TestDatabase::new(&[SCHEMA]).await;
    for table in ALL {
        let made = make_ahead(&db, &table, at(NOW), 2).await.unwrap();
        let name = table.name;
        if has_partitions(&db) {
            let wanted = ["2026_11", "2026_12", "2027_01"].map(|month| format!("{name}_{month}"));
            assert_eq!(made, wanted);
        } else {
            assert!(made.is_empty());
        }
        for (id, instant) in (1..).zip([
            "2026-09-03T00:00:00Z",
            "2026-11-01T00:00:00Z",
            "2026-11-30T23:59:00Z",
            "2026-12-01T00:00:00Z",
            "2027-01-31T23:59:00Z",
        ]) {
            put(&db, &table, id, instant).await;
        }
        assert_eq!(rows_in_default(&db, &table).await.unwrap(), 0, "{name}");
        put(&db, &table, 6, "2027-02-01T00:00:00Z").await;
        let beyond = u64::from(has_partitions(&db));
        assert_eq!(
            rows_in_default(&db, &table).await.unwrap(),
            beyond,
            "{name}"
        );
        let again = make_ahead(&db, &table, at(NOW), 2).await.unwrap();
        assert!(again.is_empty(), "{again:?}");
        assert_eq!(ids(&db, &table).await, [1, 2, 3, 4, 5, 6]);
    }
}

#[tokio::test]
async fn months_in_which_nobody_made_any_are_made_up_for() {
    let db = TestDatabase::new(&[SCHEMA]).await;
    make_ahead(&db, &VISITS, at(NOW), 0).await.unwrap();
    let made = make_ahead(&db, &VISITS, at("2027-02-01T00:00:00Z"), 1)
        .await
        .unwrap();
    let expected: &[&str] = match has_partitions(&db) {
        true => &[
            "visits_2026_12",
            "visits_2027_01",
            "visits_2027_02",
            "visits_2027_03",
        ],
        false => &[],
    };
    assert_eq!(made, expected);
    let back = make_ahead(&db, &VISITS, at("2025-01-01T00:00:00Z"), 3)
        .await
        .unwrap();
    assert!(
        back.is_empty(),
        "a clock that went back does no harm: {back:?}"
    );
}

#[tokio::test]
async fn rows_of_the_default_partition_move_where_they_belong() {
    let db = TestDatabase::new(&[SCHEMA]).await;
    for table in ALL {
        for (id, instant) in (1..).zip([
            "2026-09-30T23:59:00Z",
            "2026-11-23T06:00:00Z",
            "2027-02-01T00:00:00Z",
            "2031-05-05T00:00:00Z",
        ]) {
            put(&db, &table, id, instant).await;
        }
        let made = make_ahead(&db, &table, at(NOW), 3).await.unwrap();
        if has_partitions(&db) {
            assert_eq!(made.len(), 6, "September is the oldest: {made:?}");
            assert_eq!(rows_in_default(&db, &table).await.unwrap(), 1, "2031");
        }
        assert_eq!(ids(&db, &table).await, [1, 2, 3, 4]);
        let dropped = drop_older(&db, &table, at("2026-11-01T00:00:00Z"))
            .await
            .unwrap();
        assert_eq!(ids(&db, &table).await, [2, 3, 4], "{dropped:?}");
    }
}

#[tokio::test]
async fn what_is_older_is_dropped_and_nothing_else() {
    let db = TestDatabase::new(&[SCHEMA]).await;
    for table in ALL {
        make_ahead(&db, &table, at("2026-08-10T00:00:00Z"), 3)
            .await
            .unwrap();
        for (id, instant) in (1..).zip([
            "2026-07-01T00:00:00Z",
            "2026-09-30T23:59:00Z",
            "2026-10-01T00:00:00Z",
            "2026-11-23T06:00:00Z",
        ]) {
            put(&db, &table, id, instant).await;
        }
        let dropped = drop_older(&db, &table, at("2026-10-01T00:00:00Z"))
            .await
            .unwrap();
        let name = table.name;
        let expected = match has_partitions(&db) {
            true => Dropped {
                partitions: ["2026_08", "2026_09"]
                    .map(|month| format!("{name}_{month}"))
                    .into(),
                rows: 0,
            },
            false => Dropped {
                partitions: Vec::new(),
                rows: 2,
            },
        };
        assert_eq!(dropped, expected);
        assert_eq!(ids(&db, &table).await, [3, 4]);
        let again = drop_older(&db, &table, at("2026-10-01T00:00:00Z"))
            .await
            .unwrap();
        assert_eq!(again, Dropped::default());
        // On PostgreSQL what comes late lies in the default partition.
        put(&db, &table, 5, "2026-09-01T00:00:00Z").await;
        drop_older(&db, &table, at("2026-10-01T00:00:00Z"))
            .await
            .unwrap();
        let late = db.engine() != Engine::MariaDb && db.engine() != Engine::MySql;
        assert_eq!(ids(&db, &table).await.contains(&5), !late);
    }
}

#[tokio::test]
async fn a_month_that_is_partly_older_stays_whole() {
    let db = TestDatabase::new(&[SCHEMA]).await;
    make_ahead(&db, &VISITS, at(NOW), 0).await.unwrap();
    put(&db, &VISITS, 1, "2026-11-01T00:00:00Z").await;
    put(&db, &VISITS, 2, "2026-11-23T06:00:00Z").await;
    drop_older(&db, &VISITS, at("2026-11-20T00:00:00Z"))
        .await
        .unwrap();
    let expected: &[i64] = if has_partitions(&db) { &[1, 2] } else { &[2] };
    assert_eq!(ids(&db, &VISITS).await, expected);
}

#[tokio::test]
async fn more_old_rows_than_one_chunk_go_all() {
    let db = TestDatabase::new(&[SCHEMA]).await;
    let mut tx = db.begin();
    for id in 0..1100_i64 {
        let insert = query("INSERT INTO counts (id, minute) VALUES (?1, ?2)");
        tx.defer(
            insert
                .bind(id)
                .bind(if id < 1050 { 10_i64 } else { 29_891_520 }),
        );
    }
    tx.commit().await.unwrap();
    make_ahead(&db, &COUNTS, at(NOW), 0).await.unwrap();
    drop_older(&db, &COUNTS, at("2026-11-01T00:00:00Z"))
        .await
        .unwrap();
    assert_eq!(ids(&db, &COUNTS).await, (1050..1100).collect::<Vec<i64>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_nodes_may_make_them_at_once() {
    let db = TestDatabase::new(&[SCHEMA]).await;
    put(&db, &VISITS, 1, "2026-11-23T06:00:00Z").await;
    let nodes = (0..8).map(|_| {
        let db = (*db).clone();
        tokio::spawn(async move { make_ahead(&db, &VISITS, at(NOW), 3).await })
    });
    let mut made = 0;
    for node in nodes.collect::<Vec<_>>() {
        made += node.await.unwrap().unwrap().len();
    }
    assert_eq!(made, if has_partitions(&db) { 4 } else { 0 });
    assert_eq!(rows_in_default(&db, &VISITS).await.unwrap(), 0);
    assert_eq!(ids(&db, &VISITS).await, [1]);
}

#[tokio::test]
async fn a_table_in_use_is_left_alone_and_nobody_waits_long() {
    let db = TestDatabase::with(&[SCHEMA], |options| {
        options.idle_timeout = Duration::from_secs(60);
    })
    .await;
    if !has_partitions(&db) {
        return;
    }
    let mut tx = db.begin();
    let insert = "INSERT INTO visits (id, at) VALUES (1, ?1)";
    tx.execute(query(insert).bind(at(NOW))).await.unwrap();
    let refused = make_ahead(&db, &VISITS, at(NOW), 1).await.unwrap_err();
    assert!(matches!(refused, Error::Busy), "{refused}");
    tx.commit().await.unwrap();
    let made = make_ahead(&db, &VISITS, at(NOW), 1).await.unwrap();
    assert_eq!(made, ["visits_2026_11", "visits_2026_12"]);
    assert_eq!(rows_in_default(&db, &VISITS).await.unwrap(), 0);
}

/// The partitions a statement looks at.
async fn plan(db: &Db, statement: &str, values: Vec<Value>) -> String {
    let (explain, column) = match db.engine() {
        Engine::Postgres => ("EXPLAIN", "QUERY PLAN"),
        _ => ("EXPLAIN PARTITIONS", "partitions"),
    };
    let explain = query(format!("{explain} {statement}")).bind_all(values);
    let rows = db.read_fresh().rows(explain).await.unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.get(column).unwrap()).collect();
    lines.join("\n")
}

#[tokio::test]
async fn what_asks_for_a_time_looks_at_its_month_only() {
    let db = TestDatabase::new(&[SCHEMA]).await;
    if !has_partitions(&db) {
        return;
    }
    for table in ALL {
        make_ahead(&db, &table, at(NOW), 3).await.unwrap();
        put(&db, &table, 1, "2026-12-01T00:00:00Z").await;
        let (name, column) = (table.name, table.column);
        let from = said(&table, "2026-12-01T00:00:00Z");
        let to = said(&table, "2027-01-01T00:00:00Z");
        let range = format!("SELECT id FROM {name} WHERE {column} >= ?1 AND {column} < ?2");
        let point = format!("SELECT id FROM {name} WHERE id = 1 AND {column} = ?1");
        for (statement, values) in [(range, vec![from.clone(), to]), (point, vec![from])] {
            let plan = plan(&db, &statement, values).await;
            assert!(plan.contains("2026_12"), "{statement}: {plan}");
            for other in ["2026_11", "2027_01", "2027_02", "default"] {
                assert!(!plan.contains(other), "{statement}: {plan}");
            }
        }
    }
}
