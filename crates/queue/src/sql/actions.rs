//! What operators did.

use duly_db::{Conn, FromRow, Row, Tx, query};
use jiff::Timestamp;
use uuid::Uuid;

use crate::Result;
use crate::store::{Action, By};

/// After all that was ever done.
const END: Timestamp = Timestamp::constant(253_402_207_200, 0);

/// How much of a detail is kept, in bytes.
const DETAIL_LIMIT: usize = 1000;

/// Where what is done is written down: by this id, at this time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) id: Uuid,
    pub(crate) at: Timestamp,
}

impl Entry {
    /// Writes it down in the transaction that does it.
    pub(crate) async fn write(
        self,
        tx: &mut Tx,
        by: By<'_>,
        action: &str,
        target: &str,
        detail: &str,
    ) -> Result<()> {
        let insert = query(
            "INSERT INTO job_actions (id, acted_at, actor, action, target, detail) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        );
        let detail = detail.get(..detail.floor_char_boundary(DETAIL_LIMIT));
        let insert = insert
            .bind(self.id)
            .bind(self.at)
            .bind(by.0)
            .bind(action)
            .bind(target)
            .bind(detail.unwrap_or_default());
        tx.execute(insert).await?;
        Ok(())
    }
}

pub(super) async fn list(
    conn: &mut Conn,
    limit: u32,
    before: Option<Timestamp>,
) -> Result<Vec<Action>> {
    let select = query(
        "SELECT acted_at, actor, action, target, detail FROM job_actions \
         WHERE acted_at < ?2 ORDER BY id DESC LIMIT ?1",
    );
    // Ids are in the order of their time.
    let select = select.bind(limit).bind(before.unwrap_or(END));
    Ok(conn.all(select).await?)
}

impl FromRow for Action {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        Ok(Action {
            at: row.get("acted_at")?,
            by: row.get("actor")?,
            action: row.get("action")?,
            target: row.get("target")?,
            detail: row.get("detail")?,
        })
    }
}
