//! The connections to one server.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use deadpool::managed::{
    self, Metrics, Object, PoolError, RecycleError, RecycleResult, TimeoutType,
};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::address::Address;
use super::checks;
use super::connection::{Answer, Connection};
use super::primary::Gate;
use super::timeouts::Timeouts;
use super::waits::Waits;
use crate::db::Meter;
use crate::{Engine, Error, Query, status};

/// Old connections are replaced: servers and proxies behind one name come and go.
const OLDEST_CONNECTION: Duration = Duration::from_secs(30 * 60);

/// Waiting longer than this for a connection is worth a line in the log.
const SLOW_ACQUIRE: Duration = Duration::from_millis(250);

/// How long to wait for a second connection before it counts as refused.
const SECOND_CONNECTION: Duration = Duration::from_secs(1);

/// A connection that goes back to its pool when dropped.
pub(super) type Leased = Object<Opener>;

/// Opens connections. Clones share what they have found out.
#[derive(Clone)]
pub(super) struct Opener {
    address: Address,
    timeouts: Timeouts,
    /// `primary`, or the name of the replica.
    role: Arc<str>,
    meter: Arc<Meter>,
    /// Looks at who answers, where that matters.
    gate: Option<Gate>,
    /// How many connections to compare before one is used.
    probes: usize,
    /// Whether they have been, at this address as it is now.
    is_compared: Arc<AtomicBool>,
    comparing: Arc<Mutex<()>>,
    runtime: Handle,
}

impl managed::Manager for Opener {
    type Type = Connection;
    type Error = Error;

    /// Opened by the runtime that opened the database: a connection belongs to the one it was made
    /// on, and stops when that does, whoever uses it.
    async fn create(&self) -> Result<Connection, Error> {
        let opener = self.clone();
        let opening = async move {
            let mut connection = opener.open().await?;
            if let Some(gate) = &opener.gate {
                gate.admit(&mut connection).await?;
            }
            Ok(connection)
        };
        // Given up when dropped.
        let mut task = JoinSet::new();
        task.spawn_on(opening, &self.runtime);
        match task.join_next().await {
            Some(Ok(opened)) => opened,
            _ => Err(Error::Unavailable("the process is ending".into())),
        }
    }

    async fn recycle(&self, connection: &mut Connection, _: &Metrics) -> RecycleResult<Error> {
        if connection.is_broken() {
            return Err(RecycleError::message("it failed"));
        }
        if connection.is_spent() {
            return Err(RecycleError::message("it has settings of its own"));
        }
        if connection.opened.elapsed() > OLDEST_CONNECTION {
            return Err(RecycleError::message("it is old"));
        }
        Ok(())
    }
}

impl Opener {
    async fn open(&self) -> Result<Connection, Error> {
        let mut connection = self.connect().await?;
        // Before anything is prepared on it.
        if connection.engine() == Engine::Postgres {
            Box::pin(self.compare(&mut connection)).await?;
        }
        Ok(connection)
    }

    async fn connect(&self) -> Result<Connection, Error> {
        let (role, meter) = (self.role.clone(), self.meter.clone());
        Connection::open(&self.address, self.timeouts, role, meter).await
    }

    /// Refuses a pooler that mixes up connections. Once is enough while the same servers answer.
    async fn compare(&self, first: &mut Connection) -> Result<(), Error> {
        if self.is_compared.load(Ordering::Acquire) {
            return Ok(());
        }
        let _turn = self.comparing.lock().await;
        if self.is_compared.load(Ordering::Acquire) {
            return Ok(());
        }
        let mut others = Vec::with_capacity(self.probes);
        while others.len() + 1 < self.probes {
            let other = tokio::time::timeout(SECOND_CONNECTION, self.connect()).await;
            others.push(other.unwrap_or_else(|_| Err(checks::no_second_connection()))?);
        }
        let mut probes: Vec<&mut Connection> = std::iter::once(first).chain(&mut others).collect();
        checks::refuse_sharing(&mut probes).await?;
        self.is_compared.store(true, Ordering::Release);
        Ok(())
    }
}

