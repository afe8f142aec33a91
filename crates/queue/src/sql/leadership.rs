//! Who leads, and which firings have been claimed.

use std::collections::BTreeMap;
use std::time::Duration;

use duly_db::dialect::insert_or_keep;
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
    let mut tx = db.begin();
    let first = insert_or_keep(
        db.engine(),
        "INSERT INTO leases (name, holder, term, lease_until) VALUES (?1, ?2, 1, ?3)",
    );
    tx.execute(first.bind(name).bind(holder).bind(later(now, lease)))
        .await?;
    let extend = query("UPDATE leases SET lease_until = ?3 WHERE name = ?1 AND holder = ?2");
    let extended = tx
        .execute(extend.bind(name).bind(holder).bind(later(now, lease)))
        .await?;
    if extended == 0 {
        let take_over = query(
            "UPDATE leases SET holder = ?2, term = term + 1, lease_until = ?3 \
             WHERE name = ?1 AND lease_until <= ?4",
        );
        let take_over = take_over
            .bind(name)
            .bind(holder)
            .bind(later(now, lease))
            .bind(now);
        if tx.execute(take_over).await? == 0 {
            return Ok(None);
        }
    }
    let select = query("SELECT term FROM leases WHERE name = ?1").bind(name);
    let term = tx
        .optional_row(select)
        .await?
        .map(|row| row.get("term"))
        .transpose()?;
    tx.commit().await?;
    Ok(term.map(Term))
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
    let first = insert_or_keep(
        engine,
        "INSERT INTO schedules (name, last_slot) VALUES (?1, ?2)",
    );
    if tx
        .execute(first.bind(claim.schedule).bind(claim.slot))
        .await?
        == 1
    {
        return Ok(true);
    }
    let next = query("UPDATE schedules SET last_slot = ?2 WHERE name = ?1 AND last_slot < ?2");
    Ok(tx
        .execute(next.bind(claim.schedule).bind(claim.slot))
        .await?
        == 1)
}
