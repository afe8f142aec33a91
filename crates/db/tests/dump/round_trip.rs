use duly_db::dump::{self, Options};
use duly_db::{Db, Query, Value, query};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use uuid::Uuid;

use crate::fixture::{
    LATER, SCHEMA, book, change, count, empty, library, library_file, migrated, put, shelf, take,
    target,
};

/// From SQLite to the engine under test and back: three dumps with the same bytes.
async fn moves_house_and_back(rows: Vec<Query>) -> Vec<u8> {
    let home = migrated().await;
    change(&home, rows).await;
    let first = take(&home, SCHEMA).await.unwrap();
    let abroad = target().await;
    put(&abroad, SCHEMA, &first).await.unwrap();
    let second = take(&abroad, SCHEMA).await.unwrap();
    assert!(first == second, "the dump of {:?} differs", abroad.engine());
    let home = empty().await;
    put(&home, SCHEMA, &second).await.unwrap();
    let third = take(&home, SCHEMA).await.unwrap();
    assert!(first == third, "the dump differs back home");
    first
}

fn full_shelf(id: u128, values: [Value; 6]) -> Query {
    let columns = "id, bytes, text, truth, number, instant, day";
    query(format!(
        "INSERT INTO shelves ({columns}) VALUES ({})",
        duly_db::placeholders(1, 7)
    ))
    .bind(Uuid::from_u128(id))
    .bind_all(values)
}

fn instant(text: &str) -> Value {
    text.parse::<Timestamp>().unwrap().into()
}

#[tokio::test]
async fn extreme_values_are_the_same_on_every_engine() {
    let long = "{\"list\":[1,2.5,\"\\u0000 🦀\"]}".repeat(50_000);
    let rows = vec![
        full_shelf(0, [const { Value::Null }; 6]),
        full_shelf(
            1,
            [
                Vec::new().into(),
                "".into(),
                false.into(),
                i64::MIN.into(),
                instant("0001-01-01T00:00:00Z"),
                date(1, 1, 1).into(),
            ],
        ),
        full_shelf(
            2,
            [
                (0..=255).collect::<Vec<u8>>().into(),
                "עברית \u{202e}rtl\u{202c} 👩‍👩‍👧‍👦 ﷽ 𝕏 'q' \"d\" \\ ?1 \r\n\t trailing  ".into(),
                true.into(),
                i64::MAX.into(),
                instant("9999-12-30T21:59:59.999999Z"),
                date(9999, 12, 31).into(),
            ],
        ),
        full_shelf(
            u128::MAX,
            [
                vec![0; 100_000].into(),
                long.into(),
                true.into(),
                0_i64.into(),
                instant("1969-12-31T23:59:59.999999Z"),
                date(2024, 2, 29).into(),
            ],
        ),
    ];
    moves_house_and_back(rows).await;
}

