//! Facts about this installation that must outlive a restart.

use std::fmt::Write as _;

use duly_db::{Db, Random, dialect, query};

use crate::Result;
use crate::secret::SigningKey;

/// What a restored installation has to forget. Its versions go on from an earlier number, so that
/// nothing that was kept under later ones may be found.
pub const FORGET_WHEN_RESTORED: &str = "DELETE FROM instance WHERE name = 'installation'";

/// The key that signs links, made when there is none yet.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn signing_key(db: &Db, random: &dyn Random) -> Result<SigningKey> {
    let key = kept(db, random, "signing_key").await?;
    Ok(SigningKey::new(key))
}

/// What tells this installation from all others, and from the one it was restored from: a name for
/// what nodes keep of it outside the database.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn installation(db: &Db, random: &dyn Random) -> Result<String> {
    let bytes: [u8; 8] = kept(db, random, "installation").await?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// Random bytes that are made once.
async fn kept<const LENGTH: usize>(
    db: &Db,
    random: &dyn Random,
    name: &str,
) -> Result<[u8; LENGTH]> {
    let mut fresh = [0; LENGTH];
    random.fill(&mut fresh);
    let mut tx = db.begin_on_shared_rows();
    let insert = dialect::insert_or_keep(
        db.engine(),
        "INSERT INTO instance (name, value) VALUES (?1, ?2)",
    );
    tx.execute(insert.bind(name).bind(fresh.as_slice())).await?;
    let kept = tx
        .optional_row(query("SELECT value FROM instance WHERE name = ?1").bind(name))
        .await?
        .map(|row| row.get::<Vec<u8>>("value"))
        .transpose()?
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| crate::Error::Internal(format!("the {name} of the instance is damaged")))?;
    tx.commit().await?;
    Ok(kept)
}
