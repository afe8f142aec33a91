//! A transaction on a server.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::connection::{Answer, Connection};
use super::floors::Floors;
use super::pool::{Leased, Pool, SeenThrough};
use super::primary::Primary;
use crate::db::Meter;
use crate::versions::{Deferred, Raised};
use crate::{Error, Query, Row, dialect};

/// How a transaction is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Changes something that nobody else has changed meanwhile.
    Change,
    /// A change that may take as long as it needs.
    LongChange,
    /// Changes rows that many take from.
    SharedChange,
    /// Reads one snapshot.
    Snapshot,
    /// Reads one snapshot, for as long as it takes.
    LongSnapshot,
}

/// Dropping it, or a future of it that has not answered, rolls back; only a commit that has been
/// asked for is seen through.
pub(crate) struct Transaction {
    pool: Pool,
    /// Where the transaction changes something.
    primary: Option<Primary>,
    floors: Arc<Floors>,
    kind: Kind,
    deferred: Vec<Deferred>,
    /// What the commit raises.
    raised: Vec<Raised>,
    state: State,
}

enum State {
    /// Nothing has been asked yet, so no connection is taken.
    New,
    Open(Leased),
    Ended(Error),
}

/// A step that has ended, the versions that were raised before it, and the connection it ran on.
type Ran = (Leased, Result<(Answer, Vec<Raised>), Error>);

/// What to do next inside the transaction.
enum Step {
    Rows(Query),
    Change(Query),
    Commit {
        /// Whether the transaction counts among those that were committed.
        counts: bool,
    },
}

impl Transaction {
    pub(super) fn on_primary(primary: Primary, floors: Arc<Floors>, kind: Kind) -> Self {
        let mut transaction = Self::on(primary.pool.clone(), floors, kind);
        transaction.primary = Some(primary);
        transaction
    }

    pub(super) fn on(pool: Pool, floors: Arc<Floors>, kind: Kind) -> Self {
        Transaction {
            pool,
            primary: None,
            floors,
            kind,
            deferred: Vec::new(),
            raised: Vec::new(),
            state: State::New,
        }
    }

    pub(crate) async fn rows(&mut self, query: Query) -> Result<Vec<Row>, Error> {
        self.step(Step::Rows(query)).await.map(|answer| answer.rows)
    }

    pub(crate) async fn execute(&mut self, query: Query) -> Result<u64, Error> {
        let answer = self.step(Step::Change(query)).await;
        answer.map(|answer| answer.touched)
    }

    pub(crate) fn defer(&mut self, change: Deferred) {
        self.deferred.push(change);
    }

    /// Answers which versions it has raised.
    pub(crate) async fn commit(mut self) -> Result<Vec<Raised>, Error> {
        if matches!(self.state, State::New) && self.deferred.is_empty() {
            return Ok(Vec::new());
        }
        let counts = !matches!(self.kind, Kind::Snapshot | Kind::LongSnapshot);
        self.step(Step::Commit { counts }).await?;
        // Whoever has written is not shown less when the primary is gone.
        for raised in &self.raised {
            self.floors.note(raised.owner, raised.version);
        }
        Ok(std::mem::take(&mut self.raised))
    }

    /// Waits for the server, but not for one that is found to be dead meanwhile.
    async fn answered<T>(&self, asked: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        match &self.primary {
            Some(primary) => primary.unless_down(asked).await,
            None => asked.await,
        }
    }

    async fn step(&mut self, step: Step) -> Result<Answer, Error> {
        // Whoever gives up while a statement runs leaves the transaction ended.
        let state = std::mem::replace(&mut self.state, State::Ended(Error::IdleTransaction));
        let leased = match state {
            State::New => self.answered(self.begin()).await,
            // What is committed on a server that has been succeeded is lost.
            State::Open(leased) if !self.pool.owns(&leased) => Err(Error::Unavailable(
                "the server was given up during the transaction".into(),
            )),
            State::Open(leased) => Ok(leased),
            State::Ended(error) => Err(error),
        };
        let leased = match leased {
            Ok(leased) => leased,
            Err(error) => {
                self.state = State::Ended(error.clone());
                return Err(error);
            }
        };
        let deferred = std::mem::take(&mut self.deferred);
        let meter = self.pool.meter.clone();
        let is_commit = matches!(step, Step::Commit { .. });
        let tidy: fn(Ran) = match is_commit {
            true => drop,
            false => |(leased, _)| roll_back(leased),
        };
        let runtime = leased.runtime.clone();
        let ran = SeenThrough::new(runtime, run(leased, deferred, step, meter), tidy);
        let (leased, answer) = match self.answered(async { Ok(ran.await) }).await {
            Ok(ran) => ran,
            Err(error) => {
                self.state = State::Ended(error.clone());
                return Err(error);
            }
        };
        match answer {
            Ok((answer, raised)) => {
                self.raised.extend(raised);
                if !is_commit {
                    self.state = State::Open(leased);
                }
                Ok(answer)
            }
            Err(error) => {
                // PostgreSQL answers nothing more after a failure, so no engine does.
                self.state = State::Ended(error.clone());
                roll_back(leased);
                Err(error)
            }
        }
    }

