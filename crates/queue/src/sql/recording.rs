//! Recording what has become of jobs that another store moves: once, whoever does it and however often they die.

use std::borrow::Cow;
use std::collections::BTreeMap;

use duly_db::dialect::{for_update, insert_or_keep};
use duly_db::random::new_id;
use duly_db::{Db, Random, Tx, query};
use jiff::Timestamp;

use super::actions::Entry;
use super::attempts::{self, Ended};
use super::finished::SAMPLE;
use super::measuring::Tally;
use super::steering::told;
use crate::fingerprint::fingerprint;
use crate::redis::{Body, Fixed, Live};
use crate::store::{AttemptRecord, By, Fence, Held, What};
use crate::{JobId, QueueName, Result};

/// What has happened at one moment.
#[derive(Debug, Default)]
pub(crate) struct Happened {
    /// Its place among all that has happened: what comes later is larger.
    pub(crate) id: (u64, u64),
    pub(crate) at: Timestamp,
    pub(crate) counted: Vec<Counted>,
    pub(crate) jobs: Vec<EndedJob>,
    /// Jobs that are done and have attempts here.
    pub(crate) forgotten: Vec<JobId>,
    /// Who cancelled which jobs.
    pub(crate) cancelled: Option<(String, Vec<JobId>)>,
}

/// What became of an attempt.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) what: What,
    pub(crate) queue: QueueName,
    pub(crate) kind: Cow<'static, str>,
    /// How long it was due, and how long it ran, if that is counted.
    pub(crate) times: Option<[std::time::Duration; 2]>,
}

/// A job that has ended.
#[derive(Debug)]
pub(crate) struct EndedJob {
    pub(crate) id: JobId,
    pub(crate) how: How,
    pub(crate) live: Live,
    pub(crate) body: Body,
    pub(crate) attempts: Vec<(Fence, AttemptRecord)>,
    /// What its last attempt logged, if it was done.
    pub(crate) log: Option<String>,
}

/// How a job has ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum How {
    Done,
    Failed(String),
    Cancelled,
}

/// Records what has happened, and that it is recorded. What is recorded already is passed over.
pub(crate) async fn record(db: &Db, random: &dyn Random, happened: &[Happened]) -> Result<()> {
    let Some(newest) = happened.iter().map(|one| one.id).max() else {
        return Ok(());
    };
    let mut tx = db.begin_on_shared_rows();
    let recorded = recorded(&mut tx).await?;
    let new: Vec<&Happened> = happened.iter().filter(|one| one.id > recorded).collect();
    if new.is_empty() {
        return Ok(());
    }
    ended(&mut tx, &new).await?;
    count(&mut tx, &new).await?;
    for one in &new {
        attempts::forget(&mut tx, &one.forgotten).await?;
        if let Some((by, jobs)) = &one.cancelled {
            let entry = Entry {
                id: new_id(random, one.at),
                at: one.at,
            };
            let (target, detail) = told(jobs);
            entry
                .write(&mut tx, By(by), "cancel", &target, &detail)
                .await?;
        }
    }
    let update = query("UPDATE job_drained SET last_id = ?2 WHERE name = ?1");
    tx.execute(update.bind(ENDED).bind(written(newest))).await?;
    Ok(tx.commit().await?)
}

const ENDED: &str = "ended";

fn written((time, number): (u64, u64)) -> String {
    format!("{time}-{number}")
}

/// The place of something that has happened, as it is written.
pub(crate) fn read_place(text: &str) -> Option<(u64, u64)> {
    let (time, number) = text.split_once('-')?;
    Some((time.parse().ok()?, number.parse().ok()?))
}

/// Up to where all is recorded. Nobody else records meanwhile.
async fn recorded(tx: &mut Tx) -> Result<(u64, u64)> {
    let select = query(format!(
        "SELECT last_id FROM job_drained WHERE name = ?1{}",
        for_update(tx.engine())
    ));
    let select = select.bind(ENDED);
    let first = insert_or_keep(
        tx.engine(),
        "INSERT INTO job_drained (name, last_id) VALUES (?1, '0-0')",
    );
    let row = match tx.optional_row(select.clone()).await? {
        Some(row) => Some(row),
        None => {
            tx.execute(first.bind(ENDED)).await?;
            tx.optional_row(select).await?
        }
    };
    let last: Option<String> = row.map(|row| row.get("last_id")).transpose()?;
    Ok(last.as_deref().and_then(read_place).unwrap_or_default())
}

