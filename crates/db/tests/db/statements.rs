//! What statements and their parameters mean.

use duly_db::{Conn, Error, FromValue, Value, query};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use uuid::Uuid;

use crate::values::database;

async fn round_trip<T: FromValue>(conn: &mut Conn, value: impl Into<Value>) -> Result<T, Error> {
    let row = conn
        .optional_row(query("SELECT ?1 AS value").bind(value))
        .await?
        .unwrap();
    row.get("value")
}

/// `SELECT ?1` has no column whose type a server could go by.
#[tokio::test]
async fn values_come_back_without_a_column_too() {
    let db = database().await;
    let conn = &mut db.read_fresh();
    let text = "עברית \u{202e}rtl\u{202c} 👩‍👩‍👧‍👦 ﷽ 𝕏 'quoted' \"double\" \\ ?1 \r\n\t ";
    assert_eq!(round_trip::<String>(conn, text).await.unwrap(), text);
    let bytes = vec![0_u8, 255, 0];
    let found = round_trip::<Vec<u8>>(conn, bytes.clone()).await.unwrap();
    assert_eq!(found, bytes);
    for truth in [true, false] {
        assert_eq!(round_trip::<bool>(conn, truth).await.unwrap(), truth);
    }
    for number in [i64::MIN, -1, 0, i64::MAX] {
        assert_eq!(round_trip::<i64>(conn, number).await.unwrap(), number);
    }
    let found = round_trip::<f64>(conn, 0.1_f64).await.unwrap();
    assert_eq!(found.to_bits(), 0.1_f64.to_bits());
    let none = round_trip::<Option<i64>>(conn, None::<i64>).await.unwrap();
    assert_eq!(none, None);
    let id = Uuid::from_u128(0x0192_1c1a_0000_7000_8000_00ff_0000_0001);
    assert_eq!(round_trip::<Uuid>(conn, id).await.unwrap(), id);
    let day = date(2024, 2, 29);
    assert_eq!(round_trip::<Date>(conn, day).await.unwrap(), day);
}

#[tokio::test]
async fn literals_mean_the_same_everywhere() {
    let db = database().await;
    let literal = query(
        "SELECT 'it''s ?1, $1 and :a; \"quoted\" \\ \\n -- 🪴 ' AS literal, '\\' AS backslash, \
         ?1 AS number, 'a' || 'b' AS joined, TRUE AS truth",
    );
    let row = db.read_fresh().optional_row(literal.bind(7_i64)).await;
    let row = row.unwrap().unwrap();
    let text = |column| row.get::<String>(column).unwrap();
    assert_eq!(
        text("literal"),
        "it's ?1, $1 and :a; \"quoted\" \\ \\n -- 🪴 "
    );
    assert_eq!(text("backslash"), "\\");
    assert_eq!(text("joined"), "ab");
    assert_eq!(row.get::<i64>("number").unwrap(), 7);
    assert!(row.get::<bool>("truth").unwrap());
}

/// Keys are compared by their bytes: neither case nor accents nor ligatures make two of them one.
#[tokio::test]
async fn keys_that_differ_are_different_rows() {
    let db = database().await;
    let names = [
        "anna",
        "Anna",
        "ANNA",
        "änna",
        "a\u{308}nna",
        " anna",
        "ann",
        "straße",
        "strasse",
        "ﬁn",
        "fin",
        "🪴",
        "🌵",
        "",
        "K",
        "\u{212a}",
        "I",
        "ı",
        "i",
    ];
    let mut tx = db.begin();
    for name in names {
        let insert = query("INSERT INTO names (name) VALUES (?1)").bind(name);
        tx.execute(insert).await.unwrap();
    }
    for name in names {
        let find = query("SELECT name FROM names WHERE name = ?1").bind(name);
        let found = tx.rows(find).await.unwrap();
        let found: Vec<String> = found.iter().map(|row| row.get("name").unwrap()).collect();
        assert_eq!(found, [name]);
    }
    let sorted = tx.rows(query("SELECT name FROM names ORDER BY name")).await;
    let sorted: Vec<String> = sorted
        .unwrap()
        .iter()
        .map(|row| row.get("name").unwrap())
        .collect();
    let mut expected = names.map(str::to_owned);
    expected.sort();
    assert_eq!(sorted, expected);
}

