//! Putting the tracker together from the settings.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use duly_cache::limits::Limiter;
use duly_cache::redis::{Address, Patience};
use duly_cache::{Cache, Limits, Memory, Redis, Relay, Sql, Store};
use duly_db::clock::SystemClock;
use duly_db::dump::Schema;
use duly_db::migrate::{self, MigrationSet, Mode, Report};
use duly_db::random::SystemRandom;
use duly_db::{Clock as _, Db, SharedClock, SharedRandom, versions};
use duly_queue::{Queue, RedisStore, SqlStore};
use duly_tracker::idempotency::InFlight;
use duly_tracker::live::{self, Hub};
use duly_tracker::mail::Mailer;
use duly_tracker::secret::SigningKey;
use duly_tracker::sessions::{Caller, Seen};
use duly_tracker::users::PasswordRules;
use duly_tracker::users::password::{HashCost, PasswordHasher};
use duly_tracker::{Error, Result, Settings, Tracker, instance, partitions};
use jiff::Timestamp;
use tokio::runtime::Handle;

use crate::config::{Config, Mail, Place};
use crate::error_reports::ErrorReports;
use crate::traces;

/// The schema of every part, in the order it is made.
pub const SCHEMA: [MigrationSet; 3] = [
    versions::MIGRATIONS,
    duly_queue::MIGRATIONS,
    duly_tracker::MIGRATIONS,
];

/// What a dump holds: everything.
pub const HOUSE: Schema<'static> = Schema {
    sets: &SCHEMA,
    tables: &[versions::TABLES, duly_queue::TABLES, duly_tracker::TABLES],
    forgets: &[instance::FORGET_WHEN_RESTORED],
};

/// Tells of errors from now on, if anybody wants to know.
pub(crate) fn error_reports(config: &Config) -> Option<ErrorReports> {
    let settings = &config.error_reports;
    ErrorReports::start(settings, Arc::new(SystemClock), Arc::new(SystemRandom))
}

/// Opens the database.
///
/// # Errors
/// When it cannot be opened.
pub async fn database(config: &Config) -> Result<Db> {
    Ok(Db::open(config.database.options.clone()).await?)
}

/// The time.
#[must_use]
pub fn now() -> Timestamp {
    SystemClock.now()
}

/// Brings the schema up to date, or says what would be done.
///
/// # Errors
/// When a step fails, or the database is of a newer release.
pub async fn migrate(db: &Db, mode: Mode) -> Result<Report> {
    Ok(migrate::run(db, &SCHEMA, now(), mode).await?)
}

/// So long a start waits for Redis. Nobody needs it.
const WARM_UP: Duration = Duration::from_secs(1);

/// Opens everything.
///
/// # Errors
/// When the database cannot be opened or brought up to date.
pub async fn tracker(config: &Config) -> Result<Tracker> {
    tracker_for(config, &[]).await
}

/// Opens everything for requests that come in on these runtimes, beside the one it is called on.
///
/// # Errors
/// As [`tracker`].
pub async fn tracker_for(config: &Config, runtimes: &[Handle]) -> Result<Tracker> {
    let db = database(config).await?;
    let report = migrate(&db, Mode::Apply).await?;
    for step in &report.applied {
        tracing::info!(migration = %step, "brought the database up to date");
    }
    // What this warns of keeps nobody from working; the job that does it every day tries again.
    let _ = partitions::prepare(&db, now()).await;
    assemble(config, db, runtimes).await
}

async fn assemble(config: &Config, db: Db, runtimes: &[Handle]) -> Result<Tracker> {
    let clock: SharedClock = Arc::new(SystemClock);
    let random: SharedRandom = Arc::new(SystemRandom);
    let accounts = &config.accounts;
    let cost = HashCost::new(accounts.argon2_memory, accounts.argon2_iterations)
        .map_err(|error| Error::Internal(error.to_string()))?;
    let signing_key = instance::signing_key(&db, random.as_ref()).await?;
    let (cache, limiter) = cache(config, &db, &signing_key, &clock, runtimes).await?;
    let live = live(config, &db);
    Ok(Tracker {
        signing_key,
        cache,
        live,
        queue: queue(config, &db, &clock, &random).await?,
        mailer: mailer(config),
        hasher: PasswordHasher::new(cost, accounts.argon2_parallel),
        limiter,
        settings: Arc::new(settings(config)),
        in_flight: InFlight::default(),
        seen: Seen::default(),
        db,
        clock,
        random,
    })
}

/// Where jobs are.
async fn queue(
    config: &Config,
    db: &Db,
    clock: &SharedClock,
    random: &SharedRandom,
) -> Result<Queue> {
    let (db, clock, random) = (db.clone(), clock.clone(), random.clone());
    let queue = match &config.queue.redis {
        Some(address) => {
            let installation = instance::installation(&db, &*random).await?;
            Queue::in_redis(db, address.clone(), &installation, clock, random)
        }
        None => Queue::new(db, clock, random),
    };
    Ok(queue.carrying(traces::parent_for_jobs))
}