    async fn begin(&self) -> Result<Leased, Error> {
        let leased = self.pool.acquire().await?;
        let was_used = deadpool::managed::Object::metrics(&leased).recycle_count > 0;
        let (leased, begun) = self.begin_on(leased).await;
        let (leased, begun) = match begun {
            // The server was started again since the connection was last used.
            Err(Error::Unavailable(_)) if was_used => {
                drop(leased);
                self.pool.forget_idle();
                self.begin_on(self.pool.acquire().await?).await
            }
            begun => (leased, begun),
        };
        match begun {
            Ok(()) => Ok(leased),
            // It may have begun, and not have been given the lock that goes with it.
            Err(error) => {
                roll_back(leased);
                Err(error)
            }
        }
    }

    async fn begin_on(&self, mut leased: Leased) -> (Leased, Result<(), Error>) {
        let kind = self.kind;
        self.pool.meter.round_trips.fetch_add(1, Ordering::Relaxed);
        let runtime = leased.runtime.clone();
        let beginning = async move {
            let begun = begin(&mut leased, kind).await;
            (leased, begun)
        };
        SeenThrough::new(runtime, beginning, |(leased, _)| roll_back(leased)).await
    }
}

async fn begin(connection: &mut Connection, kind: Kind) -> Result<(), Error> {
    if matches!(kind, Kind::LongChange | Kind::LongSnapshot) {
        connection.lift_limits().await?;
    }
    let statement = match kind {
        Kind::Change => dialect::begin_change(connection.engine()),
        Kind::SharedChange => dialect::begin_on_shared_rows(connection.engine()),
        Kind::LongChange => "BEGIN",
        Kind::Snapshot | Kind::LongSnapshot => dialect::begin_snapshot(connection.engine()),
    };
    connection.control(statement).await
}

async fn run(mut leased: Leased, deferred: Vec<Deferred>, step: Step, meter: Arc<Meter>) -> Ran {
    let was_left = leased.was_left_idle();
    let mut raised = Vec::new();
    let answer = async {
        for Deferred { query, raises } in &deferred {
            count(&meter);
            match raises {
                Some((owner, kind)) => raised.push(Raised {
                    owner: *owner,
                    kind: *kind,
                    version: leased.raise(query).await?,
                }),
                None => drop(leased.change(query).await?),
            }
        }
        match step {
            Step::Rows(query) => {
                count(&meter);
                leased.run(&query).await
            }
            Step::Change(query) => {
                count(&meter);
                let touched = leased.change(&query).await?;
                Ok(Answer {
                    touched,
                    ..Answer::default()
                })
            }
            Step::Commit { counts } => {
                count(&meter);
                leased.control("COMMIT").await?;
                let committed = u64::from(counts);
                meter.transactions.fetch_add(committed, Ordering::Relaxed);
                meter.group_commits.fetch_add(committed, Ordering::Relaxed);
                Ok(Answer::default())
            }
        }
    }
    .await;
    let answer = match answer.map(|answer| (answer, raised)) {
        // The server may close the connection without a word.
        Err(Error::Unavailable(_)) if was_left => Err(Error::IdleTransaction),
        answer => answer,
    };
    (leased, answer)
}

fn count(meter: &Meter) {
    meter.round_trips.fetch_add(1, Ordering::Relaxed);
}

/// Ends the transaction without keeping anything, then gives the connection back.
fn roll_back(mut leased: Leased) {
    if leased.is_broken() {
        return;
    }
    // A runtime that has ended has closed the connection; the server rolls back.
    let runtime = leased.runtime.clone();
    runtime.spawn(async move {
        // One that cannot even do this is broken, and not used again.
        let _ = leased.control("ROLLBACK").await;
    });
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let state = std::mem::replace(&mut self.state, State::New);
        if let State::Open(leased) = state {
            roll_back(leased);
        }
    }
}

impl std::fmt::Debug for Transaction {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Transaction({:?})", self.pool)
    }
}
