//! Kill -9, again and again: a worker process dies in the middle of its jobs, and afterwards
//! every job has had its effect exactly once, none is lost and none is stuck.
//!
//! The worker process is this test program, started again with an address in its environment. The
//! clock of each life is twenty seconds ahead of the one before, so that nobody has to wait for
//! the leases of the dead.

#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests; the worker process reports by its output"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use duly_db::clock::SystemClock;
use duly_db::dialect::insert_or_keep;
use duly_db::migrate::{Migration, MigrationSet};
use duly_db::random::SystemRandom;
use duly_db::testing::TestDatabase;
use duly_db::{Clock, Db, Durability, Location, Options, Query, Row, query};
use duly_queue::store::{Filter, Listing, State};
use duly_queue::{
    Attempt, Backoff, Counts, Job, JobError, Keeping, Queue, RedisStore, Registry, SqlStore,
    Worker, WorkerOptions,
};
use duly_redis::testing::RedisServer;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const DATABASE: &str = "DULY_QUEUE_KILL_DATABASE";
const REDIS: &str = "DULY_QUEUE_KILL_REDIS";
const LIFE: &str = "DULY_QUEUE_KILL_LIFE";

/// What a worker process says when a job is in the middle of its work, and when all are done.
const IN_THE_MIDDLE: &str = "in the middle";
const ALL_DONE: &str = "all done";

const EFFECTS: MigrationSet = MigrationSet {
    owner: "test",
    migrations: &[Migration {
        name: "0001_effects",
        sqlite: "CREATE TABLE effects (number INTEGER PRIMARY KEY NOT NULL, \
                 times INTEGER NOT NULL) STRICT;\n\
                 CREATE TABLE runs (number INTEGER NOT NULL, attempt INTEGER NOT NULL) STRICT;\n",
        postgres: "CREATE TABLE effects (number bigint PRIMARY KEY, times bigint NOT NULL);\n\
                   CREATE TABLE runs (number bigint NOT NULL, attempt bigint NOT NULL);\n",
        mysql: "CREATE TABLE effects (number BIGINT PRIMARY KEY, times BIGINT NOT NULL);\n\
                CREATE TABLE runs (number BIGINT NOT NULL, attempt BIGINT NOT NULL);\n",
    }],
};

/// The clock of one life.
#[derive(Debug)]
struct Ahead(Duration);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now() + self.0
    }
}

/// Has an effect in the database, once however often it runs.
#[derive(Serialize, Deserialize)]
struct Effect(i64);

impl Job for Effect {
    const NAME: &'static str = "effect";
    // Every kill may hit the same job, and each counts.
    const TRIES: u32 = 20;
    type Context = Db;

    async fn run(&self, db: &Db, attempt: Attempt) -> Result<(), JobError> {
        write(db, query(RUN), self.0, attempt.number).await;
        say(IN_THE_MIDDLE);
        let effect = "INSERT INTO effects (number, times) VALUES (?1, ?2)";
        write(db, insert_or_keep(db.engine(), effect), self.0, 1).await;
        Ok(())
    }
}

/// Takes its whole process with it.
#[derive(Serialize, Deserialize)]
struct Poison(i64);

impl Job for Poison {
    const NAME: &'static str = "poison";
    const TRIES: u32 = 3;
    type Context = Db;

    fn backoff() -> Backoff {
        Backoff::List(&[])
    }

    async fn run(&self, db: &Db, attempt: Attempt) -> Result<(), JobError> {
        write(db, query(RUN), self.0, attempt.number).await;
        std::process::abort();
    }
}

const RUN: &str = "INSERT INTO runs (number, attempt) VALUES (?1, ?2)";

async fn write(db: &Db, statement: Query, number: i64, other: u32) {
    let mut tx = db.begin();
    tx.execute(statement.bind(number).bind(other))
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

fn say(line: &str) {
    println!("{line}");
    // The reader may be gone with the folder already.
    let _ = std::io::stdout().flush();
}

/// The queue as it is in one life, on the Redis at this address if there is one.
fn queue(db: &Db, life: u64, redis: Option<&str>) -> (Queue, Option<Keeping>) {
    let clock = Arc::new(Ahead(Duration::from_secs(20 * life)));
    let random = Arc::new(SystemRandom);
    let Some(redis) = redis else {
        return (Queue::new(db.clone(), clock, random), None);
    };
    let sql = SqlStore::new(db.clone(), clock.clone(), random.clone());
    let store = RedisStore::by_clock(sql, redis.parse().unwrap(), "kill", clock.clone());
    let store = Arc::new(store);
    let queue = Queue::with_store(db.clone(), store.clone(), clock, random);
    let keeping = store.keep_up(&queue);
    (queue, Some(keeping))
}

/// One life of a worker process. Does nothing in an ordinary test run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker_process() {
    let (Ok(database), Ok(life)) = (std::env::var(DATABASE), std::env::var(LIFE)) else {
        return;
    };
    let mut options = Options::at(Location::parse(&database, &[]).unwrap());
    // What a process has handed over survives it; only a power cut would not leave that.
    options.durability = Durability::None;
    let db = Db::open(options).await.unwrap();
    let redis = std::env::var(REDIS).ok();
    let (queue, _keeping) = queue(&db, life.parse().unwrap(), redis.as_deref());
    let registry = Arc::new(Registry::new().with::<Effect>().with::<Poison>());
    let options = WorkerOptions {
        poll: Duration::from_millis(5),
        ..WorkerOptions::default()
    };
    let worker = Worker::start(queue.clone(), registry, db, options);
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    loop {
        ticks.tick().await;
        let counts: Vec<Counts> = queue.counts().await.unwrap().into_values().collect();
        if counts
            .iter()
            .all(|it| it.ready + it.scheduled + it.running == 0)
        {
            break;
        }
    }
    worker.drain(Duration::from_secs(10)).await;
    say(ALL_DONE);
}

