//! A table that is taken apart into years while it is in use, and put together again.

mod fixture;
mod views;
mod writers;

use duly_db::partitions::yearly::{Layout, Outcome, Standing, YearlyTable, convert};
use duly_db::partitions::{make_ahead, rows_in_default};
use duly_db::testing::TestDatabase;
use duly_db::{Engine, Error, dialect, query};

use fixture::{NOTES, NOW, Pad, SCHEMA, at, delete, insert, insert_label, plan, rewrite, run};

#[tokio::test]
async fn sqlite_needs_none() {
    let db = TestDatabase::new(&[SCHEMA]).await;
    if !dialect::has_partitions(db.engine()) {
        let done = convert(&db, &NOTES, Layout::ByYear, at(NOW), 50, &mut |_| {}).await;
        assert_eq!(done.unwrap(), Outcome::NotNeeded);
    }
}

#[tokio::test]
async fn a_table_comes_apart_and_together_again_with_all_its_rows_and_its_schema() {
    let Some(pad) = Pad::new().await else { return };
    let owner = pad.owner().await;
    let ids = pad.fill(owner, 300).await;
    let (notes, schema) = (pad.notes().await, pad.schema().await);
    let done = pad.convert(Layout::ByYear).await.unwrap();
    assert_eq!(done, Outcome::Converted { rows: 300 });
    let whole = Standing {
        layout: Layout::Whole,
        is_unfinished: false,
    };
    let by_year = Standing {
        layout: Layout::ByYear,
        ..whole
    };
    assert_eq!(pad.standing().await, by_year);
    assert_eq!(pad.notes().await, notes);
    assert_eq!(pad.labelled().await.len(), 300);
    assert_eq!(rows_in_default(&pad.db, &NOTES.table).await.unwrap(), 0);
    let first = plan(&pad.db, owner, ids[0]).await;
    assert!(
        first.contains("notes_2024") && !first.contains("notes_2025"),
        "{first}"
    );
    assert_eq!(pad.convert(Layout::ByYear).await.unwrap(), Outcome::Already);
    // It is a table like any other.
    run(&pad.db, rewrite(owner, ids[0], "Feed the cat"))
        .await
        .unwrap();
    for statement in delete(owner, ids[1]) {
        run(&pad.db, statement).await.unwrap();
    }
    let done = pad.convert(Layout::Whole).await.unwrap();
    assert_eq!(done, Outcome::Converted { rows: 299 });
    assert_eq!(pad.standing().await, whole);
    assert_eq!(pad.schema().await, schema);
    assert_eq!(
        pad.notes().await[&(owner, ids[0])],
        ("Feed the cat".into(), 4)
    );
    assert_eq!(pad.notes().await.len(), 299);
    assert_eq!(pad.convert(Layout::Whole).await.unwrap(), Outcome::Already);
    run(&pad.db, query("DELETE FROM owners")).await.unwrap();
    assert!(pad.notes().await.is_empty(), "the foreign keys are back");
    assert!(pad.labelled().await.is_empty());
}

#[tokio::test]
async fn what_refers_to_a_row_goes_with_it() {
    let Some(pad) = Pad::new().await else { return };
    let owner = pad.owner().await;
    let ids = pad.fill(owner, 3).await;
    pad.convert(Layout::ByYear).await.unwrap();
    if pad.db.engine() == Engine::Postgres {
        let [_labels, note] = delete(owner, ids[0]);
        run(&pad.db, note).await.unwrap();
        let refused = run(&pad.db, insert_label(owner, ids[0])).await.unwrap_err();
        assert!(matches!(refused, Error::Constraint(_)), "{refused}");
    } else {
        // Nothing keeps it from being left behind, until the table is one again.
        let [_labels, note] = delete(owner, ids[0]);
        run(&pad.db, note).await.unwrap();
        assert_eq!(pad.labelled().await.len(), 3);
        pad.convert(Layout::Whole).await.unwrap();
    }
    assert_eq!(pad.labelled().await, ids[1..]);
}

#[tokio::test]
async fn a_run_that_was_killed_at_any_moment_is_finished_by_another() {
    let Some(pad) = Pad::new().await else { return };
    let owner = pad.owner().await;
    let ids = pad.fill(owner, 260).await;
    let mut expected = pad.notes().await;
    let schema = pad.schema().await;
    for wanted in [Layout::ByYear, Layout::Whole] {
        // 260 rows are copied in six batches.
        for steps in 1..9 {
            if pad.give_up_after(wanted, steps).await {
                break;
            }
            // Meanwhile life goes on, among what has been copied and what has not.
            for (number, id) in ids
                .iter()
                .enumerate()
                .filter(|(number, _)| number % 7 == steps)
            {
                let text = format!("{wanted:?} {steps}");
                run(&pad.db, rewrite(owner, *id, &text)).await.unwrap();
                if let Some(note) = expected.get_mut(&(owner, *id)) {
                    *note = (text, note.1 + 1);
                }
                if number % 3 == 0 {
                    for statement in delete(owner, *id) {
                        run(&pad.db, statement).await.unwrap();
                    }
                    expected.remove(&(owner, *id));
                }
            }
            let new = pad.id("2025-07-01T00:00:00Z");
            run(&pad.db, insert(owner, new, "New")).await.unwrap();
            expected.insert((owner, new), ("New".into(), 3));
        }
        pad.convert(wanted).await.unwrap();
        let standing = pad.standing().await;
        assert_eq!(
            standing,
            Standing {
                layout: wanted,
                is_unfinished: false
            }
        );
        assert_eq!(pad.notes().await, expected);
    }
    assert_eq!(pad.schema().await, schema);
}

