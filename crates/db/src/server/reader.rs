//! Reads outside of transactions, and who answers them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use uuid::Uuid;

use super::pool::Pool;
use super::replicas::{InFlight, Replica};
use super::transaction::Transaction;
use super::{Server, monitor};
use crate::{Engine, Error, Query, Row, Version, dialect, versions};

/// So many replicas are asked before the primary is.
const REPLICAS_ASKED: usize = 2;

/// When the primary goes, the replicas still apply what they have received, and the monitor has to
/// look at them again. So a read that nobody could answer is tried so often, a look apart.
const TRIES: u32 = 4;

type Answers = Vec<Vec<Row>>;

/// Reads outside of transactions.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    server: Arc<Server>,
    /// Whose data is read, and how new it has to be at least; nothing means: as new as can be.
    required: Option<Required>,
    /// Whether the caller has to know of which version the answers are.
    labels: bool,
}

#[derive(Debug, Clone, Copy)]
struct Required {
    owner: Uuid,
    version: Version,
}

impl Reader {
    pub(super) fn new(server: Arc<Server>, required: Option<(Uuid, Version)>) -> Self {
        let required = required.map(|(owner, version)| Required {
            owner,
            version: server.floors.note(owner, version),
        });
        Reader {
            server,
            required,
            labels: false,
        }
    }

    /// The same, and every answer says of which version it is.
    pub(crate) fn labelling(mut self) -> Self {
        self.labels = true;
        self
    }

    pub(crate) async fn one(&self, query: Query) -> Result<Labelled, Error> {
        self.answers(Reading::One(query)).await
    }

    pub(crate) async fn snapshot(&self, queries: Vec<Query>) -> Result<Labelled, Error> {
        self.answers(Reading::Snapshot(queries)).await
    }

    async fn answers(&self, reading: Reading) -> Result<Labelled, Error> {
        if self.server.replicas.all().is_empty() && !self.labels {
            return self.newest(&reading).await;
        }
        let mut tries = TRIES;
        loop {
            let answered = match self.required {
                Some(required) => self.new_enough(required, &reading).await,
                None => self.newest(&reading).await,
            };
            tries -= 1;
            match answered {
                Err(Error::Unavailable(_)) if tries > 0 => tokio::time::sleep(monitor::EVERY).await,
                answered => return answered,
            }
        }
    }

    /// From the primary, or while there is none, from the replica that has come furthest.
    async fn newest(&self, reading: &Reading) -> Result<Labelled, Error> {
        let primary = &self.server.primary;
        let asked = reading.ask(&self.server, &primary.pool);
        let failure = match primary.unless_down(asked).await {
            Ok(answers) => {
                if self.required.is_some() {
                    primary.reads.count();
                }
                return Ok(answers.into());
            }
            Err(error @ Error::Unavailable(_)) => error,
            Err(error) => return Err(error),
        };
        for replica in self.server.replicas.by_position() {
            let asked = reading.ask(&self.server, &replica.pool);
            if let Some(Ok(answers)) = replica.unless_evicted(asked).await {
                replica.served().count();
                return Ok(Labelled {
                    is_newest: false,
                    ..answers.into()
                });
            }
        }
        Err(failure)
    }

    /// From a replica that is not behind what is required, else from the primary.
    async fn new_enough(&self, required: Required, reading: &Reading) -> Result<Labelled, Error> {
        let mut asked = Vec::new();
        let answers = self
            .ask_replicas(required, reading, &mut asked, REPLICAS_ASKED)
            .await?;
        if let Some(answers) = answers {
            return Ok(answers);
        }
        let permit = self.permit().await?;
        let failure = match self.ask_primary(required, reading).await {
            Err(error @ Error::Unavailable(_)) => error,
            answered => return answered,
        };
        drop(permit);
        // With no primary to fall back on, every replica is worth a try.
        let answers = self
            .ask_replicas(required, reading, &mut asked, usize::MAX)
            .await?;
        answers.ok_or(failure)
    }

    async fn ask_primary(&self, required: Required, reading: &Reading) -> Result<Labelled, Error> {
        let primary = &self.server.primary;
        let (server, pool, owner) = (&self.server, &primary.pool, required.owner);
        let asked = async {
            match self.labels {
                true => reading.ask_with_version(server, pool, owner).await,
                false => reading.ask_labelled(server, pool, owner).await,
            }
        };
        let labelled = primary.unless_down(asked).await?;
        primary.reads.count();
        Ok(self.noted(required, labelled))
    }

    /// Nothing when none of those that are left to ask is new enough.
    async fn ask_replicas(
        &self,
        required: Required,
        reading: &Reading,
        asked: &mut Vec<Arc<Replica>>,
        most: usize,
    ) -> Result<Option<Labelled>, Error> {
        while asked.len() < most
            && let Some(replica) = self.server.replicas.choose(asked)
        {
            if let Some(answers) = self.ask_replica(&replica, required, reading).await? {
                return Ok(Some(answers));
            }
            asked.push(replica);
        }
        Ok(None)
    }