fn values() -> impl Strategy<Value = [Value; 6]> {
    let text = proptest::collection::vec(any::<char>(), 0..40).prop_map(|characters| {
        let kept = characters
            .into_iter()
            .filter(|character| *character != '\0');
        kept.collect::<String>()
    });
    // The years 1 to 9999, as far as every engine goes.
    let micros = -62_135_596_800_000_000..253_402_207_200_000_000_i64;
    let day = (1_i16..=9999, 1_i8..=12, 1_i8..=28).prop_map(|(y, m, d)| date(y, m, d));
    (
        proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40)),
        proptest::option::of(text),
        any::<Option<bool>>(),
        any::<Option<i64>>(),
        proptest::option::of(micros.prop_map(|at| Timestamp::from_microsecond(at).unwrap())),
        proptest::option::of(day),
    )
        .prop_map(
            |(bytes, text, truth, number, instant, day): (_, _, _, _, _, Option<Date>)| {
                [
                    bytes.into(),
                    text.into(),
                    truth.into(),
                    number.into(),
                    instant.into(),
                    day.into(),
                ]
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn all_values_are_the_same_on_every_engine(
        shelves in proptest::collection::btree_map(any::<u128>(), values(), 0..60)
    ) {
        let rows = shelves.into_iter().map(|(id, values)| full_shelf(id, values)).collect();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(moves_house_and_back(rows));
    }
}

#[tokio::test]
async fn an_older_dump_is_brought_up_to_date() {
    let file = library_file().await;
    let target = target().await;
    put(&target, LATER, &file).await.unwrap();
    let lengths = query("SELECT length FROM books ORDER BY length");
    let rows = target.read_fresh().rows(lengths).await.unwrap();
    let lengths: Vec<i64> = rows.iter().map(|row| row.get("length").unwrap()).collect();
    assert_eq!(lengths, [7, 9], "migrated with the data in place");
    take(&target, LATER).await.unwrap();
}

#[tokio::test]
async fn a_dump_is_of_one_moment() {
    let library = library().await;
    let mut changed = false;
    let options = Options {
        without: &[],
        release: "1.2.3",
        made_at: Timestamp::UNIX_EPOCH,
    };
    let handle = tokio::runtime::Handle::current();
    let db = library.clone();
    let (counts, file) = dump::dump(&library, &SCHEMA, &options, Vec::new(), |_| {
        // After the first table: a shelf that the dump has passed, and a book on it.
        if !std::mem::replace(&mut changed, true) {
            let db = db.clone();
            let change = change(&db, vec![shelf(0), book(0, "Too late")]);
            std::thread::scope(|scope| scope.spawn(|| handle.block_on(change)).join().unwrap());
        }
    })
    .await
    .unwrap();
    assert!(changed);
    assert_eq!(counts, [("shelves".to_owned(), 3), ("books".to_owned(), 2)]);
    let home = empty().await;
    put(&home, SCHEMA, &file).await.unwrap();
    assert_eq!(count(&library, "books").await, 3);
}

#[tokio::test]
async fn tables_can_be_left_out() {
    let options = Options {
        without: &["books"],
        release: "1.2.3",
        made_at: Timestamp::UNIX_EPOCH,
    };
    let library = library().await;
    let (counts, file) = dump::dump(&library, &SCHEMA, &options, Vec::new(), |_| {})
        .await
        .unwrap();
    assert_eq!(counts, [("shelves".to_owned(), 3)]);
    let target = target().await;
    let verified = put(&target, SCHEMA, &file).await.unwrap();
    assert_eq!(
        (verified.rows(), verified.origin.release.as_str()),
        (3, "1.2.3")
    );
    assert_eq!(count(&target, "books").await, 0);
}

async fn fill(db: &Db, rows: u128) {
    let mut tx = db.begin();
    for chunk in (0..rows).collect::<Vec<_>>().chunks(1000) {
        let list: Vec<String> = (1..=chunk.len())
            .map(|number| format!("(?{number})"))
            .collect();
        let insert = query(format!(
            "INSERT INTO shelves (id) VALUES {}",
            list.join(", ")
        ));
        let ids = chunk.iter().map(|id| Uuid::from_u128(*id << 64 | *id));
        tx.execute(insert.bind_all(ids)).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn the_memory_needed_does_not_grow_with_the_database() {
    const ROWS: u64 = 200_000;
    let home = migrated().await;
    fill(&home, u128::from(ROWS)).await;
    let options = Options {
        without: &[],
        release: "1.2.3",
        made_at: Timestamp::UNIX_EPOCH,
    };
    let mut steps = Vec::new();
    let taken = dump::dump(&home, &SCHEMA, &options, Vec::new(), |progress| {
        steps.push((progress.held, progress.rows, progress.of));
    });
    let (_, file) = taken.await.unwrap();
    assert!(steps.iter().all(|(held, ..)| *held <= 500));
    assert_eq!(
        steps.last().map(|(_, rows, of)| (*rows, *of)),
        Some((ROWS, ROWS))
    );

    steps.clear();
    let verified = dump::verify(&file[..]).unwrap();
    let target = target().await;
    let now = Timestamp::UNIX_EPOCH;
    dump::restore(&target, &SCHEMA, &verified, &file[..], now, |progress| {
        steps.push((progress.held, progress.rows, progress.of));
    })
    .await
    .unwrap();
    assert!(steps.iter().all(|(held, ..)| *held <= 500));
    assert_eq!(
        steps.last().map(|(_, rows, of)| (*rows, *of)),
        Some((ROWS, ROWS))
    );
    assert_eq!(count(&target, "shelves").await, ROWS);
}

/// Rows of a MiB each come a few at a time.
#[tokio::test]
async fn large_rows_come_few_at_a_time() {
    let home = migrated().await;
    for id in 0..60 {
        let text = "x".repeat(1024 * 1024);
        let values = [
            Value::Null,
            text.into(),
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null,
        ];
        change(&home, vec![full_shelf(id, values)]).await;
    }
    let options = Options {
        without: &[],
        release: "1.2.3",
        made_at: Timestamp::UNIX_EPOCH,
    };
    let mut held = Vec::new();
    let taken = dump::dump(&home, &SCHEMA, &options, Vec::new(), |progress| {
        held.push(progress.held);
    });
    let (_, file) = taken.await.unwrap();
    assert!(held[1..].iter().all(|rows| *rows == 1), "{held:?}");
    held.clear();
    let verified = dump::verify(&file[..]).unwrap();
    let target = target().await;
    let now = Timestamp::UNIX_EPOCH;
    dump::restore(&target, &SCHEMA, &verified, &file[..], now, |progress| {
        held.push(progress.held);
    })
    .await
    .unwrap();
    assert!(held.iter().all(|rows| *rows <= 1), "{held:?}");
}
