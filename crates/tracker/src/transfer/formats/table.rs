//! A table of tasks for spreadsheets (RFC 4180). It is written, not read.

use crate::tasks::{Task, write_hour_and_minute};

/// The first line. The byte order mark tells spreadsheets that this is UTF-8.
pub(in crate::transfer) const HEADER: &str = "\u{feff}id,title,description,status,due_date,\
     due_time,priority,labels,completed_at,created_at,updated_at\r\n";

/// A task as a line.
pub(in crate::transfer) fn write(task: &Task) -> String {
    let time = |instant: jiff::Timestamp| instant.to_string();
    let cells = [
        task.id.to_string(),
        task.title.clone(),
        task.description.clone(),
        task.status.name().to_owned(),
        task.due_date.map(|day| day.to_string()).unwrap_or_default(),
        task.due_time.map(write_hour_and_minute).unwrap_or_default(),
        task.priority.name().to_owned(),
        task.labels.join(", "),
        task.completed_at.map(time).unwrap_or_default(),
        time(task.created_at),
        time(task.updated_at),
    ];
    let cells: Vec<String> = cells
        .into_iter()
        .map(|cell| quoted(&neutralised(cell)))
        .collect();
    cells.join(",") + "\r\n"
}

/// A cell that no spreadsheet takes for a formula.
///
/// An apostrophe is put before a cell that starts with `=`, `+`, `-`, `@`, a tab or a line break,
/// or with apostrophes and then one of these; so taking one apostrophe away from such a cell
/// gives back what was there. The wide forms of the characters count too, because some
/// spreadsheets take them for the narrow ones (OWASP, CSV Injection).
fn neutralised(cell: String) -> String {
    const STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if cell.trim_start_matches('\'').starts_with(STARTS) {
        format!("'{cell}")
    } else {
        cell
    }
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests;
