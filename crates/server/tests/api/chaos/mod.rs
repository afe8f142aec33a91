//! Mails under kill -9 at every step, with a worker frozen beyond its lease and two schedulers of which one
//! slept through its lead: each promise is kept once, none is lost, nothing is stuck, and no mail is sent twice
//! but where nobody can know better.

mod fleet;
mod moments;
mod orphans;
mod sink;

use std::sync::Arc;
use std::time::Duration;

use duly_db::clock::SystemClock;
use duly_db::random::SystemRandom;
use duly_db::testing::Cluster;
use duly_db::{Db, Engine, Error, Location, Options, query};
use duly_queue::{Queue, RedisStore, SqlStore};
use duly_redis::testing::RedisServer;
use duly_tracker::instance;
use duly_tracker::tasks::{self, NewTaskInput};
use duly_tracker::testing::{TestTracker, by};
use jiff::{Timestamp, ToSpan};
use serde_json::json;

use self::fleet::{Fleet, Place, state_of};
use self::sink::{Sink, Step};

/// Nothing takes longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// Those that are killed; one more is frozen.
const WORKERS: usize = 3;
const FROZEN: usize = WORKERS;

/// So many tasks each person has.
const EACH: usize = 50;

/// How many mails are sent; `DULY_CHAOS_MAILS` for another number.
#[expect(clippy::disallowed_methods, reason = "a setting of this test alone")]
fn mails() -> usize {
    let given = std::env::var("DULY_CHAOS_MAILS").ok();
    given.map_or(1_000, |text| text.parse().expect("a number of mails"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_promise_is_kept_once_whatever_dies_on_the_way() {
    let (cluster, app) = database().await;
    let restart = || {
        if let Some(cluster) = &cluster {
            cluster.operate("kill", "primary");
            cluster.operate("resume", "primary");
        }
    };
    run(&app, restart, Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_promise_is_kept_once_with_jobs_in_redis() {
    let (_cluster, app) = database().await;
    let redis = RedisServer::with(&["--appendonly", "yes"]);
    let app = in_redis(app, &redis).await;
    let restart = || {
        redis.kill();
        redis.resume();
    };
    let variables = vec![("DULY_QUEUE__URL", redis.url())];
    run(&app, restart, variables).await;
}

/// The same with its jobs in Redis.
async fn in_redis(app: TestTracker, redis: &RedisServer) -> TestTracker {
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    let installation = instance::installation(&app.db, &SystemRandom).await;
    // Looking at jobs writes.
    let sql = SqlStore::new(impatient(&app).await, clock.clone(), random.clone());
    let address = redis.url().parse().expect("an address");
    let store = RedisStore::new(sql, address, &installation.expect("the database works"));
    let queue = Queue::with_store(app.db.clone(), Arc::new(store), clock, random);
    app.with_queue(queue)
}

/// The database, for who does not wait until SQLite's one lock is free: whoever is frozen may hold it.
async fn impatient(app: &TestTracker) -> Db {
    let mut options = Options::at(Location::parse(app.database.url(), &[]).expect("a place"));
    if !app.db.is_shared() {
        options.wait_timeout = Duration::from_millis(100);
    }
    Db::open(options).await.expect("the test's database")
}

/// Servers of its own, or a file.
async fn database() -> (Option<Cluster>, TestTracker) {
    let cluster = [Engine::Postgres, Engine::MariaDb]
        .into_iter()
        .find_map(|engine| Cluster::start(engine, &["--durable", "--without-replicas"]));
    let app = match &cluster {
        Some(cluster) => TestTracker::at(cluster.url("primary")).await,
        None => TestTracker::new().await,
    };
    (cluster, app)
}

/// `restart` kills whoever keeps the jobs, and starts it again.
async fn run(app: &TestTracker, restart: impl Fn(), variables: Vec<(&'static str, String)>) {
    #[expect(
        clippy::disallowed_methods,
        reason = "the processes have the time of the machine"
    )]
    app.clock.set(Timestamp::now());
    let sink = Sink::start(WORKERS + 1).await;
    let mut fleet = Fleet::new(app, sink.clone(), variables).await;
    let promised = mails() / EACH * EACH;
    people(app, promised / EACH / 2).await;
    for _ in 0..2 {
        fleet.start_scheduler();
    }
    for number in 0..=FROZEN {
        fleet.start_worker(number);
    }
    let frozen = fleet.freeze_at(FROZEN, Place::Claimed).await;
    // Whoever leads sleeps through the lease, and believes to lead when it wakes.
    fleet.freeze_scheduler(0).await;
    let first_kills = kill_at_each_step(app, &mut fleet, &sink).await;
    until(async || fleet.have_started().await).await;
    tokio::task::block_in_place(restart);
    until(async || app.queue.counts().await.is_ok()).await;
    people(app, promised / EACH - promised / EACH / 2).await;
    fleet.wake_scheduler(0);
    fleet.freeze_scheduler(1).await;
    let kills = first_kills + kill_at_each_step(app, &mut fleet, &sink).await;
    fleet.wake_scheduler(1);
    until(async || state_of(app, frozen).await.as_deref() == Some("sent")).await;
    fleet.wake(FROZEN);
    until(async || is_settled(app, promised).await).await;
    let may_be_twice = kills + fleet.outlived();
    recount(app, &sink, promised, may_be_twice).await;
    fleet.stop();
}

/// Kills a worker at each of the nine steps in turn; answers at how many of them a mail may be sent again.
async fn kill_at_each_step(app: &TestTracker, fleet: &mut Fleet<'_>, sink: &Sink) -> usize {
    let mut numbers = (0..WORKERS).cycle();
    let mut next = || numbers.next().expect("it goes on for ever");
    for place in [Place::Claimed, Place::Rendered, Place::Recorded] {
        let number = next();
        fleet.freeze_at(number, place).await;
        fleet.kill(number);
        fleet.start_worker(number);
    }
    kill_while_it_loads(app, fleet, next()).await;
    for step in [
        Step::Connected,
        Step::Recipient,
        Step::Data,
        Step::Dot,
        Step::Accepted,
    ] {
        let number = next();
        sink.kill_at(number, step).await;
        fleet.bury(number);
        fleet.start_worker(number);
    }
    // After the end of the mail, before it is answered; and after that, before it is written down.
    2
}

/// Kills a worker that waits for the promise it is about to keep. SQLite has one writer, and nobody can take a
/// job while another one writes.
async fn kill_while_it_loads(app: &TestTracker, fleet: &mut Fleet<'_>, number: usize) {
    if !app.db.is_shared() {
        return;
    }
    let lock = format!(
        "SELECT id FROM notifications WHERE state = 'queued'{}",
        duly_db::dialect::for_update(app.db.engine())
    );
    let tx = loop {
        let mut tx = app.db.begin();
        match tx.rows(query(lock.clone())).await {
            Ok(_) => break tx,
            Err(Error::Conflict) => {}
            Err(error) => panic!("{error}"),
        }
    };
    until(async || match fleet.promise_of(number).await {
        Some(promise) => state_of(app, promise).await.as_deref() == Some("queued"),
        None => false,
    })
    .await;
    fleet.kill(number);
    drop(tx);
    fleet.start_worker(number);
}

/// People with tasks due tomorrow, whose time has come.
async fn people(app: &TestTracker, number: usize) {
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone");
    let now = duly_db::Clock::now(&*app.clock);
    let tomorrow = zone.to_datetime(now).date().saturating_add(1.day());
    let mut users = Vec::new();
    for _ in 0..number {
        let user = app
            .user(&format!("p{}", app.db.counters().statements))
            .await;
        for task in 0..EACH {
            let new = json!({ "title": format!("Task {task}"), "due_date": tomorrow.to_string() });
            let new: NewTaskInput = serde_json::from_value(new).expect("it fits");
            let new = new.parse().expect("it is right");
            let made = tasks::create(app, &by(user), new, None).await;
            made.expect("the database works");
        }
        users.push(user);
    }
    let mut tx = app.db.begin();
    for user in users {
        let wishes = "UPDATE users SET reminder_minute = 0, digest = FALSE WHERE id = ?1";
        tx.execute(query(wishes).bind(user))
            .await
            .expect("it works");
        let due = "UPDATE reminder_schedules SET next_run = ?2, last_day = '2026-01-01' \
                   WHERE user_id = ?1";
        tx.execute(query(due).bind(user).bind(now))
            .await
            .expect("it works");
    }
    tx.commit().await.expect("it works");
}

/// Waits for something that will be so.
async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        loop {
            ticks.tick().await;
            if is_so().await {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE * 5, waiting)
        .await
        .expect("it happens in time");
}

/// Whether everything was promised and nothing waits, runs or was lost.
async fn is_settled(app: &TestTracker, promised: usize) -> bool {
    let states = states(app).await;
    let ended = states
        .iter()
        .filter(|state| *state == "sent" || *state == "cancelled");
    if ended.count() < promised {
        return false;
    }
    let counts = app.queue.counts().await.expect("the store works");
    counts.values().all(|it| it.running == 0)
}

async fn states(app: &TestTracker) -> Vec<String> {
    let mut conn = app.db.read_fresh();
    let rows = conn.rows(query("SELECT state FROM notifications")).await;
    let rows = rows.expect("the database works");
    rows.iter()
        .map(|row| row.get("state").expect("a state"))
        .collect()
}

async fn recount(app: &TestTracker, sink: &Sink, promised: usize, may_be_twice: usize) {
    let states = states(app).await;
    assert_eq!(states.len(), promised, "each was promised once");
    assert!(
        states.iter().all(|state| state == "sent"),
        "each promise was kept"
    );
    let taken = sink.taken();
    assert_eq!(taken.len(), promised, "each mail was taken");
    let twice = taken.values().map(|times| times - 1).sum::<u32>();
    assert!(
        usize::try_from(twice).expect("a number") <= may_be_twice,
        "{twice} mails were sent again, and not {may_be_twice}"
    );
    let counts = app.queue.counts().await.expect("the store works");
    for (queue, counts) in counts {
        assert_eq!((counts.running, counts.failed), (0, 0), "{queue}");
    }
    let problems = app.db.problems().await.expect("it can be looked at");
    assert_eq!(problems, Vec::<String>::new());
}
