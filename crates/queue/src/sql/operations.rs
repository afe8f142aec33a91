//! What operators see and do.

use std::collections::BTreeMap;

use async_trait::async_trait;
use duly_db::Tx;
use jiff::Timestamp;

use super::{
    SqlStore, actions, attempts, decisions, leadership, limits, listing, measuring, pausing,
    schedules, steering, tags, workers,
};
use crate::balance::{Decision, Memory, QueueSettings};
use crate::store::{
    Action, AttemptRecord, By, Counts, Decided, FailureGroup, Fate, Filter, JobRecord, Listing,
    Measured, Operations, Pause, Paused, Retried, Retrying, SchedulePause, Term, Totals,
    WatchedTag, WorkerId, WorkerRecord,
};
use crate::{JobId, QueueName, Result};

#[async_trait]
impl Operations for SqlStore {
    async fn counts(&self) -> Result<BTreeMap<QueueName, Counts>> {
        listing::counts(&mut self.db.read_fresh(), self.clock.now()).await
    }

    async fn oldest(&self) -> Result<BTreeMap<QueueName, Timestamp>> {
        listing::oldest(&mut self.db.read_fresh(), self.clock.now()).await
    }

    async fn totals(&self, since: Timestamp) -> Result<BTreeMap<QueueName, Totals>> {
        measuring::totals(&mut self.db.read_fresh(), since).await
    }

    async fn list(&self, listing: &Listing<'_>) -> Result<Vec<JobRecord>> {
        let (engine, now) = (self.db.engine(), self.clock.now());
        listing::list(&mut self.db.read_fresh(), engine, listing, now).await
    }

    async fn job(&self, id: JobId) -> Result<Option<JobRecord>> {
        listing::job(&mut self.db.read_fresh(), id, self.clock.now()).await
    }

    async fn fates(&self, ids: &[JobId]) -> Result<BTreeMap<JobId, Fate>> {
        listing::fates(&mut self.db.read_fresh(), ids).await
    }

    async fn attempts(&self, id: JobId) -> Result<Vec<AttemptRecord>> {
        attempts::list(&mut self.db.read_fresh(), id).await
    }

    async fn retry(&self, by: By<'_>, ids: &[JobId], retrying: &Retrying) -> Result<Vec<Retried>> {
        self.alone(|| steering::retry(&self.db, by, ids, retrying, self.entry()))
            .await
    }

    async fn cancel(&self, by: By<'_>, ids: &[JobId]) -> Result<Vec<JobId>> {
        self.alone(|| steering::cancel(&self.db, by, ids, self.entry()))
            .await
    }

    async fn forget(&self, by: By<'_>, ids: &[JobId]) -> Result<Vec<JobId>> {
        self.alone(|| steering::forget(&self.db, by, ids, self.entry()))
            .await
    }

    async fn pause(&self, by: By<'_>, pause: &Pause) -> Result<()> {
        self.alone(|| pausing::pause(&self.db, by, pause, self.entry()))
            .await
    }

    async fn resume(&self, by: By<'_>, paused: &Paused) -> Result<bool> {
        self.alone(|| pausing::resume(&self.db, by, paused, self.entry()))
            .await
    }

    async fn pauses(&self) -> Result<Vec<Pause>> {
        pausing::list(&mut self.db.read_fresh(), self.clock.now()).await
    }

    async fn pauses_since(&self, since: Timestamp) -> Result<Vec<Pause>> {
        pausing::list_since(&mut self.db.read_fresh(), since).await
    }

    async fn pause_once(&self, by: By<'_>, leader: (&str, Term), pause: &Pause) -> Result<bool> {
        self.alone(|| pausing::pause_once(&self.db, by, leader, pause, self.entry()))
            .await
    }

    async fn errors_of(&self, kind: &str, since: Timestamp, limit: u32) -> Result<Vec<String>> {
        attempts::errors_of(&mut self.db.read_fresh(), kind, since, limit).await
    }

