use duly_db::migrate::{Migration, MigrationSet};
use duly_db::testing::TestDatabase;
use duly_db::{Error, FromRow, Row, Tx, Value, query};
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan as _};
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

/// A column for each kind of value.
const KINDS: MigrationSet = MigrationSet {
    owner: "test",
    migrations: &[Migration {
        name: "0001_kinds",
        sqlite: "CREATE TABLE kinds (id INTEGER PRIMARY KEY NOT NULL, truth INTEGER, \
                 number INTEGER, ratio REAL, words TEXT, bytes BLOB, \
                 uid BLOB CHECK (length(uid) = 16), day TEXT, instant INTEGER, document TEXT) STRICT;\n\
                 CREATE TABLE names (name TEXT PRIMARY KEY NOT NULL) STRICT;\n",
        postgres: "CREATE TABLE kinds (id bigint PRIMARY KEY, truth boolean, \
                 number bigint, ratio double precision, words text COLLATE \"C\", bytes bytea, \
                 uid uuid, day date, instant timestamptz, document text);\n\
                 CREATE TABLE names (name text COLLATE \"C\" PRIMARY KEY);\n",
        mysql: "CREATE TABLE kinds (id BIGINT PRIMARY KEY, truth BOOLEAN, \
                 number BIGINT, ratio DOUBLE, words LONGTEXT, bytes LONGBLOB, \
                 uid BINARY(16), day DATE, instant DATETIME(6), document LONGTEXT) \
                 ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;\n\
                 CREATE TABLE names (name VARCHAR(100) PRIMARY KEY) \
                 ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;\n",
    }],
};

pub(crate) async fn database() -> TestDatabase {
    TestDatabase::with(&[KINDS], |options| {
        options.connections = 2;
        options.idle_timeout = std::time::Duration::from_secs(30);
    })
    .await
}

/// One row of them.
#[derive(Debug, Clone, PartialEq, Default)]
struct Kinds {
    truth: Option<bool>,
    number: Option<i64>,
    ratio: Option<f64>,
    words: Option<String>,
    bytes: Option<Vec<u8>>,
    uid: Option<Uuid>,
    day: Option<Date>,
    instant: Option<Timestamp>,
    document: Option<serde_json::Value>,
}

impl FromRow for Kinds {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        Ok(Kinds {
            truth: row.get("truth")?,
            number: row.get("number")?,
            ratio: row.get("ratio")?,
            words: row.get("words")?,
            bytes: row.get("bytes")?,
            uid: row.get("uid")?,
            day: row.get("day")?,
            instant: row.get("instant")?,
            document: row.get("document")?,
        })
    }
}

/// Writes a row and answers what is there then.
async fn stored(tx: &mut Tx, kinds: &Kinds) -> Result<Kinds, Error> {
    tx.execute(query("DELETE FROM kinds")).await?;
    let insert = query(
        "INSERT INTO kinds (id, truth, number, ratio, words, bytes, uid, day, instant, document) \
         VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    );
    let kinds = kinds.clone();
    let insert = insert
        .bind(kinds.truth)
        .bind(kinds.number)
        .bind(kinds.ratio)
        .bind(kinds.words)
        .bind(kinds.bytes)
        .bind(kinds.uid)
        .bind(kinds.day)
        .bind(kinds.instant)
        .bind(kinds.document);
    tx.execute(insert).await?;
    let found = tx.optional(query("SELECT * FROM kinds")).await?;
    Ok(found.unwrap())
}

async fn assert_stored(tx: &mut Tx, kinds: Kinds) {
    assert_eq!(stored(tx, &kinds).await.unwrap(), kinds);
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>().prop_filter("no engine keeps a NUL", |text| !text.contains('\0')),
        "[ '\"\\\\?$:;%_1-3-]{0,12}",
        "[🪴👩‍🦰é\u{301}ßſKİ\u{202e}\u{feff}\u{fffd} ]{0,8}",
    ]
}

fn document() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        // NUL is written as an escape here.
        any::<String>().prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn first_instant() -> Timestamp {
    "0001-01-01T00:00:00Z".parse().unwrap()
}

