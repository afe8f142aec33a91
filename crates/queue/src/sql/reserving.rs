//! Taking due jobs.

use std::time::Duration;

use duly_db::dialect::{for_update_of_free_rows, in_order_of};
use duly_db::{Conn, Db, FromValue, Query, Row, Tx, Value, placeholders, query};
use jiff::Timestamp;

use super::fronts::Fronts;
use super::{id_list, later, pausing, rates};
use crate::store::{Fence, Held, Kind, Paused, Reserved, Want, WorkerId};
use crate::{JobId, QueueName, Result};

/// No call takes more than this many jobs from one queue.
const BATCH: u32 = 100;

pub(super) async fn reserve(
    db: &Db,
    fronts: &Fronts,
    want: &Want<'_>,
    now: Timestamp,
) -> Result<Vec<Reserved>> {
    let mut tx = db.begin_on_shared_rows();
    let paused = pausing::in_force(&mut tx, now).await?;
    let is_served = |kind: &&Kind| !paused.contains(&Paused::Kind(kind.name.to_owned()));
    let (limited, free): (Vec<Kind>, Vec<Kind>) = want
        .kinds
        .iter()
        .filter(is_served)
        .partition(|kind| kind.rate.is_some());
    let mut taken = Vec::new();
    let mut left = want.limit;
    let mut dry: Vec<&QueueName> = Vec::new();
    for (queue, share) in want.together(|queue| !paused.contains(&Paused::Queue(queue.clone()))) {
        let share = left.min(share).min(BATCH);
        if share == 0 || dry.contains(&queue) {
            continue;
        }
        let look = Look {
            queue,
            kinds: &free,
            now,
            limit: share,
        };
        let mut jobs = look.at_front(&mut tx, fronts).await?;
        for kind in &limited {
            let look = Look {
                kinds: std::slice::from_ref(kind),
                limit: share.saturating_sub(count(&jobs)),
                ..look
            };
            let (found, _) = look.waiting(&mut tx, None).await?;
            jobs.extend(rates::allowed(&mut tx, *kind, found, now).await?);
        }
        hold(&mut tx, &jobs, now, want).await?;
        if count(&jobs) < share {
            dry.push(queue);
        }
        left = left.saturating_sub(count(&jobs));
        taken.extend(jobs);
    }
    tx.commit().await?;
    Ok(taken)
}

fn count(jobs: &[Reserved]) -> u32 {
    u32::try_from(jobs.len()).unwrap_or(u32::MAX)
}

/// A look at what waits in a queue.
#[derive(Clone, Copy)]
struct Look<'a> {
    queue: &'a QueueName,
    kinds: &'a [Kind],
    now: Timestamp,
    limit: u32,
}

impl Look<'_> {
    /// The jobs to be taken, with the attempt and the fence they are about to get, from where the front was last.
    async fn at_front(self, tx: &mut Tx, fronts: &Fronts) -> Result<Vec<Reserved>> {
        let from = fronts.of(self.queue, self.now);
        let (jobs, first) = self.waiting(tx, from).await?;
        let asked = usize::try_from(self.limit).unwrap_or(usize::MAX);
        fronts.saw(self.queue, (asked, jobs.len()), first, (from, self.now));
        Ok(jobs)
    }

    /// The jobs to be taken from this position on, and the position of the first.
    async fn waiting(
        self,
        tx: &mut Tx,
        from: Option<Timestamp>,
    ) -> Result<(Vec<Reserved>, Option<Timestamp>)> {
        if self.limit == 0 || self.kinds.is_empty() {
            return Ok((Vec::new(), None));
        }
        let kinds = self.kinds.len();
        let after = match from {
            Some(_) => format!(" AND position >= ?{}", 4 + kinds),
            None => String::new(),
        };
        let select = format!(
            "SELECT id, queue, name, payload, attempt + 1 AS attempt, tries, fence + 1 AS fence, \
             priority, run_at, position, trace_parent \
             FROM jobs{} WHERE queue = ?1 AND lease_until IS NULL AND run_at <= ?2 \
             AND name IN ({}){after} ORDER BY position, id LIMIT ?3{}",
            in_order_of(tx.engine(), "jobs_next"),
            placeholders(4, kinds),
            for_update_of_free_rows(tx.engine()),
        );
        let select = query(select)
            .bind(self.queue)
            .bind(self.now)
            .bind(self.limit)
            .bind_all(self.kinds.iter().map(|kind| kind.name))
            .bind_all(from);
        let rows = tx.rows(select).await?;
        let first = rows.first().map(|row| row.get("position")).transpose()?;
        let jobs = rows.iter().map(|row| taken(row, self.kinds, self.now));
        Ok((jobs.collect::<duly_db::Result<_>>()?, first))
    }
}

