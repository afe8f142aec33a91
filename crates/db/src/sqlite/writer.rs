//! The writer thread: one transaction at a time, many of them per fsync.
//!
//! Transactions that wait are served one after the other, each under its savepoint, inside one
//! transaction of the engine; all are acknowledged after its commit. So the cost of the fsync is
//! shared by everyone who waited for the one before, and a failed transaction rolls back alone.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use tokio::sync::oneshot;

use super::connection::Connection;
use crate::db::{Meter, Options};
use crate::{Error, Query, Row};

/// No further transaction joins a group that is this large or this old.
const GROUP_SIZE: usize = 128;
const GROUP_AGE: Duration = Duration::from_millis(4);

/// A transaction that asks for nothing for this long is rolled back.
const IDLE: Duration = Duration::from_secs(1);

enum Request {
    Begin(Receiver<Step>),
    CopyTo(PathBuf, oneshot::Sender<Result<(), Error>>),
    Close(oneshot::Sender<()>),
}

enum Step {
    Rows(Query, oneshot::Sender<Result<Vec<Row>, Error>>),
    Execute(Query, oneshot::Sender<Result<u64, Error>>),
    Commit(oneshot::Sender<Result<(), Error>>),
}

/// A handle to the writer thread; it ends when the last handle is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    requests: Sender<Request>,
    wait_timeout: Duration,
    meter: Arc<Meter>,
}

impl Writer {
    pub(crate) fn start(options: &Options, meter: Arc<Meter>) -> Result<Self, Error> {
        let connection = Connection::open_writer(options, meter.clone())?;
        let (requests, waiting) = crossbeam_channel::unbounded();
        let thread = WriterThread { connection, waiting, meter: meter.clone() };
        std::thread::Builder::new()
            .name("db-write".into())
            .spawn(move || thread.run())
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        let wait_timeout = options.wait_timeout + options.statement_timeout;
        Ok(Writer { requests, wait_timeout, meter })
    }

    pub(crate) fn begin(&self) -> Transaction {
        let (steps, receiver) = crossbeam_channel::unbounded();
        // When the writer has ended, the first step says so.
        let _ = self.requests.send(Request::Begin(receiver));
        Transaction { steps, wait_timeout: self.wait_timeout, meter: self.meter.clone() }
    }

    pub(crate) async fn copy_to(&self, target: &Path) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        let _ = self.requests.send(Request::CopyTo(target.to_owned(), reply));
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    pub(crate) async fn close(&self) {
        let (reply, answer) = oneshot::channel();
        let _ = self.requests.send(Request::Close(reply));
        let _ = answer.await;
    }
}

fn closed() -> Error {
    Error::Unavailable("the database is closed".into())
}

/// The caller's end of a transaction. Dropping it rolls back.
#[derive(Debug)]
pub(crate) struct Transaction {
    steps: Sender<Step>,
    wait_timeout: Duration,
    meter: Arc<Meter>,
}

impl Transaction {
    pub(crate) async fn rows(&self, query: Query) -> Result<Vec<Row>, Error> {
        let (reply, answer) = oneshot::channel();
        self.ask(Step::Rows(query, reply), answer).await
    }

    pub(crate) async fn execute(&self, query: Query) -> Result<u64, Error> {
        let (reply, answer) = oneshot::channel();
        self.ask(Step::Execute(query, reply), answer).await
    }

    pub(crate) async fn commit(self) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.meter.round_trips.fetch_add(1, Ordering::Relaxed);
        self.steps.send(Step::Commit(reply)).map_err(|_| Error::IdleTransaction)?;
        // No timeout here: once asked for, the commit happens or fails, and its caller must
        // learn which.
        answer.await.unwrap_or(Err(Error::IdleTransaction))
    }

    async fn ask<T>(
        &self,
        step: Step,
        answer: oneshot::Receiver<Result<T, Error>>,
    ) -> Result<T, Error> {
        self.meter.round_trips.fetch_add(1, Ordering::Relaxed);
        self.steps.send(step).map_err(|_| Error::IdleTransaction)?;
        match tokio::time::timeout(self.wait_timeout, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Error::IdleTransaction),
            Err(_) => Err(Error::Busy),
        }
    }
}

struct WriterThread {
    connection: Connection,
    waiting: Receiver<Request>,
    meter: Arc<Meter>,
}