/// How many connections there may be and how long anything may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) connections: usize,
    pub(super) wait: Duration,
    pub(super) connect: Duration,
    pub(super) timeouts: Timeouts,
}

/// The connections to one server. Clones share them.
#[derive(Clone)]
pub(super) struct Pool {
    /// Given up as a whole when its connections lead to the wrong or to a dead server.
    connections: Arc<RwLock<managed::Pool<Opener>>>,
    opener: Opener,
    settings: Settings,
    address: Address,
    waits: Arc<Waits>,
    pub(super) meter: Arc<Meter>,
}

impl Pool {
    pub(super) fn new(
        address: Address,
        role: Arc<str>,
        settings: Settings,
        meter: Arc<Meter>,
        gate: Option<Gate>,
    ) -> Result<Self, Error> {
        let opener = Opener {
            address: address.clone(),
            timeouts: settings.timeouts,
            role,
            meter: meter.clone(),
            gate,
            probes: settings.connections.clamp(2, checks::PROBES),
            is_compared: Arc::default(),
            comparing: Arc::default(),
            runtime: Handle::current(),
        };
        Ok(Pool {
            connections: Arc::new(RwLock::new(build(opener.clone(), settings)?)),
            opener,
            settings,
            address,
            waits: Arc::default(),
            meter,
        })
    }

    fn connections(&self) -> managed::Pool<Opener> {
        let connections = self.connections.read();
        connections.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A connection that does not belong to the pool.
    pub(super) async fn connect(&self) -> Result<Connection, Error> {
        self.opener.open().await
    }

    /// A connection to look at the server over. It runs nobody's statements, so it is not compared
    /// with others, and there at once.
    pub(super) async fn visit(&self) -> Result<Connection, Error> {
        Box::pin(self.opener.connect()).await
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    pub(super) async fn acquire(&self) -> Result<Leased, Error> {
        let started = Instant::now();
        let mut asked = self.connections().get().await;
        if matches!(asked, Err(PoolError::Closed)) {
            // Its connections were given up meanwhile.
            asked = self.connections().get().await;
        }
        let leased = asked.map_err(|error| match error {
            PoolError::Backend(error) => self.named(error),
            PoolError::Timeout(TimeoutType::Wait) => Error::Busy,
            PoolError::Timeout(_) => {
                self.named(Error::Unavailable("no connection within the limit".into()))
            }
            other => self.named(Error::Unavailable(other.to_string())),
        });
        let waited = started.elapsed();
        self.waits.note(waited);
        let leased = leased.map(|mut leased| {
            leased.waited = waited;
            leased
        });
        if waited > SLOW_ACQUIRE {
            let status = self.connections().status();
            tracing::warn!(
                server = self.address.name(),
                waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX),
                connections = status.size,
                waiting = status.waiting,
                "waited long for a database connection"
            );
        }
        leased
    }

    /// Runs one read outside of a transaction.
    pub(super) async fn read(&self, query: Query) -> Result<Answer, Error> {
        let leased = self.acquire().await?;
        let was_used = self.is_reused(&leased);
        let (leased, query, answer) = self.run(leased, query).await;
        match answer {
            // The server was started again since the connection was last used; a read may be asked
            // again.
            Err(Error::Unavailable(_)) if was_used => {
                drop(leased);
                self.forget_idle();
                let leased = self.acquire().await?;
                self.run(leased, query).await.2
            }
            answer => answer,
        }
    }

    async fn run(
        &self,
        mut leased: Leased,
        query: Query,
    ) -> (Leased, Query, Result<Answer, Error>) {
        self.meter.reads.fetch_add(1, Ordering::Relaxed);
        let runtime = leased.runtime.clone();
        let statement = async move {
            let answer = leased.run(&query).await;
            (leased, query, answer)
        };
        SeenThrough::new(runtime, statement, drop).await
    }

    fn is_reused(&self, leased: &Leased) -> bool {
        Object::metrics(leased).recycle_count > 0
    }

    /// Closes the connections nobody uses at the moment; who answers next may be another.
    pub(super) fn forget_idle(&self) {
        self.opener.is_compared.store(false, Ordering::Release);
        self.connections().retain(|_, _| false);
    }

    /// Gives up all connections. Those in use end what they are at, and nobody gets them after, nor
    /// waits for them: a dead server may hold them all.
    pub(super) fn renew(&self) {
        let mut connections = self
            .connections
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if connections.is_closed() {
            return;
        }
        self.opener.is_compared.store(false, Ordering::Release);
        if let Ok(fresh) = build(self.opener.clone(), self.settings) {
            std::mem::replace(&mut *connections, fresh).close();
        }
    }

    /// Whether a connection has not been given up meanwhile.
    pub(super) fn owns(&self, leased: &Leased) -> bool {
        Object::pool(leased).is_some_and(|pool| !pool.is_closed())
    }

    pub(super) fn close(&self) {
        self.connections().close();
    }

    pub(super) fn status(&self) -> status::Pool {
        let now = self.connections().status();
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        status::Pool {
            size: count(now.size),
            idle: count(now.available),
            in_use: count(now.size.saturating_sub(now.available)),
            waiting: count(now.waiting),
            max: count(now.max_size),
            acquire_wait_us_p50: self.waits.percentile(50),
            acquire_wait_us_p99: self.waits.percentile(99),
        }
    }

    /// Says which server it was.
    pub(super) fn named(&self, error: Error) -> Error {
        let name = self.address.name();
        match error {
            Error::Unavailable(reason) => Error::Unavailable(format!("{name}: {reason}")),
            Error::Misconfigured(reason) => Error::Misconfigured(format!("{name}: {reason}")),
            other => other,
        }
    }
}

fn build(opener: Opener, settings: Settings) -> Result<managed::Pool<Opener>, Error> {
    managed::Pool::builder(opener)
        .max_size(settings.connections.max(1))
        .wait_timeout(Some(settings.wait))
        .create_timeout(Some(settings.connect))
        .runtime(deadpool::Runtime::Tokio1)
        .build()
        .map_err(|error| Error::Other(error.to_string()))
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Pool({})", self.address)
    }
}

