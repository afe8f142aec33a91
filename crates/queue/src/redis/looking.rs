//! What operators see of jobs that wait or run.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use redis::cmd;

use super::RedisStore;
use super::packing::{self, Body, Live, micros, written_id};
use crate::sql::outbox;
use crate::store::{
    AttemptRecord, Counts, Cursor, EXCERPT, Fate, Filter, JobRecord, Listing, Operations, State,
};
use crate::{JobId, JobLog, QueueName, Result};

/// As many jobs are looked at at once.
const PAGE: usize = 200;

impl RedisStore {
    /// The queues in which something has waited.
    async fn queues(&self) -> Result<BTreeSet<QueueName>> {
        let places = self.find_places().await?;
        Ok(places.iter().map(|place| place.queue.clone()).collect())
    }

    pub(super) async fn live_counts(&self) -> Result<BTreeMap<QueueName, Counts>> {
        let keys = &self.link.keys;
        let now = micros(self.time().await?);
        let running: BTreeMap<String, i64> =
            self.link.run(cmd("HGETALL").arg(keys.running())).await?;
        let mut all = BTreeMap::new();
        for queue in self.queues().await? {
            let waiting = keys.waiting(&queue);
            let count = |from: String, to: &str| {
                let mut count = cmd("ZCOUNT");
                count.arg(&waiting).arg(from).arg(to);
                count
            };
            let ready = count("-inf".to_owned(), &now.to_string());
            let scheduled = count(format!("({now}"), "+inf");
            let running = running.get(queue.as_str()).copied().unwrap_or(0);
            let counts = Counts {
                ready: self.link.run(&ready).await?,
                scheduled: self.link.run(&scheduled).await?,
                running: u64::try_from(running).unwrap_or(0),
                failed: 0,
            };
            if counts != Counts::default() {
                all.insert(queue, counts);
            }
        }
        Ok(all)
    }

    pub(super) async fn live_oldest(&self) -> Result<BTreeMap<QueueName, Timestamp>> {
        let now = self.time().await?;
        let mut oldest = BTreeMap::new();
        for queue in self.queues().await? {
            let mut first = cmd("ZRANGE");
            first
                .arg(self.link.keys.waiting(&queue))
                .arg(0)
                .arg(0)
                .arg("WITHSCORES");
            let first: Vec<(String, i64)> = self.link.run(&first).await?;
            let due = first
                .first()
                .map(|(_, due)| Timestamp::from_microsecond(*due));
            if let Some(Ok(due)) = due
                && due <= now
            {
                oldest.insert(queue, due);
            }
        }
        Ok(oldest)
    }

    pub(super) async fn live_job(&self, id: JobId) -> Result<Option<JobRecord>> {
        let now = self.time().await?;
        let found = self.read_jobs(&[written_id(id.0)]).await?;
        let found = found.into_iter().next();
        Ok(found.map(|(id, live, body)| packing::record(id, live, body, now)))
    }

    /// What has become of jobs. Where they come from is looked at before where they go.
    pub(super) async fn live_fates(&self, ids: &[JobId]) -> Result<BTreeMap<JobId, Fate>> {
        let mut open = self.on_their_way(ids).await?;
        let mut get = cmd("HMGET");
        get.arg(self.link.keys.jobs());
        for id in ids {
            get.arg(written_id(id.0));
        }
        let states: Vec<Option<String>> = match ids.is_empty() {
            true => Vec::new(),
            false => self.link.run(&get).await?,
        };
        let live = ids.iter().zip(states).filter(|(_, state)| state.is_some());
        open.extend(live.map(|(id, _)| *id));
        self.drain().await?;
        let mut fates = self.sql.fates(ids).await?;
        fates.extend(open.into_iter().map(|id| (id, Fate::Open)));
        Ok(fates)
    }