/// The Redis that is set for jobs, for moving them.
///
/// # Errors
/// When the database cannot be opened or brought up to date.
pub async fn redis_store(config: &Config) -> Result<Option<RedisStore>> {
    let Some(address) = &config.queue.redis else {
        return Ok(None);
    };
    let db = database(config).await?;
    migrate(&db, Mode::Apply).await?;
    let installation = instance::installation(&db, &SystemRandom).await?;
    let sql = SqlStore::new(db, Arc::new(SystemClock), Arc::new(SystemRandom));
    Ok(Some(RedisStore::new(sql, address.clone(), &installation)))
}

/// What nodes share: what is known of people, and how often they have asked.
async fn cache(
    config: &Config,
    db: &Db,
    signing_key: &SigningKey,
    clock: &SharedClock,
    runtimes: &[Handle],
) -> Result<(Cache<Caller>, Limiter)> {
    let mut limiter = Limiter::new(clock.clone());
    let store: Arc<dyn Store<Caller>> = match place(config, db) {
        Place::Memory => Arc::new(Memory::new(clock.clone())),
        Place::Sql => Arc::new(Sql),
        Place::Redis(address) => {
            let installation = instance::installation(db, &SystemRandom).await?;
            let redis = Arc::new(connection(address, &installation, clock, runtimes));
            limiter = Limiter::sharing(clock.clone(), redis.clone());
            redis
        }
    };
    let limits = Limits {
        memory: config.cache.memory,
        ..Limits::default()
    };
    let (keys, counted) = (signing_key.owner_keys(), limiter.clone());
    let cache = Cache::new(store, keys, limits, counted, clock.clone());
    db.tell(Arc::new(cache.clone()));
    Ok((cache, limiter))
}

/// Redis, where nodes count together in it. What they know of people is not found by this.
#[must_use]
pub fn redis(config: &Config) -> Option<Redis> {
    match &config.cache.place {
        Some(Place::Redis(address)) => {
            let clock: SharedClock = Arc::new(SystemClock);
            Some(connection(address, "limits", &clock, &[]))
        }
        _ => None,
    }
}

fn connection(
    address: &Address,
    installation: &str,
    clock: &SharedClock,
    runtimes: &[Handle],
) -> Redis {
    let (clock, random) = (clock.clone(), Arc::new(SystemRandom));
    let patience = Patience::default();
    let address = address.clone();
    Redis::start_for(runtimes, address, installation, patience, clock, random)
}

/// Told after the cache: who hears of a change and asks for it must not be answered as before.
fn live(config: &Config, db: &Db) -> Hub {
    let limits = live::Limits {
        // The other half is for those who ask and go.
        streams: config.http.max_connections / 2,
        ..live::Limits::default()
    };
    let live = Hub::new(limits);
    db.tell(Arc::new(live.clone()));
    live
}

/// Where nodes share what they know.
fn place<'a>(config: &'a Config, db: &Db) -> &'a Place {
    match &config.cache.place {
        Some(place) => place,
        None if db.is_shared() => &Place::Sql,
        None => &Place::Memory,
    }
}

/// Has the cache, and those who listen, learn from now on what other processes commit.
///
/// # Errors
/// When the database cannot be read.
pub async fn relay(tracker: &Tracker, config: &Config) -> Result<()> {
    let relay = Relay::start(tracker.cache.clone(), tracker.db.clone()).await?;
    let mut relay = relay.telling(Arc::new(tracker.live.clone()));
    match place(config, &tracker.db) {
        // The cache asks for that with each request.
        Place::Sql => tokio::spawn(relay.run_for_audience()),
        Place::Memory | Place::Redis(_) => {
            relay.warm_up(WARM_UP).await?;
            tokio::spawn(relay.run())
        }
    };
    Ok(())
}

fn settings(config: &Config) -> Settings {
    let accounts = &config.accounts;
    Settings {
        public_url: config.http.public_url.clone(),
        registration: accounts.registration,
        password_rules: PasswordRules {
            minimum_length: accounts.password_min_length,
        },
        session_idle: accounts.session_idle,
        session_lifetime: accounts.session_lifetime,
        login_attempts: accounts.login_attempts,
        trash_days: config.tasks.trash_days,
        activity_keep: config.activity.keep,
        notifications_keep: config.notifications.keep,
    }
}

/// Where mails go.
#[must_use]
pub fn mailer(config: &Config) -> Mailer {
    let Mail { server, from } = &config.mail;
    match server {
        Some(server) => Mailer::smtp(server.clone()),
        None => Mailer::outbox(outbox(config), from.clone()),
    }
}

/// Where mails are written while no server is configured.
#[must_use]
pub fn outbox(config: &Config) -> PathBuf {
    config.database.folder().join("outbox")
}
