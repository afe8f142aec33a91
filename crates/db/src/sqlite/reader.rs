//! The pool of reader threads.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};
use tokio::sync::{mpsc, oneshot};

use super::closed;
use super::connection::Connection;
use crate::db::{Meter, Options};
use crate::{Error, Query, Row};

type Answers = Result<Vec<Vec<Row>>, Error>;

enum Request {
    Read(Vec<Query>, oneshot::Sender<Answers>),
    /// Ends the thread that takes it; the sender is dropped when its connection is closed.
    Close(mpsc::Sender<()>),
}

/// A handle to the reader threads; they end when the last handle is dropped.
#[derive(Debug, Clone)]
pub(crate) struct ReadPool {
    requests: Sender<Request>,
    threads: usize,
    wait_timeout: Duration,
    meter: Arc<Meter>,
}

impl ReadPool {
    pub(crate) fn start(options: &Options, meter: Arc<Meter>) -> Result<Self, Error> {
        let (requests, waiting) = crossbeam_channel::unbounded();
        let threads = options.readers.max(1);
        for number in 0..threads {
            let connection = Connection::open_reader(options, meter.clone())?;
            let (waiting, limit) = (waiting.clone(), options.statement_timeout);
            std::thread::Builder::new()
                .name(format!("db-read-{number}"))
                .spawn(move || serve(connection, &waiting, limit))
                .map_err(|error| Error::Unavailable(error.to_string()))?;
        }
        let wait_timeout = options.wait_timeout + options.statement_timeout;
        Ok(ReadPool {
            requests,
            threads,
            wait_timeout,
            meter,
        })
    }

    pub(crate) async fn rows(&self, query: Query) -> Result<Vec<Row>, Error> {
        let answers = self.snapshot(vec![query]).await?;
        Ok(answers.into_iter().next().unwrap_or_default())
    }

    pub(crate) async fn snapshot(&self, queries: Vec<Query>) -> Answers {
        self.meter.round_trips.fetch_add(1, Ordering::Relaxed);
        let (reply, answer) = oneshot::channel();
        self.requests
            .send(Request::Read(queries, reply))
            .map_err(|_| closed())?;
        match tokio::time::timeout(self.wait_timeout, answer).await {
            Ok(Ok(answers)) => answers,
            Ok(Err(_)) => Err(closed()),
            Err(_) => Err(Error::Busy),
        }
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
    }
}

fn serve(connection: Connection, waiting: &Receiver<Request>, limit: Duration) {
    for request in waiting {
        match request {
            // Nobody waits any more: the client went away while this was queued.
            Request::Read(_, reply) if reply.is_closed() => {}
            Request::Read(queries, reply) => {
                let _ = reply.send(answer(&connection, &queries, limit));
            }
            Request::Close(closing) => {
                drop(connection);
                drop(closing);
                return;
            }
        }
    }
}

fn answer(connection: &Connection, queries: &[Query], limit: Duration) -> Answers {
    if let [single] = queries {
        return connection.rows(single, Some(limit)).map(|rows| vec![rows]);
    }
    connection.control("BEGIN")?;
    let answers = queries
        .iter()
        .map(|query| connection.rows(query, Some(limit)))
        .collect();
    // After a failure SQLite may have ended the transaction on its own.
    if connection.in_transaction() {
        connection.control("ROLLBACK")?;
    }
    answers
}