    /// Those that stand in the outbox and have not been handed over.
    async fn on_their_way(&self, ids: &[JobId]) -> Result<Vec<JobId>> {
        let rows = outbox::of_jobs(&mut self.sql.db.read_fresh(), ids).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let mut noted = cmd("ZMSCORE");
        noted.arg(self.link.keys.relayed());
        for (row, _) in &rows {
            noted.arg(written_id(*row));
        }
        let noted: Vec<Option<f64>> = self.link.run(&noted).await?;
        let new = rows.iter().zip(noted).filter(|(_, noted)| noted.is_none());
        Ok(new.map(|((_, job), _)| *job).collect())
    }

    /// Those that have ended, oldest first, and the one that runs.
    pub(super) async fn live_attempts(&self, id: JobId) -> Result<Vec<AttemptRecord>> {
        let id = written_id(id.0);
        let get = |key: String| {
            let mut get = cmd("HGET");
            get.arg(key).arg(&id);
            get
        };
        let ended: Option<String> = self.link.run(&get(self.link.keys.attempts())).await?;
        let state: Option<String> = self.link.run(&get(self.link.keys.jobs())).await?;
        let ended = packing::attempts(&ended.unwrap_or_default());
        let mut attempts: Vec<AttemptRecord> =
            ended.into_iter().map(|(_, attempt)| attempt).collect();
        if let Some(live) = state.as_deref().and_then(Live::read)
            && let (true, Some(started_at)) = (live.is_running, live.started_at)
        {
            attempts.push(AttemptRecord {
                number: live.attempt,
                started_at,
                ended_at: None,
                outcome: None,
                error: None,
                worker: live.worker,
                log: JobLog::default(),
            });
        }
        Ok(attempts)
    }

    /// Why the last attempts failed at jobs of a kind that wait for another.
    pub(super) async fn live_errors_of(
        &self,
        kind: &str,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<String>> {
        let filter = Filter {
            kind: Some(kind.to_owned()),
            ..Filter::default()
        };
        let listing = Listing {
            state: State::Scheduled,
            filter: &filter,
            limit,
            after: None,
        };
        let waiting = self.live_list(&listing).await?;
        let tried = waiting.iter().filter(|job| job.attempts > 0);
        let ids: Vec<String> = tried.map(|job| written_id(job.id.0)).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut get = cmd("HMGET");
        get.arg(self.link.keys.attempts()).arg(&ids);
        let attempts: Vec<Option<String>> = self.link.run(&get).await?;
        let last = attempts.iter().flatten().filter_map(|text| {
            let (_, attempt) = packing::attempts(text).pop()?;
            let is_new = attempt.ended_at.is_some_and(|ended| ended >= since);
            attempt.error.filter(|_| is_new)
        });
        Ok(last.collect())
    }

    /// Jobs that are ready, scheduled or running, as the listing wants them.
    pub(super) async fn live_list(&self, listing: &Listing<'_>) -> Result<Vec<JobRecord>> {
        let now = self.time().await?;
        let mut found = match listing.state {
            State::Running => self.running(listing, now).await?,
            _ => {
                let mut found = Vec::new();
                for queue in self.queues().await? {
                    if listing.filter.queue.as_ref().is_none_or(|it| *it == queue) {
                        found.extend(self.waiting(&queue, listing, now).await?);
                    }
                }
                found
            }
        };
        found.sort_by_key(|job| (job.cursor().at, job.id));
        found.truncate(usize::try_from(listing.limit).unwrap_or(usize::MAX));
        Ok(found)
    }

    /// No more run than there are slots: all are looked at.
    async fn running(&self, listing: &Listing<'_>, now: Timestamp) -> Result<Vec<JobRecord>> {
        let mut range = cmd("ZRANGE");
        range.arg(self.link.keys.leases()).arg(0).arg(-1);
        let ids: Vec<String> = self.link.run(&range).await?;
        let mut found = Vec::new();
        for ids in ids.chunks(PAGE) {
            let jobs = self.read_jobs(ids).await?;
            found.extend(jobs.into_iter().filter_map(|job| listed(job, listing, now)));
        }
        Ok(found)
    }

    /// The first of those that wait in a queue, by when they are due.
    async fn waiting(
        &self,
        queue: &QueueName,
        listing: &Listing<'_>,
        now: Timestamp,
    ) -> Result<Vec<JobRecord>> {
        let limit = usize::try_from(listing.limit).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        let first = match listing.state {
            State::Scheduled => micros(now).saturating_add(1),
            _ => i64::MIN,
        };
        let last = match listing.state {
            State::Ready => micros(now).to_string(),
            _ => "+inf".to_owned(),
        };
        let mut from = listing
            .after
            .map_or(first, |after| micros(after.at).max(first));
        // How many of that very time have been seen.
        let mut seen: usize = 0;
        loop {
            let mut range = cmd("ZRANGEBYSCORE");
            range.arg(self.link.keys.waiting(queue));
            match from {
                i64::MIN => range.arg("-inf"),
                from => range.arg(from),
            };
            range
                .arg(&last)
                .arg("WITHSCORES")
                .arg("LIMIT")
                .arg(seen)
                .arg(PAGE);
            let page: Vec<(String, i64)> = self.link.run(&range).await?;
            let Some((_, newest)) = page.last() else {
                return Ok(found);
            };
            let of_newest = page.iter().filter(|(_, due)| due == newest).count();
            seen = if *newest == from {
                seen + of_newest
            } else {
                of_newest
            };
            from = *newest;
            let ids: Vec<String> = page.into_iter().map(|(id, _)| id).collect();
            let (count, jobs) = (ids.len(), self.read_jobs(&ids).await?);
            found.extend(jobs.into_iter().filter_map(|job| listed(job, listing, now)));
            if found.len() >= limit || count < PAGE {
                found.truncate(limit);
                return Ok(found);
            }
        }
    }

    /// What is known of these jobs, as far as they wait or run.
    pub(super) async fn read_jobs(&self, ids: &[String]) -> Result<Vec<(JobId, Live, Body)>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let get = |key: String| {
            let mut get = cmd("HMGET");
            get.arg(key).arg(ids);
            get
        };
        let states: Vec<Option<String>> = self.link.run(&get(self.link.keys.jobs())).await?;
        let data: Vec<Option<String>> = self.link.run(&get(self.link.keys.data())).await?;
        let jobs = ids.iter().zip(states).zip(data);
        let jobs = jobs.filter_map(|((id, state), data)| {
            let live = Live::read(&state?)?;
            Some((packing::id(id)?, live, Body::read(&data?)?))
        });
        Ok(jobs.collect())
    }
}

