//! Writing to-dos.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::lines::{escape, fold_into};
use crate::tasks::{Priority, Status, Task};
use crate::transfer::parsed::Moment;

/// What a calendar starts with.
pub(in crate::transfer) const HEADER: &str =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Duly//Duly//EN\r\n";

/// What a calendar ends with.
pub(in crate::transfer) const FOOTER: &str = "END:VCALENDAR\r\n";

/// A task as a to-do. A due time is written in UTC, so that no zone has to be described; in the
/// hour that a clock change skips it moves to the next valid time.
pub(in crate::transfer) fn write(task: &Task, moment: &Moment) -> String {
    let mut lines = vec![
        "BEGIN:VTODO".to_owned(),
        format!("UID:{}", task.id),
        format!("DTSTAMP:{}", utc(moment.now)),
        format!("CREATED:{}", utc(task.created_at)),
        format!("LAST-MODIFIED:{}", utc(task.updated_at)),
        format!("SUMMARY:{}", escape(&task.title)),
    ];
    if !task.description.is_empty() {
        lines.push(format!("DESCRIPTION:{}", escape(&task.description)));
    }
    lines.extend(due(task, moment));
    lines.push(format!("STATUS:{}", status(task.status)));
    lines.extend(
        task.completed_at
            .map(|instant| format!("COMPLETED:{}", utc(instant))),
    );
    lines.extend(priority(task.priority).map(|number| format!("PRIORITY:{number}")));
    if !task.labels.is_empty() {
        let labels: Vec<String> = task.labels.iter().map(|label| escape(label)).collect();
        lines.push(format!("CATEGORIES:{}", labels.join(",")));
    }
    lines.push("END:VTODO".to_owned());
    let mut file = String::new();
    for line in lines {
        fold_into(&mut file, &line);
    }
    file
}

fn due(task: &Task, moment: &Moment) -> Option<String> {
    let date = task.due_date?;
    let instant = task
        .due_time
        .and_then(|time| moment.instant(date.to_datetime(time)));
    Some(match instant {
        Some(instant) => format!("DUE:{}", utc(instant)),
        None => format!(
            "DUE;VALUE=DATE:{:04}{:02}{:02}",
            date.year(),
            date.month(),
            date.day()
        ),
    })
}

fn utc(instant: Timestamp) -> String {
    let wall = TimeZone::UTC.to_datetime(instant);
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
        wall.year(),
        wall.month(),
        wall.day(),
        wall.hour(),
        wall.minute(),
        wall.second()
    )
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Pending => "NEEDS-ACTION",
        Status::InProgress => "IN-PROCESS",
        Status::Completed => "COMPLETED",
    }
}

fn priority(priority: Priority) -> Option<u8> {
    match priority {
        Priority::None => None,
        Priority::Low => Some(9),
        Priority::Medium => Some(5),
        Priority::High => Some(1),
    }
}
