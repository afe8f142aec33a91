//! Facts about this installation that must outlive a restart.

use std::fmt::Write as _;

use duly_db::{Db, Random, dialect, query};
use jiff::Timestamp;

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

/// Notes when a backup or a dump was made of what was there at that time.
///
/// # Errors
/// When the database cannot be written.
pub async fn note_backup(db: &Db, made_at: Timestamp) -> Result<()> {
    let mut tx = db.begin_on_shared_rows();
    let insert = dialect::insert_or_change(
        db.engine(),
        "INSERT INTO instance (name, value) VALUES (?1, ?2)",
        "name",
        &["value"],
    );
    let seconds = made_at.as_second().to_be_bytes();
    let insert = query(insert).bind("last_backup").bind(seconds.as_slice());
    tx.execute(insert).await?;
    Ok(tx.commit().await?)
}

/// When Duly last made a backup or a dump, if it ever did.
///
/// # Errors
/// When the database cannot be read.
pub async fn last_backup(db: &Db) -> Result<Option<Timestamp>> {
    let asked = query("SELECT value FROM instance WHERE name = 'last_backup'");
    let Some(row) = db.read_fresh().optional_row(asked).await? else {
        return Ok(None);
    };
    let seconds = <[u8; 8]>::try_from(row.get::<Vec<u8>>("value")?).ok();
    let made_at = seconds.map(i64::from_be_bytes).map(Timestamp::from_second);
    Ok(made_at.and_then(std::result::Result::ok))
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