/// Writes down the jobs that have ended: those that failed or were cancelled, and of those that are done a part.
async fn ended(tx: &mut Tx, new: &[&Happened]) -> Result<()> {
    let mut jobs: Vec<(&EndedJob, Timestamp)> = Vec::new();
    for one in new {
        for job in &one.jobs {
            jobs.push((job, one.at));
        }
    }
    let done = jobs.iter().filter(|(job, _)| job.how == How::Done).count();
    let step = done.div_ceil(SAMPLE).max(1);
    let mut number = 0;
    for (job, at) in jobs {
        match &job.how {
            How::Done => {
                match number % step {
                    0 => finish(tx, job, at).await?,
                    _ if job.live.fixed.base > 0 => attempts::forget(tx, &[job.id]).await?,
                    _ => {}
                }
                number += 1;
            }
            How::Cancelled => finish(tx, job, at).await?,
            How::Failed(error) => fail(tx, job, error, at).await?,
        }
    }
    Ok(())
}

async fn finish(tx: &mut Tx, job: &EndedJob, at: Timestamp) -> Result<()> {
    keep_attempts(tx, job, at).await?;
    let insert = insert_or_keep(
        tx.engine(),
        "INSERT INTO finished_jobs (id, queue, name, payload, tags, priority, lane, attempt, \
         tries, pushed_at, started_at, ended_at, cancelled, worker, fence, log) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    );
    let EndedJob { live, body, .. } = job;
    let Fixed {
        queue, kind, lane, ..
    } = &live.fixed;
    let insert = insert
        .bind(job.id)
        .bind(queue)
        .bind(kind.as_str())
        .bind(body.payload.as_str())
        .bind(body.tags.as_str())
        .bind(live.fixed.priority)
        .bind(lane.clone())
        .bind(live.attempt)
        .bind(live.fixed.tries)
        .bind(body.pushed_at)
        .bind(live.started_at)
        .bind(at)
        .bind(job.how == How::Cancelled)
        .bind(live.worker.map(|worker| worker.0))
        .bind(live.fence)
        .bind(job.log.clone());
    tx.execute(insert).await?;
    Ok(())
}

async fn keep_attempts(tx: &mut Tx, job: &EndedJob, at: Timestamp) -> Result<()> {
    for (fence, attempt) in &job.attempts {
        let Some(outcome) = attempt.outcome else {
            continue;
        };
        let ended = Ended {
            held: Held {
                id: job.id,
                fence: *fence,
            },
            number: attempt.number,
            started_at: attempt.started_at,
            worker: attempt.worker,
            outcome,
            error: attempt.error.as_deref(),
            log: &attempt.log,
        };
        attempts::write(tx, &ended, attempt.ended_at.unwrap_or(at)).await?;
    }
    Ok(())
}

async fn fail(tx: &mut Tx, job: &EndedJob, error: &str, at: Timestamp) -> Result<()> {
    keep_attempts(tx, job, at).await?;
    let insert = insert_or_keep(
        tx.engine(),
        "INSERT INTO failed_jobs (id, queue, name, payload, tags, unique_key, tries, attempt, \
         fence, pushed_at, failed_at, error, priority, lane, fingerprint) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    );
    let EndedJob { live, body, .. } = job;
    let fixed = &live.fixed;
    let insert = insert
        .bind(job.id)
        .bind(&fixed.queue)
        .bind(fixed.kind.as_str())
        .bind(body.payload.as_str())
        .bind(body.tags.as_str())
        .bind(fixed.unique.clone())
        .bind(fixed.tries)
        .bind(live.attempt)
        .bind(live.fence)
        .bind(body.pushed_at)
        .bind(at)
        .bind(error)
        .bind(fixed.priority)
        .bind(fixed.lane.clone())
        .bind(fingerprint(&fixed.kind, error));
    tx.execute(insert).await?;
    Ok(())
}

/// Counts what became of attempts, each in its minute.
async fn count(tx: &mut Tx, new: &[&Happened]) -> Result<()> {
    let mut minutes: BTreeMap<i64, (Timestamp, Tally)> = BTreeMap::new();
    for one in new {
        let minute = one.at.as_second().div_euclid(60);
        let (_, tally) = minutes
            .entry(minute)
            .or_insert_with(|| (one.at, Tally::default()));
        for counted in &one.counted {
            let Counted { queue, kind, .. } = counted;
            tally.count(queue, kind.clone(), counted.what, 1);
            if let Some([waited, ran]) = counted.times {
                tally.time(queue, kind.clone(), What::Wait, waited);
                tally.time(queue, kind.clone(), What::Run, ran);
            }
        }
    }
    for (at, tally) in minutes.into_values() {
        tally.add(tx, at).await?;
    }
    Ok(())
}
