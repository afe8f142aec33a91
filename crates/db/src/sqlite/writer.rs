//! The writer thread: one transaction at a time, many of them per fsync.
//!
//! Transactions that wait are served one after the other, each under its savepoint, inside one
//! transaction of the engine; all are acknowledged after its commit. So the cost of the fsync is
//! shared by everyone who waited for the one before, and a failed transaction rolls back alone.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use tokio::sync::oneshot;

use super::closed;
use super::connection::{Connection, Turn};
use crate::db::Meter;
use crate::options::Options;
use crate::versions::{Deferred, Raised};
use crate::{Error, Query, Row};

/// No further transaction joins a group that is this large or this old.
const GROUP_SIZE: usize = 128;
const GROUP_AGE: Duration = Duration::from_millis(4);

/// How long a transaction without limits waits for another process that writes.
const PATIENCE: Duration = Duration::from_secs(60);

type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// Whether a transaction's statements and its waiting are bounded in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limits {
    Usual,
    /// For schema changes, which may rewrite large tables, and for filling a database from a file
    /// that comes slowly.
    None,
}

/// What a transaction wants next.
pub(super) struct Step {
    /// Changes nobody waits for on their own; they run first.
    pub(super) deferred: Vec<Deferred>,
    pub(super) ask: Ask,
}

pub(super) enum Ask {
    Rows(Query, Reply<Vec<Row>>),
    Execute(Query, Reply<u64>),
    /// Answers which versions the transaction has raised.
    Commit(Reply<Vec<Raised>>),
}

impl Ask {
    fn refuse(self, error: Error) {
        // Whoever asked may have gone away.
        match self {
            Ask::Rows(_, reply) => drop(reply.send(Err(error))),
            Ask::Execute(_, reply) => drop(reply.send(Err(error))),
            Ask::Commit(reply) => drop(reply.send(Err(error))),
        }
    }

    fn is_abandoned(&self) -> bool {
        match self {
            Ask::Rows(_, reply) => reply.is_closed(),
            Ask::Execute(_, reply) => reply.is_closed(),
            Ask::Commit(reply) => reply.is_closed(),
        }
    }
}

/// A transaction that waits for its turn.
struct Waiting {
    first: Step,
    steps: Receiver<Step>,
    since: Instant,
    limits: Limits,
}

enum Request {
    Begin(Waiting),
    Close(oneshot::Sender<()>),
}

/// A handle to the writer thread; it ends when the last handle is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    requests: Sender<Request>,
    wait_timeout: Duration,
    meter: Arc<Meter>,
}

impl Writer {
    pub(crate) fn start(path: &Path, options: &Options, meter: Arc<Meter>) -> Result<Self, Error> {
        let connection = Connection::open_writer(path, options, meter.clone())?;
        let (requests, waiting) = crossbeam_channel::unbounded();
        let thread = WriterThread {
            connection,
            waiting,
            meter: meter.clone(),
            options: options.clone(),
        };
        std::thread::Builder::new()
            .name("db-write".into())
            .spawn(move || thread.run())
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        let wait_timeout = options.wait_timeout + options.statement_timeout;
        Ok(Writer {
            requests,
            wait_timeout,
            meter,
        })
    }

    /// Puts a transaction into the line with its first step; the answer is where its further
    /// steps go, one at a time.
    pub(super) fn enqueue(&self, first: Step, limits: Limits) -> Result<Sender<Step>, Error> {
        // Unbounded only because it drops what nobody will take any more, and so tells the caller.
        let (sender, steps) = crossbeam_channel::unbounded();
        let waiting = Waiting {
            first,
            steps,
            since: Instant::now(),
            limits,
        };
        self.requests
            .send(Request::Begin(waiting))
            .map_err(|_| closed())?;
        Ok(sender)
    }

    /// How long a caller waits for the answer to one step.
    pub(super) fn wait_timeout(&self, limits: Limits) -> Option<Duration> {
        (limits == Limits::Usual).then_some(self.wait_timeout)
    }

