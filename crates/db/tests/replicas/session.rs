//! Somebody who reads and writes, and notices when they are shown their own past.

use std::time::{Duration, Instant};

use duly_db::{Db, Error, Query, Random, Version, query, retry, versions};
use uuid::Uuid;

use crate::fleet::Fleet;

/// What one device of an owner has seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Session {
    pub(crate) owner: Uuid,
    /// The largest number it has written.
    written: i64,
    /// The largest number it has been shown.
    shown: i64,
    pub(crate) findings: Findings,
}

/// What sessions have noticed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    pub(crate) reads: u64,
    pub(crate) writes: u64,
    /// Reads that lacked what the session had written.
    pub(crate) stale: u64,
    /// Reads that lacked what the session had been shown.
    pub(crate) backwards: u64,
    /// Reads that lacked what the gate had said.
    pub(crate) behind_gate: u64,
}

impl Findings {
    pub(crate) fn add(&mut self, other: Findings) {
        self.reads += other.reads;
        self.writes += other.writes;
        self.stale += other.stale;
        self.backwards += other.backwards;
        self.behind_gate += other.behind_gate;
    }

    /// Nothing that must not be.
    pub(crate) fn assert_clean(&self) {
        let wrong = [self.stale, self.backwards, self.behind_gate];
        assert_eq!(wrong, [0; 3], "{self:?}");
    }
}

impl Session {
    pub(crate) fn of(owner: Uuid) -> Self {
        Session {
            owner,
            ..Session::default()
        }
    }

    /// What every request does first: asks which version there is.
    pub(crate) async fn gate(&self, db: &Db) -> Result<Version, Error> {
        let version = versions::current(&mut db.read_fresh(), self.owner).await?;
        Ok(version.unwrap())
    }

    /// A request that reads. Answers the number it was shown.
    pub(crate) async fn read(&mut self, db: &Db) -> Result<i64, Error> {
        let version = self.gate(db).await?;
        self.read_at(db, version).await
    }

    /// Reads after a gate that said so.
    pub(crate) async fn read_at(&mut self, db: &Db, version: Version) -> Result<i64, Error> {
        let row = db
            .read(self.owner, version)
            .optional_row(number_of(self.owner))
            .await?;
        let number: i64 = row.unwrap().get("number").unwrap();
        self.findings.reads += 1;
        self.findings.stale += u64::from(number < self.written);
        self.findings.backwards += u64::from(number < self.shown);
        self.findings.behind_gate += u64::from(number < version.number());
        self.shown = self.shown.max(number);
        Ok(number)
    }

    /// The same, repeated when another transaction was in the way, as every request is.
    pub(crate) async fn write_at_last(&mut self, db: &Db, random: &dyn Random) {
        let written = retry::on_conflict(random, || raise(db, self.owner)).await;
        self.note_written(written.unwrap());
    }

    /// A request that writes a number nobody has written before.
    pub(crate) async fn write(&mut self, db: &Db) -> Result<i64, Error> {
        let number = raise(db, self.owner).await?;
        self.note_written(number);
        Ok(number)
    }

    fn note_written(&mut self, number: i64) {
        self.findings.writes += 1;
        self.written = self.written.max(number);
    }
}

async fn raise(db: &Db, owner: Uuid) -> Result<i64, Error> {
    let mut tx = db.begin();
    let raise = query("UPDATE notes SET number = number + 1 WHERE owner_id = ?1");
    tx.execute(raise.bind(owner).expecting(1)).await?;
    let row = tx.optional_row(number_of(owner)).await?;
    let number: i64 = row.unwrap().get("number").unwrap();
    versions::raise(&mut tx, owner, versions::Kind::Data);
    tx.commit().await?;
    Ok(number)
}

pub(crate) fn number_of(owner: Uuid) -> Query {
    query("SELECT number FROM notes WHERE owner_id = ?1").bind(owner)
}

/// Writes as often and waits until the members have it.
pub(crate) async fn write_through(fleet: &Fleet, db: &Db, owner: Uuid, members: &[&str]) -> i64 {
    let number = Session::of(owner).write(db).await.unwrap();
    for member in members {
        fleet.wait_for_version(member, owner, number).await;
    }
    number
}

/// Tries until a write succeeds, which has to be within a second.
pub(crate) async fn first_write(fleet: &Fleet, db: &Db, session: &mut Session) {
    let limit = fleet.within(Duration::from_secs(1));
    let begun = Instant::now();
    while let Err(error) = session.write(db).await {
        assert!(begun.elapsed() < limit, "{error:?}");
        assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
        tokio::task::yield_now().await;
    }
    assert!(begun.elapsed() < limit, "{:?}", begun.elapsed());
}
