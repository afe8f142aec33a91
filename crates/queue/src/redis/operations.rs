//! What operators see and do: of jobs that wait or run in Redis, of all others in SQL. Before they look, what has
//! been pushed and what has become of jobs is brought to where they look for it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use duly_db::Tx;
use jiff::Timestamp;

use super::RedisStore;
use crate::balance::{Decision, Memory, QueueSettings};
use crate::store::{
    Action, AttemptRecord, By, Counts, Decided, FailureGroup, Fate, Filter, JobRecord, Listing,
    Measured, Operations, Pause, Paused, Retried, Retrying, SchedulePause, State, Term, Totals,
    WatchedTag, WorkerId, WorkerRecord,
};
use crate::{ATTEMPTS_KEPT, JobId, QueueName, Result};

#[async_trait]
impl Operations for RedisStore {
    async fn counts(&self) -> Result<BTreeMap<QueueName, Counts>> {
        self.catch_up().await?;
        let mut all = self.sql.counts().await?;
        for (queue, live) in self.live_counts().await? {
            let counts = all.entry(queue).or_default();
            counts.ready += live.ready;
            counts.scheduled += live.scheduled;
            counts.running += live.running;
        }
        Ok(all)
    }

    async fn oldest(&self) -> Result<BTreeMap<QueueName, Timestamp>> {
        self.catch_up().await?;
        self.live_oldest().await
    }

    async fn totals(&self, since: Timestamp) -> Result<BTreeMap<QueueName, Totals>> {
        self.drain().await?;
        self.sql.totals(since).await
    }

    async fn list(&self, listing: &Listing<'_>) -> Result<Vec<JobRecord>> {
        self.catch_up().await?;
        match listing.state {
            State::Ready | State::Scheduled | State::Running => self.live_list(listing).await,
            State::Failed | State::Done | State::Cancelled => self.sql.list(listing).await,
        }
    }

    async fn job(&self, id: JobId) -> Result<Option<JobRecord>> {
        self.catch_up().await?;
        if let Some(job) = self.live_job(id).await? {
            return Ok(Some(job));
        }
        // It may have ended since.
        self.drain().await?;
        self.sql.job(id).await
    }

    async fn fates(&self, ids: &[JobId]) -> Result<BTreeMap<JobId, Fate>> {
        self.live_fates(ids).await
    }

    async fn attempts(&self, id: JobId) -> Result<Vec<AttemptRecord>> {
        self.catch_up().await?;
        let mut attempts = self.sql.attempts(id).await?;
        attempts.extend(self.live_attempts(id).await?);
        let kept = usize::try_from(ATTEMPTS_KEPT).unwrap_or(usize::MAX);
        let spare = attempts.len().saturating_sub(kept);
        Ok(attempts.split_off(spare))
    }

    async fn retry(&self, by: By<'_>, ids: &[JobId], retrying: &Retrying) -> Result<Vec<Retried>> {
        self.drain().await?;
        self.let_wait_again(by, ids, retrying).await
    }

    async fn cancel(&self, by: By<'_>, ids: &[JobId]) -> Result<Vec<JobId>> {
        self.relay().await?;
        self.end_now(by, ids).await
    }

    async fn forget(&self, by: By<'_>, ids: &[JobId]) -> Result<Vec<JobId>> {
        self.drain().await?;
        self.sql.forget(by, ids).await
    }

    async fn pause(&self, by: By<'_>, pause: &Pause) -> Result<()> {
        self.sql.pause(by, pause).await?;
        self.look_again();
        Ok(())
    }

    async fn resume(&self, by: By<'_>, paused: &Paused) -> Result<bool> {
        let was_paused = self.sql.resume(by, paused).await?;
        self.look_again();
        Ok(was_paused)
    }

    async fn pauses(&self) -> Result<Vec<Pause>> {
        self.sql.pauses().await
    }

    async fn pauses_since(&self, since: Timestamp) -> Result<Vec<Pause>> {
        self.sql.pauses_since(since).await
    }