    pub(super) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Serves who is in the line, then ends the thread and waits until it has let go of the file.
    pub(crate) async fn close(&self) {
        let (reply, answer) = oneshot::channel();
        // When there is nobody left to tell, it has ended already.
        let _ = self.requests.send(Request::Close(reply));
        let _ = answer.await;
    }
}

struct WriterThread {
    connection: Connection,
    waiting: Receiver<Request>,
    meter: Arc<Meter>,
    options: Options,
}

/// Whom to tell that a transaction is durable, and what it has raised.
struct Kept {
    reply: Reply<Vec<Raised>>,
    raised: Vec<Raised>,
}

/// How a transaction ended inside its group.
enum Outcome {
    Kept(Kept),
    RolledBack,
    /// The engine gave up everything since the last commit, neighbours included.
    GroupLost(Error),
}

impl WriterThread {
    fn run(self) {
        let closing = self.serve_line();
        drop(self.connection);
        if let Some(reply) = closing {
            let _ = reply.send(());
        }
    }

    /// Answers whom to tell when the thread was asked to end.
    fn serve_line(&self) -> Option<oneshot::Sender<()>> {
        for request in &self.waiting {
            let closing = match request {
                Request::Begin(first) => self.admit(first).and_then(|first| self.group(first)),
                Request::Close(reply) => Some(reply),
            };
            if closing.is_some() {
                return closing;
            }
        }
        None
    }

    /// Turns away who has gone, and who has waited so long that it should hear so.
    fn admit(&self, waiting: Waiting) -> Option<Waiting> {
        if waiting.first.ask.is_abandoned() {
            return None;
        }
        if waiting.limits == Limits::Usual && waiting.since.elapsed() > self.options.wait_timeout {
            waiting.first.ask.refuse(Error::Busy);
            return None;
        }
        Some(waiting)
    }

    /// Serves the first transaction and all that wait meanwhile, then makes them durable.
    fn group(&self, first: Waiting) -> Option<oneshot::Sender<()>> {
        if let Err(error) = self.open_group(first.limits) {
            first.first.ask.refuse(error);
            return None;
        }
        let opened = Instant::now();
        let mut kept = Vec::new();
        let mut next = Some(first);
        let mut closing = None;
        loop {
            match next.take().map(|waiting| self.serve(waiting)) {
                Some(Outcome::Kept(one)) => kept.push(one),
                Some(Outcome::RolledBack) | None => {}
                Some(Outcome::GroupLost(cause)) => {
                    self.give_up(kept, cause);
                    return closing;
                }
            }
            if kept.len() >= GROUP_SIZE || opened.elapsed() >= GROUP_AGE {
                break;
            }
            match self.waiting.try_recv() {
                Ok(Request::Begin(waiting)) => next = self.admit(waiting),
                Ok(Request::Close(reply)) => {
                    closing = Some(reply);
                    break;
                }
                Err(_) => break,
            }
        }
        self.finish(kept);
        closing
    }

    fn open_group(&self, limits: Limits) -> Result<(), Error> {
        let started = Instant::now();
        loop {
            // Waits for the lock as long as the busy timeout says.
            match self.connection.control("BEGIN IMMEDIATE") {
                Err(Error::Busy) if limits == Limits::None && started.elapsed() < PATIENCE => {}
                other => return other,
            }
        }
    }

    fn finish(&self, kept: Vec<Kept>) {
        if let Err(error) = self.connection.control("COMMIT") {
            self.give_up(kept, error);
            return;
        }
        let count = u64::try_from(kept.len()).unwrap_or(u64::MAX);
        self.meter.transactions.fetch_add(count, Ordering::Relaxed);
        self.meter
            .group_commits
            .fetch_add(u64::from(count > 0), Ordering::Relaxed);
        for Kept { reply, raised } in kept {
            let _ = reply.send(Ok(raised));
        }
    }