    async fn pause_schedule(
        &self,
        by: By<'_>,
        schedule: &str,
        slot: Timestamp,
        pause: &SchedulePause,
    ) -> Result<()> {
        self.alone(|| schedules::pause(&self.db, by, schedule, slot, pause, self.entry()))
            .await
    }

    async fn resume_schedule(&self, by: By<'_>, schedule: &str) -> Result<bool> {
        self.alone(|| schedules::resume(&self.db, by, schedule, self.entry()))
            .await
    }

    async fn fired_by(
        &self,
        tx: &mut Tx,
        by: By<'_>,
        schedule: &str,
        slot: Timestamp,
    ) -> Result<()> {
        schedules::fired_by(tx, by, schedule, slot, self.entry()).await
    }

    async fn failure_groups(&self, filter: &Filter, limit: u32) -> Result<Vec<FailureGroup>> {
        let engine = self.db.engine();
        listing::failure_groups(&mut self.db.read_fresh(), engine, filter, limit).await
    }

    async fn measures(&self, grain: u32, since: Timestamp) -> Result<Vec<Measured>> {
        measuring::measures(&mut self.db.read_fresh(), grain, since).await
    }

    async fn roll_up(&self) -> Result<()> {
        self.alone(|| measuring::roll_up(&self.db, self.clock.now()))
            .await
    }

    async fn report(&self, worker: &WorkerRecord) -> Result<()> {
        self.alone(|| workers::report(&self.db, worker, self.clock.now()))
            .await
    }

    async fn leave(&self, worker: WorkerId) -> Result<()> {
        self.alone(|| workers::leave(&self.db, worker, self.clock.now()))
            .await
    }

    async fn workers(&self) -> Result<Vec<WorkerRecord>> {
        workers::list(&mut self.db.read_fresh(), self.clock.now()).await
    }

    async fn led_until(&self, name: &str) -> Result<Option<Timestamp>> {
        leadership::led_until(&mut self.db.read_fresh(), name).await
    }

    async fn decided(
        &self,
        leader: (&str, Term),
        decision: &Decision,
        memory: &Memory,
    ) -> Result<bool> {
        let keep = || decisions::keep(&self.db, leader, decision, memory, self.clock.now());
        self.alone(keep).await
    }

    async fn decisions(&self, since: Timestamp, limit: u32) -> Result<Vec<Decided>> {
        decisions::list(&mut self.db.read_fresh(), since, limit).await
    }

    async fn decisions_after(&self, after: Timestamp, limit: u32) -> Result<Vec<Decided>> {
        decisions::list_after(&mut self.db.read_fresh(), after, limit).await
    }

    async fn queue_settings(&self) -> Result<BTreeMap<QueueName, QueueSettings>> {
        limits::list(&mut self.db.read_fresh()).await
    }

    async fn set_queue(
        &self,
        by: By<'_>,
        queue: &QueueName,
        settings: Option<&QueueSettings>,
    ) -> Result<()> {
        self.alone(|| limits::set(&self.db, by, queue, settings, self.entry()))
            .await
    }

    async fn watched_tags(&self) -> Result<Vec<WatchedTag>> {
        let (engine, now) = (self.db.engine(), self.clock.now());
        tags::list(&mut self.db.read_fresh(), engine, now).await
    }

    async fn watch_tag(&self, by: By<'_>, tag: &str) -> Result<bool> {
        self.alone(|| tags::watch(&self.db, by, tag, self.entry()))
            .await
    }

    async fn unwatch_tag(&self, by: By<'_>, tag: &str) -> Result<bool> {
        self.alone(|| tags::unwatch(&self.db, by, tag, self.entry()))
            .await
    }

    async fn actions(&self, limit: u32, before: Option<Timestamp>) -> Result<Vec<Action>> {
        actions::list(&mut self.db.read_fresh(), limit, before).await
    }
}
