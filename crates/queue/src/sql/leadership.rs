//! Who leads, and which firings have been claimed.

use std::collections::BTreeMap;
use std::time::Duration;

use duly_db::dialect::{for_update, insert_or_keep};
use duly_db::{Conn, Db, Engine, Tx, query};
use jiff::Timestamp;
use uuid::Uuid;

use super::later;
use crate::Result;
use crate::store::{Claim, Term};

pub(super) async fn lead(
    db: &Db,
    name: &str,
    holder: Uuid,
    lease: Duration,
    now: Timestamp,
) -> Result<Option<Term>> {
    let engine = db.engine();
    let lease_until = later(now, lease);
    let mut tx = db.begin();
    let select = query(format!(
        "SELECT holder, term, lease_until FROM leases WHERE name = ?1{}",
        for_update(engine)
    ));
    let Some(found) = tx.optional_row(select.bind(name)).await? else {
        let first = insert_or_keep(
            engine,
            "INSERT INTO leases (name, holder, term, lease_until) VALUES (?1, ?2, 1, ?3)",
        );
        let first = first.bind(name).bind(holder).bind(lease_until);
        if tx.execute(first).await? == 0 {
            return Ok(None);
        }
        tx.commit().await?;
        return Ok(Some(Term(1)));
    };
    let mut term: i64 = found.get("term")?;
    if found.get::<Uuid>("holder")? != holder {
        if found.get::<Timestamp>("lease_until")? > now {
            return Ok(None);
        }
        term += 1;
    }
    let lead =
        query("UPDATE leases SET holder = ?2, term = ?3, lease_until = ?4 WHERE name = ?1");
    let lead = lead.bind(name).bind(holder).bind(term).bind(lease_until);
    tx.execute(lead).await?;
    tx.commit().await?;
    Ok(Some(Term(term)))
}

pub(super) async fn resign(db: &Db, name: &str, holder: Uuid, now: Timestamp) -> Result<()> {
    let mut tx = db.begin();
    let end = query("UPDATE leases SET lease_until = ?3 WHERE name = ?1 AND holder = ?2");
    tx.execute(end.bind(name).bind(holder).bind(now)).await?;
    Ok(tx.commit().await?)
}

pub(super) async fn slots(conn: &mut Conn) -> Result<BTreeMap<String, Timestamp>> {
    let rows = conn
        .rows(query("SELECT name, last_slot FROM schedules"))
        .await?;
    let slots = rows
        .iter()
        .map(|row| Ok((row.get("name")?, row.get("last_slot")?)));
    Ok(slots.collect::<duly_db::Result<_>>()?)
}

pub(super) async fn claim(
    tx: &mut Tx,
    engine: Engine,
    claim: &Claim<'_>,
    now: Timestamp,
) -> Result<bool> {
    let leads =
        query("SELECT 1 AS leads FROM leases WHERE name = ?1 AND term = ?2 AND lease_until > ?3");
    let leads = leads.bind(claim.leader).bind(claim.term.0).bind(now);
    if tx.optional_row(leads).await?.is_none() {
        return Ok(false);
    }
    let last = query("SELECT last_slot FROM schedules WHERE name = ?1").bind(claim.schedule);
    let change = match tx.optional_row(last).await? {
        Some(_) => {
            query("UPDATE schedules SET last_slot = ?2 WHERE name = ?1 AND last_slot < ?2")
        }
        None => insert_or_keep(
            engine,
            "INSERT INTO schedules (name, last_slot) VALUES (?1, ?2)",
        ),
    };
    let change = change.bind(claim.schedule).bind(claim.slot);
    Ok(tx.execute(change).await? == 1)
}
