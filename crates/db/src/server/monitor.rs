//! Looking at every server again and again.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::health::Look;
use super::lineage::{Lineage, Sighting};
use super::pool::Pool;
use super::primary::{Gate, Primary};
use super::replicas::{Replica, Replicas};
use super::sighting;
use crate::status::PrimaryState;
use crate::{Error, SharedClock};

/// How often each server is looked at.
const EVERY: Duration = Duration::from_millis(50);

const SECOND: Duration = Duration::from_secs(1);

/// A server that has not answered a look within this is counted as not answering.
const PATIENCE: Duration = Duration::from_secs(1);

/// How far back the primary's positions are kept, to tell how old a replica's is.
const MEMORY: Duration = Duration::from_secs(600);

/// Where the primary was when.
#[derive(Debug, Default)]
struct History {
    /// Oldest first; a position stands there with the time it was first seen.
    positions: VecDeque<(Instant, u64)>,
}

impl History {
    fn note(&mut self, now: Instant, position: u64) {
        if self
            .positions
            .back()
            .is_none_or(|(_, last)| *last < position)
        {
            self.positions.push_back((now, position));
        }
        while self.positions.len() > 1
            && self
                .positions
                .get(1)
                .is_some_and(|(seen, _)| now.duration_since(*seen) > MEMORY)
        {
            self.positions.pop_front();
        }
    }

    /// How long ago the primary had something that a replica at this position lacks.
    fn lag(&self, now: Instant, position: u64) -> Duration {
        let missing = self.positions.iter().find(|(_, had)| *had > position);
        missing.map_or(Duration::ZERO, |(since, _)| now.duration_since(*since))
    }
}

/// What the looks of all servers share.
struct Shared {
    primary: Primary,
    gate: Gate,
    history: Mutex<History>,
    /// Whether the primary answered the last look.
    has_primary: AtomicBool,
    replicas: Replicas,
    clock: SharedClock,
}

/// The running monitor; it ends when dropped.
#[derive(Debug)]
pub(super) struct Monitor {
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

impl Monitor {
    pub(super) fn start(
        primary: &Primary,
        gate: &Gate,
        replicas: &Replicas,
        clock: SharedClock,
    ) -> Self {
        let shared = Arc::new(Shared {
            primary: primary.clone(),
            gate: gate.clone(),
            history: Mutex::default(),
            has_primary: AtomicBool::new(false),
            replicas: replicas.clone(),
            clock,
        });
        let mut tasks = vec![tokio::spawn(watch_primary(shared.clone()))];
        for replica in replicas.all() {
            tasks.push(tokio::spawn(watch_replica(replica.clone(), shared.clone())));
        }
        Monitor { tasks }
    }
}

async fn watch_primary(shared: Arc<Shared>) {
    let mut connection = None;
    let mut failures = 0_u32;
    let mut second = Instant::now();
    loop {
        if second.elapsed() >= SECOND {
            second = Instant::now();
            shared.primary.reads.end_second();
        }
        // Replicas go on while the primary is looked at, so these have to be the older looks.
        let replicas: Vec<Sighting> = shared
            .replicas
            .all()
            .iter()
            .filter_map(|one| one.sighting())
            .collect();
        let looked = look_at(&shared.primary.pool, &mut connection, Some(&shared.gate)).await;
        shared.has_primary.store(looked.is_ok(), Ordering::Relaxed);
        match looked {
            Ok((sighting, _)) => {
                failures = 0;
                lock(&shared.history).note(Instant::now(), sighting.position.total());
                let lacks = |replica| Lineage::judge_beside(&sighting, replica).err();
                match replicas.iter().find_map(lacks) {
                    _ if sighting.is_read_only => shared.primary.note(PrimaryState::ReadOnly, None),
                    Some(reason) => shared.primary.note(PrimaryState::Refused, Some(reason)),
                    None => shared.primary.note(PrimaryState::Up, None),
                }
            }
            Err(error) => {
                failures += 1;
                let text = error.to_string();
                if text.contains("refused: ") {
                    shared.primary.note(PrimaryState::Refused, Some(text));
                } else if failures > 1 || matches!(error, Error::Timeout) {
                    // Once may be a connection that a restart has left behind.
                    shared.primary.note(PrimaryState::Down, Some(text));
                }
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn watch_replica(replica: Arc<Replica>, shared: Arc<Shared>) {
    let mut connection = None;
    let mut second = Instant::now();
    loop {
        let looked = look_at(&replica.pool, &mut connection, None).await;
        let look = match &looked {
            Ok((sighting, _)) => judge(sighting, &shared),
            Err(error) => Look::Failed(error.to_string()),
        };
        replica.note(&look, looked.ok(), shared.clock.now());
        if second.elapsed() >= SECOND {
            second = Instant::now();
            replica.served().end_second();
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Whether what was seen of a replica makes it one that can be asked.
fn judge(seen: &Sighting, shared: &Shared) -> Look {
    if !seen.is_read_only {
        return Look::Failed("it is no replica (any more): it takes changes itself".into());
    }
    if !shared.has_primary.load(Ordering::Relaxed) {
        // Nothing is new while there is no primary.
        return Look::Following(None);
    }
    let lag = lock(&shared.history).lag(Instant::now(), seen.position.total());
    Look::Following(Some(lag))
}

/// One look, over a connection of the monitor's own, which is opened again after a failure.
async fn look_at(
    pool: &Pool,
    connection: &mut Option<Connection>,
    gate: Option<&Gate>,
) -> Result<(Sighting, Duration), Error> {
    let looking = async {
        let mut open = match connection.take() {
            Some(open) => open,
            None => pool.connect().await?,
        };
        let started = Instant::now();
        let sighting = match gate {
            Some(gate) => gate.admit(&mut open).await?,
            None => sighting::look(&mut open).await?,
        };
        *connection = Some(open);
        Ok((sighting, started.elapsed()))
    };
    match tokio::time::timeout(PATIENCE, looking).await {
        Ok(looked) => looked,
        Err(_) => {
            *connection = None;
            Err(Error::Timeout)
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_is_the_age_of_the_first_change_a_replica_lacks() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut history = History::default();
        history.note(at(0), 10);
        history.note(at(1000), 10);
        history.note(at(2000), 20);
        history.note(at(3000), 30);
        let lag = |position| history.lag(at(3500), position).as_millis();
        assert_eq!(lag(30), 0);
        assert_eq!(
            lag(40),
            0,
            "it may know more than the last look at the primary"
        );
        assert_eq!(lag(29), 500);
        assert_eq!(lag(10), 1500, "idle time is no lag");
        assert_eq!(lag(5), 3500);
    }
}