fn start_life(
    db: &TestDatabase,
    life: u64,
    redis: Option<&str>,
) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "worker_process", "--nocapture"])
        .env(DATABASE, db.url())
        .envs(redis.map(|redis| (REDIS, redis)))
        .env(LIFE, life.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    (child, output)
}

/// Reads until a line has come so many times; `false` when the process has ended before.
fn await_line(output: &mut BufReader<ChildStdout>, wanted: &str, times: usize) -> bool {
    let lines = output.lines().map_while(Result::ok);
    lines
        .filter(|line| line.contains(wanted))
        .take(times)
        .count()
        == times
}

async fn rows(db: &Db, text: &'static str) -> Vec<Row> {
    db.read_fresh().rows(query(text)).await.unwrap()
}

#[tokio::test]
async fn every_job_has_its_effect_once_however_often_the_worker_is_killed() {
    each_has_its_effect_once(None).await;
}

#[tokio::test]
async fn every_job_in_redis_has_its_effect_once_however_often_the_worker_is_killed() {
    let server = RedisServer::with(&[]);
    each_has_its_effect_once(Some(&server.url())).await;
}

async fn each_has_its_effect_once(redis: Option<&str>) {
    const JOBS: i64 = 1_200;
    const KILLS: u64 = 8;
    let db = TestDatabase::new(&[duly_queue::MIGRATIONS, EFFECTS]).await;
    let (queue, _keeping) = queue(&db, 0, redis);
    let mut tx = db.begin();
    for number in 0..JOBS {
        queue.push(&mut tx, &Effect(number)).await.unwrap();
    }
    tx.commit().await.unwrap();

    for life in 0..KILLS {
        let (mut child, mut output) = start_life(&db, life, redis);
        assert!(await_line(
            &mut output,
            IN_THE_MIDDLE,
            17 + 3 * usize::try_from(life).unwrap()
        ));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let (mut child, mut output) = start_life(&db, KILLS, redis);
    assert!(
        await_line(&mut output, ALL_DONE, 1),
        "the last life finishes the work"
    );
    assert!(child.wait().unwrap().success());

    recount(&db, &queue, JOBS, KILLS).await;
}

async fn recount(db: &Db, queue: &Queue, jobs: i64, kills: u64) {
    let left = queue.counts().await.unwrap();
    assert!(left.is_empty(), "none is stuck or failed: {left:?}");
    let effects = rows(db, "SELECT number FROM effects WHERE times = 1").await;
    assert_eq!(
        i64::try_from(effects.len()).unwrap(),
        jobs,
        "each had its effect"
    );
    let mut starts: BTreeMap<i64, u32> = BTreeMap::new();
    for row in rows(db, "SELECT number FROM runs").await {
        *starts.entry(row.get("number").unwrap()).or_default() += 1;
    }
    let again = starts.values().filter(|&&times| times > 1).count();
    assert!(
        again > 0,
        "some were in the middle when their worker was killed"
    );
    // No more than the slots can be in the middle at each kill.
    assert!(
        again <= 8 * usize::try_from(kills).unwrap(),
        "{again} ran again"
    );
    assert_eq!(db.problems().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_job_that_kills_every_worker_is_given_up_and_the_others_are_done() {
    poison_is_given_up(None).await;
}

#[tokio::test]
async fn a_job_in_redis_that_kills_every_worker_is_given_up_and_the_others_are_done() {
    let server = RedisServer::with(&[]);
    poison_is_given_up(Some(&server.url())).await;
}

async fn poison_is_given_up(redis: Option<&str>) {
    const JOBS: i64 = 40;
    const POISON: i64 = 1_000;
    let db = TestDatabase::new(&[duly_queue::MIGRATIONS, EFFECTS]).await;
    let (queue, _keeping) = queue(&db, 0, redis);
    let mut tx = db.begin();
    queue.push(&mut tx, &Poison(POISON)).await.unwrap();
    for number in 0..JOBS {
        queue.push(&mut tx, &Effect(number)).await.unwrap();
    }
    tx.commit().await.unwrap();

    let mut life = 0;
    loop {
        let (mut child, mut output) = start_life(&db, life, redis);
        if await_line(&mut output, ALL_DONE, 1) {
            assert!(child.wait().unwrap().success());
            break;
        }
        assert!(!child.wait().unwrap().success());
        life += 1;
        assert!(life <= 3, "it kills no fourth worker");
    }
    let deaths = rows(&db, "SELECT attempt FROM runs WHERE number = 1000").await;
    assert_eq!(deaths.len(), 3, "it had its three tries");
    let effects = rows(&db, "SELECT number FROM effects").await;
    assert_eq!(i64::try_from(effects.len()).unwrap(), JOBS);
    let listing = Listing {
        state: State::Failed,
        filter: &Filter::default(),
        limit: 10,
        after: None,
    };
    let failed = queue.operations().list(&listing).await.unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!((failed[0].kind.as_str(), failed[0].attempts), ("poison", 3));
    assert_eq!(queue.attempts(failed[0].id).await.unwrap().len(), 3);
}
