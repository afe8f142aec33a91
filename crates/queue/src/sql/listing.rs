//! Looking at jobs.

use std::collections::BTreeMap;

use duly_db::dialect::{contains, keyset_after};
use duly_db::{Conn, Engine, FromRow, Query, Row, Value, query};
use jiff::Timestamp;

use super::id_list;
use super::tags::quoted;
use crate::store::{Counts, EXCERPT, FailureGroup, Fate, Filter, JobRecord, Listing, State};
use crate::{JobId, QueueName, Result};

pub(super) async fn counts(conn: &mut Conn, now: Timestamp) -> Result<BTreeMap<QueueName, Counts>> {
    // Counted apart, each by an index that does not change when a job is taken, where that is another one.
    let all = query(
        "SELECT queue, COUNT(*) AS jobs, SUM(CASE WHEN run_at > ?1 THEN 1 ELSE 0 END) AS scheduled \
         FROM jobs GROUP BY queue",
    );
    let running = query(
        "SELECT queue, COUNT(*) AS jobs, SUM(CASE WHEN run_at > ?1 THEN 1 ELSE 0 END) AS scheduled \
         FROM jobs WHERE lease_until IS NOT NULL GROUP BY queue",
    );
    let failed = query("SELECT queue, COUNT(*) AS jobs FROM failed_jobs GROUP BY queue");
    let queries = vec![all.bind(now), running.bind(now), failed];
    let mut answers = conn.snapshot(queries).await?.into_iter();
    let mut queues: BTreeMap<QueueName, Counts> = BTreeMap::new();
    for row in answers.next().unwrap_or_default() {
        let counts = queues.entry(row.get("queue")?).or_default();
        counts.scheduled = row.get("scheduled")?;
        counts.ready = row.get::<u64>("jobs")?.saturating_sub(counts.scheduled);
    }
    for row in answers.next().unwrap_or_default() {
        let counts = queues.entry(row.get("queue")?).or_default();
        let (jobs, later): (u64, u64) = (row.get("jobs")?, row.get("scheduled")?);
        counts.running = jobs;
        counts.scheduled = counts.scheduled.saturating_sub(later);
        counts.ready = counts.ready.saturating_sub(jobs.saturating_sub(later));
    }
    for row in answers.next().unwrap_or_default() {
        queues.entry(row.get("queue")?).or_default().failed = row.get("jobs")?;
    }
    Ok(queues)
}

pub(super) async fn oldest(
    conn: &mut Conn,
    now: Timestamp,
) -> Result<BTreeMap<QueueName, Timestamp>> {
    // From one queue to the next by the index, and of each the first job: however many wait.
    let select = query(
        "WITH RECURSIVE queues (queue) AS (\
         SELECT MIN(queue) FROM jobs WHERE lease_until IS NULL UNION ALL \
         SELECT (SELECT MIN(jobs.queue) FROM jobs \
         WHERE jobs.lease_until IS NULL AND jobs.queue > queues.queue) \
         FROM queues WHERE queues.queue IS NOT NULL) \
         SELECT queue, run_at FROM (SELECT queue, (SELECT jobs.run_at FROM jobs \
         WHERE jobs.queue = queues.queue AND jobs.lease_until IS NULL AND jobs.run_at <= ?1 \
         ORDER BY jobs.run_at LIMIT 1) AS run_at FROM queues) AS firsts \
         WHERE run_at IS NOT NULL",
    );
    let rows = conn.rows(select.bind(now)).await?;
    let oldest = rows
        .iter()
        .map(|row| Ok((row.get("queue")?, row.get("run_at")?)));
    Ok(oldest.collect::<duly_db::Result<_>>()?)
}

/// How the jobs of one state are found.
struct Place {
    table: &'static str,
    columns: &'static str,
    condition: &'static str,
    time: &'static str,
    descending: bool,
}

const LIVE: &str = "attempt, tries, run_at, started_at, NULL AS ended_at, worker, NULL AS error, \
     NULL AS fingerprint";
const FAILED: &str = "attempt, tries, NULL AS run_at, NULL AS started_at, failed_at AS ended_at, \
     NULL AS worker, error, fingerprint";
const FINISHED: &str = "attempt, tries, NULL AS run_at, started_at, ended_at, worker, \
     NULL AS error, NULL AS fingerprint";