    /// Nothing of the group was kept. Its other members did nothing wrong and may try again.
    fn give_up(&self, kept: Vec<Kept>, cause: Error) {
        if self.connection.in_transaction()
            && let Err(error) = self.connection.control("ROLLBACK")
        {
            tracing::error!(%error, "rolling back a group failed");
        }
        let answer = match cause {
            Error::ReadOnly(_) | Error::Unavailable(_) | Error::Constraint(_) => cause,
            _ => Error::Busy,
        };
        for Kept { reply, .. } in kept {
            let _ = reply.send(Err(answer.clone()));
        }
    }

    /// Serves one transaction under its savepoint until it commits, is dropped or left idle.
    fn serve(&self, waiting: Waiting) -> Outcome {
        if let Err(error) = self.connection.control("SAVEPOINT tx") {
            waiting.first.ask.refuse(error.clone());
            return Outcome::GroupLost(error);
        }
        let mut turn = Turn {
            limit: (waiting.limits == Limits::Usual).then_some(self.options.statement_timeout),
            waited: waiting.since.elapsed(),
        };
        let mut step = Ok(waiting.first);
        let mut raised = Vec::new();
        loop {
            let Step { deferred, ask } = match step {
                Ok(step) => step,
                Err(RecvTimeoutError::Timeout) => {
                    tracing::warn!("a transaction was left idle and has been rolled back");
                    return self.roll_back();
                }
                Err(RecvTimeoutError::Disconnected) => return self.roll_back(),
            };
            if let Err(error) = self.run_deferred(&deferred, turn, &mut raised) {
                ask.refuse(error.clone());
                return match self.connection.in_transaction() {
                    true => self.roll_back(),
                    false => Outcome::GroupLost(error),
                };
            }
            let failure = match ask {
                Ask::Rows(query, reply) => answer(reply, self.connection.rows(&query, turn)),
                Ask::Execute(query, reply) => answer(reply, self.connection.execute(&query, turn)),
                Ask::Commit(reply) => return self.keep(Kept { reply, raised }),
            };
            if let Some(cause) = failure
                && !self.connection.in_transaction()
            {
                return Outcome::GroupLost(cause);
            }
            // From here on the connection is ours.
            turn.waited = Duration::ZERO;
            step = match waiting.limits {
                Limits::Usual => waiting.steps.recv_timeout(self.options.idle_timeout),
                Limits::None => waiting.steps.recv().map_err(RecvTimeoutError::from),
            };
        }
    }

    fn run_deferred(
        &self,
        deferred: &[Deferred],
        turn: Turn,
        raised: &mut Vec<Raised>,
    ) -> Result<(), Error> {
        for Deferred { query, raises } in deferred {
            let Some((owner, kind)) = *raises else {
                self.connection.execute(query, turn)?;
                continue;
            };
            let rows = self.connection.rows(query, turn)?;
            query.check_touched(u64::try_from(rows.len()).unwrap_or(u64::MAX))?;
            for row in rows {
                raised.push(Raised {
                    owner,
                    kind,
                    version: row.get("data")?,
                });
            }
        }
        Ok(())
    }

    fn keep(&self, kept: Kept) -> Outcome {
        match self.connection.control("RELEASE tx") {
            Ok(()) => Outcome::Kept(kept),
            Err(error) => {
                let _ = kept.reply.send(Err(error));
                self.roll_back()
            }
        }
    }

    fn roll_back(&self) -> Outcome {
        let both = self
            .connection
            .control("ROLLBACK TO tx")
            .and_then(|()| self.connection.control("RELEASE tx"));
        match both {
            Ok(()) => Outcome::RolledBack,
            Err(error) => Outcome::GroupLost(error),
        }
    }
}

/// Sends the answer to a step and says how it failed, if it did.
fn answer<T>(reply: Reply<T>, result: Result<T, Error>) -> Option<Error> {
    let failure = result.as_ref().err().cloned();
    // Whoever asked may have gone away.
    let _ = reply.send(result);
    failure
}