#[tokio::test]
async fn what_was_begun_can_be_abandoned() {
    let Some(pad) = Pad::new().await else { return };
    let owner = pad.owner().await;
    pad.fill(owner, 200).await;
    let (notes, schema) = (pad.notes().await, pad.schema().await);
    assert!(!pad.give_up_after(Layout::ByYear, 2).await);
    assert!(pad.standing().await.is_unfinished);
    assert_eq!(
        pad.convert(Layout::Whole).await.unwrap(),
        Outcome::Abandoned
    );
    assert!(!pad.standing().await.is_unfinished);
    assert_eq!(pad.schema().await, schema);
    assert_eq!(pad.notes().await, notes);
}

#[tokio::test]
async fn a_table_that_has_changed_meanwhile_is_copied_from_the_start() {
    let Some(pad) = Pad::new().await else { return };
    let owner = pad.owner().await;
    pad.fill(owner, 200).await;
    assert!(!pad.give_up_after(Layout::ByYear, 2).await);
    let add = query("ALTER TABLE notes ADD COLUMN colour bigint NOT NULL DEFAULT 7");
    run(&pad.db, add).await.unwrap();
    assert!(!pad.give_up_after(Layout::ByYear, 2).await);
    let index = query("CREATE INDEX notes_colour ON notes (colour)");
    run(&pad.db, index).await.unwrap();
    pad.convert(Layout::ByYear).await.unwrap();
    let count = query("SELECT COUNT(*) AS total FROM notes WHERE colour = 7");
    let row = pad
        .db
        .read_fresh()
        .optional_row(count)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.get::<i64>("total").unwrap(), 200);
    assert!(pad.schema().await.contains("notes_colour"));
}

#[tokio::test]
async fn only_one_converts_at_a_time() {
    let Some(pad) = Pad::new().await else { return };
    let owner = pad.owner().await;
    pad.fill(owner, 1000).await;
    let (one, other) = tokio::join!(pad.convert(Layout::ByYear), pad.convert(Layout::ByYear));
    for answer in [one, other] {
        match answer {
            Ok(Outcome::Converted { rows: 1000 } | Outcome::Already) | Err(Error::Busy) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(pad.notes().await.len(), 1000);
    assert!(!pad.standing().await.is_unfinished);
}

#[tokio::test]
async fn a_foreign_key_that_could_not_be_made_again_is_refused() {
    let Some(pad) = Pad::new().await else { return };
    const LESS: YearlyTable = YearlyTable {
        table: NOTES.table,
        foreign_keys: &[],
    };
    let schema = pad.schema().await;
    let done = convert(&pad.db, &LESS, Layout::ByYear, at(NOW), 50, &mut |_| {}).await;
    match pad.db.engine() {
        Engine::Postgres => assert_eq!(done.unwrap(), Outcome::Converted { rows: 0 }),
        _ => {
            let refused = done.unwrap_err().to_string();
            assert!(
                refused.contains("does not know; drop it first"),
                "{refused}"
            );
            assert_eq!(pad.schema().await, schema);
        }
    }
}

#[tokio::test]
async fn years_are_made_ahead_and_rows_others_refer_to_stay_where_they_are() {
    let Some(pad) = Pad::new().await else { return };
    let table = &NOTES.table;
    let untouched = make_ahead(&pad.db, table, at(NOW), 2).await.unwrap();
    assert!(untouched.is_empty(), "it is not partitioned");
    let owner = pad.owner().await;
    pad.convert(Layout::ByYear).await.unwrap();
    assert!(
        make_ahead(&pad.db, table, at(NOW), 2)
            .await
            .unwrap()
            .is_empty()
    );
    let next = at("2027-01-01T00:00:00Z");
    assert_eq!(
        make_ahead(&pad.db, table, next, 2).await.unwrap(),
        ["notes_2029"]
    );
    let far = pad.id("2030-05-05T00:00:00Z");
    run(&pad.db, insert(owner, far, "Far")).await.unwrap();
    run(&pad.db, insert_label(owner, far)).await.unwrap();
    assert_eq!(rows_in_default(&pad.db, table).await.unwrap(), 1);
    let made = make_ahead(&pad.db, table, at("2028-01-01T00:00:00Z"), 2).await;
    match pad.db.engine() {
        Engine::Postgres => {
            let refused = made.unwrap_err().to_string();
            assert!(refused.contains("--undo"), "{refused}");
        }
        _ => assert_eq!(made.unwrap(), ["notes_2030"]),
    }
    assert_eq!(pad.labelled().await, [far]);
    assert_eq!(pad.notes().await.len(), 1);
}
