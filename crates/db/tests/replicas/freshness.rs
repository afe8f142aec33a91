//! Nobody reads their own past, whatever the replicas do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use duly_db::random::SeededRandom;
use duly_db::status::ReplicaState;
use duly_db::{Db, Random};
use tokio::task::JoinSet;

use crate::fleet::{Fleet, OWNERS, owner, until};
use crate::session::{Findings, Session};

/// Raises how many reads are checked, for a longer run.
const READS_VARIABLE: &str = "DULY_CHECKED_READS";
const READS: u64 = 20_000;

/// So many requests are under way at once.
const WORKERS: u128 = 8;

/// How many of a hundred requests write.
const WRITES: u32 = 5;

#[expect(clippy::disallowed_methods, reason = "this is how the test is told")]
fn reads() -> u64 {
    let told = std::env::var(READS_VARIABLE).ok();
    told.and_then(|text| text.parse().ok()).unwrap_or(READS)
}

/// Sessions that go on until they are told to end, each request at one of several nodes.
struct Crowd {
    workers: JoinSet<Findings>,
    reads: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
}

impl Crowd {
    fn start(nodes: &[Db], seed: u64) -> Self {
        let mut crowd = Crowd {
            workers: JoinSet::new(),
            reads: Arc::default(),
            is_over: Arc::default(),
        };
        for worker in 0..WORKERS {
            // Two devices of each owner, at different workers.
            let of_worker = |number: &u128| (number % WORKERS) == worker;
            let devices = (0..OWNERS).chain(1..=OWNERS);
            let numbers: Vec<u128> = devices
                .enumerate()
                .filter_map(|(place, number)| {
                    of_worker(&(u128::try_from(place).unwrap())).then_some(number % OWNERS)
                })
                .collect();
            let sessions = numbers
                .into_iter()
                .map(|number| Session::of(owner(number)))
                .collect();
            let random = SeededRandom::new(seed + u64::try_from(worker).unwrap());
            let (nodes, reads, is_over) =
                (nodes.to_vec(), crowd.reads.clone(), crowd.is_over.clone());
            crowd.workers.spawn(async move {
                work(sessions, &nodes, random.as_ref(), &reads, &is_over).await
            });
        }
        crowd
    }

    /// Waits until there have been so many reads more.
    async fn go_on(&self, reads: u64) {
        let goal = self.reads.load(Ordering::Relaxed) + reads;
        let mut before = 0;
        while before < goal {
            let now = || self.reads.load(Ordering::Relaxed);
            let step = goal.min(now() + 1000);
            until("the sessions get on", || now() >= step).await;
            before = now();
        }
    }

    async fn end(mut self) -> Findings {
        self.is_over.store(true, Ordering::Relaxed);
        let mut all = Findings::default();
        while let Some(findings) = self.workers.join_next().await {
            all.add(findings.unwrap());
        }
        all
    }
}

async fn work(
    mut sessions: Vec<Session>,
    nodes: &[Db],
    random: &dyn Random,
    reads: &AtomicU64,
    is_over: &AtomicBool,
) -> Findings {
    while !is_over.load(Ordering::Relaxed) {
        let mut chance = [0; 12];
        random.fill(&mut chance);
        let [a, b, c] =
            [0, 4, 8].map(|at| u32::from_le_bytes(chance[at..at + 4].try_into().unwrap()));
        let count = u32::try_from(sessions.len()).unwrap();
        let session = &mut sessions[usize::try_from(a % count).unwrap()];
        let node = &nodes[usize::try_from(b).unwrap() % nodes.len()];
        if c % 100 < WRITES {
            session.write_at_last(node, random).await;
        } else {
            session.read(node).await.unwrap();
            reads.fetch_add(1, Ordering::Relaxed);
        }
    }
    let mut all = Findings::default();
    sessions
        .iter()
        .for_each(|session| all.add(session.findings));
    all
}

/// How many reads were answered by replicas, and how many answers of theirs were too old.
fn by_replicas(nodes: &[Db]) -> (u64, u64) {
    let mut both = (0, 0);
    for node in nodes {
        let status = node.status();
        both.0 += status.reads.replica;
        both.1 += status.replicas.iter().map(|one| one.rejected).sum::<u64>();
    }
    both
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_reads_their_own_past() {
    let Some(fleet) = Fleet::start().await else {
        return;
    };
    // Two nodes, which know nothing of each other; the second goes on asking a replica that lags.
    let patient = fleet.open_with(|options| options.replica_lag = Duration::from_secs(3600));
    let nodes = [fleet.open().await, patient.await];
    let part = reads() / 4;

    let crowd = Crowd::start(&nodes, 1);
    crowd.go_on(part).await;
    let healthy = crowd.end().await;
    let (served, _) = by_replicas(&nodes);
    healthy.assert_clean();
    println!("both healthy: {healthy:?}, {served} by replicas");
    assert!(served * 10 >= healthy.reads * 9, "{served} of {healthy:?}");

    let crowd = Crowd::start(&nodes, 1000);
    fleet.lag("replica2", 5);
    crowd.go_on(part).await;
    fleet.operate("kill", "replica1");
    crowd.go_on(part).await;
    fleet.operate("resume", "replica1");
    crowd.go_on(part).await;
    fleet
        .wait_for(&nodes[0], "replica1", ReplicaState::Serving)
        .await;
    let troubled = crowd.end().await;
    let (served_all, rejected) = by_replicas(&nodes);
    println!(
        "one late, one away: {troubled:?}, {} by replicas, {rejected} rejected",
        served_all - served
    );
    troubled.assert_clean();
    assert!(
        rejected > 100,
        "only {rejected} answers were too old to be used"
    );
    for session in [healthy, troubled] {
        assert!(session.writes * 100 > session.reads * 3, "{session:?}");
    }
}
