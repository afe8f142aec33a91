//! Reading: brief reads at hand on the caller's thread, all others on a pool of threads.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use tokio::sync::{mpsc, oneshot};

use super::closed;
use super::connection::{Connection, Turn};
use crate::db::Meter;
use crate::options::Options;
use crate::status::Pool;
use crate::{Error, Query, Row};

type Answers = Result<Vec<Vec<Row>>, Error>;

enum Request {
    Read(Vec<Query>, Instant, oneshot::Sender<Answers>),
    /// Ends the thread that takes it; the sender is dropped when its connection is closed.
    Close(mpsc::Sender<()>),
}

/// A handle to the reader threads; they end when the last handle is dropped.
#[derive(Clone)]
pub(crate) struct ReadPool {
    requests: Sender<Request>,
    /// Connections for brief reads. When all are taken, the threads read.
    at_hand: Arc<Mutex<Vec<Connection>>>,
    threads: usize,
    /// How many of them are reading.
    busy: Arc<AtomicUsize>,
    statement_timeout: Duration,
    wait_timeout: Duration,
    meter: Arc<Meter>,
}

impl ReadPool {
    pub(crate) fn start(path: &Path, options: &Options, meter: Arc<Meter>) -> Result<Self, Error> {
        let (requests, waiting) = crossbeam_channel::unbounded();
        let threads = options.readers.max(1);
        let busy = Arc::new(AtomicUsize::new(0));
        let at_hand: Result<Vec<Connection>, Error> = (0..threads)
            .map(|_| Connection::open_reader(path, options, meter.clone()))
            .collect();
        for number in 0..threads {
            let connection = Connection::open_reader(path, options, meter.clone())?;
            let (waiting, limit) = (waiting.clone(), options.statement_timeout);
            let busy = busy.clone();
            std::thread::Builder::new()
                .name(format!("db-read-{number}"))
                .spawn(move || serve(connection, &waiting, limit, &busy))
                .map_err(|error| Error::Unavailable(error.to_string()))?;
        }
        let wait_timeout = options.wait_timeout + options.statement_timeout;
        Ok(ReadPool {
            requests,
            at_hand: Arc::new(Mutex::new(at_hand?)),
            threads,
            busy,
            statement_timeout: options.statement_timeout,
            wait_timeout,
            meter,
        })
    }

    pub(crate) async fn rows(&self, query: Query) -> Result<Vec<Row>, Error> {
        let answers = self.snapshot(vec![query]).await?;
        Ok(answers.into_iter().next().unwrap_or_default())
    }

    pub(crate) async fn snapshot(&self, queries: Vec<Query>) -> Answers {
        if let Some(answers) = self.read_at_hand(&queries) {
            // Lets others run on this thread now and then, as waiting for an answer would.
            tokio::task::consume_budget().await;
            return answers;
        }
        self.meter.reads.fetch_add(1, Ordering::Relaxed);
        let (reply, answer) = oneshot::channel();
        self.requests
            .send(Request::Read(queries, Instant::now(), reply))
            .map_err(|_| closed())?;
        match tokio::time::timeout(self.wait_timeout, answer).await {
            Ok(Ok(answers)) => answers,
            Ok(Err(_)) => Err(closed()),
            Err(_) => Err(Error::Busy),
        }
    }

    fn read_at_hand(&self, queries: &[Query]) -> Option<Answers> {
        if !queries.iter().all(Query::is_brief) {
            return None;
        }
        let connection = self.connections().pop()?;
        self.meter.reads.fetch_add(1, Ordering::Relaxed);
        let turn = Turn {
            limit: Some(self.statement_timeout),
            waited: Duration::ZERO,
        };
        let answers = answer(&connection, queries, turn);
        self.connections().push(connection);
        Some(answers)
    }

    /// How many reads were asked for.
    pub(crate) fn reads(&self) -> u64 {
        self.meter.reads.load(Ordering::Relaxed)
    }

    /// How busy the connections are.
    pub(crate) fn status(&self) -> Pool {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let size = count(self.threads * 2);
        let idle = self.connections().len() + self.threads;
        let idle = count(idle.saturating_sub(self.busy.load(Ordering::Relaxed)));
        Pool {
            size,
            idle,
            in_use: size.saturating_sub(idle),
            waiting: count(self.requests.len()),
            max: size,
            ..Pool::default()
        }
    }

    fn connections(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.at_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers what is queued, then ends all threads and waits until they have let go of the file.
    pub(crate) async fn close(&self) {
        let (closing, mut all_closed) = mpsc::channel(1);
        for _ in 0..self.threads {
            // When there is nobody left to tell, they have ended already.
            let _ = self.requests.send(Request::Close(closing.clone()));
        }
        drop(closing);
        let _ = all_closed.recv().await;
        // Nothing is pushed back after this: a closed database has no callers left.
        self.connections().clear();
    }
}

impl std::fmt::Debug for ReadPool {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ReadPool")
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

fn serve(connection: Connection, waiting: &Receiver<Request>, limit: Duration, busy: &AtomicUsize) {
    for request in waiting {
        match request {
            // Nobody waits any more: the client went away while this was queued.
            Request::Read(_, _, reply) if reply.is_closed() => {}
            Request::Read(queries, since, reply) => {
                let turn = Turn {
                    limit: Some(limit),
                    waited: since.elapsed(),
                };
                busy.fetch_add(1, Ordering::Relaxed);
                let answers = answer(&connection, &queries, turn);
                busy.fetch_sub(1, Ordering::Relaxed);
                let _ = reply.send(answers);
            }
            Request::Close(closing) => {
                drop(connection);
                drop(closing);
                return;
            }
        }
    }
}

fn answer(connection: &Connection, queries: &[Query], turn: Turn) -> Answers {
    if let [single] = queries {
        return connection.rows(single, turn).map(|rows| vec![rows]);
    }
    connection.control("BEGIN")?;
    let answers = queries
        .iter()
        .map(|query| connection.rows(query, turn))
        .collect();
    // After a failure SQLite may have ended the transaction on its own.
    if connection.in_transaction() {
        connection.control("ROLLBACK")?;
    }
    answers
}
