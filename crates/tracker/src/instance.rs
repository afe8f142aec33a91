//! Facts about this installation that must outlive a restart.

use duly_db::{Db, Random, dialect, query};

use crate::Result;
use crate::secret::SigningKey;

/// The key that signs links, made when there is none yet.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn signing_key(db: &Db, random: &dyn Random) -> Result<SigningKey> {
    let mut fresh = [0; 32];
    random.fill(&mut fresh);
    let mut tx = db.begin_on_shared_rows();
    let insert = dialect::insert_or_keep(
        db.engine(),
        "INSERT INTO instance (name, value) VALUES ('signing_key', ?1)",
    );
    tx.execute(insert.bind(fresh.as_slice())).await?;
    let kept = tx
        .optional_row(query(
            "SELECT value FROM instance WHERE name = 'signing_key'",
        ))
        .await?
        .map(|row| row.get::<Vec<u8>>("value"))
        .transpose()?
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
        .ok_or_else(|| crate::Error::Internal("the signing key is damaged".into()))?;
    tx.commit().await?;
    Ok(SigningKey::new(kept))
}