/// What a list shows of a job that is wanted.
fn listed(
    (id, live, body): (JobId, Live, Body),
    listing: &Listing<'_>,
    now: Timestamp,
) -> Option<JobRecord> {
    let mut job = packing::record(id, live, body, now);
    let is_after = |after: Cursor| (job.cursor().at, job.id) > (after.at, after.id);
    let is_wanted = job.state == listing.state
        && listing.after.is_none_or(is_after)
        && fits(&job, listing.filter);
    if !is_wanted {
        return None;
    }
    let excerpt = usize::try_from(EXCERPT).unwrap_or(usize::MAX);
    if let Some((end, _)) = job.payload.char_indices().nth(excerpt) {
        job.payload.truncate(end);
    }
    Some(job)
}

fn fits(job: &JobRecord, filter: &Filter) -> bool {
    let Filter {
        queue,
        kind,
        tag,
        lane,
        text,
        fingerprint,
        since,
        until,
    } = filter;
    // What has not failed looks like no failure.
    fingerprint.is_none()
        && queue.as_ref().is_none_or(|queue| job.queue == *queue)
        && kind.as_ref().is_none_or(|kind| job.kind == *kind)
        && tag.as_ref().is_none_or(|tag| job.tags.contains(tag))
        && lane
            .as_ref()
            .is_none_or(|lane| job.lane.as_ref() == Some(lane))
        && text.as_ref().is_none_or(|text| job.payload.contains(text))
        && since.is_none_or(|since| job.pushed_at >= since)
        && until.is_none_or(|until| job.pushed_at < until)
}