fn taken(row: &Row, kinds: &[Kind], now: Timestamp) -> duly_db::Result<Reserved> {
    let run_at: Timestamp = row.get("run_at")?;
    Ok(Reserved {
        held: Held {
            id: row.get::<JobId>("id")?,
            fence: row.get("fence")?,
        },
        queue: row.get("queue")?,
        name: Kind::name_among(kinds, row.get("name")?),
        payload: row.get("payload")?,
        attempt: row.get("attempt")?,
        tries: row.get("tries")?,
        priority: row.get("priority")?,
        waited: Duration::try_from(now.duration_since(run_at)).unwrap_or_default(),
        trace_parent: row.get("trace_parent")?,
    })
}

/// Raises attempt and fence: from here on a crash counts.
async fn hold(tx: &mut Tx, jobs: &[Reserved], now: Timestamp, want: &Want<'_>) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    let (list, ids) = id_list(4, jobs.iter().map(|job| job.held.id));
    let raise = format!(
        "UPDATE jobs SET attempt = attempt + 1, fence = fence + 1, lease_until = ?1, \
         started_at = ?2, worker = ?3 WHERE id IN ({list})"
    );
    let raise = query(raise)
        .bind(later(now, want.lease))
        .bind(now)
        .bind(want.worker);
    tx.execute(raise.bind_all(ids)).await?;
    Ok(())
}

pub(super) async fn next_due(
    conn: &mut Conn,
    queues: &[QueueName],
    kinds: &[Kind],
    now: Timestamp,
) -> Result<Option<Duration>> {
    let mut queries = Vec::with_capacity(queues.len() + 2);
    queries.push(query(
        "SELECT MIN(lease_until) AS due FROM jobs WHERE lease_until IS NOT NULL",
    ));
    let paused = pausing::select(now);
    queries.push(paused);
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name).collect();
    if !kinds.is_empty() {
        queries.extend(queues.iter().map(|queue| first_due(queue, &kinds)));
    }
    let answers = conn.snapshot(queries).await?;
    let mut answers = answers.into_iter();
    let leases = answers.next().unwrap_or_default();
    let paused = pausing::read(&answers.next().unwrap_or_default())?;
    let mut first = due(&leases)?;
    for (queue, rows) in queues.iter().zip(answers) {
        if !paused.contains(&Paused::Queue(queue.clone())) {
            first = [first, due(&rows)?].into_iter().flatten().min();
        }
    }
    Ok(first.map(|due| Duration::try_from(due.duration_since(now)).unwrap_or(Duration::ZERO)))
}

fn due(rows: &[Row]) -> duly_db::Result<Option<Timestamp>> {
    rows.first().map_or(Ok(None), |row| row.get("due"))
}

fn first_due(queue: &QueueName, kinds: &[&str]) -> Query {
    let select = format!(
        "SELECT run_at AS due FROM jobs WHERE queue = ?1 AND lease_until IS NULL \
         AND name IN ({}) ORDER BY run_at, id LIMIT 1",
        placeholders(2, kinds.len())
    );
    query(select).bind(queue).bind_all(kinds.iter().copied())
}

impl FromValue for Fence {
    fn from_value(value: &Value) -> duly_db::Result<Self> {
        i64::from_value(value).map(Fence)
    }
}

impl From<Fence> for Value {
    fn from(fence: Fence) -> Self {
        Value::Int(fence.0)
    }
}

impl From<WorkerId> for Value {
    fn from(id: WorkerId) -> Self {
        Value::Uuid(id.0)
    }
}

impl FromValue for WorkerId {
    fn from_value(value: &Value) -> duly_db::Result<Self> {
        uuid::Uuid::from_value(value).map(WorkerId)
    }
}
