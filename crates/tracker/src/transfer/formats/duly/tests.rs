use proptest::prelude::*;

use super::*;
use crate::transfer::formats::{Format, sample};

fn refusals(task: &str) -> Vec<String> {
    let file = format!(r#"{{"format":"duly","version":1,"tasks":[{task}]}}"#);
    let parsed = sample::parsed(Format::Duly, &file).unwrap();
    parsed.rows[0].task.clone().unwrap_err()
}

#[test]
fn other_documents_are_refused() {
    for (file, code) in [
        (
            r#"{"format":"duly","version":2,"tasks":[]}"#,
            "unknown_version",
        ),
        (
            r#"{"format":"other","version":1,"tasks":[]}"#,
            "invalid_file",
        ),
        (r#"{"format":"duly","tasks":[]}"#, "invalid_file"),
        (
            r#"{"format":"duly","version":1,"tasks":{}}"#,
            "invalid_file",
        ),
        (
            r#"{"format":"duly","version":1,"version":1,"tasks":[]}"#,
            "invalid_file",
        ),
        (
            r#"{"format":"duly","version":1,"tasks":[]} x"#,
            "invalid_file",
        ),
        (r#"{"format":"duly","version":1,"tasks":["#, "invalid_file"),
    ] {
        match sample::parsed(Format::Duly, file) {
            Err(Error::Invalid(errors)) => assert_eq!(errors[0].code, code, "{file}"),
            other => panic!("{file}: {other:?}"),
        }
    }
}

#[test]
fn each_wrong_member_is_named() {
    for (task, reason) in [
        (
            r#"{"title":"a","due_date":"2026-02-30"}"#,
            "due_date must be a day like 2026-11-24",
        ),
        (
            r#"{"title":"a","due_date":"0000-01-01"}"#,
            "due_date must lie between 0001-01-01 and 9999-12-30",
        ),
        (
            r#"{"title":"a","due_time":"18:00"}"#,
            "due_time needs a due_date",
        ),
        (
            r#"{"title":"a","priority":"urgent"}"#,
            "priority must be one of none low medium high",
        ),
        (
            r#"{"title":"a","created_at":"yesterday"}"#,
            "created_at must be a time like 2026-11-24T09:00:00Z",
        ),
        (
            r#"{"title":"a","created_at":"-000001-01-01T00:00:00Z"}"#,
            "the time of creation lies outside the years 1 to 9999",
        ),
        (r#"{"title":"a","title":"b"}"#, "duplicate field `title`"),
        (
            r#"{"title":["a"]}"#,
            "invalid type: sequence, expected a string",
        ),
        ("17", "invalid type: integer `17`, expected struct Entry"),
    ] {
        assert_eq!(refusals(task)[0], reason, "{task}");
    }
    assert!(refusals(r#"{"title":"a","owner":"me"}"#)[0].starts_with("unknown field `owner`"));
}

proptest! {
    #[test]
    fn a_task_comes_back_as_it_was(task in sample::task()) {
        let moment = sample::moment();
        let file = header(&moment) + &write(&task, true).unwrap() + FOOTER;
        let parsed = sample::parsed(Format::Duly, &file).unwrap();
        let row = &parsed.rows[0];
        prop_assert!(row.keeps_id && row.notes.is_empty(), "{:?}", row.notes);
        prop_assert_eq!(row.source_id.clone(), Some(task.id.to_string()));
        prop_assert_eq!(row.line, 2);
        prop_assert_eq!(row.task.clone(), Ok(task));
    }
}
