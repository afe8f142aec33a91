//! Storing a job.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use duly_db::dialect::{for_share, insert_or_keep};
use duly_db::{Query, Tx, placeholders, query};
use jiff::Timestamp;

use super::later;
use crate::store::NewJob;
use crate::{JobId, Priority, Pushed, QueueName, Result};

const COLUMNS: &str = "INSERT INTO jobs (id, queue, name, payload, tags, unique_key, tries, \
     attempt, fence, run_at, lease_until, pushed_at, priority, position, lane, retry_until, trace_parent) VALUES ";

/// How many values a job has of its own in a statement.
const VALUES: usize = 14;

/// How many jobs one statement stores: few lengths, so that there are few statements.
const ROWS: [usize; 4] = [64, 16, 4, 1];

/// How many lanes one statement looks at.
const LANES: usize = 32;

/// How often a push is tried whose duplicate is gone by the time it is looked at.
const TRIES: u32 = 5;

/// How far the jobs of one owner stand from each other. While a queue is behind, each owner is served at
/// least so often, whatever the others have pushed.
const DISTANCE: Duration = Duration::from_secs(1);

pub(super) async fn push(tx: &mut Tx, job: NewJob, now: Timestamp) -> Result<Pushed> {
    let run_at = job.run_at.unwrap_or(now);
    let position = position(tx, &job, run_at).await?;
    insert(tx, &job, position, now).await
}

/// Stores many jobs, as [`push`] does each.
pub(super) async fn push_all(
    tx: &mut Tx,
    jobs: Vec<NewJob>,
    now: Timestamp,
) -> Result<Vec<Pushed>> {
    let mut last = last_positions(tx, &jobs).await?;
    let mut rest = Vec::with_capacity(jobs.len());
    for job in jobs {
        let own = job.priority.position(job.run_at.unwrap_or(now));
        let place = match lane_of(&job) {
            None => own,
            Some(lane) => {
                let place = behind(last.get(&lane).copied(), own);
                last.insert(lane, place);
                place
            }
        };
        rest.push((job, place));
    }
    let mut pushed = Vec::with_capacity(rest.len());
    let mut rest = rest.as_slice();
    for rows in ROWS {
        while let Some((some, others)) = rest.split_at_checked(rows) {
            insert_rows(tx, some, now, &mut pushed).await?;
            rest = others;
        }
    }
    Ok(pushed)
}

/// Stores jobs by one statement; one after the other when there are duplicates among them, to know which.
async fn insert_rows(
    tx: &mut Tx,
    jobs: &[(NewJob, Timestamp)],
    now: Timestamp,
    pushed: &mut Vec<Pushed>,
) -> Result<()> {
    let mut statement = insert_or_keep(tx.engine(), &rows_text(jobs.len()));
    for (job, position) in jobs {
        statement = bind(statement, job, *position, now);
    }
    let stored = tx.execute(statement).await?;
    if usize::try_from(stored).is_ok_and(|stored| stored == jobs.len()) {
        pushed.extend(jobs.iter().map(|(job, _)| Pushed::New(job.id)));
        return Ok(());
    }
    for (job, position) in jobs {
        pushed.push(match insert(tx, job, *position, now).await? {
            // It is one of those that the statement has stored.
            Pushed::Duplicate(holder) if holder == job.id => Pushed::New(holder),
            answer => answer,
        });
    }
    Ok(())
}

/// A statement that stores so many jobs.
fn rows_text(count: usize) -> String {
    let row = |number: usize| {
        let own = number * VALUES;
        let place = |value: usize| format!("?{}", own + value);
        let (before, after) = (placeholders(own + 1, 7), placeholders(own + 9, 6));
        format!("({before}, 0, 0, {}, NULL, {after})", place(8))
    };
    let rows: Vec<String> = (0..count).map(row).collect();
    format!("{COLUMNS}{}", rows.join(", "))
}

fn bind(statement: Query, job: &NewJob, position: Timestamp, now: Timestamp) -> Query {
    let run_at = job.run_at.unwrap_or(now);
    statement
        .bind(job.id)
        .bind(&job.queue)
        .bind(job.name.as_ref())
        .bind(job.payload.as_str())
        .bind(serde_json::Value::from(job.tags.clone()))
        .bind(job.unique.clone())
        .bind(job.tries)
        .bind(run_at)
        .bind(now)
        .bind(job.priority)
        .bind(position)
        .bind(job.lane.clone())
        .bind(job.retry_for.map(|wait| later(run_at, wait)))
        .bind(job.trace_parent.clone())
}

