//! From one engine to another, and back to the same file.

use duly_db::dump::{self, Kind, Options, Table};
use duly_db::testing::{ADDRESS_VARIABLE, ADDRESS_VARIABLES, TestDatabase, address};
use duly_db::{Db, Value, placeholders, query};
use jiff::Timestamp;
use jiff::civil::date;
use uuid::Uuid;

use crate::{SCHEMA, SETS};

const ROWS: u8 = 40;

/// Rows with the same number go together: every id in them is the same.
fn value(table: &Table, column: &str, kind: Kind, number: u8) -> Value {
    match (table.name, column, kind) {
        ("job_attempts", "outcome", _) => "failed".into(),
        ("job_pauses", "scope", _) => "queue".into(),
        (_, _, Kind::Id) => Uuid::from_bytes([number; 16]).into(),
        (_, _, Kind::Bytes) => vec![number; 32].into(),
        (_, _, Kind::Text) => format!("{number} é 🦀").into(),
        (_, _, Kind::Truth) => number.is_multiple_of(2).into(),
        (_, _, Kind::Number) => (i64::from(number) + 1).into(),
        (_, _, Kind::Instant) => {
            let micros = 1_795_000_000_123_456 + i64::from(number) * 86_400_000_001;
            Timestamp::from_microsecond(micros).unwrap().into()
        }
        (_, _, Kind::Date) => match number % 3 {
            0 => date(9999, 12, 31).into(),
            _ => date(2026, 11, 23).into(),
        },
    }
}

async fn furnish(db: &Db) {
    let mut tx = db.begin();
    for table in SCHEMA.all_tables() {
        let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
        for number in 0..ROWS {
            let insert = format!(
                "INSERT INTO {} ({}) VALUES ({})",
                table.name,
                names.join(", "),
                placeholders(1, names.len())
            );
            let values = table.columns.iter();
            let values = values.map(|(name, kind)| value(table, name, *kind, number));
            tx.execute(query(insert).bind_all(values)).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
}

async fn take(db: &Db) -> Vec<u8> {
    let options = Options {
        without: &[],
        release: "1.2.3",
        made_at: Timestamp::UNIX_EPOCH,
    };
    let taken = dump::dump(db, &SCHEMA, &options, Vec::new(), |_| {}).await;
    taken.unwrap().1
}

/// SQLite, then every server that the environment names, then SQLite again.
#[tokio::test]
async fn every_table_is_the_same_after_moving_from_engine_to_engine() {
    let home = TestDatabase::at(None, &SETS).await;
    furnish(&home).await;
    let file = take(&home).await;
    let verified = dump::verify(&file[..]).unwrap();
    let tables = u64::try_from(SCHEMA.all_tables().count()).unwrap();
    assert_eq!(verified.rows(), u64::from(ROWS) * tables);

    let servers = [ADDRESS_VARIABLE, ADDRESS_VARIABLES[0], ADDRESS_VARIABLES[1]];
    let servers = servers.into_iter().filter_map(address).map(Some);
    let mut last = file.clone();
    for administrator in servers.chain([None]) {
        let next = TestDatabase::at(administrator, &[]).await;
        let now = Timestamp::UNIX_EPOCH;
        dump::restore(&next, &SCHEMA, &verified, &last[..], now, |_| {})
            .await
            .unwrap();
        last = take(&next).await;
        assert!(last == file, "the dump of {:?} differs", next.engine());
    }
}
