//! How many jobs of a kind may start now.

use duly_db::dialect::{for_update, insert_or_keep};
use duly_db::{Tx, query};
use jiff::Timestamp;

use crate::Result;
use crate::store::{Kind, Reserved};

/// Those of the found jobs that may start, and notes that they did. The others stay where they are.
pub(super) async fn allowed(
    tx: &mut Tx,
    kind: Kind,
    mut found: Vec<Reserved>,
    now: Timestamp,
) -> Result<Vec<Reserved>> {
    let (Some(rate), false) = (kind.rate, found.is_empty()) else {
        return Ok(found);
    };
    let first = insert_or_keep(
        tx.engine(),
        "INSERT INTO job_rates (name, next_at) VALUES (?1, ?2)",
    );
    let select = query(format!(
        "SELECT next_at FROM job_rates WHERE name = ?1{}",
        for_update(tx.engine())
    ));
    let select = select.bind(kind.name);
    let next_at = match tx.optional_row(select.clone()).await? {
        Some(row) => row.get("next_at")?,
        None => {
            tx.execute(first.bind(kind.name).bind(now)).await?;
            match tx.optional_row(select).await? {
                Some(row) => row.get("next_at")?,
                None => now,
            }
        }
    };
    let wanted = u32::try_from(found.len()).unwrap_or(u32::MAX);
    let (allowed, next_at) = rate.allow(wanted, next_at, now);
    found.truncate(usize::try_from(allowed).unwrap_or(usize::MAX));
    if !found.is_empty() {
        let change = query("UPDATE job_rates SET next_at = ?2 WHERE name = ?1");
        tx.execute(change.bind(kind.name).bind(next_at)).await?;
    }
    Ok(found)
}
