//! A tracker on a throw-away database, with a clock that stands still and a mail catcher.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use duly_cache::limits::Limiter;
use duly_cache::{Cache, Limits, Memory, Sql, Store};
use duly_db::clock::ManualClock;
use duly_db::migrate::MigrationSet;
use duly_db::random::{SeededRandom, new_id};
use duly_db::testing::{TestDatabase, open_again};
use duly_db::{Db, Options, query, versions};
use duly_queue::Queue;
use jiff::Timestamp;

use crate::activity::{Actor, Way};
use crate::idempotency::InFlight;
use crate::live::Hub;
use crate::mail::{MailCatcher, Mailer};
use crate::secret::SigningKey;
use crate::sessions::{Caller, Seen};
use crate::tracker::{LoginAttempts, MIGRATIONS, Settings, Tracker};
use crate::users::password::{HashCost, PasswordHasher};
use crate::users::{PasswordRules, Registration};
use crate::{UserId, jobs};

/// Where every test begins: a Monday morning in winter, 08:00 in Berlin.
pub const START: &str = "2026-11-23T07:00:00Z";

/// A person at the page.
#[must_use]
pub fn by(user: UserId) -> Actor {
    Actor::new(user, Way::Session)
}

const SCHEMA: [MigrationSet; 3] = [versions::MIGRATIONS, duly_queue::MIGRATIONS, MIGRATIONS];

/// A tracker for one test.
#[derive(Debug)]
pub struct TestTracker {
    tracker: Tracker,
    /// The time; move it with `advance`.
    pub clock: Arc<ManualClock>,
    /// The mails that were sent.
    pub mails: Arc<MailCatcher>,
    /// Keeps the folder until the end of the test.
    pub database: TestDatabase,
}

impl Deref for TestTracker {
    type Target = Tracker;

    fn deref(&self) -> &Tracker {
        &self.tracker
    }
}

impl TestTracker {
    /// A tracker with an empty database at [`START`].
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A tracker with other settings.
    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::on(TestDatabase::new(&SCHEMA).await, change)
    }

    /// A tracker on a server with the given administrator's address.
    pub async fn at(administrator: String) -> Self {
        let database = TestDatabase::at(Some(administrator), &SCHEMA).await;
        Self::on(database, |_| {})
    }

    /// A tracker on a database that is opened with other options.
    pub async fn with_options(change: impl FnOnce(&mut Options)) -> Self {
        Self::on(TestDatabase::with(&SCHEMA, change).await, |_| {})
    }

    #[expect(clippy::expect_used, reason = "only tests call this")]
    fn on(database: TestDatabase, change: impl FnOnce(&mut Settings)) -> Self {
        let clock = ManualClock::at(START.parse::<Timestamp>().expect("a valid instant"));
        let random = SeededRandom::new(7);
        let mails = MailCatcher::new();
        let mut settings = Settings {
            public_url: "https://duly.example".into(),
            registration: Registration::Open,
            password_rules: PasswordRules::default(),
            session_idle: Duration::from_secs(14 * 86_400),
            session_lifetime: Duration::from_secs(90 * 86_400),
            login_attempts: LoginAttempts {
                per_pair: 5,
                per_account: 30,
                per_address: 50,
            },
            trash_days: 30,
            activity_keep: Duration::from_secs(730 * 86_400),
            notifications_keep: Duration::from_secs(730 * 86_400),
        };
        change(&mut settings);
        let db = (*database).clone();
        let signing_key = SigningKey::new([7; 32]);
        // As an operator gets it who does not choose.
        let store: Arc<dyn Store<Caller>> = match db.is_shared() {
            true => Arc::new(Sql),
            false => Arc::new(Memory::new(clock.clone())),
        };
        let keys = signing_key.owner_keys();
        let limiter = Limiter::new(clock.clone());
        let (limits, counted) = (Limits::default(), limiter.clone());
        let cache = Cache::new(store, keys, limits, counted, clock.clone());
        db.tell(Arc::new(cache.clone()));
        let live = Hub::default();
        db.tell(Arc::new(live.clone()));
        let tracker = Tracker {
            db,
            cache,
            live,
            clock: clock.clone(),
            random: random.clone(),
            queue: Queue::new((*database).clone(), clock.clone(), random),
            mailer: Mailer::catcher(mails.clone()),
            hasher: PasswordHasher::new(HashCost::cheap(1), 2),
            limiter,
            signing_key,
            settings: Arc::new(settings),
            in_flight: InFlight::default(),
            seen: Seen::default(),
        };
        TestTracker {
            tracker,
            clock,
            mails,
            database,
        }
    }

    /// The same with jobs elsewhere.
    #[must_use]
    pub fn with_queue(mut self, queue: Queue) -> Self {
        self.tracker.queue = queue;
        self
    }

    /// Another node on the same database, which shares with others what the store knows.
    #[expect(clippy::expect_used, reason = "only tests call this")]
    pub async fn node(&self, store: Arc<dyn Store<Caller>>, limiter: Limiter) -> Tracker {
        let opened = open_again(self.database.url()).await;
        self.node_on(opened.expect("the test's database"), store, limiter)
    }

    /// The same on a database that was opened for it.
    #[must_use]
    pub fn node_on(&self, db: Db, store: Arc<dyn Store<Caller>>, limiter: Limiter) -> Tracker {
        let keys = self.signing_key.owner_keys();
        let (limits, clock) = (Limits::default(), self.tracker.clock.clone());
        let cache = Cache::new(store, keys, limits, limiter.clone(), clock);
        db.tell(Arc::new(cache.clone()));
        let live = Hub::default();
        db.tell(Arc::new(live.clone()));
        let (clock, random) = (self.tracker.clock.clone(), self.random.clone());
        Tracker {
            queue: Queue::new(db.clone(), clock, random),
            in_flight: InFlight::default(),
            seen: Seen::default(),
            db,
            cache,
            limiter,
            live,
            ..self.tracker.clone()
        }
    }

    /// A user who exists without having registered, in Berlin, with reminders at 09:00.
    #[expect(clippy::expect_used, reason = "only tests call this")]
    pub async fn user(&self, name: &str) -> UserId {
        let now = self.tracker.clock.now();
        let user = UserId(new_id(self.random.as_ref(), now));
        let mut tx = self.db.begin();
        let insert = query(
            "INSERT INTO users (id, name, email, email_folded, email_confirmed, password_hash, \
             time_zone, created_at, updated_at) \
             VALUES (?1, ?2, ?3, ?3, ?4, '', 'Europe/Berlin', ?5, ?5)",
        )
        .bind(user)
        .bind(name)
        .bind(format!("{}@example.org", name.to_lowercase()))
        .bind(true)
        .bind(now);
        tx.execute(insert).await.expect("the user is new");
        versions::start(&mut tx, user.0)
            .await
            .expect("the user is new");
        crate::statistics::start(&mut tx, user)
            .await
            .expect("the user is new");
        crate::reminders::reschedule(self, &mut tx, user)
            .await
            .expect("the user is new");
        tx.commit().await.expect("the database works");
        user
    }

    /// Runs every job that is due, and those they push, until none is left.
    ///
    /// # Panics
    /// When a job failed for good.
    #[expect(clippy::expect_used, reason = "only tests call this")]
    pub async fn run_jobs(&self) -> usize {
        let report = self
            .queue
            .run_due(&jobs::registry(), &self.tracker, 10_000)
            .await
            .expect("the job store works");
        assert_eq!(report.failed, 0, "{:?}", report.errors);
        report.done
    }
}