fn kinds() -> impl Strategy<Value = Kinds> {
    let instants = first_instant().as_microsecond()..=Timestamp::MAX.as_microsecond();
    let ratio = any::<f64>().prop_filter("no engine keeps these", |ratio| ratio.is_finite());
    let first = (
        any::<Option<bool>>(),
        any::<Option<i64>>(),
        prop::option::of(ratio),
        prop::option::of(words()),
        any::<Option<Vec<u8>>>(),
    );
    let second = (
        any::<Option<u128>>(),
        prop::option::of(0_i64..=3_652_058),
        prop::option::of(instants),
        prop::option::of(document()),
    );
    (first, second).prop_map(
        |((truth, number, ratio, words, bytes), (uid, day, instant, document))| Kinds {
            truth,
            number,
            ratio,
            words,
            bytes,
            uid: uid.map(Uuid::from_u128),
            day: day.map(|days| date(1, 1, 1).checked_add(days.days()).unwrap()),
            instant: instant.map(|instant| Timestamp::from_microsecond(instant).unwrap()),
            // A column cannot tell the document `null` from none.
            document: document.filter(|document| !document.is_null()),
        },
    )
}

/// Each row has a value where the one before had none, so that one prepared statement has to serve
/// both.
#[test]
fn any_value_comes_back() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let db = runtime.block_on(database());
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(400)
    };
    proptest!(config, |(kinds in kinds())| {
        let found = runtime.block_on(async {
            let mut tx = db.begin();
            stored(&mut tx, &kinds).await
        });
        prop_assert_eq!(found.unwrap(), kinds);
    });
}

#[tokio::test]
async fn the_ends_of_every_range_come_back() {
    let db = database().await;
    let mut tx = db.begin();
    for number in [i64::MIN, -1, 0, i64::MAX] {
        let number = Some(number);
        assert_stored(
            &mut tx,
            Kinds {
                number,
                ..Kinds::default()
            },
        )
        .await;
        assert_stored(&mut tx, Kinds::default()).await;
    }
    for ratio in [f64::MIN, -0.5, 0.1, f64::MIN_POSITIVE, f64::MAX] {
        let ratio = Some(ratio);
        assert_stored(
            &mut tx,
            Kinds {
                ratio,
                ..Kinds::default()
            },
        )
        .await;
    }
    for day in [
        date(1, 1, 1),
        date(999, 12, 31),
        date(2024, 2, 29),
        date(9999, 12, 31),
    ] {
        let day = Some(day);
        assert_stored(
            &mut tx,
            Kinds {
                day,
                ..Kinds::default()
            },
        )
        .await;
    }
    for text in ["", " ", "trailing  ", "\t\r\n", "NULL", "\u{10ffff}"] {
        let words = Some(text.to_owned());
        assert_stored(
            &mut tx,
            Kinds {
                words,
                ..Kinds::default()
            },
        )
        .await;
    }
}

#[tokio::test]
async fn much_and_nothing_come_back() {
    let db = database().await;
    let mut tx = db.begin();
    let large = Kinds {
        words: Some("ß".repeat(1 << 20)),
        bytes: Some(vec![0xff; 1 << 20]),
        ..Kinds::default()
    };
    assert_stored(&mut tx, large).await;
    let empty = Kinds {
        bytes: Some(Vec::new()),
        document: Some(json!({"name": "zero \u{0} byte", "list": [1, 2.5, null, "🦀"]})),
        ..Kinds::default()
    };
    assert_stored(&mut tx, empty).await;
}

#[tokio::test]
async fn instants_are_kept_to_the_microsecond() {
    let db = database().await;
    let mut tx = db.begin();
    for (written, kept) in [
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("1582-10-10T00:00:00Z", "1582-10-10T00:00:00Z"),
        ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
        (
            "1969-12-31T23:59:59.9999985Z",
            "1969-12-31T23:59:59.999999Z",
        ),
        ("2026-11-24T08:00:00.000001Z", "2026-11-24T08:00:00.000001Z"),
        (
            "2026-11-24T08:00:00.123456789Z",
            "2026-11-24T08:00:00.123456Z",
        ),
        // An hour that some time zones have twice and others not at all.
        ("2026-10-25T01:30:00Z", "2026-10-25T01:30:00Z"),
        ("9999-12-30T21:59:59Z", "9999-12-30T21:59:59Z"),
    ] {
        let instant = Some(written.parse().unwrap());
        let found = stored(
            &mut tx,
            &Kinds {
                instant,
                ..Kinds::default()
            },
        )
        .await;
        assert_eq!(
            found.unwrap().instant.unwrap().to_string(),
            kept,
            "{written}"
        );
    }
}

