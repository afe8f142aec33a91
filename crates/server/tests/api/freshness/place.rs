//! Three nodes that share a database, with replicas where the engine has them, and one Redis.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use duly_cache::limits::Limiter;
use duly_cache::testing::RedisServer;
use duly_cache::{Redis, Relay, Store};
use duly_db::clock::SystemClock;
use duly_db::random::SystemRandom;
use duly_db::testing::Cluster;
use duly_db::{Db, Durability, Engine, Location, Options};
use duly_server::app::App;
use duly_tracker::Tracker;
use duly_tracker::sessions::Caller;
use duly_tracker::testing::TestTracker;
use tokio::runtime::{Builder, Runtime};

use super::mistakes::{Mistake, Mistaken};
use crate::support::TestApp;

const REPLICAS: [&str; 2] = ["replica1", "replica2"];

/// What a node answers is answered within this, or never: it was killed.
const LIMIT: Duration = Duration::from_secs(30);

pub struct Place {
    pub app: TestApp,
    pub nodes: Arc<[Node; 3]>,
    redis: RedisServer,
    cluster: Option<Cluster>,
    mistake: Option<Mistake>,
}

/// A process, as far as a test can have one within its own: killed, all it does ends at once.
#[derive(Default)]
pub struct Node(Mutex<Option<(Runtime, Arc<App>)>>);

impl Node {
    /// Has the node do something; nothing when it is killed meanwhile, or was.
    pub async fn run<T: Send + 'static>(
        &self,
        act: impl FnOnce(Arc<App>) -> Pin<Box<dyn Future<Output = T> + Send>>,
    ) -> Option<T> {
        let running = self.running().as_ref().map(|(runtime, app)| {
            let act = act(app.clone());
            runtime.spawn(act)
        })?;
        tokio::time::timeout(LIMIT, running).await.ok()?.ok()
    }

    fn kill(&self) {
        let killed = self.running().take();
        if let Some((runtime, app)) = killed {
            drop(app);
            runtime.shutdown_background();
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Option<(Runtime, Arc<App>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Place {
    pub async fn new(mistake: Option<Mistake>) -> Self {
        // Mistakes show without replicas.
        let engines: &[Engine] = match mistake {
            None => &[Engine::Postgres, Engine::MariaDb],
            Some(_) => &[],
        };
        let cluster = engines
            .iter()
            .find_map(|engine| Cluster::start(*engine, &[]));
        let app = match &cluster {
            Some(cluster) => TestApp::at(TestTracker::at(cluster.url("primary")).await),
            None => TestApp::new().await,
        };
        let place = Place {
            app,
            nodes: Arc::default(),
            redis: RedisServer::start(),
            cluster,
            mistake,
        };
        for node in 0..3 {
            place.start_node(node).await;
        }
        place
    }

    /// Whether no mistake was made.
    pub fn is_right(&self) -> bool {
        self.mistake.is_none()
    }

    async fn start_node(&self, number: usize) {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let options = self.options();
        let (address, mistake) = (self.redis.url().parse().expect("an address"), self.mistake);
        let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
        let opened = runtime.spawn(async move {
            let db = Db::open(options).await.expect("the database works");
            let redis = Redis::start(
                address,
                "test",
                duly_cache::testing::PATIENCE,
                clock,
                random,
            );
            (db, Arc::new(redis))
        });
        let (db, redis) = opened.await.expect("it starts");
        let limiter = Limiter::new(self.app.tracker.clock.clone());
        let mut store: Arc<dyn Store<Caller>> = redis;
        if let Some(mistake) = mistake {
            store = Arc::new(Mistaken { store, mistake });
        }
        let tracker: Tracker = self.app.tracker.node_on(db, store, limiter);
        let (cache, db) = (tracker.cache.clone(), tracker.db.clone());
        let relayed = runtime.spawn(async move {
            let mut relay = Relay::start(cache, db).await.expect("the database works");
            relay.warm_up(LIMIT).await.expect("the database works");
            tokio::spawn(relay.run());
        });
        relayed.await.expect("it starts");
        // What it does runs where it is built.
        let within = runtime.enter();
        let app = self.app.node(tracker);
        drop(within);
        *self.nodes[number].running() = Some((runtime, app));
    }

    fn options(&self) -> Options {
        let url = self.app.tracker.database.url();
        let (_, name) = url.rsplit_once('/').expect("a database");
        let replicas: Vec<String> = self
            .cluster
            .iter()
            .flat_map(|cluster| {
                REPLICAS.map(|replica| {
                    cluster
                        .url(replica)
                        .rsplit_once('/')
                        .expect("a URL")
                        .0
                        .to_owned()
                        + "/"
                        + name
                })
            })
            .collect();
        let mut options = Options::at(Location::parse(url, &replicas).expect("addresses"));
        options.durability = Durability::None;
        options
    }

    /// Something happens. It is over when this returns, or goes on by itself.
    pub async fn disturb(&mut self, number: usize) {
        match number % 6 {
            0 => {
                // What it comes back with is from before.
                assert_eq!(self.redis.say("SAVE"), "+OK");
                tokio::time::sleep(Duration::from_millis(50)).await;
                self.redis.kill();
                self.redis.resume();
            }
            1 | 4 => {
                let node = number / 2 % 3;
                self.nodes[node].kill();
                self.start_node(node).await;
            }
            2 => self.empty_redis(),
            3 => {
                self.redis.freeze();
                tokio::time::sleep(Duration::from_millis(100)).await;
                self.redis.thaw();
            }
            _ => self.lag(number),
        }
    }

    fn lag(&self, number: usize) {
        if let Some(cluster) = &self.cluster {
            let seconds = if number.is_multiple_of(2) { 0 } else { 2 };
            tokio::task::block_in_place(|| cluster.lag(REPLICAS[0], seconds));
        }
    }

    pub fn empty_redis(&self) {
        assert_eq!(self.redis.say("FLUSHALL"), "+OK");
    }

    /// Redis comes back as it was a while ago, under the same epoch and as if it had been told all;
    /// and a node starts that remembers nothing.
    pub async fn restore_redis(&mut self) {
        let epoch = self.redis.say("GET duly:epoch:test");
        let (_, era) = epoch.split_once(':').unwrap_or_default();
        assert_eq!(self.redis.say("SAVE"), "+OK");
        // Meanwhile people go on writing.
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.redis.kill();
        self.nodes[0].kill();
        self.redis.resume();
        let run = self.redis.run_id();
        for command in [
            format!("SET duly:epoch:test {run}:{era}"),
            format!("SET duly:told:test {}", i64::MAX),
        ] {
            assert_eq!(self.redis.say(&command), "+OK");
        }
        self.start_node(0).await;
    }

    #[expect(
        clippy::print_stdout,
        reason = "whoever asks for more wants the figures"
    )]
    pub fn report(&self, reads: u64, stale: usize, disturbances: usize) {
        println!("{reads} checked reads, {stale} stale, {disturbances} disturbances");
    }
}
