//! What explains the step from one version to the next: the entries of the activity log.

use std::collections::{BTreeMap, HashSet};

use duly_db::{Conn, Version, dialect, query};
use jiff::{SignedDuration, Timestamp};

use super::{Change, Thing};
use crate::Result;
use crate::id::{ActivityId, TaskId, UserId};

/// An entry is dated before it is committed, and by the clock of its node: what is that much older
/// is looked at again.
const OVERLAP: SignedDuration = SignedDuration::from_secs(10);

/// More changes than this are not told one by one.
const MOST: usize = 100;

/// Reads on in an owner's activity log.
#[derive(Debug)]
pub(super) struct Reading {
    owner: UserId,
    /// Entries that are older belong to what was known when the reading began.
    begun: Timestamp,
    /// When it was read last.
    read: Timestamp,
    /// What was there then and may be met again.
    seen: HashSet<ActivityId>,
}

impl Reading {
    /// Begins with what is committed from now on.
    pub(super) fn from(owner: UserId, now: Timestamp) -> Self {
        Reading {
            owner,
            begun: now,
            read: now,
            seen: HashSet::new(),
        }
    }

    /// What has changed in so many steps of the version; nothing when that is not known.
    ///
    /// Each step that changes tasks has an entry for each of them. Fewer entries than steps say that
    /// something else changed, too, or that one is dated too early to be found.
    pub(super) async fn on(
        &mut self,
        conn: &mut Conn,
        now: Timestamp,
        (from, to): (Version, Version),
    ) -> Result<Option<Vec<Change>>> {
        let since = self.read.checked_sub(OVERLAP).unwrap_or(self.begun);
        let rows = entries(conn, self.owner, since.max(self.begun)).await?;
        if rows.len() > MOST {
            *self = Reading::from(self.owner, now);
            return Ok(None);
        }
        let before = std::mem::take(&mut self.seen);
        self.seen = rows.iter().map(|row| row.entry).collect();
        self.read = now;
        let new = || rows.iter().filter(|row| !before.contains(&row.entry));
        let steps = to.number().saturating_sub(from.number());
        if i64::try_from(new().count()).is_ok_and(|new| new < steps) {
            return Ok(None);
        }
        let tasks: BTreeMap<TaskId, Option<i64>> =
            new().map(|row| (row.task, row.version)).collect();
        Ok(Some(tasks.into_iter().map(change).collect()))
    }
}

fn change((id, version): (TaskId, Option<i64>)) -> Change {
    Change {
        r#type: Thing::Task,
        id,
        version,
    }
}

struct Found {
    entry: ActivityId,
    task: TaskId,
    version: Option<i64>,
}

/// The owner's entries since, one more than are told, with what the tasks are now.
async fn entries(conn: &mut Conn, owner: UserId, since: Timestamp) -> Result<Vec<Found>> {
    let by_time = dialect::by_index(conn.engine(), "activity_at");
    let select = query(format!(
        "SELECT a.id, a.task_id, t.version FROM activity AS a{by_time} \
         LEFT JOIN tasks t ON t.user_id = a.user_id AND t.id = a.task_id \
         WHERE a.user_id = ?1 AND a.at >= ?2 LIMIT ?3"
    ));
    let most = i64::try_from(MOST).unwrap_or(i64::MAX).saturating_add(1);
    let rows = conn.rows(select.bind(owner).bind(since).bind(most)).await?;
    let found = rows.iter().map(|row| {
        Ok(Found {
            entry: row.get("id")?,
            task: row.get("task_id")?,
            version: row.get("version")?,
        })
    });
    found.collect()
}