/// One statement, prepared once, whose parameters are now NULL and now not.
#[tokio::test]
async fn a_statement_takes_null_and_values_in_turn() {
    let db = database().await;
    let mut tx = db.begin();
    for round in 0..6_i64 {
        let statement = query("INSERT INTO kinds (id, words, day, uid) VALUES (?1, ?2, ?3, ?4)");
        let statement = match round % 3 {
            0 => statement
                .bind(round)
                .bind(Value::Null)
                .bind(Value::Null)
                .bind(Value::Null),
            1 => statement
                .bind(round)
                .bind("x")
                .bind(Value::Null)
                .bind(Uuid::nil()),
            _ => statement
                .bind(round)
                .bind("x")
                .bind(date(2026, 1, 1))
                .bind(Value::Null),
        };
        tx.execute(statement).await.unwrap();
    }
    let count =
        query("SELECT COUNT(words) AS words, COUNT(day) AS days, COUNT(uid) AS uids FROM kinds");
    let row = tx.optional_row(count).await.unwrap().unwrap();
    let counted = ["words", "days", "uids"].map(|column| row.get::<i64>(column).unwrap());
    assert_eq!(counted, [4, 2, 2]);
}

#[tokio::test]
async fn aggregates_are_numbers() {
    let db = database().await;
    let mut tx = db.begin();
    let summary = || {
        query(
            "SELECT COUNT(*) AS total, SUM(number) AS sum, MIN(number) AS least, \
             MAX(number) AS most, MAX(day) AS day, MAX(instant) AS instant, MAX(ratio) AS ratio, \
             SUM(CASE WHEN truth THEN 1 ELSE 0 END) AS truths, \
             COALESCE(SUM(number), 0) AS sum_or_none FROM kinds",
        )
    };
    let row = tx.optional_row(summary()).await.unwrap().unwrap();
    assert_eq!(row.get::<i64>("total").unwrap(), 0);
    assert_eq!(row.get::<i64>("sum_or_none").unwrap(), 0);
    for column in ["sum", "least", "most", "truths"] {
        assert_eq!(row.get::<Option<i64>>(column).unwrap(), None, "{column}");
    }
    let instant: Timestamp = "2026-11-24T08:00:00.000001Z".parse().unwrap();
    for (number, truth) in [(3_000_000_000_i64, true), (-1, false), (10_000, true)] {
        let insert = query(
            "INSERT INTO kinds (id, number, truth, day, instant, ratio) \
             VALUES (?1, ?1, ?2, ?3, ?4, 0.25)",
        );
        let insert = insert.bind(number).bind(truth).bind(date(2026, 11, 24));
        tx.execute(insert.bind(instant)).await.unwrap();
    }
    let row = tx.optional_row(summary()).await.unwrap().unwrap();
    let numbers = ["total", "sum", "least", "most", "truths", "sum_or_none"]
        .map(|column| row.get::<i64>(column).unwrap());
    assert_eq!(
        numbers,
        [3, 3_000_009_999, -1, 3_000_000_000, 2, 3_000_009_999]
    );
    assert_eq!(row.get::<u64>("total").unwrap(), 3);
    assert_eq!(row.get::<Date>("day").unwrap(), date(2026, 11, 24));
    assert_eq!(row.get::<Timestamp>("instant").unwrap(), instant);
    assert_eq!(
        row.get::<f64>("ratio").unwrap().to_bits(),
        0.25_f64.to_bits()
    );
}

/// Days and instants sort as time does, because lists are sorted by them.
#[tokio::test]
async fn dates_sort_by_time() {
    let db = database().await;
    let days = [
        date(1, 1, 1),
        date(999, 12, 31),
        date(1000, 1, 1),
        date(9999, 12, 31),
    ];
    let mut tx = db.begin();
    for (id, day) in [2, 0, 3, 1].map(|index| (index, days.get(index).unwrap())) {
        let insert = query("INSERT INTO kinds (id, day) VALUES (?1, ?2)");
        let id = i64::try_from(id).unwrap();
        tx.execute(insert.bind(id).bind(*day)).await.unwrap();
    }
    let sorted = query("SELECT day FROM kinds WHERE day > ?1 ORDER BY day").bind(date(1, 1, 1));
    let rows = tx.rows(sorted).await.unwrap();
    let found: Vec<Date> = rows.iter().map(|row| row.get("day").unwrap()).collect();
    assert_eq!(found, days.get(1..).unwrap());
}
