//! Looking at every server again and again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::connection::Connection;
use super::health::Look;
use super::history::History;
use super::lineage::{Relation, Sighting};
use super::pool::Pool;
use super::primary::{Gate, Primary};
use super::replicas::{Replica, Replicas};
use super::sighting;
use crate::status::PrimaryState;
use crate::{Error, SharedClock};

/// How often each server is looked at …
pub(super) const EVERY: Duration = Duration::from_millis(50);
/// … and the primary when there are no replicas, whose lag would have to be known.
const EVERY_ALONE: Duration = Duration::from_millis(250);

/// How long to wait before the next connection to a server that could not be looked at: opening
/// one costs far more than a look.
const BEFORE_CONNECTING: Duration = Duration::from_millis(200);

const SECOND: Duration = Duration::from_secs(1);

/// A primary that has not answered a look within this is down.
const PATIENCE: Duration = Duration::from_secs(1);

/// A replica that has not answered a look within this is taken out. Reads wait for it so long, and
/// then another one is asked.
const PATIENCE_WITH_REPLICAS: Duration = Duration::from_millis(500);

/// How long to try to reach a server that nobody waits for any more.
const PATIENCE_WITH_LOST: Duration = Duration::from_secs(3);

/// What the looks of all servers share.
struct Shared {
    primary: Primary,
    gate: Gate,
    history: Mutex<History>,
    /// Whether the rightful primary answered the last look.
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
        self.end();
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
            has_primary: AtomicBool::new(true),
            replicas: replicas.clone(),
            clock,
        });
        let mut tasks = vec![tokio::spawn(watch_primary(shared.clone()))];
        for replica in replicas.all() {
            tasks.push(tokio::spawn(watch_replica(replica.clone(), shared.clone())));
        }
        Monitor { tasks }
    }

    /// Looks no more.
    pub(super) fn end(&self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

async fn watch_primary(shared: Arc<Shared>) {
    let every = match shared.replicas.all() {
        [] => EVERY_ALONE,
        _ => EVERY,
    };
    let mut connection = None;
    let mut identity = None;
    let mut failures = 0_u32;
    let mut second = Instant::now();
    loop {
        // Replicas go on while the primary is looked at, so these have to be the older looks.
        let replicas = shared.replicas.sightings();
        let was_away = connection.is_none();
        let patience = match shared.primary.is_usable() {
            true => PATIENCE,
            false => PATIENCE_WITH_LOST,
        };
        let looked = look_at(&shared.primary.pool, &mut connection, patience).await;
        failures = match &looked {
            Ok(_) => 0,
            Err(_) => failures + 1,
        };
        let found = match looked {
            Ok((sighting, _)) => {
                let known = identity.replace(sighting.identity.clone());
                if known.is_some_and(|known| known != sighting.identity)
                    && shared.primary.is_usable()
                {
                    // The connections may still lead to the former one.
                    shared.primary.pool.renew();
                }
                Some(shared.judge_primary(&sighting, &replicas, was_away))
            }
            // Once may be a connection that a restart has left behind.
            Err(Error::Timeout) => Some(Err((PrimaryState::Down, no_answer(patience)))),
            Err(error) if failures > 1 => Some(Err((PrimaryState::Down, reason(error)))),
            Err(_) => None,
        };
        let pause = match &found {
            Some(Ok(PrimaryState::Up)) => every,
            Some(_) => BEFORE_CONNECTING,
            None => EVERY,
        };
        if pause == BEFORE_CONNECTING {
            // The address may lead to another server by now.
            connection = None;
        }
        shared.note_primary(found);
        if second.elapsed() >= SECOND {
            second = Instant::now();
            shared.primary.reads.end_second();
        }
        tokio::time::sleep(pause).await;
    }
}

/// What a look at the primary has shown: which state it can be used in, or why it cannot.
type Verdict = Result<PrimaryState, (PrimaryState, String)>;

impl Shared {
    fn judge_primary(
        &self,
        sighting: &Sighting,
        replicas: &[(Arc<Replica>, Sighting)],
        was_away: bool,
    ) -> Verdict {
        self.gate
            .judge(sighting)
            .map_err(|reason| (PrimaryState::Refused, reason))?;
        for (replica, seen) in replicas {
            let relation = Relation::of(seen, sighting);
            replica.relate(relation);
            // A replica that takes changes beside a primary that was there all the time was not
            // meant to. Beside one that was away it is its successor.
            if relation == Relation::IsAhead && (seen.is_read_only || was_away) {
                return Err((PrimaryState::Refused, former(replica.pool.address().name())));
            }
        }
        if sighting.is_read_only {
            return Ok(PrimaryState::ReadOnly);
        }
        let total = sighting.position.total();
        lock(&self.history).note(Instant::now(), &sighting.identity, total);
        Ok(PrimaryState::Up)
    }

    fn note_primary(&self, found: Option<Verdict>) {
        let Some(found) = found else { return };
        self.has_primary.store(found.is_ok(), Ordering::Relaxed);
        match found {
            Ok(state) => self.primary.note(state, None),
            Err((state, reason)) => {
                // Nobody falls behind while nothing is written.
                *lock(&self.history) = History::default();
                self.primary.note(state, Some(reason));
            }
        }
    }

    /// Whether what was seen of a replica makes it one that can be asked.
    fn judge_replica(&self, replica: &Replica, seen: &Sighting) -> Look {
        if replica.relation() == Relation::IsAbandoned {
            return Look::Unfit(
                "it follows a former primary; make it follow the present one".into(),
            );
        }
        if !self.has_primary.load(Ordering::Relaxed) {
            // Nothing is new while there is no primary, and a replica that has been promoted
            // meanwhile has all there is.
            return Look::Following(None);
        }
        if !seen.is_read_only {
            return Look::Unfit("it is no replica (any more): it takes changes itself".into());
        }
        let lag = lock(&self.history).lag(Instant::now(), seen.position.total());
        Look::Following(Some(lag))
    }
}

/// Why the server must not be used as the primary when one of its replicas is ahead of it.
pub(super) fn former(replica: &str) -> String {
    format!(
        "the replica {replica} has changes that it lacks, so it was primary before a failover; \
         rejoin it as a replica first, or take that one out of database.replicas if it was \
         promoted by mistake"
    )
}

async fn watch_replica(replica: Arc<Replica>, shared: Arc<Shared>) {
    let mut connection = None;
    let mut second = Instant::now();
    loop {
        let patience = match replica.is_serving() {
            true => PATIENCE_WITH_REPLICAS,
            false => PATIENCE_WITH_LOST,
        };
        let looked = look_at(&replica.pool, &mut connection, patience).await;
        let (look, seen) = match looked {
            Ok((sighting, round_trip)) => {
                let look = shared.judge_replica(&replica, &sighting);
                (look, Some((sighting, round_trip)))
            }
            Err(Error::Timeout) => (Look::Unfit(no_answer(patience)), None),
            Err(error) => (Look::Failed(reason(error)), None),
        };
        replica.note(&look, seen, shared.clock.now());
        if second.elapsed() >= SECOND {
            second = Instant::now();
            replica.served().end_second();
        }
        let is_gone = connection.is_none() && !replica.is_serving();
        tokio::time::sleep(if is_gone { BEFORE_CONNECTING } else { EVERY }).await;
    }
}

/// One look, over a connection of the monitor's own, which is opened again after a failure.
async fn look_at(
    pool: &Pool,
    connection: &mut Option<Connection>,
    patience: Duration,
) -> Result<(Sighting, Duration), Error> {
    let looking = async {
        match connection.take() {
            Some(open) => look_over(open).await,
            None => reach(pool).await,
        }
    };
    // What is given up takes its connection along.
    let (open, sighting, round_trip) = tokio::select! {
        biased;
        looked = looking => looked,
        () = have_patience(patience) => Err(Error::Timeout),
    }?;
    *connection = Some(open);
    Ok((sighting, round_trip))
}

/// Waits so long, not counting the time in which this process itself stood still: after a stop, or
/// after its machine has slept, it is no fault of the server's that it has not been heard.
async fn have_patience(limit: Duration) {
    const PARTS: u32 = 10;
    for _ in 0..PARTS {
        tokio::time::sleep(limit / PARTS).await;
    }
}

type Looked = (Connection, Sighting, Duration);

async fn look_over(mut open: Connection) -> Result<Looked, Error> {
    let started = Instant::now();
    let sighting = sighting::look(&mut open).await?;
    Ok((open, sighting, started.elapsed()))
}

/// Opens a connection and looks over it. A server that hangs does not hold up the next try: by then
/// the address may lead to another one.
async fn reach(pool: &Pool) -> Result<Looked, Error> {
    let mut tries = FuturesUnordered::new();
    loop {
        tries.push(async { look_over(pool.visit().await?).await });
        let ended = tokio::time::timeout(BEFORE_CONNECTING, tries.next()).await;
        if let Ok(Some(ended)) = ended {
            return ended;
        }
    }
}

fn no_answer(within: Duration) -> String {
    format!("it has not answered within {} ms", within.as_millis())
}

fn reason(error: Error) -> String {
    match error {
        Error::Unavailable(reason) => reason,
        other => other.to_string(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn standing_still_is_no_silence_of_the_server() {
        let patience = tokio::spawn(have_patience(SECOND));
        tokio::task::yield_now().await;
        tokio::time::advance(SECOND * 60).await;
        assert!(!patience.is_finished());
        let started = tokio::time::Instant::now();
        patience.await.unwrap();
        assert_eq!(started.elapsed().as_millis(), 900);
    }
}
