//! A primary and two replicas with the notes of some owners.

use std::time::{Duration, Instant};

use duly_db::migrate::{self, Mode};
use duly_db::status::{PrimaryState, Replica, ReplicaState};
use duly_db::testing::Cluster;
use duly_db::{Db, Durability, Engine, Location, Options, query, versions};
use jiff::Timestamp;
use uuid::Uuid;

pub(crate) const PRIMARY: &str = "primary";
pub(crate) const REPLICAS: [&str; 2] = ["replica1", "replica2"];

/// How many owners there are. Their ids are 1, 2 and so on.
pub(crate) const OWNERS: u128 = 40;

/// So long anything may take that has no limit of its own.
const LIMIT: Duration = Duration::from_secs(30);

pub(crate) fn owner(number: u128) -> Uuid {
    Uuid::from_u128(number + 1)
}

pub(crate) struct Fleet {
    cluster: Cluster,
    /// How long it took to open the database.
    pace: Duration,
}

impl Fleet {
    /// Starts the servers of the engine the tests run on, with an empty database. Nothing on
    /// SQLite.
    pub(crate) fn start_empty() -> Option<Self> {
        let cluster = Cluster::start(Engine::Postgres, &[])
            .or_else(|| Cluster::start(Engine::MariaDb, &[]))?;
        let fleet = Fleet {
            cluster,
            pace: Duration::ZERO,
        };
        if !fleet.is_postgres() {
            let create = "CREATE DATABASE duly CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";
            fleet.cluster.sql(PRIMARY, create);
        }
        Some(fleet)
    }

    /// Starts the servers with one note for each owner, which the replicas have, too. The number in
    /// a note goes up with the owner's version and is the same from the beginning, so that a note
    /// tells of which version it is.
    pub(crate) async fn start() -> Option<Self> {
        let mut fleet = Self::start_empty()?;
        let begun = Instant::now();
        let db = Db::open(fleet.options(&fleet.url(PRIMARY), &[]))
            .await
            .unwrap();
        fleet.pace = begun.elapsed();
        let sets = [versions::MIGRATIONS];
        migrate::run(&db, &sets, Timestamp::UNIX_EPOCH, Mode::Apply)
            .await
            .unwrap();
        let mut tx = db.begin();
        let create = "CREATE TABLE notes (owner_id UUID PRIMARY KEY, number BIGINT NOT NULL)";
        let create = match fleet.is_postgres() {
            true => create.to_owned(),
            false => create.replace("UUID", "BINARY(16)"),
        };
        tx.execute(query(create)).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = db.begin();
        for number in 0..OWNERS {
            versions::start(&mut tx, owner(number)).await.unwrap();
            let insert = query("INSERT INTO notes (owner_id, number) VALUES (?1, 1)");
            tx.execute(insert.bind(owner(number))).await.unwrap();
        }
        tx.commit().await.unwrap();
        db.close().await;
        for replica in REPLICAS {
            fleet.wait_for_version(replica, owner(OWNERS - 1), 1).await;
        }
        Some(fleet)
    }

    /// What Duly promises to do within `limit`, unless the machine is so busy that nothing is quick.
    pub(crate) fn within(&self, limit: Duration) -> Duration {
        limit.max(10 * self.pace)
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.cluster.url(PRIMARY).starts_with("postgres")
    }

    /// Where Duly's database is on a member.
    pub(crate) fn url(&self, member: &str) -> String {
        let url = self.cluster.url(member);
        let (_, rest) = url.split_once("://").unwrap();
        let (login, _) = rest.split_once('@').unwrap();
        self.url_as(member, login)
    }

    /// The same for somebody else, `user:password`.
    pub(crate) fn url_as(&self, member: &str, login: &str) -> String {
        self.cluster.url_of(member, login, self.database())
    }