impl Place {
    fn of(state: State) -> Self {
        let (table, columns, condition, time, descending) = match state {
            State::Ready => (
                "jobs",
                LIVE,
                "lease_until IS NULL AND run_at <= ?2",
                "run_at",
                false,
            ),
            State::Scheduled => (
                "jobs",
                LIVE,
                "lease_until IS NULL AND run_at > ?2",
                "run_at",
                false,
            ),
            State::Running => (
                "jobs",
                LIVE,
                "lease_until IS NOT NULL AND ?2 = ?2",
                "started_at",
                false,
            ),
            State::Failed => ("failed_jobs", FAILED, "?2 = ?2", "failed_at", true),
            State::Done => (
                "finished_jobs",
                FINISHED,
                "NOT cancelled AND ?2 = ?2",
                "ended_at",
                true,
            ),
            State::Cancelled => (
                "finished_jobs",
                FINISHED,
                "cancelled AND ?2 = ?2",
                "ended_at",
                true,
            ),
        };
        Place {
            table,
            columns,
            condition,
            time,
            descending,
        }
    }
}

/// Conditions with the values bound to them, from the parameter on that comes next.
struct Conditions {
    text: String,
    values: Vec<Value>,
    next: usize,
}

impl Conditions {
    fn new(first: &str, next: usize) -> Self {
        Conditions {
            text: first.to_owned(),
            values: Vec::new(),
            next,
        }
    }

    /// Adds a condition in which `#` stands for the parameter.
    fn and(&mut self, condition: &str, value: impl Into<Value>) {
        let parameter = format!("?{}", self.next);
        self.text.push_str(" AND ");
        self.text.push_str(&condition.replace('#', &parameter));
        self.values.push(value.into());
        self.next += 1;
    }

    fn filter(&mut self, engine: Engine, filter: &Filter, state: State) {
        if let Some(queue) = &filter.queue {
            self.and("queue = #", queue);
        }
        if let Some(kind) = &filter.kind {
            self.and("name = #", kind);
        }
        if let Some(lane) = &filter.lane {
            self.and("lane = #", lane);
        }
        if let Some(tag) = &filter.tag {
            // As it stands in the list of tags.
            self.and(&contains(engine, "tags", "#"), quoted(tag));
        }
        if let Some(text) = &filter.text {
            let payload = contains(engine, "payload", "#");
            match state {
                State::Failed => {
                    let error = contains(engine, "error", "#");
                    self.and(&format!("({payload} OR {error})"), text);
                }
                _ => self.and(&payload, text),
            }
        }
        match (&filter.fingerprint, state) {
            (Some(fingerprint), State::Failed) => self.and("fingerprint = #", fingerprint),
            (Some(_), _) => self.text.push_str(" AND 1 = 0"),
            (None, _) => {}
        }
        if let Some(since) = filter.since {
            self.and("pushed_at >= #", since);
        }
        if let Some(until) = filter.until {
            self.and("pushed_at < #", until);
        }
    }
}

/// What has become of jobs.
pub(super) async fn fates(conn: &mut Conn, ids: &[JobId]) -> Result<BTreeMap<JobId, Fate>> {
    let mut fates: BTreeMap<JobId, Fate> = ids.iter().map(|id| (*id, Fate::Done)).collect();
    for ids in ids.chunks(super::IDS) {
        let (list, ids) = id_list(1, ids.iter().copied());
        let of = |table: &str, condition: &str| {
            let select = query(format!(
                "SELECT id FROM {table} WHERE id IN ({list}){condition}"
            ));
            select.bind_all(ids.iter().copied())
        };
        let queries = vec![
            of("finished_jobs", " AND cancelled = TRUE"),
            of("failed_jobs", ""),
            of("jobs", ""),
        ];
        let answers = conn.snapshot(queries).await?;
        for (rows, fate) in answers
            .iter()
            .zip([Fate::Cancelled, Fate::Failed, Fate::Open])
        {
            for row in rows {
                fates.insert(row.get("id")?, fate);
            }
        }
    }
    Ok(fates)
}