    async fn pause_once(&self, by: By<'_>, leader: (&str, Term), pause: &Pause) -> Result<bool> {
        let is_paused = self.sql.pause_once(by, leader, pause).await?;
        self.look_again();
        Ok(is_paused)
    }

    async fn errors_of(&self, kind: &str, since: Timestamp, limit: u32) -> Result<Vec<String>> {
        self.catch_up().await?;
        let mut errors = self.live_errors_of(kind, since, limit).await?;
        errors.extend(self.sql.errors_of(kind, since, limit).await?);
        Ok(errors)
    }

    async fn pause_schedule(
        &self,
        by: By<'_>,
        schedule: &str,
        slot: Timestamp,
        pause: &SchedulePause,
    ) -> Result<()> {
        self.sql.pause_schedule(by, schedule, slot, pause).await
    }

    async fn resume_schedule(&self, by: By<'_>, schedule: &str) -> Result<bool> {
        self.sql.resume_schedule(by, schedule).await
    }

    async fn fired_by(
        &self,
        tx: &mut Tx,
        by: By<'_>,
        schedule: &str,
        slot: Timestamp,
    ) -> Result<()> {
        self.sql.fired_by(tx, by, schedule, slot).await
    }

    async fn failure_groups(&self, filter: &Filter, limit: u32) -> Result<Vec<FailureGroup>> {
        self.drain().await?;
        self.sql.failure_groups(filter, limit).await
    }

    async fn measures(&self, grain: u32, since: Timestamp) -> Result<Vec<Measured>> {
        self.drain().await?;
        self.sql.measures(grain, since).await
    }

    async fn roll_up(&self) -> Result<()> {
        self.drain().await?;
        self.sql.roll_up().await
    }

    async fn report(&self, worker: &WorkerRecord) -> Result<()> {
        self.sql.report(worker).await
    }

    async fn leave(&self, worker: WorkerId) -> Result<()> {
        self.sql.leave(worker).await
    }

    async fn workers(&self) -> Result<Vec<WorkerRecord>> {
        self.sql.workers().await
    }

    async fn led_until(&self, name: &str) -> Result<Option<Timestamp>> {
        self.sql.led_until(name).await
    }

    async fn decided(
        &self,
        leader: (&str, Term),
        decision: &Decision,
        memory: &Memory,
    ) -> Result<bool> {
        self.sql.decided(leader, decision, memory).await
    }

    async fn decisions(&self, since: Timestamp, limit: u32) -> Result<Vec<Decided>> {
        self.sql.decisions(since, limit).await
    }

    async fn decisions_after(&self, after: Timestamp, limit: u32) -> Result<Vec<Decided>> {
        self.sql.decisions_after(after, limit).await
    }

    async fn queue_settings(&self) -> Result<BTreeMap<QueueName, QueueSettings>> {
        self.sql.queue_settings().await
    }

    async fn set_queue(
        &self,
        by: By<'_>,
        queue: &QueueName,
        settings: Option<&QueueSettings>,
    ) -> Result<()> {
        self.sql.set_queue(by, queue, settings).await
    }

    async fn watched_tags(&self) -> Result<Vec<WatchedTag>> {
        self.catch_up().await?;
        self.count_tags().await
    }

    async fn watch_tag(&self, by: By<'_>, tag: &str) -> Result<bool> {
        self.sql.watch_tag(by, tag).await
    }

    async fn unwatch_tag(&self, by: By<'_>, tag: &str) -> Result<bool> {
        self.sql.unwatch_tag(by, tag).await
    }

    async fn actions(&self, limit: u32, before: Option<Timestamp>) -> Result<Vec<Action>> {
        self.drain().await?;
        self.sql.actions(limit, before).await
    }
}

impl RedisStore {
    /// Brings what has been pushed to Redis, and what has become of jobs into SQL.
    async fn catch_up(&self) -> Result<()> {
        self.relay().await?;
        self.drain().await
    }
}