async fn insert(tx: &mut Tx, job: &NewJob, position: Timestamp, now: Timestamp) -> Result<Pushed> {
    let insert = bind(
        insert_or_keep(tx.engine(), &rows_text(1)),
        job,
        position,
        now,
    );
    for _ in 0..TRIES {
        if tx.execute(insert.clone()).await? == 1 {
            return Ok(Pushed::New(job.id));
        }
        let Some(unique) = &job.unique else {
            // Only the id can be there already: it is the same push again.
            return Ok(Pushed::Duplicate(job.id));
        };
        if let Some(holder) = holder_of(tx, &job.name, unique).await? {
            return Ok(Pushed::Duplicate(holder));
        }
        // The one it was a duplicate of has been done in between.
    }
    Err(duly_db::Error::Busy.into())
}

/// Where the job stands: behind all that were due before, and behind those of its owner. Each of these
/// is taken to need [`DISTANCE`] (the virtual clock of L. Zhang, 1990), so that others pass them.
async fn position(tx: &mut Tx, job: &NewJob, run_at: Timestamp) -> Result<Timestamp> {
    let own = job.priority.position(run_at);
    let Some(lane) = &job.lane else {
        return Ok(own);
    };
    let last = query(
        "SELECT MAX(position) AS position FROM jobs WHERE queue = ?1 AND lane = ?2 AND priority = ?3",
    );
    let last = last.bind(&job.queue).bind(lane).bind(job.priority);
    let last: Option<Timestamp> = match tx.optional_row(last).await? {
        Some(row) => row.get("position")?,
        None => None,
    };
    Ok(behind(last, own))
}

/// A place of its own behind the last one of its owner.
fn behind(last: Option<Timestamp>, own: Timestamp) -> Timestamp {
    last.map_or(own, |last| own.max(later(last, DISTANCE)))
}

/// The jobs of one owner that stand behind each other.
type Lane = (QueueName, String, Priority);

fn lane_of(job: &NewJob) -> Option<Lane> {
    let lane = job.lane.clone()?;
    Some((job.queue.clone(), lane, job.priority))
}

/// The last positions in the lanes of these jobs. Each lane is a look of its own into the index, however many jobs
/// there are; asked for as a list, a server may rather read all jobs.
async fn last_positions(tx: &mut Tx, jobs: &[NewJob]) -> Result<HashMap<Lane, Timestamp>> {
    let lanes: BTreeSet<Lane> = jobs.iter().filter_map(lane_of).collect();
    let lanes: Vec<Lane> = lanes.into_iter().collect();
    let mut last = HashMap::new();
    for some in lanes.chunks(LANES) {
        let columns = (0..LANES).map(|number| {
            let first = 3 * number + 1;
            format!(
                "(SELECT MAX(position) FROM jobs WHERE queue = ?{first} AND lane = ?{} \
                 AND priority = ?{}) AS place_{number}",
                first + 1,
                first + 2
            )
        });
        let columns: Vec<String> = columns.collect();
        let mut select = query(format!("SELECT {}", columns.join(", ")));
        // Filled up with some of them, so that there is one statement.
        for (queue, lane, priority) in some.iter().cycle().take(LANES) {
            select = select.bind(queue).bind(lane).bind(*priority);
        }
        let Some(row) = tx.optional_row(select).await? else {
            continue;
        };
        for (number, lane) in some.iter().enumerate() {
            let place: Option<Timestamp> = row.get(&format!("place_{number}"))?;
            last.extend(place.map(|place| (lane.clone(), place)));
        }
    }
    Ok(last)
}

/// The waiting or running job that holds a unique key. It cannot end before the transaction does:
/// until then the answer is true.
pub(super) async fn holder_of(tx: &mut Tx, name: &str, unique: &str) -> Result<Option<JobId>> {
    let select = query(format!(
        "SELECT id FROM jobs WHERE name = ?1 AND unique_key = ?2{}",
        for_share(tx.engine())
    ));
    let select = select.bind(name).bind(unique);
    Ok(tx
        .optional_row(select)
        .await?
        .map(|row| row.get("id"))
        .transpose()?)
}
