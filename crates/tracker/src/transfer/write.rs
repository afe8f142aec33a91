//! From rows to tasks.

use std::collections::{HashMap, HashSet};

use duly_db::random::new_id;
use duly_db::versions::{self, Kind};
use duly_db::{Conn, retry};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::Mutex;

use super::parsed::Row;
use super::{Format, store};
use crate::activity::{self, Actor, Entry, Way};
use crate::reminders::{self, times};
use crate::statistics::Changes;
use crate::tasks::{self, Task};
use crate::{Result, TaskId, Tracker, UserId};

/// The rows that are tasks already.
#[derive(Debug, Default)]
pub(super) struct Known {
    imported: HashMap<String, TaskId>,
    existing: HashSet<TaskId>,
}

impl Known {
    /// A row is known by its source id; or because that is the id of one of the owner's tasks,
    /// as in a file that was exported from the same account.
    pub(super) async fn read(
        conn: &mut Conn,
        owner: UserId,
        format: Format,
        rows: &[Row],
    ) -> Result<Self> {
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

    pub(super) fn has(&self, row: &Row) -> bool {
        row.source_id.as_deref().is_some_and(|id| {
            self.imported.contains_key(id)
                || id
                    .parse()
                    .is_ok_and(|id: TaskId| self.existing.contains(&id))
        })
    }
}

/// For whom and as what rows are written.
#[derive(Debug)]
pub(super) struct Writing<'a> {
    pub(super) tracker: &'a Tracker,
    pub(super) by: &'a Actor,
    pub(super) zone: &'a TimeZone,
    pub(super) format: Format,
}

impl Writing<'_> {
    /// Which of these rows are tasks already.
    pub(super) async fn known(&self, rows: &[Row]) -> Result<Known> {
        let mut conn = self.tracker.db.read_fresh();
        Known::read(&mut conn, self.by.user, self.format, rows).await
    }

    /// Writes every task that is new, in one transaction; answers which were not. New ids are
    /// made as of `at`.
    pub(super) async fn write(&self, rows: &mut [Row], at: Timestamp) -> Result<Known> {
        // The rows are at hand here, and too many to be kept for asking the whole request again.
        let rows = Mutex::new(rows);
        let again = || async {
            let mut rows = rows.lock().await;
            self.write_once(&mut rows, at).await
        };
        retry::on_conflict(&*self.tracker.random, again).await
    }

    async fn write_once(&self, rows: &mut [Row], at: Timestamp) -> Result<Known> {
        let Writing {
            tracker,
            by,
            zone,
            format,
        } = *self;
        let owner = by.user;
        let ids = fresh_ids(tracker, rows, at);
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
        let mut figures = Changes::default();
        tasks::insert_all(&mut tx, owner, &new, &mut figures).await?;
        figures.write(&mut tx, owner, tracker.clock.now());
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
}

/// Ids for as many rows, ascending, so that the order of the file is the order of the ids.
fn fresh_ids(tracker: &Tracker, rows: &[Row], at: Timestamp) -> Vec<TaskId> {
    let mut ids: Vec<TaskId> = rows
        .iter()
        .map(|_| TaskId(new_id(tracker.random.as_ref(), at)))
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
