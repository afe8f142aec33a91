//! How soon others take up what killed workers have left.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use duly_db::query;
use duly_redis::testing::RedisServer;
use duly_tracker::NotificationId;
use duly_tracker::testing::TestTracker;
use jiff::Timestamp;
use tokio::time::Instant;

use super::fleet::{Fleet, state_of};
use super::sink::{Sink, Step};
use super::{database, in_redis, people, until};

/// A lease of 15 s, and 5 s between two looks for leases that are over.
const LATEST: Duration = Duration::from_secs(20);

/// Those that are killed; one more is left.
const KILLED: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orphans_are_taken_up_within_twenty_seconds() {
    let (_cluster, app) = database().await;
    are_taken_up(&app, Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orphans_in_redis_are_taken_up_within_twenty_seconds() {
    let (_cluster, app) = database().await;
    let redis = RedisServer::with(&["--appendonly", "yes"]);
    let app = in_redis(app, &redis).await;
    are_taken_up(&app, vec![("DULY_QUEUE__URL", redis.url())]).await;
}

async fn are_taken_up(app: &TestTracker, variables: Vec<(&'static str, String)>) {
    app.clock.set(now());
    let sink = Sink::start(KILLED + 1).await;
    let mut fleet = Fleet::new(app, sink.clone(), variables).await;
    people(app, 1).await;
    fleet.start_scheduler();
    let mut orphans = Vec::new();
    for number in 0..KILLED {
        fleet.start_worker(number);
        // In the middle of its mail.
        sink.kill_at(number, Step::Data).await;
        let killed = now();
        let orphan = fleet.promise_of(number).await.expect("it held a job");
        fleet.bury(number);
        orphans.push((orphan, killed));
    }
    let stalls = Stalls::watch();
    fleet.start_worker(KILLED);
    let mut waits = Vec::new();
    for (orphan, killed) in orphans {
        until(async || state_of(app, orphan).await.as_deref() == Some("sent")).await;
        let sent = sent_at(app, orphan).await;
        waits.push(Duration::try_from(sent.duration_since(killed)).expect("sent after that"));
    }
    fleet.stop();
    report(&waits);
    let latest = LATEST + stalls.longest();
    assert!(waits.iter().all(|wait| *wait <= latest), "{waits:?}");
}

#[expect(clippy::print_stdout, reason = "a figure that people ask for")]
fn report(waits: &[Duration]) {
    println!("from kill -9 until another worker had done the job: {waits:.2?}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "the processes have the time of the machine"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

async fn sent_at(app: &TestTracker, promise: NotificationId) -> Timestamp {
    let select = query("SELECT sent_at FROM notifications WHERE id = ?1").bind(promise);
    let row = app.db.read_fresh().optional_row(select).await;
    let row = row.expect("the database works").expect("it was promised");
    row.get("sent_at").expect("it was sent")
}

/// For how long the machine let nobody do anything: that is not the fault of who is measured.
struct Stalls(Arc<AtomicU64>);

impl Stalls {
    fn watch() -> Self {
        const EVERY: Duration = Duration::from_millis(50);
        let longest = Arc::new(AtomicU64::new(0));
        let noted = longest.clone();
        tokio::spawn(async move {
            loop {
                let begun = Instant::now();
                tokio::time::sleep(EVERY).await;
                let late = begun.elapsed().saturating_sub(EVERY).as_millis();
                noted.fetch_max(u64::try_from(late).unwrap_or(u64::MAX), Ordering::Relaxed);
            }
        });
        Stalls(longest)
    }

    fn longest(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}
