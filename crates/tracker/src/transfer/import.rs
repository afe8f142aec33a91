//! From a file to tasks, all or nothing.

use std::collections::{HashMap, HashSet};

use duly_db::random::new_id;
use duly_db::versions::{self, Kind};
use duly_db::{Conn, retry};
use jiff::tz::TimeZone;
use tokio::sync::Mutex;

use super::parsed::{Moment, Parsed, Row};
use super::{Format, Outcome, Report, ReportRow, formats, store};
use crate::activity::{self, Actor, Entry, Way};
use crate::reminders::{self, times};
use crate::tasks::{self, Task};
use crate::{Error, Result, TaskId, Tracker, UserId};

/// How to import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// The format of the file; found out from its content when not given.
    pub format: Option<Format>,
    /// Only say what would happen.
    pub dry_run: bool,
    /// Write the good rows even when others are refused.
    pub keep_going: bool,
}

/// Brings the tasks of a file in. Nothing is written when `options.dry_run`, or when a row is
/// refused and `options.keep_going` is not set ([`Report::stopped`]).
///
/// # Errors
/// [`Error::Invalid`] for the field `file` when the file as a whole cannot be read
/// (`too_large`, `invalid_encoding`, `unknown_format`, `unknown_version`, `invalid_file`,
/// `too_many_rows`); else when the database fails.
pub async fn import(
    tracker: &Tracker,
    by: &Actor,
    zone: &TimeZone,
    file: Vec<u8>,
    options: Options,
) -> Result<Report> {
    let moment = Moment {
        now: tracker.clock.now(),
        zone: zone.clone(),
    };
    let reading = tokio::task::spawn_blocking(move || {
        let (format, mut parsed) = formats::read(&file, options.format, &moment)?;
        refuse_repeated(&mut parsed);
        Ok::<_, Error>((format, parsed))
    });
    let (format, mut parsed) = reading
        .await
        .map_err(|error| Error::Internal(error.to_string()))??;
    let notes = parsed.take_notes();
    let stopped = !options.keep_going && parsed.rows.iter().any(|row| row.task.is_err());
    let known = if options.dry_run || stopped {
        Known::read(&mut tracker.db.read_fresh(), by.user, format, &parsed.rows).await?
    } else {
        // The file is at hand here, and too large to be kept for asking the whole request again.
        let rows = Mutex::new(&mut parsed.rows);
        let again = || async {
            let mut rows = rows.lock().await;
            write(tracker, by, zone, format, rows.as_mut_slice()).await
        };
        retry::on_conflict(&*tracker.random, again).await?
    };
    let rows = parsed
        .rows
        .into_iter()
        .map(|row| report(row, &known))
        .collect();
    Ok(Report {
        notes,
        ..Report::new(format, options.dry_run, options.keep_going, rows)
    })
}

/// Two rows with one id cannot both become its task. A row that says the same again does no harm.
fn refuse_repeated(parsed: &mut Parsed) {
    let mut first: HashMap<String, usize> = HashMap::new();
    for index in 0..parsed.rows.len() {
        let Some(row) = parsed.rows.get(index) else {
            continue;
        };
        let (Some(id), Ok(task)) = (&row.source_id, &row.task) else {
            continue;
        };
        let Some(earlier) = first.get(id).and_then(|earlier| parsed.rows.get(*earlier)) else {
            first.insert(id.clone(), index);
            continue;
        };
        let (line, is_same) = (earlier.line, earlier.task.as_ref() == Ok(task));
        let Some(row) = parsed.rows.get_mut(index) else {
            continue;
        };
        if is_same {
            row.repeats = Some(line);
        } else {
            row.task = Err(vec![format!(
                "it has the id of line {line}, but says something else"
            )]);
        }
    }
}

/// The rows that are tasks already.
#[derive(Debug, Default)]
struct Known {
    imported: HashMap<String, TaskId>,
    existing: HashSet<TaskId>,
}