    /// Nothing when the replica is behind, failed, or was taken out meanwhile.
    async fn ask_replica(
        &self,
        replica: &Arc<Replica>,
        required: Required,
        reading: &Reading,
    ) -> Result<Option<Labelled>, Error> {
        let in_flight = InFlight::start(replica.clone());
        let asked = reading.ask_with_version(&self.server, &replica.pool, required.owner);
        let answered = replica.unless_evicted(asked).await;
        drop(in_flight);
        match answered {
            Some(Ok(labelled)) if labelled.seen.is_some_and(|seen| seen >= required.version) => {
                replica.served().count();
                Ok(Some(self.noted(required, labelled)))
            }
            Some(Ok(_)) => {
                replica.rejected();
                Ok(None)
            }
            // Others will not be quicker, nor take such a parameter.
            Some(Err(error @ (Error::Timeout | Error::Parameter(_)))) => Err(error),
            // It may have stopped a read that stands in the way of what it has to replay, or not
            // have received a table yet.
            Some(Err(error)) => {
                tracing::debug!(replica = %replica.pool.address(), %error, "a replica did not answer");
                Ok(None)
            }
            None => Ok(None),
        }
    }

    /// Whoever has seen a version does not go back behind it when the primary is gone.
    fn noted(&self, required: Required, labelled: Labelled) -> Labelled {
        if let Some(seen) = labelled.seen {
            self.server.floors.note(required.owner, seen);
        }
        labelled
    }

    /// Bounds what falls to the primary: when all replicas are gone, refusing some reads is better
    /// than losing the primary as well.
    async fn permit(&self) -> Result<tokio::sync::SemaphorePermit<'_>, Error> {
        let waiting = self.server.fallback.acquire();
        match tokio::time::timeout(self.server.wait, waiting).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => {
                self.server.capped.fetch_add(1, Ordering::Relaxed);
                Err(Error::Busy)
            }
        }
    }
}

/// What is read.
enum Reading {
    One(Query),
    /// All from one state.
    Snapshot(Vec<Query>),
}

/// Answers and the version they were taken from, if that is known.
pub(crate) struct Labelled {
    pub(crate) seen: Option<Version>,
    /// False when a replica has answered in place of a primary that is away.
    pub(crate) is_newest: bool,
    pub(crate) answers: Answers,
}

impl From<Answers> for Labelled {
    fn from(answers: Answers) -> Self {
        Labelled {
            seen: None,
            is_newest: true,
            answers,
        }
    }
}

impl Reading {
    async fn ask(&self, server: &Server, pool: &Pool) -> Result<Answers, Error> {
        match self {
            Reading::One(query) => Ok(vec![pool.read(query.clone()).await?.rows]),
            Reading::Snapshot(queries) => read_all(server.snapshot_on(pool), queries).await,
        }
    }

    /// Always brings the version along.
    async fn ask_with_version(
        &self,
        server: &Server,
        pool: &Pool,
        owner: Uuid,
    ) -> Result<Labelled, Error> {
        let queries = match self {
            Reading::One(query) => {
                if let Some(labelled) = at_once(query, server.engine, pool, owner).await? {
                    return Ok(labelled);
                }
                std::slice::from_ref(query)
            }
            Reading::Snapshot(queries) => queries.as_slice(),
        };
        one_by_one(server, pool, owner, queries).await
    }

    /// Brings the version along when that costs nothing further.
    async fn ask_labelled(
        &self,
        server: &Server,
        pool: &Pool,
        owner: Uuid,
    ) -> Result<Labelled, Error> {
        match self {
            Reading::One(query) => match at_once(query, server.engine, pool, owner).await? {
                Some(labelled) => Ok(labelled),
                None => Ok(self.ask(server, pool).await?.into()),
            },
            Reading::Snapshot(queries) => one_by_one(server, pool, owner, queries).await,
        }
    }
}

/// The version and the answer by one statement. Nothing when the engine cannot do that for such a
/// statement, or there were no rows for the version to come with.
async fn at_once(
    query: &Query,
    engine: Engine,
    pool: &Pool,
    owner: Uuid,
) -> Result<Option<Labelled>, Error> {
    let Some(labelled) = with_version(query, engine, owner) else {
        return Ok(None);
    };
    match pool.read(labelled).await {
        Ok(answer) => unlabelled(answer.rows),
        // Perhaps only with the version.
        Err(Error::Other(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The version and the answers by one statement each, all from one state.
async fn one_by_one(
    server: &Server,
    pool: &Pool,
    owner: Uuid,
    queries: &[Query],
) -> Result<Labelled, Error> {
    let mut all = vec![versions::data_of(owner)];
    all.extend(queries.iter().cloned());
    let mut answers = read_all(server.snapshot_on(pool), &all).await?;
    let version = answers.remove(0);
    let seen = version.first().map(|row| row.get("data")).transpose()?;
    Ok(Labelled {
        seen,
        is_newest: true,
        answers,
    })
}

/// Nothing when the engine cannot answer both at once.
fn with_version(plain: &Query, engine: Engine, owner: Uuid) -> Option<Query> {
    let parameter = plain.values().len() + 1;
    let text = dialect::with_version(engine, plain.text(), parameter)?;
    Some(plain.clone().rewritten(text).bind(owner))
}

/// Takes the version from the rows it came with. Nothing when there were no rows for it to come
/// with.
fn unlabelled(rows: Vec<Row>) -> Result<Option<Labelled>, Error> {
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let seen: Option<Version> = first.get("seen_version")?;
    let is_row: Option<bool> = first.get("seen_row")?;
    let answers = vec![if is_row.is_some() { rows } else { Vec::new() }];
    Ok(Some(Labelled {
        seen,
        is_newest: true,
        answers,
    }))
}

async fn read_all(mut snapshot: Transaction, queries: &[Query]) -> Result<Answers, Error> {
    let mut answers = Vec::with_capacity(queries.len());
    for query in queries {
        answers.push(snapshot.rows(query.clone()).await?);
    }
    snapshot.commit().await?;
    Ok(answers)
}
