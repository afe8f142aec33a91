//! Counting everything anew at night: figures that are wrong are put right, and operators are told how many were.

mod figures;
mod progress;
mod repair;

use std::time::Duration;

use duly_db::{FromRow, query};
use duly_queue::{Attempt, Job, JobError, QueueName};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use self::figures::Figures;
use self::progress::Run;
use super::counts::KEPT;
use crate::id::UserId;
use crate::{Result, Tracker};

pub use self::progress::{LastRecount, last_recount};

/// How many users are counted with one question. Each has a row in every answer and more for what happened lately.
const USERS: u32 = 25;

/// How many such questions one job asks; then another job goes on.
const SLICES: u32 = 200;

/// Nothing of longer ago is compared: what is older is not kept any more, to the hour.
const COMPARED: SignedDuration = SignedDuration::from_hours(32 * 24);

/// Counts the tasks of everybody anew, some users at a time, and compares. It only reads, unless it finds a difference.
#[derive(Debug, Serialize, Deserialize)]
pub struct RecountStatistics {
    /// Which of the jobs that share the work of one night, from 0.
    pub part: u32,
    /// How often each of them looks at some users, before the next one goes on.
    pub slices: u32,
}

impl Default for RecountStatistics {
    fn default() -> Self {
        RecountStatistics {
            part: 0,
            slices: SLICES,
        }
    }
}

impl Job for RecountStatistics {
    const NAME: &'static str = "recount_statistics";
    const QUEUE: QueueName = QueueName::MAINTENANCE;
    const TIMEOUT: Duration = Duration::from_secs(600);
    type Context = Tracker;

    fn unique(&self) -> Option<String> {
        Some(self.part.to_string())
    }

    async fn run(&self, tracker: &Tracker, _attempt: Attempt) -> std::result::Result<(), JobError> {
        recount(tracker, self).await.map_err(JobError::retry)
    }
}

/// Goes on with the recount that has not ended, or begins one.
async fn recount(tracker: &Tracker, job: &RecountStatistics) -> Result<()> {
    let mut run = progress::begin(tracker).await?;
    for _ in 0..job.slices.max(1) {
        if !slice(tracker, &mut run).await? {
            return progress::end(tracker, &run).await;
        }
    }
    let mut tx = tracker.db.begin();
    let next = RecountStatistics {
        part: job.part.saturating_add(1),
        slices: job.slices,
    };
    tracker.queue.push(&mut tx, &next).await?;
    tx.commit().await?;
    tracker.queue.notify();
    Ok(())
}

/// Counts the next users; answers whether there were any.
async fn slice(tracker: &Tracker, run: &mut Run) -> Result<bool> {
    let now = tracker.clock.now();
    let mut conn = tracker.db.read_fresh();
    let users = next_users(&mut conn, run.after).await?;
    let (Some(first), Some(last)) = (users.first(), users.last()) else {
        return Ok(false);
    };
    let since = now.checked_sub(COMPARED).unwrap_or(now);
    let figures = Figures::read(&mut conn, (*first, *last), since).await?;
    let is_other = |user: &&UserId| figures.kept(**user) != figures.counted(**user);
    for user in users.iter().filter(is_other) {
        repair::repair(tracker, run, *user, since).await?;
    }
    let oldest = now.checked_sub(KEPT).unwrap_or(now);
    progress::go_on(tracker, run, (*first, *last), users.len(), oldest).await?;
    Ok(true)
}

async fn next_users(conn: &mut duly_db::Conn, after: UserId) -> Result<Vec<UserId>> {
    let select = query("SELECT id FROM users WHERE id > ?1 ORDER BY id LIMIT ?2");
    let found: Vec<Id> = conn.all(select.bind(after).bind(USERS)).await?;
    Ok(found.into_iter().map(|found| found.0).collect())
}

struct Id(UserId);

impl FromRow for Id {
    fn from_row(row: &duly_db::Row) -> duly_db::Result<Self> {
        row.get("id").map(Id)
    }
}