type Acknowledgements = Vec<oneshot::Sender<Result<(), Error>>>;

impl WriterThread {
    fn run(self) {
        while let Ok(request) = self.waiting.recv() {
            match request {
                Request::Begin(steps) => {
                    if let Some(closing) = self.group(steps) {
                        let _ = closing.send(());
                        return;
                    }
                }
                other => {
                    if let Some(closing) = self.aside(other) {
                        let _ = closing.send(());
                        return;
                    }
                }
            }
        }
    }

    /// Serves the first transaction and all that wait meanwhile, then makes them durable.
    fn group(&self, first: Receiver<Step>) -> Option<oneshot::Sender<()>> {
        if let Err(error) = self.connection.control("BEGIN IMMEDIATE") {
            refuse(&first, &error);
            return None;
        }
        let opened = Instant::now();
        let mut done = Acknowledgements::new();
        let mut after = None;
        self.serve(&first, &mut done);
        while done.len() < GROUP_SIZE && opened.elapsed() < GROUP_AGE {
            match self.waiting.try_recv() {
                Ok(Request::Begin(steps)) => self.serve(&steps, &mut done),
                Ok(other) => {
                    after = Some(other);
                    break;
                }
                Err(_) => break,
            }
        }
        self.finish(done);
        after.and_then(|request| self.aside(request))
    }

    fn finish(&self, done: Acknowledgements) {
        let committed = self.connection.control("COMMIT");
        if committed.is_err() {
            // Nothing of the group was kept; the engine may have rolled back on its own.
            let _ = self.connection.control("ROLLBACK");
        }
        if !done.is_empty() {
            self.meter.group_commits.fetch_add(1, Ordering::Relaxed);
        }
        for acknowledge in done {
            if committed.is_ok() {
                self.meter.transactions.fetch_add(1, Ordering::Relaxed);
            }
            let _ = acknowledge.send(committed.clone());
        }
    }

    /// What is done between groups. Answers whom to tell when the thread has to end.
    fn aside(&self, request: Request) -> Option<oneshot::Sender<()>> {
        match request {
            Request::Begin(steps) => self.group(steps),
            Request::Close(reply) => Some(reply),
            Request::CopyTo(target, reply) => {
                let copy = crate::query("VACUUM INTO ?1").bind(target.to_string_lossy().as_ref());
                let _ = reply.send(self.connection.execute(&copy).map(|_| ()));
                None
            }
        }
    }

    /// Serves one transaction under its savepoint until it commits, is dropped or left idle.
    fn serve(&self, steps: &Receiver<Step>, done: &mut Acknowledgements) {
        if let Err(error) = self.connection.control("SAVEPOINT tx") {
            refuse(steps, &error);
            return;
        }
        loop {
            match steps.recv_timeout(IDLE) {
                Ok(Step::Rows(query, reply)) => {
                    let _ = reply.send(self.connection.rows(&query));
                }
                Ok(Step::Execute(query, reply)) => {
                    let _ = reply.send(self.connection.execute(&query));
                }
                Ok(Step::Commit(reply)) => {
                    match self.connection.control("RELEASE tx") {
                        Ok(()) => done.push(reply),
                        Err(error) => {
                            let _ = reply.send(Err(error));
                            self.roll_back();
                        }
                    }
                    return;
                }
                Err(RecvTimeoutError::Timeout) => {
                    tracing::warn!("a transaction was left idle and has been rolled back");
                    self.roll_back();
                    return;
                }
                Err(RecvTimeoutError::Disconnected) => {
                    self.roll_back();
                    return;
                }
            }
        }
    }

    fn roll_back(&self) {
        for statement in ["ROLLBACK TO tx", "RELEASE tx"] {
            if let Err(error) = self.connection.control(statement) {
                tracing::error!(%error, statement, "rolling back failed");
            }
        }
    }
}

/// Answers everything a transaction asks with the reason why it could not start.
fn refuse(steps: &Receiver<Step>, error: &Error) {
    while let Ok(step) = steps.recv_timeout(IDLE) {
        match step {
            Step::Rows(_, reply) => drop(reply.send(Err(error.clone()))),
            Step::Execute(_, reply) => drop(reply.send(Err(error.clone()))),
            Step::Commit(reply) => {
                drop(reply.send(Err(error.clone())));
                return;
            }
        }
    }
}
