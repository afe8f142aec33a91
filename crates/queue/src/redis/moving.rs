//! All jobs from the database to Redis, and back. Nobody may work meanwhile.

use std::time::Duration;

use redis::cmd;

use super::link::Arguments;
use super::packing::{self, Body, Live, written_id};
use super::{RedisStore, scripts};
use crate::sql::moving;
use crate::store::{JobStore as _, Operations as _};
use crate::{Error, JobId, Result};

/// As many jobs change over in one transaction.
const BATCH: u32 = 500;

/// Whoever has been heard of within this is alive.
const ALIVE: Duration = Duration::from_secs(15);

/// A job as it was read, to be compared with what it is.
pub(super) struct Leaving {
    id: JobId,
    state: String,
    live: Live,
    body: Body,
    attempts: String,
}

impl RedisStore {
    /// Moves the waiting jobs of the database to Redis, and answers how many. Interrupted, it can be begun again.
    ///
    /// # Errors
    /// [`Error::InUse`] while workers live or jobs run, else what the database or Redis says.
    pub async fn move_in(&self) -> Result<u64> {
        self.sql.sweep().await?;
        self.refuse_in_use().await?;
        let mut moved = 0;
        loop {
            let batch = self.sql.alone(|| self.move_to_outbox()).await?;
            self.relay().await?;
            if batch == 0 {
                return Ok(moved);
            }
            moved += u64::try_from(batch).unwrap_or(u64::MAX);
        }
    }

    pub(super) async fn move_to_outbox(&self) -> Result<usize> {
        let mut tx = self.sql.db.begin_on_shared_rows();
        let entry = self.sql.entry();
        let new_id = || self.sql.entry().id;
        let moved = moving::to_outbox(&mut tx, BATCH, entry.at, new_id).await?;
        tx.commit().await?;
        Ok(moved)
    }

    /// Moves the waiting jobs of Redis to the database, and answers how many. Interrupted, it has to be begun
    /// again before anybody works: what was under way is in both.
    ///
    /// # Errors
    /// [`Error::InUse`] while workers live or jobs run, else what the database or Redis says.
    pub async fn move_out(&self) -> Result<u64> {
        self.relay().await?;
        self.sweep().await?;
        self.refuse_in_use().await?;
        let mut moved = 0;
        loop {
            let leaving = self.read_leaving().await?;
            if leaving.is_empty() {
                return Ok(moved);
            }
            let keep = || self.keep_in_sql(&leaving);
            self.sql.alone(keep).await?;
            let gone = self.take_out(&leaving).await?;
            if gone == 0 {
                // Somebody works after all.
                return self.refuse_in_use().await.and(Err(in_use(0, 0)));
            }
            moved += gone;
        }
    }

    /// The first jobs that wait.
    pub(super) async fn read_leaving(&self) -> Result<Vec<Leaving>> {
        let places = self.find_places().await?;
        for place in places.iter() {
            let mut range = cmd("ZRANGE");
            range
                .arg(self.link.keys.waiting(&place.queue))
                .arg(0)
                .arg(BATCH - 1);
            let ids: Vec<String> = self.link.run(&range).await?;
            if ids.is_empty() {
                continue;
            }
            let get = |key: String| {
                let mut get = cmd("HMGET");
                get.arg(key).arg(&ids);
                get
            };
            let keys = &self.link.keys;
            let states: Vec<Option<String>> = self.link.run(&get(keys.jobs())).await?;
            let data: Vec<Option<String>> = self.link.run(&get(keys.data())).await?;
            let attempts: Vec<Option<String>> = self.link.run(&get(keys.attempts())).await?;
            let jobs = ids.iter().zip(states).zip(data).zip(attempts);
            let jobs = jobs.filter_map(|(((id, state), data), attempts)| {
                let state = state?;
                Some(Leaving {
                    id: packing::id(id)?,
                    live: Live::read(&state)?,
                    body: Body::read(&data?)?,
                    state,
                    attempts: attempts.unwrap_or_default(),
                })
            });
            return Ok(jobs.collect());
        }
        Ok(Vec::new())
    }

    pub(super) async fn keep_in_sql(&self, leaving: &[Leaving]) -> Result<()> {
        let mut tx = self.sql.db.begin_on_shared_rows();
        for job in leaving {
            let attempts = packing::attempts(&job.attempts);
            moving::take_in(&mut tx, job.id, (&job.live, &job.body), &attempts).await?;
        }
        Ok(tx.commit().await?)
    }

    pub(super) async fn take_out(&self, leaving: &[Leaving]) -> Result<u64> {
        let mut arguments = Arguments::default();
        for job in leaving {
            arguments.own(written_id(job.id.0)).text(&job.state);
        }
        let places = self.places();
        self.link
            .call(&scripts::TAKE_OUT, &places, &arguments)
            .await
    }

    async fn refuse_in_use(&self) -> Result<()> {
        let now = self.sql.clock.now();
        let workers = self.sql.workers().await?;
        let is_alive =
            |heard_at| now.duration_since(heard_at) < ALIVE.try_into().unwrap_or_default();
        let workers = workers.iter().filter(|it| is_alive(it.heard_at)).count();
        let counts = self.counts().await?;
        let running = counts.values().map(|counts| counts.running).sum();
        match (workers, running) {
            (0, 0) => Ok(()),
            _ => Err(in_use(workers, running)),
        }
    }
}

fn in_use(workers: usize, running: u64) -> Error {
    Error::InUse { workers, running }
}
