use duly_db::{Conn, Db, Error, FromValue, Value, query};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use uuid::Uuid;

use crate::fixture::Notes;

async fn round_trip<T: FromValue>(conn: &mut Conn, value: impl Into<Value>) -> Result<T, Error> {
    let row = conn
        .optional_row(query("SELECT ?1 AS value").bind(value))
        .await?
        .unwrap();
    row.get("value")
}

#[tokio::test]
async fn values_come_back_as_they_went_in() {
    let notes = Notes::new().await;
    let conn = &mut notes.read_fresh();
    let text = "עברית \u{202e}rtl\u{202c} 👩‍👩‍👧‍👦 ﷽ 𝕏 'quoted' \"double\" \\ ?1 \r\n\t";
    assert_eq!(round_trip::<String>(conn, text).await.unwrap(), text);
    assert_eq!(round_trip::<String>(conn, "").await.unwrap(), "");
    assert_eq!(
        round_trip::<Vec<u8>>(conn, vec![0_u8, 255, 0])
            .await
            .unwrap(),
        [0, 255, 0]
    );
    assert_eq!(
        round_trip::<Vec<u8>>(conn, Vec::new()).await.unwrap(),
        Vec::<u8>::new()
    );
    for truth in [true, false] {
        assert_eq!(round_trip::<bool>(conn, truth).await.unwrap(), truth);
    }
    for number in [i64::MIN, -1, 0, i64::MAX] {
        assert_eq!(round_trip::<i64>(conn, number).await.unwrap(), number);
    }
    for number in [f64::MIN, -0.5, 0.1, f64::MAX, f64::INFINITY] {
        assert_eq!(
            round_trip::<f64>(conn, number).await.unwrap().to_bits(),
            number.to_bits()
        );
    }
    for day in [date(1, 1, 1), date(2024, 2, 29), date(9999, 12, 31)] {
        assert_eq!(round_trip::<Date>(conn, day).await.unwrap(), day);
    }
    assert_eq!(
        round_trip::<Option<i64>>(conn, None::<i64>).await.unwrap(),
        None
    );
    let id = Uuid::from_u128(0x0192_1c1a_0000_7000_8000_00ff_0000_0001);
    assert_eq!(round_trip::<Uuid>(conn, id).await.unwrap(), id);
    let json = serde_json::json!({"name": "zero \u{0} byte", "list": [1, 2.5, null, "🦀"]});
    assert_eq!(
        round_trip::<serde_json::Value>(conn, json.clone())
            .await
            .unwrap(),
        json
    );
}

#[tokio::test]
async fn instants_are_kept_to_the_microsecond() {
    let notes = Notes::new().await;
    let conn = &mut notes.read_fresh();
    for written in [
        "0001-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999999Z",
        "2026-11-24T08:00:00.000001Z",
    ] {
        let instant: Timestamp = written.parse().unwrap();
        assert_eq!(
            round_trip::<Timestamp>(conn, instant).await.unwrap(),
            instant
        );
    }
    let finer: Timestamp = "2026-11-24T08:00:00.123456789Z".parse().unwrap();
    let kept = round_trip::<Timestamp>(conn, finer).await.unwrap();
    assert_eq!(kept.to_string(), "2026-11-24T08:00:00.123456Z");
}

/// Text of dates and numbers of instants sort as time does, because lists are sorted by them.
#[tokio::test]
async fn dates_sort_by_time() {
    let notes = Notes::new().await;
    let days = query("SELECT ?1 < ?2 AND ?2 < ?3 AS sorted")
        .bind(date(999, 12, 31))
        .bind(date(1000, 1, 1))
        .bind(date(9999, 12, 31));
    let row = notes
        .read_fresh()
        .optional_row(days)
        .await
        .unwrap()
        .unwrap();
    assert!(row.get::<bool>("sorted").unwrap());
}

#[tokio::test]
async fn what_no_engine_can_be_trusted_with_is_refused() {
    let notes = Notes::new().await;
    let refused: [(Value, &str); 3] = [
        (
            "a\0b".into(),
            "parameter ?2: text with a NUL character cannot be stored",
        ),
        (f64::NAN.into(), "parameter ?2: NaN is not a number"),
        (
            date(0, 12, 31).into(),
            "parameter ?2: the year is before 0001",
        ),
    ];
    for (value, reason) in refused {
        let statement = query("SELECT ?1 AS first, ?2 AS second")
            .bind(1_i64)
            .bind(value);
        let read = notes
            .read_fresh()
            .rows(statement.clone())
            .await
            .unwrap_err();
        assert_eq!(read.to_string(), reason);
        let mut tx = notes.begin();
        let written = tx.rows(statement).await.unwrap_err();
        assert_eq!(written.to_string(), reason);
        assert!(!written.is_transient());
        tx.rows(query("SELECT 1 AS one")).await.unwrap();
    }
}

