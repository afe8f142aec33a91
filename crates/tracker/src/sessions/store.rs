//! The SQL of sessions.

use std::net::IpAddr;

use duly_db::versions::Versions;
use duly_db::{Conn, FromRow, Row, Tx, query};
use jiff::Timestamp;

use crate::Result;
use crate::id::{SessionId, UserId};
use crate::secret::{Secret, SecretHash};
use crate::users::{Role, TimeZoneName};

/// A session as it is stored.
#[derive(Debug, Clone)]
pub(super) struct StoredSession {
    pub(super) id: SessionId,
    pub(super) user: UserId,
    pub(super) created_at: Timestamp,
    pub(super) last_seen_at: Timestamp,
    pub(super) idle_expires_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) ip: String,
    pub(super) user_agent: String,
}

impl FromRow for StoredSession {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        Ok(StoredSession {
            id: row.get("id")?,
            user: row.get("user_id")?,
            created_at: row.get("created_at")?,
            last_seen_at: row.get("last_seen_at")?,
            idle_expires_at: row.get("idle_expires_at")?,
            expires_at: row.get("expires_at")?,
            ip: row.get("ip")?,
            user_agent: row.get("user_agent")?,
        })
    }
}

/// A session with all that a request has to know about its person, of one moment.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) session: StoredSession,
    pub(super) time_zone: TimeZoneName,
    pub(super) role: Role,
    pub(super) versions: Versions,
}

impl FromRow for Opened {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        Ok(Opened {
            session: StoredSession::from_row(row)?,
            time_zone: row.get("time_zone")?,
            role: row.get("role")?,
            versions: Versions::from_row(row)?,
        })
    }
}

pub(super) async fn opened(conn: &mut Conn, secret: &Secret) -> Result<Option<Opened>> {
    let select = query(
        "SELECT s.id, s.user_id, s.created_at, s.last_seen_at, s.idle_expires_at, s.expires_at, \
         s.ip, s.user_agent, u.time_zone, u.role, v.data, v.auth FROM sessions s \
         JOIN users u ON u.id = s.user_id JOIN versions v ON v.owner_id = s.user_id \
         WHERE s.id_hash = ?1",
    );
    Ok(conn.optional(select.bind(secret.hash()).brief()).await?)
}

pub(super) async fn insert(tx: &mut Tx, hash: SecretHash, session: &StoredSession) -> Result<()> {
    let insert = query(
        "INSERT INTO sessions (id_hash, id, user_id, created_at, last_seen_at, idle_expires_at, \
         expires_at, ip, user_agent) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    );
    tx.execute(
        insert
            .bind(hash)
            .bind(session.id)
            .bind(session.user)
            .bind(session.created_at)
            .bind(session.last_seen_at)
            .bind(session.idle_expires_at)
            .bind(session.expires_at)
            .bind(session.ip.as_str())
            .bind(session.user_agent.as_str()),
    )
    .await?;
    Ok(())
}

/// The sessions of a person, newest first, expired ones included.
pub(super) async fn all(conn: &mut Conn, user: UserId) -> Result<Vec<StoredSession>> {
    let select = query(
        "SELECT id, user_id, created_at, last_seen_at, idle_expires_at, expires_at, ip, \
         user_agent FROM sessions WHERE user_id = ?1 ORDER BY id DESC",
    );
    Ok(conn.all(select.bind(user)).await?)
}

/// The addresses from which somebody is logged in to the account of a folded e-mail address.
pub(super) async fn addresses(
    conn: &mut Conn,
    folded: &str,
    now: Timestamp,
) -> Result<Vec<IpAddr>> {
    let select = query(
        "SELECT s.ip FROM sessions s JOIN users u ON u.id = s.user_id \
         WHERE u.email_folded = ?1 AND s.expires_at > ?2 AND s.idle_expires_at > ?2",
    );
    let rows = conn.rows(select.bind(folded).bind(now)).await?;
    let texts = rows.iter().map(|row| row.get::<String>("ip"));
    let texts = texts.collect::<duly_db::Result<Vec<String>>>()?;
    Ok(texts.iter().filter_map(|text| text.parse().ok()).collect())
}

pub(super) async fn delete(tx: &mut Tx, user: UserId, id: SessionId) -> Result<bool> {
    let delete = query("DELETE FROM sessions WHERE user_id = ?1 AND id = ?2");
    Ok(tx.execute(delete.bind(user).bind(id)).await? > 0)
}

/// Deletes the session of a secret and answers whose it was.
pub(super) async fn delete_by_secret(tx: &mut Tx, secret: &Secret) -> Result<Option<UserId>> {
    let select = query("SELECT user_id FROM sessions WHERE id_hash = ?1").bind(secret.hash());
    let Some(row) = tx.optional_row(select).await? else {
        return Ok(None);
    };
    tx.execute(query("DELETE FROM sessions WHERE id_hash = ?1").bind(secret.hash()))
        .await?;
    Ok(Some(row.get("user_id")?))
}

pub(super) async fn delete_all(tx: &mut Tx, user: UserId, keep: Option<SessionId>) -> Result<u64> {
    let delete = match keep {
        Some(keep) => query("DELETE FROM sessions WHERE user_id = ?1 AND id <> ?2")
            .bind(user)
            .bind(keep),
        None => query("DELETE FROM sessions WHERE user_id = ?1").bind(user),
    };
    Ok(tx.execute(delete).await?)
}

pub(super) async fn delete_expired(tx: &mut Tx, now: Timestamp) -> Result<()> {
    tx.execute(query("DELETE FROM sessions WHERE expires_at <= ?1").bind(now))
        .await?;
    Ok(())
}

pub(super) async fn set_secret(
    tx: &mut Tx,
    user: UserId,
    id: SessionId,
    hash: SecretHash,
) -> Result<bool> {
    let update = query("UPDATE sessions SET id_hash = ?3 WHERE user_id = ?1 AND id = ?2");
    Ok(tx.execute(update.bind(user).bind(id).bind(hash)).await? > 0)
}