pub(super) async fn list(
    conn: &mut Conn,
    engine: Engine,
    listing: &Listing<'_>,
    now: Timestamp,
) -> Result<Vec<JobRecord>> {
    let Place {
        table,
        columns,
        condition,
        time,
        descending,
    } = Place::of(listing.state);
    let mut conditions = Conditions::new(condition, 3);
    conditions.filter(engine, listing.filter, listing.state);
    if let Some(after) = listing.after {
        let keyset = keyset_after(engine, &[time, "id"], conditions.next, descending)?;
        conditions.text.push_str(&format!(" AND {keyset}"));
        conditions.values.extend([after.at.into(), after.id.into()]);
    }
    let order = if descending { "DESC" } else { "ASC" };
    let select = query(format!(
        "SELECT id, queue, name, SUBSTR(payload, 1, {EXCERPT}) AS payload, tags, priority, lane, \
         pushed_at, {columns} FROM {table} WHERE {} ORDER BY {time} {order}, id {order} LIMIT ?1",
        conditions.text
    ));
    let select = select
        .bind(listing.limit)
        .bind(now)
        .bind_all(conditions.values);
    let rows = conn.rows(select).await?;
    rows.iter().map(|row| record(row, listing.state)).collect()
}

pub(super) async fn job(conn: &mut Conn, id: JobId, now: Timestamp) -> Result<Option<JobRecord>> {
    let whole = |table: &str, columns: &str, more: &str| -> Query {
        query(format!(
            "SELECT id, queue, name, payload, tags, priority, lane, pushed_at, {columns}{more} \
             FROM {table} WHERE id = ?1"
        ))
        .bind(id)
    };
    let answers = conn
        .snapshot(vec![
            whole("jobs", LIVE, ", lease_until"),
            whole("failed_jobs", FAILED, ""),
            whole("finished_jobs", FINISHED, ", cancelled"),
        ])
        .await?;
    for (index, row) in answers.iter().enumerate() {
        let Some(row) = row.first() else { continue };
        let state = match index {
            0 => live_state(row, now)?,
            1 => State::Failed,
            _ if row.get("cancelled")? => State::Cancelled,
            _ => State::Done,
        };
        return record(row, state).map(Some);
    }
    Ok(None)
}

fn live_state(row: &Row, now: Timestamp) -> Result<State> {
    let run_at: Timestamp = row.get("run_at")?;
    let lease_until: Option<Timestamp> = row.get("lease_until")?;
    Ok(match lease_until {
        Some(_) => State::Running,
        None if run_at <= now => State::Ready,
        None => State::Scheduled,
    })
}

fn record(row: &Row, state: State) -> Result<JobRecord> {
    let tags: serde_json::Value = row.get("tags")?;
    let tags = serde_json::from_value(tags)
        .map_err(|error| duly_db::Error::Decode(format!("column \"tags\": {error}")))?;
    Ok(JobRecord {
        id: row.get("id")?,
        queue: row.get("queue")?,
        kind: row.get("name")?,
        state,
        payload: row.get("payload")?,
        tags,
        priority: row.get("priority")?,
        lane: row.get("lane")?,
        attempts: row.get("attempt")?,
        tries: row.get("tries")?,
        pushed_at: row.get("pushed_at")?,
        run_at: row.get("run_at")?,
        started_at: row.get("started_at")?,
        ended_at: row.get("ended_at")?,
        worker: row.get("worker")?,
        error: row.get("error")?,
        fingerprint: row.get("fingerprint")?,
    })
}

pub(super) async fn failure_groups(
    conn: &mut Conn,
    engine: Engine,
    filter: &Filter,
    limit: u32,
) -> Result<Vec<FailureGroup>> {
    let mut conditions = Conditions::new("1 = 1", 2);
    conditions.filter(engine, filter, State::Failed);
    let select = query(format!(
        "SELECT fingerprint, name, queue, COUNT(*) AS jobs, MIN(failed_at) AS first_at, \
         MAX(failed_at) AS last_at, MAX(error) AS error FROM failed_jobs WHERE {} \
         GROUP BY fingerprint, name, queue ORDER BY last_at DESC, fingerprint LIMIT ?1",
        conditions.text
    ));
    let select = select.bind(limit).bind_all(conditions.values);
    Ok(conn.all(select).await?)
}

impl FromRow for FailureGroup {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        Ok(FailureGroup {
            fingerprint: row.get("fingerprint")?,
            kind: row.get("name")?,
            queue: row.get("queue")?,
            jobs: row.get("jobs")?,
            first_at: row.get("first_at")?,
            last_at: row.get("last_at")?,
            error: row.get("error")?,
        })
    }
}
