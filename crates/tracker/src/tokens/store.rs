//! The SQL of API tokens.

use duly_db::versions::Versions;
use duly_db::{Conn, FromRow, Row, Tx, query};

use super::ApiToken;
use crate::Result;
use crate::id::{TokenId, UserId};
use crate::secret::{Secret, SecretHash};
use crate::users::{Role, TimeZoneName};

impl FromRow for ApiToken {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        Ok(ApiToken {
            id: row.get("id")?,
            name: row.get("name")?,
            abilities: row.get("abilities")?,
            created_at: row.get("created_at")?,
            expires_at: row.get("expires_at")?,
            last_used_at: row.get("last_used_at")?,
        })
    }
}

/// A token with all that a request has to know about its person, of one moment.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) token: ApiToken,
    pub(super) user: UserId,
    pub(super) time_zone: TimeZoneName,
    pub(super) role: Role,
    pub(super) versions: Versions,
}

impl FromRow for Shown {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        Ok(Shown {
            token: ApiToken::from_row(row)?,
            user: row.get("user_id")?,
            time_zone: row.get("time_zone")?,
            role: row.get("role")?,
            versions: Versions::from_row(row)?,
        })
    }
}

pub(super) async fn shown(conn: &mut Conn, secret: &Secret) -> Result<Option<Shown>> {
    let select = query(
        "SELECT t.id, t.user_id, t.name, t.abilities, t.created_at, t.expires_at, \
         t.last_used_at, u.time_zone, u.role, v.data, v.auth FROM tokens t \
         JOIN users u ON u.id = t.user_id JOIN versions v ON v.owner_id = t.user_id \
         WHERE t.secret_hash = ?1",
    );
    Ok(conn.optional(select.bind(secret.hash()).brief()).await?)
}

pub(super) async fn insert(
    tx: &mut Tx,
    user: UserId,
    hash: SecretHash,
    token: &ApiToken,
) -> Result<()> {
    let insert = query(
        "INSERT INTO tokens (secret_hash, id, user_id, name, abilities, created_at, expires_at, \
         last_used_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    );
    tx.execute(
        insert
            .bind(hash)
            .bind(token.id)
            .bind(user)
            .bind(token.name.as_str())
            .bind(&token.abilities)
            .bind(token.created_at)
            .bind(token.expires_at)
            .bind(token.last_used_at),
    )
    .await?;
    Ok(())
}

/// The tokens of a person, newest first, expired ones included.
pub(super) async fn all(conn: &mut Conn, user: UserId) -> Result<Vec<ApiToken>> {
    let select = query(
        "SELECT id, name, abilities, created_at, expires_at, last_used_at FROM tokens \
         WHERE user_id = ?1 ORDER BY id DESC",
    );
    Ok(conn.all(select.bind(user)).await?)
}

pub(super) async fn delete(tx: &mut Tx, user: UserId, id: TokenId) -> Result<bool> {
    let delete = query("DELETE FROM tokens WHERE user_id = ?1 AND id = ?2");
    Ok(tx.execute(delete.bind(user).bind(id)).await? > 0)
}

/// Ends all tokens of a person and answers how many there were.
pub(crate) async fn end_all(tx: &mut Tx, user: UserId) -> Result<u64> {
    Ok(tx
        .execute(query("DELETE FROM tokens WHERE user_id = ?1").bind(user))
        .await?)
}
