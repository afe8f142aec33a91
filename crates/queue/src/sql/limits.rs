//! What operators have said a queue may have.

use std::collections::BTreeMap;

use duly_db::dialect::insert_or_change;
use duly_db::{Conn, Db, query};

use super::{actions, json};
use crate::balance::QueueSettings;
use crate::store::By;
use crate::{QueueName, Result};

pub(super) async fn list(conn: &mut Conn) -> Result<BTreeMap<QueueName, QueueSettings>> {
    let rows = conn
        .rows(query("SELECT queue, settings FROM job_queue_settings"))
        .await?;
    let settings = rows
        .iter()
        .map(|row| Ok((row.get("queue")?, json::read(row, "settings")?)));
    Ok(settings.collect::<duly_db::Result<_>>()?)
}

pub(super) async fn set(
    db: &Db,
    by: By<'_>,
    queue: &QueueName,
    settings: Option<&QueueSettings>,
    entry: actions::Entry,
) -> Result<()> {
    let mut tx = db.begin_on_shared_rows();
    let detail = match settings {
        Some(settings) => {
            let keep = insert_or_change(
                tx.engine(),
                "INSERT INTO job_queue_settings (queue, settings) VALUES (?1, ?2)",
                "queue",
                &["settings"],
            );
            let text = json::written(settings)?;
            tx.execute(query(keep).bind(queue).bind(text.as_str()))
                .await?;
            let most = settings.max.map_or("any".to_owned(), |max| max.to_string());
            format!(
                "{} to {most} slots, weight {}, target {} s",
                settings.min,
                settings.weight,
                settings.target.as_secs()
            )
        }
        None => {
            let delete = query("DELETE FROM job_queue_settings WHERE queue = ?1");
            tx.execute(delete.bind(queue)).await?;
            "as configured".to_owned()
        }
    };
    entry
        .write(&mut tx, by, "scale", queue.as_str(), &detail)
        .await?;
    Ok(tx.commit().await?)
}
