//! Keeping the figures where tasks change.

use std::collections::BTreeMap;

use duly_db::{Query, Result, Tx, dialect, query};
use jiff::{SignedDuration, Timestamp};

use super::ByStatus;
use super::kept::{Quarter, TOTALS, quarter_of};
use crate::id::UserId;
use crate::tasks::{Task, value_lists};

/// Quarters of longer ago are not kept: thirty days are shown, and clocks differ a little.
pub(super) const KEPT: SignedDuration = SignedDuration::from_hours(33 * 24);

/// How many rows one statement writes. As a change has as many as it likes, there are statements of every number up to
/// this one, and each connection keeps them ready.
const BATCH: usize = 50;

/// What a transaction does to the figures of one owner. Whoever writes a task is given one and has to write it, too.
#[derive(Debug, Default)]
#[must_use = "the figures are wrong until it is written"]
pub(crate) struct Changes {
    by_status: ByStatus,
    quarters: BTreeMap<i64, Quarter>,
}

impl Changes {
    /// The task is new.
    pub(crate) fn add(&mut self, task: &Task) {
        self.count(task, 1);
    }

    /// The task is another than before.
    pub(crate) fn replace(&mut self, before: &Task, after: &Task) {
        self.count(before, -1);
        self.count(after, 1);
    }

    /// Tasks in the trash do not count, so that one which is deleted for good changes nothing.
    fn count(&mut self, task: &Task, by: i64) {
        if task.deleted_at.is_some() {
            return;
        }
        *self.by_status.of(task.status) += by;
        self.quarter(task.created_at).created += by;
        if let Some(at) = task.completed_at {
            self.quarter(at).completed += by;
        }
    }

    fn quarter(&mut self, at: Timestamp) -> &mut Quarter {
        self.quarters.entry(quarter_of(at)).or_default()
    }

    /// Writes them, to travel with the next statement of the transaction or its commit. It comes after the tasks and
    /// before the owner's version. The row of totals comes first, so that nobody waits in a circle and a recount can
    /// keep all others out by it.
    pub(crate) fn write(self, tx: &mut Tx, owner: UserId, now: Timestamp) {
        let oldest = now.checked_sub(KEPT).map_or(i64::MIN, quarter_of);
        let quarters = self.quarters.into_iter();
        let mut rows: Vec<(i64, ByStatus, i64)> = quarters
            .filter(|(number, quarter)| *number >= oldest && *quarter != Quarter::default())
            .map(|(number, quarter)| (number, quarter.by_status(), quarter.created))
            .collect();
        if self.by_status == ByStatus::default() && rows.is_empty() {
            return;
        }
        rows.insert(0, (TOTALS, self.by_status, 0));
        for some in rows.chunks(BATCH) {
            add(tx, owner, some);
        }
    }
}

impl Quarter {
    /// What is written of it beside what was created.
    pub(super) fn by_status(self) -> ByStatus {
        ByStatus {
            completed: self.completed,
            ..ByStatus::default()
        }
    }
}

/// Adds to rows. Who has no row of totals has not been counted yet, and gets one that says so.
fn add(tx: &mut Tx, owner: UserId, rows: &[(i64, ByStatus, i64)]) {
    let text = dialect::insert_or_add(
        tx.engine(),
        "task_counts",
        &insert_text(rows.len()),
        "user_id, quarter",
        &["pending", "in_progress", "completed", "created"],
    );
    tx.defer(bind(query(text), owner, false, rows));
}

/// Adds nothing to the totals of a user, after which nobody else can until the transaction ends.
pub(super) fn keep_others_out(tx: &mut Tx, owner: UserId) {
    add(tx, owner, &[(TOTALS, ByStatus::default(), 0)]);
}

/// A statement that writes so many rows.
pub(super) fn insert_text(rows: usize) -> String {
    format!(
        "INSERT INTO task_counts (user_id, quarter, counted, pending, in_progress, completed, \
         created) VALUES {}",
        value_lists(rows, 7)
    )
}

/// Fills it in: of each row its quarter, what it counts by status, and what was created.
pub(super) fn bind(
    statement: Query,
    owner: UserId,
    is_counted: bool,
    rows: &[(i64, ByStatus, i64)],
) -> Query {
    rows.iter()
        .fold(statement, |statement, (quarter, by_status, created)| {
            statement
                .bind(owner)
                .bind(*quarter)
                .bind(is_counted && *quarter == TOTALS)
                .bind(by_status.pending)
                .bind(by_status.in_progress)
                .bind(by_status.completed)
                .bind(*created)
        })
}

/// Begins the figures of a new account, which has no tasks.
///
/// # Errors
/// Whatever the engine says.
pub(crate) async fn start(tx: &mut Tx, owner: UserId) -> Result<()> {
    let insert = query(insert_text(1));
    let rows = [(TOTALS, ByStatus::default(), 0)];
    tx.execute(bind(insert, owner, true, &rows))
        .await
        .map(|_| ())
}