/// A future that runs to its end even when its caller goes away.
///
/// A statement whose future is dropped half-way leaves an unknown rest of the conversation on its
/// connection, and the next user of the connection gets it: lost writes and other people's answers
/// have come of that. So a dropped one is handed to the runtime of the connection, which finishes it
/// and then tidies up its result.
pub(super) struct SeenThrough<T: Send + 'static> {
    runtime: Handle,
    future: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    tidy: fn(T),
}

impl<T: Send + 'static> SeenThrough<T> {
    pub(super) fn new(
        runtime: Handle,
        future: impl Future<Output = T> + Send + 'static,
        tidy: fn(T),
    ) -> Self {
        SeenThrough {
            runtime,
            future: Some(Box::pin(future)),
            tidy,
        }
    }
}

impl<T: Send + 'static> Future for SeenThrough<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let this = self.get_mut();
        let Some(future) = this.future.as_mut() else {
            // Polled again after its end, which nobody may do.
            return Poll::Pending;
        };
        // Its timers, too, have to outlive the runtime of whoever asks.
        let _entered = this.runtime.enter();
        let polled = future.as_mut().poll(context);
        if polled.is_ready() {
            this.future = None;
        }
        polled
    }
}

impl<T: Send + 'static> Drop for SeenThrough<T> {
    fn drop(&mut self) {
        let Some(future) = self.future.take() else {
            return;
        };
        // When the runtime has ended, the connection has ended with it.
        let tidy = self.tidy;
        self.runtime.spawn(async move { tidy(future.await) });
    }
}
