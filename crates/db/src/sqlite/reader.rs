//! The pool of reader threads.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};
use tokio::sync::oneshot;

use super::connection::Connection;
use crate::db::{Meter, Options};
use crate::{Error, Query, Row};

type Answers = Result<Vec<Vec<Row>>, Error>;

struct Request {
    queries: Vec<Query>,
    reply: oneshot::Sender<Answers>,
}

/// A handle to the reader threads; they end when the last handle is dropped.
#[derive(Debug, Clone)]
pub(crate) struct ReadPool {
    requests: Sender<Request>,
    wait_timeout: Duration,
    meter: Arc<Meter>,
}

impl ReadPool {
    pub(crate) fn start(options: &Options, meter: Arc<Meter>) -> Result<Self, Error> {
        let (requests, waiting) = crossbeam_channel::unbounded::<Request>();
        for number in 0..options.readers.max(1) {
            let connection = Connection::open_reader(options, meter.clone())?;
            let waiting = waiting.clone();
            std::thread::Builder::new()
                .name(format!("db-read-{number}"))
                .spawn(move || serve(&connection, &waiting))
                .map_err(|error| Error::Unavailable(error.to_string()))?;
        }
        let wait_timeout = options.wait_timeout + options.statement_timeout;
        Ok(ReadPool { requests, wait_timeout, meter })
    }

    pub(crate) async fn rows(&self, query: Query) -> Result<Vec<Row>, Error> {
        let answers = self.snapshot(vec![query]).await?;
        Ok(answers.into_iter().next().unwrap_or_default())
    }

    pub(crate) async fn snapshot(&self, queries: Vec<Query>) -> Answers {
        self.meter.round_trips.fetch_add(1, Ordering::Relaxed);
        let (reply, answer) = oneshot::channel();
        self.requests
            .send(Request { queries, reply })
            .map_err(|_| Error::Unavailable("the database is closed".into()))?;
        match tokio::time::timeout(self.wait_timeout, answer).await {
            Ok(Ok(answers)) => answers,
            Ok(Err(_)) => Err(Error::Unavailable("the reader has ended".into())),
            Err(_) => Err(Error::Busy),
        }
    }
}

fn serve(connection: &Connection, waiting: &Receiver<Request>) {
    for request in waiting {
        // Nobody waits any more: the client went away while this was queued.
        if request.reply.is_closed() {
            continue;
        }
        let _ = request.reply.send(answer(connection, &request.queries));
    }
}

fn answer(connection: &Connection, queries: &[Query]) -> Answers {
    if let [single] = queries {
        return connection.rows(single).map(|rows| vec![rows]);
    }
    connection.control("BEGIN")?;
    let answers = queries.iter().map(|query| connection.rows(query)).collect();
    connection.control("COMMIT")?;
    answers
}
