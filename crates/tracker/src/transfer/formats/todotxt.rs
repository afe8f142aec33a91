//! todo.txt: a task per line (<https://github.com/todotxt/todo.txt>).

use std::io::BufRead;

use jiff::civil::{Date, Time};

use super::dates::{Stamp, looks_like_date, read_date};
use super::fingerprint::Fingerprints;
use super::reading::TextLines;
use super::words::{self, Tag};
use crate::Result;
use crate::input::FromText;
use crate::tasks::{DueTime, Priority, Status, Task, write_hour_and_minute};
use crate::transfer::draft::Draft;
use crate::transfer::parsed::{Moment, Rows};

/// In bytes; more than a description could hold.
const LONGEST_LINE: usize = 100_000;

/// Whether a line has something that only todo.txt has.
pub(super) fn is_marked(line: &str) -> bool {
    let line = line.trim();
    let (completed, priority, rest) = markers(line);
    completed
        || priority.is_some()
        || rest
            .split_whitespace()
            .next()
            .is_some_and(|word| read_day(word).is_some())
        || line.split_whitespace().any(|word| tag(word).is_some())
}

/// Reads a file.
///
/// # Errors
/// When it cannot be read to its end; what `rows` says.
pub(super) fn read(source: impl BufRead, moment: &Moment, rows: &mut impl Rows) -> Result<()> {
    let mut lines = TextLines::behind(1, source);
    let mut fingerprints = Fingerprints::default();
    while let Some((number, line)) = lines.next_line()? {
        let line = line.trim();
        if !line.is_empty() {
            let mut draft = Draft::new(number);
            draft.source_id = Some(fingerprints.next(line));
            read_line(&mut draft, line, moment);
            rows.push(draft.finish(moment))?;
        }
    }
    Ok(())
}

fn read_line(draft: &mut Draft, line: &str, moment: &Moment) {
    if line.len() > LONGEST_LINE {
        return draft.refuse("the line is too long to be a task");
    }
    let (completed, priority, mut rest) = markers(line);
    let mut dates = Vec::new();
    while let Some((word, after)) = rest.split_once(char::is_whitespace) {
        let Some(day) = read_day(word).filter(|_| dates.len() < if completed { 2 } else { 1 })
        else {
            break;
        };
        dates.push(Stamp::Day(day).instant(moment));
        rest = after.trim_start();
    }
    let mut dates = dates.into_iter();
    if completed {
        draft.status = Status::Completed;
        draft.completed_at = dates.next().flatten();
    }
    draft.created_at = dates.next().flatten();
    if let Some(letter) = priority {
        draft.priority = priority_of(letter);
    }
    let words = words::split(rest, tag);
    draft.set_title(words.title);
    for label in words.labels {
        draft.label(label);
    }
    let mut time = None;
    for (key, value) in words.pairs {
        if !read_pair(draft, &mut time, key, value, moment) {
            draft.detail(key, value);
        }
    }
    for (key, value) in words.inner_pairs {
        if key == "due" && !draft.is_due() {
            read_pair(draft, &mut time, key, value, moment);
        }
    }
    if let (Some(time), false) = (time, draft.is_due()) {
        draft.detail("time", &write_hour_and_minute(time));
    }
}

/// `x `, `(A) ` and what follows.
fn markers(line: &str) -> (bool, Option<char>, &str) {
    let (completed, rest) = match line.strip_prefix("x ") {
        Some(rest) => (true, rest.trim_start()),
        None => (false, line),
    };
    let mut start = rest.chars();
    match (start.next(), start.next(), start.next(), start.next()) {
        (Some('('), Some(letter @ 'A'..='Z'), Some(')'), Some(' ')) => {
            (completed, Some(letter), start.as_str().trim_start())
        }
        _ => (completed, None, rest),
    }
}

fn tag(word: &str) -> Option<Tag<'_>> {
    words::project(word)
        .or_else(|| words::context(word))
        .or_else(|| words::key_and_value(word))
}

/// Only with separators: `20261124` is a number.
fn read_day(word: &str) -> Option<Date> {
    (word.len() == 10).then(|| read_date(word))?
}

/// A is high, B medium, and everything after it low.
fn priority_of(letter: char) -> Priority {
    match letter {
        'A' => Priority::High,
        'B' => Priority::Medium,
        _ => Priority::Low,
    }
}

/// Whether the pair has a place in a task.
fn read_pair(
    draft: &mut Draft,
    time: &mut Option<Time>,
    key: &str,
    value: &str,
    moment: &Moment,
) -> bool {
    match key {
        "due" => read_due(draft, *time, value, moment),
        // A convention for completed tasks, whose (A) has to go.
        "pri" => {
            let mut letters = value.chars();
            let (Some(letter @ 'A'..='Z'), None) = (letters.next(), letters.next()) else {
                return false;
            };
            draft.priority = priority_of(letter);
            true
        }
        // Our own: todo.txt knows days only. It stands before the day.
        "time" => {
            *time = DueTime::from_text(value).ok().map(|time| time.0);
            time.is_some()
        }
        _ => false,
    }
}

fn read_due(draft: &mut Draft, time: Option<Time>, value: &str, moment: &Moment) -> bool {
    match Stamp::read(value) {
        Some(stamp) => {
            let (day, own_time) = stamp.on_wall(moment);
            draft.due(day, own_time.or(time));
            true
        }
        None if looks_like_date(value) => {
            draft.refuse(format!("“{value}” is no day it can be due"));
            true
        }
        None => {
            draft.note(format!(
                "“{value}” is no day it can be due: it stands in the description"
            ));
            false
        }
    }
}

/// A task as a line. Descriptions, and that a task has been begun, have no place in it.
pub(in crate::transfer) fn write(task: &Task, moment: &Moment) -> String {
    let mut words = Vec::new();
    let letter = match task.priority {
        Priority::None => None,
        Priority::Low => Some('C'),
        Priority::Medium => Some('B'),
        Priority::High => Some('A'),
    };
    if let Some(completed_at) = task.completed_at {
        words.push(format!("x {}", moment.local(completed_at).date()));
    } else if let Some(letter) = letter {
        words.push(format!("({letter})"));
    }
    words.push(moment.local(task.created_at).date().to_string());
    words.push(task.title.clone());
    words.extend(task.labels.iter().map(|label| format!("@{label}")));
    if let (Some(letter), true) = (letter, task.completed_at.is_some()) {
        words.push(format!("pri:{letter}"));
    }
    if let Some(day) = task.due_date {
        words.extend(
            task.due_time
                .map(|time| format!("time:{}", write_hour_and_minute(time))),
        );
        words.push(format!("due:{day}"));
    }
    words.join(" ") + "\n"
}

#[cfg(test)]
mod tests;