#[tokio::test]
async fn parameters_must_be_as_many_as_the_statement_has() {
    let notes = Notes::new().await;
    for statement in [
        query("SELECT ?1 AS a, ?2 AS b").bind(1_i64),
        query("SELECT 1 AS a").bind(1_i64),
    ] {
        let error = notes.read_fresh().rows(statement).await.unwrap_err();
        assert!(matches!(error, Error::Parameter(_)), "{error:?}");
    }
    let twice = query("SELECT ?1 AS a, ?1 AS b").bind(7_i64);
    let row = notes
        .read_fresh()
        .optional_row(twice)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (row.get::<i64>("a").unwrap(), row.get::<i64>("b").unwrap()),
        (7, 7)
    );
}

/// Answers hold password hashes and tokens; errors end in logs.
#[tokio::test]
async fn a_column_of_another_type_is_named_without_its_content() {
    let notes = Notes::new().await;
    let statement = query("SELECT ?1 AS secret").bind("hunter2");
    let row = notes
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
    let notes = Notes::new().await;
    let two = query("DELETE FROM notes; DROP TABLE notes");
    let mut tx = notes.begin();
    assert!(matches!(tx.execute(two).await, Err(Error::Other(_))));
}

#[tokio::test]
async fn unique_constraints_have_one_name_on_every_engine() {
    let notes = Notes::new().await;
    let mut tx = notes.begin();
    for statement in [
        "CREATE TABLE shelves (id INTEGER PRIMARY KEY NOT NULL, room TEXT NOT NULL, \
         place TEXT NOT NULL, owner INTEGER REFERENCES shelves (id), UNIQUE (room, place)) STRICT",
        "CREATE UNIQUE INDEX shelves_lower_place_key ON shelves (LOWER(place)) WHERE room = 'attic'",
        "INSERT INTO shelves (id, room, place) VALUES (1, 'hall', 'left'), (2, 'attic', 'Up')",
    ] {
        tx.execute(query(statement)).await.unwrap();
    }
    let refused = [
        ("(1, 'cellar', 'right', NULL)", "shelves_id_key"),
        ("(3, 'hall', 'left', NULL)", "shelves_room_place_key"),
        ("(3, 'attic', 'UP', NULL)", "shelves_lower_place_key"),
    ];
    for (row, name) in refused {
        let statement = query(format!(
            "INSERT INTO shelves (id, room, place, owner) VALUES {row}"
        ));
        let error = tx.execute(statement).await.unwrap_err();
        assert!(error.is_unique(name), "{row}: {error:?}");
    }
    for row in ["(3, 'cellar', NULL, NULL)", "(3, 'cellar', 'up', 99)"] {
        let statement = query(format!(
            "INSERT INTO shelves (id, room, place, owner) VALUES {row}"
        ));
        let refused = tx.execute(statement).await;
        assert!(
            matches!(refused, Err(Error::Constraint(_))),
            "{row}: {refused:?}"
        );
    }
}

/// One database for all cases of a property.
struct Echo {
    runtime: tokio::runtime::Runtime,
    db: Db,
    _notes: Notes,
}

impl Echo {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let notes = runtime.block_on(Notes::new());
        Echo {
            db: (*notes).clone(),
            runtime,
            _notes: notes,
        }
    }

    fn back<T: FromValue>(&self, value: impl Into<Value>) -> Result<T, Error> {
        self.runtime
            .block_on(round_trip(&mut self.db.read_fresh(), value))
    }
}

#[test]
fn any_value_comes_back() {
    let echo = Echo::new();
    let values = (
        any::<String>(),
        any::<i64>(),
        any::<f64>(),
        any::<Vec<u8>>(),
        any::<u128>(),
    );
    let instants = Timestamp::MIN.as_microsecond()..=Timestamp::MAX.as_microsecond();
    let days = (1_i16..=9999, 1_i16..=365);
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(300)
    };
    proptest!(config, |((text, int, float, bytes, id) in values,
               micros in instants, (year, day) in days)| {
        match echo.back::<String>(text.clone()) {
            Ok(found) => prop_assert_eq!(found, text),
            Err(error) => prop_assert!(text.contains('\0'), "{:?}: {}", text, error),
        }
        prop_assert_eq!(echo.back::<i64>(int).unwrap(), int);
        prop_assert_eq!(echo.back::<Vec<u8>>(bytes.clone()).unwrap(), bytes);
        prop_assert_eq!(echo.back::<Uuid>(Uuid::from_u128(id)).unwrap().as_u128(), id);
        if !float.is_nan() {
            prop_assert_eq!(echo.back::<f64>(float).unwrap(), float);
        }
        let instant = Timestamp::from_microsecond(micros).unwrap();
        prop_assert_eq!(echo.back::<Timestamp>(instant).unwrap(), instant);
        let day = date(year, 1, 1).checked_add(jiff::Span::new().days(day - 1)).unwrap();
        prop_assert_eq!(echo.back::<Date>(day).unwrap(), day);
    });
}
