use jiff::civil::{date, time};
use proptest::prelude::*;

use super::lines::{Line, escape, fold_into, unfold};
use super::*;
use crate::tasks::{Priority, Status, Task};
use crate::transfer::formats::sample;
use crate::transfer::parsed::Row;

fn rows(body: &str) -> Vec<Row> {
    let file = format!("BEGIN:VCALENDAR\r\n{body}\r\nEND:VCALENDAR\r\n");
    read(file.as_bytes(), &sample::moment()).unwrap().rows
}

fn todo(properties: &str) -> Row {
    rows(&format!(
        "BEGIN:VTODO\r\nUID:1\r\nSUMMARY:a\r\n{properties}\r\nEND:VTODO"
    ))
    .remove(0)
}

fn task(properties: &str) -> Task {
    todo(properties).task.unwrap()
}

#[test]
fn due_times_are_judged_in_the_zone_they_name() {
    for (due, day, clock) in [
        ("DUE;VALUE=DATE:20261124", 24, None),
        ("DUE:20261124", 24, None),
        ("DUE:20261124T180000", 24, Some((18, 0))),
        ("DUE:20261124T233000Z", 25, Some((0, 30))),
        (
            "DUE;TZID=America/New_York:20261124T120000",
            24,
            Some((18, 0)),
        ),
        (
            "DUE;TZID=\"/freeassociation.sourceforge.net/Asia/Tokyo\":20261124T120000",
            24,
            Some((4, 0)),
        ),
        (
            "DUE;TZID=UTC;X-A=\"b;c:d\":20261124T120000",
            24,
            Some((13, 0)),
        ),
    ] {
        let task = task(due);
        assert_eq!(task.due_date, Some(date(2026, 11, day)), "{due}");
        assert_eq!(
            task.due_time,
            clock.map(|(hour, minute)| time(hour, minute, 0, 0)),
            "{due}"
        );
    }
    let unknown = todo("DUE;TZID=Mars/Olympus:20261124T120000");
    assert!(unknown.notes[0].contains("Mars/Olympus"));
    assert_eq!(unknown.task.unwrap().due_time, Some(time(12, 0, 0, 0)));
}

#[test]
fn dates_out_of_range_are_refused() {
    for due in [
        "DUE:00000101",
        "DUE:100000101",
        "DUE:20260230",
        "DUE:99991231",
        "DUE:soon",
    ] {
        assert!(todo(due).task.is_err(), "{due}");
    }
}

#[test]
fn the_status_follows_from_what_is_there() {
    for (properties, status) in [
        ("X-A:b", Status::Pending),
        ("STATUS:IN-PROCESS", Status::InProgress),
        ("PERCENT-COMPLETE:40", Status::InProgress),
        ("PERCENT-COMPLETE:100", Status::Completed),
        ("COMPLETED:20261120T120000Z", Status::Completed),
        (
            "STATUS:NEEDS-ACTION\r\nPERCENT-COMPLETE:40",
            Status::Pending,
        ),
        ("PERCENT-COMPLETE:many", Status::Pending),
    ] {
        assert_eq!(task(properties).status, status, "{properties}");
    }
    for (number, priority) in [
        (0, Priority::None),
        (1, Priority::High),
        (4, Priority::High),
        (5, Priority::Medium),
        (6, Priority::Low),
        (9, Priority::Low),
    ] {
        assert_eq!(task(&format!("PRIORITY:{number}")).priority, priority);
    }
    assert_eq!(todo("PRIORITY:10").notes.len(), 1);
}

#[test]
fn what_belongs_to_an_alarm_stays_there() {
    let row =
        todo("BEGIN:VALARM\r\nUID:2\r\nDESCRIPTION:ring\r\nDUE:soon\r\nEND:VALARM\r\nPRIORITY:1");
    let task = row.task.unwrap();
    assert_eq!(
        (task.description.as_str(), task.priority),
        ("", Priority::High)
    );
    assert_eq!(row.source_id.as_deref(), Some("1"));
}

#[test]
fn a_damaged_to_do_refuses_itself_only() {
    let rows = rows(
        "BEGIN:VTODO\r\nUID:1\r\nno name and value\r\nEND:VTODO\r\n\
         BEGIN:VTODO\r\nUID:2\r\nSUMMARY:b\r\nEND:VTODO\r\nBEGIN:VTODO\r\nUID:3\r\nSUMMARY:c",
    );
    assert_eq!(
        rows[0].task.as_ref().unwrap_err()[0],
        "line 4 is not UTF-8 or has no name and value"
    );
    assert!(rows[1].task.is_ok());
    assert_eq!(rows[2].task, Err(vec!["it has no end".to_owned()]));
    assert_eq!(rows[2].line, 10);
}

