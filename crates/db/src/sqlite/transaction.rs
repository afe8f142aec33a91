//! The caller's end of a transaction.

use std::sync::atomic::Ordering;

use crossbeam_channel::Sender;
use tokio::sync::oneshot;

use super::closed;
use super::writer::{Ask, Limits, Step, Writer};
use crate::versions::{Deferred, Raised};
use crate::{Error, Query, Row};

/// Dropping it, or a future of it that has not answered, rolls back; only a commit that has been
/// asked for is seen through.
#[derive(Debug)]
pub(crate) struct Transaction {
    writer: Writer,
    limits: Limits,
    /// Changes that go out with the next step.
    deferred: Vec<Deferred>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nothing has been asked yet, so nobody waits for us.
    New,
    Open(Sender<Step>),
    Ended(Error),
}

impl Transaction {
    pub(crate) fn new(writer: Writer, limits: Limits) -> Self {
        Transaction {
            writer,
            limits,
            deferred: Vec::new(),
            state: State::New,
        }
    }

    pub(crate) async fn rows(&mut self, query: Query) -> Result<Vec<Row>, Error> {
        let (reply, answer) = oneshot::channel();
        self.ask(Ask::Rows(query, reply), answer).await
    }

    pub(crate) async fn execute(&mut self, query: Query) -> Result<u64, Error> {
        let (reply, answer) = oneshot::channel();
        self.ask(Ask::Execute(query, reply), answer).await
    }

    pub(crate) fn defer(&mut self, change: Deferred) {
        self.deferred.push(change);
    }

    /// Answers which versions it has raised.
    pub(crate) async fn commit(self) -> Result<Vec<Raised>, Error> {
        let (reply, answer) = oneshot::channel();
        let step = Step {
            deferred: self.deferred,
            ask: Ask::Commit(reply),
        };
        // The sender is kept until the answer: dropping it would mean giving up.
        let _steps = match self.state {
            State::New if step.deferred.is_empty() => return Ok(Vec::new()),
            State::New => self.writer.enqueue(step, self.limits)?,
            State::Ended(error) => return Err(error),
            State::Open(steps) => {
                steps.send(step).map_err(|_| Error::IdleTransaction)?;
                steps
            }
        };
        self.writer
            .meter()
            .round_trips
            .fetch_add(1, Ordering::Relaxed);
        // No timeout here: once asked for, the commit happens or fails, and its caller must
        // learn which.
        answer.await.unwrap_or(Err(Error::IdleTransaction))
    }

    async fn ask<T>(
        &mut self,
        ask: Ask,
        answer: oneshot::Receiver<Result<T, Error>>,
    ) -> Result<T, Error> {
        let step = Step {
            deferred: std::mem::take(&mut self.deferred),
            ask,
        };
        self.writer
            .meter()
            .round_trips
            .fetch_add(1, Ordering::Relaxed);
        // The sender leaves the state while the statement runs: a caller who gives up drops it
        // with the future, and the writer rolls back instead of waiting for a next statement.
        let state = std::mem::replace(&mut self.state, State::Ended(Error::IdleTransaction));
        let (steps, when_dropped) = match state {
            State::New => (self.writer.enqueue(step, self.limits)?, closed()),
            State::Open(steps) => {
                steps.send(step).map_err(|_| Error::IdleTransaction)?;
                (steps, Error::IdleTransaction)
            }
            State::Ended(error) => {
                self.state = State::Ended(error.clone());
                return Err(error);
            }
        };
        let answered = match self.writer.wait_timeout(self.limits) {
            Some(limit) => tokio::time::timeout(limit, answer).await,
            None => Ok(answer.await),
        };
        let result = match answered {
            Ok(Ok(result)) => {
                self.state = State::Open(steps);
                return result;
            }
            Ok(Err(_)) => when_dropped,
            Err(_) => Error::Busy,
        };
        self.state = State::Ended(result.clone());
        Err(result)
    }
}