impl Known {
    /// A row is known by its source id; or because that is the id of one of the owner's tasks,
    /// as in a file that was exported from the same account.
    async fn read(conn: &mut Conn, owner: UserId, format: Format, rows: &[Row]) -> Result<Self> {
        let ids: Vec<&str> = rows
            .iter()
            .filter(|row| row.task.is_ok())
            .filter_map(|row| row.source_id.as_deref())
            .collect();
        let own: Vec<TaskId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        Ok(Known {
            imported: store::imported(conn, owner, format, &ids).await?,
            existing: store::existing(conn, owner, &own).await?,
        })
    }

    fn has(&self, row: &Row) -> bool {
        row.source_id.as_deref().is_some_and(|id| {
            self.imported.contains_key(id)
                || id
                    .parse()
                    .is_ok_and(|id: TaskId| self.existing.contains(&id))
        })
    }
}

/// Writes every task that is new, in one transaction; answers which were not.
async fn write(
    tracker: &Tracker,
    by: &Actor,
    zone: &TimeZone,
    format: Format,
    rows: &mut [Row],
) -> Result<Known> {
    let owner = by.user;
    let ids = fresh_ids(tracker, rows);
    let mut tx = tracker.db.begin();
    let known = Known::read(&mut tx, owner, format, rows).await?;
    let mut written: Vec<(&str, &Task)> = Vec::new();
    for (row, fresh) in rows.iter_mut().zip(ids) {
        if row.repeats.is_some() || known.has(row) {
            continue;
        }
        if let (Ok(task), Some(source_id)) = (&mut row.task, &row.source_id) {
            if !row.keeps_id {
                task.id = fresh;
            }
            written.push((source_id, task));
        }
    }
    if written.is_empty() {
        return Ok(known);
    }
    let new: Vec<&Task> = written.iter().map(|(_, task)| *task).collect();
    tasks::insert_all(&mut tx, owner, &new).await?;
    let by = Actor {
        via: Way::Import,
        ..by.clone()
    };
    let entries = new.iter().copied().map(Entry::created);
    activity::record(tracker, &mut tx, &by, entries)?;
    store::remember(&mut tx, owner, format, &written).await?;
    if let Some(next) = next_timed(tracker, zone, &new) {
        reminders::task_changed(tracker, &mut tx, owner, next).await?;
    }
    versions::raise(&mut tx, owner.0, Kind::Data);
    tx.commit().await?;
    Ok(known)
}

/// Ids for as many rows, ascending, so that the order of the file is the order of the ids.
fn fresh_ids(tracker: &Tracker, rows: &[Row]) -> Vec<TaskId> {
    let now = tracker.clock.now();
    let mut ids: Vec<TaskId> = rows
        .iter()
        .map(|_| TaskId(new_id(tracker.random.as_ref(), now)))
        .collect();
    ids.sort_unstable();
    ids
}

/// The task that is due next at a time of day. The owner has to be looked at no later than that;
/// all others are found from there.
fn next_timed<'a>(tracker: &Tracker, zone: &TimeZone, tasks: &[&'a Task]) -> Option<&'a Task> {
    let now = tracker.clock.now();
    let open = tasks.iter().filter(|task| task.status.is_open());
    let timed = open.filter_map(|task| {
        let due = times::instant(task.due_date?, task.due_time?, zone)?;
        (due > now).then_some((due, *task))
    });
    timed.min_by_key(|(due, _)| *due).map(|(_, task)| task)
}

fn report(row: Row, known: &Known) -> ReportRow {
    let is_known = known.has(&row);
    let (outcome, reasons) = match (row.task, row.repeats) {
        (Err(reasons), _) => (Outcome::Refused, reasons),
        (Ok(_), Some(line)) => (
            Outcome::Unchanged,
            vec![format!("it says the same as line {line}")],
        ),
        (Ok(_), None) if is_known => (
            Outcome::Unchanged,
            vec!["it was imported before".to_owned()],
        ),
        (Ok(_), None) if row.notes.is_empty() => (Outcome::Created, Vec::new()),
        (Ok(_), None) => (Outcome::Changed, row.notes),
    };
    ReportRow {
        line: row.line,
        source_id: row.source_id,
        title: row.title,
        outcome,
        reasons,
    }
}