#[test]
fn occurrences_and_to_dos_without_uid_are_told_apart() {
    let rows = rows(
        "BEGIN:VTODO\r\nUID:1\r\nSUMMARY:a\r\nEND:VTODO\r\n\
         BEGIN:VTODO\r\nUID:1\r\nRECURRENCE-ID:20261124\r\nSUMMARY:a\r\nEND:VTODO\r\n\
         BEGIN:VTODO\r\nSUMMARY:a\r\nEND:VTODO\r\nBEGIN:VTODO\r\nSUMMARY:a\r\nEND:VTODO",
    );
    let ids: Vec<&str> = rows
        .iter()
        .filter_map(|row| row.source_id.as_deref())
        .collect();
    assert_eq!(ids[..2], ["1", "1/20261124"]);
    assert!(ids[2].ends_with("-1") && ids[3].ends_with("-2"));
}

#[test]
fn ids_that_cannot_be_kept_are_kept_as_their_digest() {
    let long = format!(
        "BEGIN:VTODO\r\nUID:{}\r\nSUMMARY:a\r\nEND:VTODO",
        "x".repeat(5000)
    );
    assert_eq!(rows(&long)[0].source_id.as_deref().map(str::len), Some(32));
    let nul = "BEGIN:VTODO\r\nUID:a\0b\r\nSUMMARY:a\r\nEND:VTODO";
    assert_eq!(rows(nul)[0].source_id.as_deref().map(str::len), Some(32));
}

#[test]
fn lists_and_escapes_are_read() {
    let task = task("CATEGORIES:a\\,b,c\r\nCATEGORIES:d\r\nDESCRIPTION:1\\n2\\N3\\\\n\\;\\x");
    assert_eq!(task.labels, ["a-b", "c", "d"]);
    assert_eq!(task.description, "1\n2\n3\\n;\\x");
}

#[test]
fn written_lines_are_at_most_75_octets_long() {
    let mut file = String::new();
    fold_into(&mut file, &format!("SUMMARY:{}", "é🐝a".repeat(60)));
    assert!(file.split("\r\n").all(|line| line.len() <= 75));
    let line: Line = unfold(file.as_bytes()).next().unwrap();
    assert_eq!(line.property().unwrap().value, "é🐝a".repeat(60));
}

/// What an iCalendar file holds of a task: seconds, and due times that exist.
fn holdable(task: &Task) -> Task {
    let moment = sample::moment();
    let whole = |instant: jiff::Timestamp| {
        jiff::Timestamp::from_second(instant.as_second().div_euclid(1)).unwrap()
    };
    let floor = |instant: jiff::Timestamp| {
        let second = instant.as_microsecond().div_euclid(1_000_000);
        whole(jiff::Timestamp::from_second(second).unwrap())
    };
    let due = task
        .due_date
        .zip(task.due_time)
        .map(|(day, clock)| moment.local(moment.instant(day.to_datetime(clock)).unwrap()));
    Task {
        id: crate::TaskId(uuid::Uuid::nil()),
        description: task.description.replace("\r\n", "\n").replace('\r', "\n"),
        due_date: due.map_or(task.due_date, |due| Some(due.date())),
        due_time: due.map(|due| due.time().with().second(0).build().unwrap()),
        completed_at: task.completed_at.map(floor),
        created_at: floor(task.created_at),
        updated_at: floor(task.updated_at),
        snoozed_until: None,
        muted: false,
        ..task.clone()
    }
}

proptest! {
    #[test]
    fn a_task_comes_back_as_far_as_a_calendar_holds_it(task in sample::task()) {
        let moment = sample::moment();
        let file = HEADER.to_owned() + &write(&task, &moment) + FOOTER;
        let row = read(file.as_bytes(), &moment).unwrap().rows.remove(0);
        prop_assert_eq!(row.source_id, Some(task.id.to_string()));
        prop_assert_eq!(row.notes, Vec::<String>::new());
        prop_assert_eq!(row.task, Ok(holdable(&task)));
    }

    #[test]
    fn text_comes_back_from_its_line(text in "(\\PC|[\\n\\\\,;:\"]){0,200}") {
        let mut file = String::new();
        fold_into(&mut file, &format!("SUMMARY:{}", escape(&text)));
        let lines: Vec<Line> = unfold(file.as_bytes()).collect();
        prop_assert_eq!(lines.len(), 1);
        prop_assert_eq!(lines[0].property().unwrap().text(), text);
    }
}
