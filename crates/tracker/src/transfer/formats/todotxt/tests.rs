use jiff::civil::{date, time};
use proptest::prelude::*;

use super::*;
use crate::transfer::formats::{Format, sample};
use crate::transfer::parsed::Row;

fn row(line: &str) -> Row {
    sample::parsed(Format::Todotxt, line)
        .unwrap()
        .rows
        .remove(0)
}

fn task(line: &str) -> Task {
    row(line).task.unwrap()
}

#[test]
fn the_markers_stand_at_the_start_only() {
    for (line, title) in [
        ("xylophone lesson", "xylophone lesson"),
        ("X 2026-11-20 Mail", "X 2026-11-20 Mail"),
        ("(a) Mail", "(a) Mail"),
        ("(A)Mail", "(A)Mail"),
        ("Mail (A) today", "Mail (A) today"),
        ("2026-11-20", "2026-11-20"),
        ("2026-11-20 2026-11-21 Mail", "2026-11-21 Mail"),
        ("20261120 Mail", "20261120 Mail"),
        ("x 2026-11-20 2026-11-10 2026-11-01 Mail", "2026-11-01 Mail"),
    ] {
        assert_eq!(task(line).title, title);
    }
}

#[test]
fn priorities_and_dates_are_mapped() {
    for (line, priority) in [
        ("(A) a", Priority::High),
        ("(B) a", Priority::Medium),
        ("(C) a", Priority::Low),
        ("(Z) a", Priority::Low),
        ("x (A) 2026-11-20 a", Priority::High),
        ("x 2026-11-20 a pri:B", Priority::Medium),
        ("a pri:high", Priority::None),
    ] {
        assert_eq!(task(line).priority, priority, "{line}");
    }
    let done = task("x 2026-11-20 2026-11-10 a");
    assert_eq!(
        done.completed_at,
        Some("2026-11-19T23:00:00Z".parse().unwrap())
    );
    assert_eq!(done.created_at, "2026-11-09T23:00:00Z".parse().unwrap());
    let only_completed = task("x 2026-11-20 a");
    assert_eq!(Some(only_completed.created_at), only_completed.completed_at);
}

#[test]
fn due_dates_are_read_and_wrong_ones_are_told() {
    assert_eq!(task("a due:2026-11-24").due_date, Some(date(2026, 11, 24)));
    assert_eq!(
        task("Meet due:2026-11-24 with Anna").due_date,
        Some(date(2026, 11, 24))
    );
    let timed = task("a time:18:00 due:2026-11-24");
    assert_eq!(
        (timed.due_date, timed.due_time),
        (Some(date(2026, 11, 24)), Some(time(18, 0, 0, 0)))
    );
    assert_eq!(task("a time:18:00").description, "- time: 18:00");
    for wrong in ["a due:2026-02-30", "a due:10000-01-01", "a due:0000-01-01"] {
        assert!(row(wrong).task.is_err(), "{wrong}");
    }
    let someday = row("a due:someday");
    assert_eq!(someday.notes.len(), 1);
    assert_eq!(someday.task.unwrap().description, "- due: someday");
}

/// What a line holds of a task: days, no description, and no word that is a tag.
fn holdable(task: &Task) -> Task {
    let moment = sample::moment();
    let day = |instant: jiff::Timestamp| {
        let day = moment.local(instant).date();
        moment
            .instant(day.to_datetime(jiff::civil::Time::midnight()))
            .unwrap()
    };
    Task {
        id: crate::TaskId(uuid::Uuid::nil()),
        description: String::new(),
        status: if task.status.is_open() {
            Status::Pending
        } else {
            task.status
        },
        completed_at: task.completed_at.map(day),
        created_at: day(task.created_at),
        updated_at: moment.now,
        snoozed_until: None,
        muted: false,
        ..task.clone()
    }
}

proptest! {
    #[test]
    fn a_task_comes_back_as_far_as_a_line_holds_it(task in sample::task()) {
        let words = task.title.split_whitespace();
        prop_assume!(words.into_iter().all(|word| tag(word).is_none()));
        let is_tag = |label: &String| words::context(&format!("@{label}")).is_some();
        prop_assume!(task.labels.iter().all(is_tag));
        let row = row(&write(&task, &sample::moment()));
        prop_assert_eq!(row.notes, Vec::<String>::new());
        prop_assert_eq!(row.task, Ok(holdable(&task)));
    }
}
