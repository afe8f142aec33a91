use jiff::civil::date;

use crate::transfer::formats::{Format, sample};
use crate::transfer::parsed::Row;

const UUID: &str = "0f5bd4f0-6a9a-4d2c-9f65-6b1c3a1d5e01";

fn row(attributes: &str) -> Row {
    let file = format!(r#"[{{"uuid":"{UUID}","description":"a",{attributes}}}]"#);
    sample::parsed(Format::Taskwarrior, &file)
        .unwrap()
        .rows
        .remove(0)
}

#[test]
fn midnight_and_the_last_second_are_the_day_as_a_whole() {
    for (due, day, clock) in [
        // Midnight in Berlin, in winter and in summer.
        ("20261123T230000Z", 24, None),
        ("20261124T225959Z", 24, None),
        ("20261124T170000Z", 24, Some("18:00:00")),
        ("20261124T000000Z", 24, Some("01:00:00")),
        ("20261124", 24, None),
    ] {
        let task = row(&format!(r#""due":"{due}""#)).task.unwrap();
        assert_eq!(task.due_date, Some(date(2026, 11, day)), "{due}");
        assert_eq!(
            task.due_time.map(|time| time.to_string()).as_deref(),
            clock,
            "{due}"
        );
    }
    let summer = row(r#""due":"20260630T220000Z""#).task.unwrap();
    assert_eq!(
        (summer.due_date, summer.due_time),
        (Some(date(2026, 7, 1)), None)
    );
}

#[test]
fn lists_and_objects_per_line_are_the_same() {
    let one = format!(r#"{{"uuid":"{UUID}","description":"a","status":"pending"}}"#);
    let list = sample::parsed(Format::Taskwarrior, &format!("[\n{one}\n]\n")).unwrap();
    for file in [format!("\n{one}\n"), format!("\r\n{one},\r\n")] {
        assert_eq!(
            sample::parsed(Format::Taskwarrior, &file).unwrap().rows,
            list.rows
        );
    }
}

#[test]
fn the_list_of_a_broken_file_is_refused_whole() {
    for file in ["[", "[{}", "[{},]", "[{} {}]", "[]]", "[\"a]"] {
        assert!(sample::parsed(Format::Taskwarrior, file).is_err(), "{file}");
    }
    assert!(
        sample::parsed(Format::Taskwarrior, "[]")
            .unwrap()
            .rows
            .is_empty()
    );
}

#[test]
fn attributes_of_ones_own_are_kept() {
    let task = row(r#""size":3,"ok":true,"who":["Ann","Bob"],"deep":{"a":[[1]]},"none":null"#)
        .task
        .unwrap();
    assert_eq!(task.description, "- ok: true\n- size: 3\n- who: Ann, Bob");
}
