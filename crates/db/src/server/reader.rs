//! Reads outside of transactions, and who answers them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use uuid::Uuid;

use super::Server;
use super::replicas::{InFlight, Replica};
use super::transaction::{Kind, Transaction};
use crate::{Engine, Error, Query, Row, Version, dialect, query};

/// So many replicas are asked before the primary is.
const REPLICAS_ASKED: usize = 2;

type Answers = Vec<Vec<Row>>;

/// Reads outside of transactions.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    server: Arc<Server>,
    /// Whose data is read, and how new it has to be at least; nothing means: as new as can be.
    required: Option<Required>,
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
        Reader { server, required }
    }

    pub(crate) async fn rows(&self, query: Query) -> Result<Vec<Row>, Error> {
        let answers = self.answers(Reading::One(query)).await?;
        Ok(answers.into_iter().next().unwrap_or_default())
    }

    pub(crate) async fn snapshot(&self, queries: Vec<Query>) -> Result<Answers, Error> {
        self.answers(Reading::Snapshot(queries)).await
    }

    async fn answers(&self, reading: Reading) -> Result<Answers, Error> {
        match self.required {
            Some(required) if !self.server.replicas.all().is_empty() => {
                self.new_enough(required, reading).await
            }
            _ => self.newest(reading).await,
        }
    }

    /// From the primary, or while there is none, from the replica that has come furthest.
    async fn newest(&self, reading: Reading) -> Result<Answers, Error> {
        let failure = match self.from_primary(&reading).await {
            Err(error @ Error::Unavailable(_)) => error,
            answered => return answered,
        };
        let Some(replica) = self.server.replicas.furthest() else {
            return Err(failure);
        };
        let answers = reading.ask(&self.server, &replica).await?;
        replica.served().count();
        Ok(answers)
    }

    /// From a replica that is not behind what is required, else from the primary.
    async fn new_enough(&self, required: Required, reading: Reading) -> Result<Answers, Error> {
        let mut asked = Vec::new();
        // With no primary to fall back on, every replica is worth a try.
        let most = match self.server.primary.is_usable() {
            true => REPLICAS_ASKED,
            false => usize::MAX,
        };
        while asked.len() < most
            && let Some(replica) = self.server.replicas.choose(&asked)
        {
            if let Some(answers) = self.from_replica(&replica, required, &reading).await? {
                return Ok(answers);
            }
            asked.push(replica);
        }
        let _permit = self.permit().await?;
        self.from_primary(&reading).await
    }

    async fn from_primary(&self, reading: &Reading) -> Result<Answers, Error> {
        let primary = &self.server.primary;
        let answers = match reading {
            Reading::One(query) => {
                let read = primary.unless_down(primary.pool.read(query.clone()));
                vec![read.await?.rows]
            }
            Reading::Snapshot(queries) => {
                let snapshot = self.server.begin(Kind::Snapshot);
                read_all(snapshot, queries).await?
            }
        };
        self.server.primary.reads.count();
        Ok(answers)
    }

    /// Nothing when the replica is behind or failed.
    async fn from_replica(
        &self,
        replica: &Arc<Replica>,
        required: Required,
        reading: &Reading,
    ) -> Result<Option<Answers>, Error> {
        let in_flight = InFlight::start(replica.clone());
        let answered = reading
            .ask_with_version(&self.server, replica, required.owner)
            .await;
        drop(in_flight);
        match answered {
            Ok(Labelled { seen, answers }) if seen.is_some_and(|seen| seen >= required.version) => {
                if let Some(seen) = seen {
                    self.server.floors.note(required.owner, seen);
                }
                replica.served().count();
                Ok(Some(answers))
            }
            Ok(_) => {
                replica.rejected();
                Ok(None)
            }
            // A replica may stop a read that stands in the way of what it has to replay.
            Err(error) if error.is_transient() || matches!(error, Error::Misconfigured(_)) => {
                tracing::debug!(replica = %replica.pool.address(), %error, "a replica did not answer");
                Ok(None)
            }
            Err(error) => Err(error),
        }
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
struct Labelled {
    seen: Option<Version>,
    answers: Answers,
}

impl Reading {
    async fn ask(&self, server: &Server, replica: &Arc<Replica>) -> Result<Answers, Error> {
        match self {
            Reading::One(query) => Ok(vec![replica.pool.read(query.clone()).await?.rows]),
            Reading::Snapshot(queries) => {
                read_all(server.snapshot_on(&replica.pool), queries).await
            }
        }
    }

    async fn ask_with_version(
        &self,
        server: &Server,
        replica: &Arc<Replica>,
        owner: Uuid,
    ) -> Result<Labelled, Error> {
        let queries = match self {
            Reading::One(query) => {
                if let Some(labelled) = with_version(query, server.engine, owner) {
                    let rows = replica.pool.read(labelled).await?.rows;
                    if let Some(answer) = unlabelled(rows)? {
                        return Ok(answer);
                    }
                }
                std::slice::from_ref(query)
            }
            Reading::Snapshot(queries) => queries.as_slice(),
        };
        let mut all = vec![version_of(owner)];
        all.extend(queries.iter().cloned());
        let mut answers = read_all(server.snapshot_on(&replica.pool), &all).await?;
        let version = answers.remove(0);
        let seen = version.first().map(|row| row.get("data")).transpose()?;
        Ok(Labelled { seen, answers })
    }
}

/// Nothing when the engine cannot answer both at once.
fn with_version(plain: &Query, engine: Engine, owner: Uuid) -> Option<Query> {
    let parameter = plain.values().len() + 1;
    let text = dialect::with_version(engine, plain.text(), parameter)?;
    Some(plain.clone().rewritten(text).bind(owner))
}

fn version_of(owner: Uuid) -> Query {
    query("SELECT data FROM versions WHERE owner_id = ?1").bind(owner)
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
    Ok(Some(Labelled { seen, answers }))
}

async fn read_all(mut snapshot: Transaction, queries: &[Query]) -> Result<Answers, Error> {
    let mut answers = Vec::with_capacity(queries.len());
    for query in queries {
        answers.push(snapshot.rows(query.clone()).await?);
    }
    snapshot.commit().await?;
    Ok(answers)
}