#[tokio::test]
async fn what_no_engine_can_be_trusted_with_is_refused() {
    let db = database().await;
    let too_early: Timestamp = "0000-12-31T23:59:59.999999Z".parse().unwrap();
    let refused: [(Value, &str); 6] = [
        (
            "a\0b".into(),
            "parameter ?2: text with a NUL character cannot be stored",
        ),
        (f64::NAN.into(), "parameter ?2: NaN is not a number"),
        (f64::INFINITY.into(), "parameter ?2: the number is infinite"),
        (
            f64::NEG_INFINITY.into(),
            "parameter ?2: the number is infinite",
        ),
        (
            date(0, 12, 31).into(),
            "parameter ?2: the year is before 0001",
        ),
        (too_early.into(), "parameter ?2: the year is before 0001"),
    ];
    for (value, reason) in refused {
        let statement = query("SELECT ?1 AS first, ?2 AS second")
            .bind(1_i64)
            .bind(value);
        let read = db.read_fresh().rows(statement.clone()).await.unwrap_err();
        assert_eq!(read.to_string(), reason);
        let mut tx = db.begin();
        let written = tx.rows(statement).await.unwrap_err();
        assert_eq!(written.to_string(), reason);
        assert!(!written.is_transient());
    }
}

#[tokio::test]
async fn parameters_must_be_as_many_as_the_statement_has() {
    let db = database().await;
    for statement in [
        query("SELECT ?1 AS a, ?2 AS b").bind(1_i64),
        query("SELECT 1 AS a").bind(1_i64),
    ] {
        let error = db.read_fresh().rows(statement).await.unwrap_err();
        assert!(matches!(error, Error::Parameter(_)), "{error:?}");
    }
    let twice = query("SELECT ?1 AS a, ?1 AS b").bind(7_i64);
    let row = db.read_fresh().optional_row(twice).await.unwrap().unwrap();
    let both = ["a", "b"].map(|column| row.get::<i64>(column).unwrap());
    assert_eq!(both, [7, 7]);
}

/// Answers hold password hashes and tokens; errors end in logs.
#[tokio::test]
async fn a_column_of_another_type_is_named_without_its_content() {
    let db = database().await;
    let statement = query("SELECT ?1 AS secret").bind("hunter2");
    let row = db
        .read_fresh()
        .optional_row(statement)
        .await
        .unwrap()
        .unwrap();
    let errors = [
        row.get::<i64>("secret").unwrap_err(),
        row.get::<bool>("secret").unwrap_err(),
        row.get::<f64>("secret").unwrap_err(),
        row.get::<Uuid>("secret").unwrap_err(),
        row.get::<Date>("secret").unwrap_err(),
        row.get::<Timestamp>("secret").unwrap_err(),
        row.get::<Vec<u8>>("secret").unwrap_err(),
        row.get::<serde_json::Value>("secret").unwrap_err(),
    ];
    for error in errors {
        let message = error.to_string();
        assert!(
            message.contains("column \"secret\"") && message.contains("text"),
            "{message}"
        );
        assert!(!message.contains("hunter2"), "{message}");
    }
}

#[tokio::test]
async fn one_call_runs_one_statement() {
    let db = database().await;
    let two = query("DELETE FROM kinds; DROP TABLE kinds");
    let mut tx = db.begin();
    assert!(matches!(tx.execute(two).await, Err(Error::Other(_))));
    drop(tx);
    let rows = db.read_fresh().rows(query("SELECT id FROM kinds")).await;
    assert!(rows.unwrap().is_empty());
}