    pub(crate) fn database(&self) -> &'static str {
        // The one in which `scripts/databases sql` asks.
        if self.is_postgres() {
            "postgres"
        } else {
            "duly"
        }
    }

    pub(crate) fn options(&self, primary: &str, replicas: &[&str]) -> Options {
        let replicas: Vec<String> = replicas.iter().map(|member| self.url(member)).collect();
        let mut options = Options::at(Location::parse(primary, &replicas).unwrap());
        options.durability = Durability::None;
        options
    }

    /// Opens all servers with the defaults.
    pub(crate) async fn open(&self) -> Db {
        self.open_with(|_| {}).await
    }

    /// Opens all servers and waits until both replicas answer reads.
    pub(crate) async fn open_with(&self, change: impl FnOnce(&mut Options)) -> Db {
        self.open_at(&self.url(PRIMARY), change).await
    }

    /// The same with another way to the primary.
    pub(crate) async fn open_at(&self, primary: &str, change: impl FnOnce(&mut Options)) -> Db {
        let mut options = self.options(primary, &REPLICAS);
        change(&mut options);
        let db = Db::open(options).await.unwrap();
        for replica in REPLICAS {
            self.wait_for(&db, replica, ReplicaState::Serving).await;
        }
        db
    }

    /// Does something to a member as `scripts/databases` can: `kill`, `resume` and so on.
    pub(crate) fn operate(&self, operation: &str, member: &str) {
        tokio::task::block_in_place(|| self.cluster.operate(operation, member));
    }

    /// Keeps a replica where it is from now on.
    pub(crate) async fn hold(&self, replica: &str) {
        if !self.is_postgres() {
            return self.lag(replica, 3600);
        }
        // PostgreSQL takes a delay into account when it happens to.
        self.sql(replica, "SELECT pg_wal_replay_pause()");
        let asked = "SELECT pg_get_wal_replay_pause_state()";
        until("it pauses", || self.sql(replica, asked) == "paused").await;
    }

    /// Lets a replica that was held go on.
    pub(crate) fn release(&self, replica: &str) {
        match self.is_postgres() {
            true => drop(self.sql(replica, "SELECT pg_wal_replay_resume()")),
            false => self.lag(replica, 0),
        }
    }

    /// Keeps a replica so many seconds behind.
    pub(crate) fn lag(&self, replica: &str, seconds: u32) {
        tokio::task::block_in_place(|| self.cluster.lag(replica, seconds));
    }

    /// What a member answers to its operator.
    pub(crate) fn sql(&self, member: &str, text: &str) -> String {
        tokio::task::block_in_place(|| self.cluster.sql(member, text))
    }

    /// The version of an owner that a member has; 0 when it does not say.
    pub(crate) fn version_at(&self, member: &str, of: Uuid) -> i64 {
        let found = match self.is_postgres() {
            true => self.sql(
                member,
                &format!("SELECT data FROM versions WHERE owner_id = '{of}'"),
            ),
            false => {
                let id = of.simple();
                self.sql(
                    member,
                    &format!("SELECT data FROM duly.versions WHERE owner_id = x'{id}'"),
                )
            }
        };
        found.parse().unwrap_or_default()
    }

    /// Waits until a member has this version of an owner, or a later one.
    pub(crate) async fn wait_for_version(&self, member: &str, of: Uuid, version: i64) {
        let what = format!("{member} has version {version}");
        until(&what, || self.version_at(member, of) >= version).await;
    }

    /// What Duly shows of a replica.
    pub(crate) fn replica(&self, db: &Db, member: &str) -> Replica {
        let url = self.url(member);
        let (_, name) = url.split_once('@').unwrap();
        let mut replicas = db.status().replicas.into_iter();
        replicas.find(|one| one.name == name).unwrap()
    }

    /// Waits until a replica is in a state. Answers how long it took.
    pub(crate) async fn wait_for(&self, db: &Db, member: &str, state: ReplicaState) -> Duration {
        let what = format!("{member} is {state:?}");
        let is_so = || self.replica(db, member).state == state;
        until_or(is_so, || format!("{what}: {:?}", self.replica(db, member))).await
    }

    /// Waits until the primary is in a state. Answers how long it took.
    pub(crate) async fn wait_for_primary(&self, db: &Db, state: PrimaryState) -> Duration {
        let is_so = || db.status().primary.state == state;
        until_or(is_so, || {
            format!("the primary is {state:?}: {:?}", db.status().primary)
        })
        .await
    }
}

/// Waits until the condition holds. Answers how long it took.
pub(crate) async fn until(what: &str, holds: impl FnMut() -> bool) -> Duration {
    until_or(holds, || what.to_owned()).await
}

async fn until_or(mut holds: impl FnMut() -> bool, complaint: impl Fn() -> String) -> Duration {
    let begun = Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    while !holds() {
        assert!(begun.elapsed() < LIMIT, "not so: {}", complaint());
        ticks.tick().await;
    }
    begun.elapsed()
}
