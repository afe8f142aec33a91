//! One at a time changes the partitions of a table.

use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::server::Session;
use crate::{Engine, Result, query};

/// How often it is tried.
const PAUSE: Duration = Duration::from_millis(50);

/// Waits until nobody else changes the partitions of the table, and keeps others from it until the
/// session ends. Answers whether it was our turn within the time.
pub(super) async fn take(session: &mut Session, table: &str, longest: Duration) -> Result<bool> {
    let text = match session.engine() {
        Engine::Postgres => {
            format!("SELECT pg_try_advisory_lock({}) AS is_ours", number(table))
        }
        // These locks belong to the whole server.
        _ => format!(
            "SELECT GET_LOCK(CONCAT('duly partitions ', MD5(CONCAT(DATABASE(), '.{table}'))), 0) \
             AS is_ours"
        ),
    };
    let started = Instant::now();
    loop {
        let row = session.optional_row(query(text.clone())).await?;
        if let Some(true) = row.map(|row| row.get("is_ours")).transpose()? {
            return Ok(true);
        }
        if started.elapsed() >= longest {
            return Ok(false);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The application locks of PostgreSQL are numbers, and each database has its own.
fn number(table: &str) -> i64 {
    let digest = Sha256::digest(format!("duly partitions {table}"));
    let mut number = [0; 8];
    number.copy_from_slice(digest.get(..8).unwrap_or(&[0; 8]));
    i64::from_be_bytes(number)
}
