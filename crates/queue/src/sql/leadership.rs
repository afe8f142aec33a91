//! Who leads.

use std::time::Duration;

use duly_db::dialect::{for_update, insert_or_keep};
use duly_db::{Conn, Db, FromRow, Row, Tx, query};
use jiff::Timestamp;
use uuid::Uuid;

use super::later;
use crate::Result;
use crate::store::Term;

pub(super) async fn lead(
    db: &Db,
    name: &str,
    holder: Uuid,
    lease: Duration,
    now: Timestamp,
) -> Result<Option<Term>> {
    let lease_until = later(now, lease);
    let select = "SELECT holder, term, lease_until FROM leases WHERE name = ?1";
    // A look without a lock comes first: most who ask do not lead.
    let seen: Option<Lead> = db.read_fresh().optional(query(select).bind(name)).await?;
    let Some(seen) = seen else {
        let mut tx = db.begin_on_shared_rows();
        let first = insert_or_keep(
            tx.engine(),
            "INSERT INTO leases (name, holder, term, lease_until) VALUES (?1, ?2, 1, ?3)",
        );
        let first = first.bind(name).bind(holder).bind(lease_until);
        if tx.execute(first).await? == 0 {
            return Ok(None);
        }
        tx.commit().await?;
        return Ok(Some(Term(1)));
    };
    if seen.term_for(holder, now).is_none() {
        return Ok(None);
    }
    let mut tx = db.begin_on_shared_rows();
    let lock = query(format!("{select}{}", for_update(tx.engine()))).bind(name);
    let found: Option<Lead> = tx.optional(lock).await?;
    let Some(term) = found.and_then(|found| found.term_for(holder, now)) else {
        return Ok(None);
    };
    let lead = query("UPDATE leases SET holder = ?2, term = ?3, lease_until = ?4 WHERE name = ?1");
    let lead = lead.bind(name).bind(holder).bind(term).bind(lease_until);
    tx.execute(lead).await?;
    tx.commit().await?;
    Ok(Some(Term(term)))
}

pub(super) async fn led_until(conn: &mut Conn, name: &str) -> Result<Option<Timestamp>> {
    let select = query("SELECT lease_until FROM leases WHERE name = ?1");
    match conn.optional_row(select.bind(name)).await? {
        Some(row) => Ok(Some(row.get("lease_until")?)),
        None => Ok(None),
    }
}

/// Who leads, as it is written down.
struct Lead {
    holder: Uuid,
    term: i64,
    lease_until: Timestamp,
}

impl FromRow for Lead {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        Ok(Lead {
            holder: row.get("holder")?,
            term: row.get("term")?,
            lease_until: row.get("lease_until")?,
        })
    }
}

impl Lead {
    /// The term in which the given one may lead now: the same while it stays the leader, the next
    /// when another's lease is over.
    fn term_for(&self, holder: Uuid, now: Timestamp) -> Option<i64> {
        if self.holder == holder {
            Some(self.term)
        } else {
            (self.lease_until <= now).then_some(self.term + 1)
        }
    }
}

pub(super) async fn resign(db: &Db, name: &str, holder: Uuid, now: Timestamp) -> Result<()> {
    let mut tx = db.begin_on_shared_rows();
    let end = query("UPDATE leases SET lease_until = ?3 WHERE name = ?1 AND holder = ?2");
    tx.execute(end.bind(name).bind(holder).bind(now)).await?;
    Ok(tx.commit().await?)
}

/// Whether the term is still the leader's.
pub(super) async fn leads(tx: &mut Tx, leader: &str, term: Term, now: Timestamp) -> Result<bool> {
    let leads =
        query("SELECT 1 AS leads FROM leases WHERE name = ?1 AND term = ?2 AND lease_until > ?3");
    let leads = leads.bind(leader).bind(term.0).bind(now);
    Ok(tx.optional_row(leads).await?.is_some())
}
