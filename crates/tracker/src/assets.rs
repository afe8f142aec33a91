//! The files of the page whose names change with their content. A tab that was opened before an
//! upgrade asks for those of its release, and while nodes are restarted one after another each of
//! them is asked for those of the others. So every release leaves its files where all find them.

use std::collections::BTreeMap;

use duly_db::{Conn, Db, dialect, placeholders, query};
use jiff::{SignedDuration, Timestamp};

use crate::{Result, Tracker};

/// For how long a file is kept after a node that has it was last there.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

/// How often it is written down that a node is there.
const GRAIN: SignedDuration = SignedDuration::from_hours(24);

/// The longest name of a file, in bytes. Those of its compressed copies are a little longer.
const LONGEST_NAME: usize = 180;

/// How many characters at the end of a name say what is in the file.
const HASH: usize = 8;

/// Whether a file may have this name, as the web build makes them: `board-DKQImQWR.js`.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let Some((stem, extension)) = name.rsplit_once('.') else {
        return false;
    };
    let hyphen = stem.len().checked_sub(HASH + 1);
    let hyphen = hyphen.and_then(|at| stem.as_bytes().get(at));
    name.len() <= LONGEST_NAME
        && name.bytes().all(is_plain)
        && hyphen == Some(&b'-')
        && !matches!(extension, "br" | "gz" | "")
}

/// Leaves the files of a release, by their names, where every node finds them. `read` is asked only
/// for those that are not there yet. Answers how many those were.
///
/// # Errors
/// When the database cannot be written.
pub async fn offer(
    db: &Db,
    now: Timestamp,
    names: &[String],
    read: impl Fn(&str) -> Option<Vec<u8>>,
) -> Result<usize> {
    let known = known(&mut db.read_fresh()).await?;
    let is_old = |name: &&String| {
        let last = known.get(*name);
        last.is_some_and(|last| now.duration_since(*last) >= GRAIN)
    };
    let old: Vec<&String> = names.iter().filter(is_old).collect();
    let mut missing: Vec<&String> = names
        .iter()
        .filter(|name| !known.contains_key(*name))
        .collect();
    // Nodes that start at the same time write in the same order, so that none gives way.
    missing.sort_unstable();
    if missing.is_empty() && old.is_empty() {
        return Ok(0);
    }
    let mut tx = db.begin_on_shared_rows();
    for name in &missing {
        let Some(content) = read(name) else { continue };
        let insert = dialect::insert_or_keep(
            db.engine(),
            "INSERT INTO assets (name, last_offered, content) VALUES (?1, ?2, ?3)",
        );
        let insert = insert
            .bind(name.as_str())
            .bind(now)
            .bind(content.as_slice());
        tx.execute(insert).await?;
    }
    if !old.is_empty() {
        let list = placeholders(2, old.len());
        let update = query(format!(
            "UPDATE assets SET last_offered = ?1 WHERE name IN ({list})"
        ));
        let names = old.iter().map(|name| name.as_str());
        tx.execute(update.bind(now).bind_all(names)).await?;
    }
    tx.commit().await?;
    Ok(missing.len())
}

/// When each file that is there was last offered.
async fn known(conn: &mut Conn) -> Result<BTreeMap<String, Timestamp>> {
    let rows = conn
        .rows(query("SELECT name, last_offered FROM assets"))
        .await?;
    let entries = rows
        .iter()
        .map(|row| Ok((row.get("name")?, row.get("last_offered")?)));
    Ok(entries.collect::<duly_db::Result<_>>()?)
}

/// Those of the named files that some release has left.
///
/// # Errors
/// When the database cannot be read.
pub async fn find(db: &Db, names: &[String]) -> Result<BTreeMap<String, Vec<u8>>> {
    let list = placeholders(1, names.len());
    let select = query(format!(
        "SELECT name, content FROM assets WHERE name IN ({list})"
    ));
    let names = names.iter().map(String::as_str);
    let rows = db.read_fresh().rows(select.bind_all(names)).await?;
    let entries = rows
        .iter()
        .map(|row| Ok((row.get("name")?, row.get("content")?)));
    Ok(entries.collect::<duly_db::Result<_>>()?)
}

/// Deletes the files that no node has offered for 30 days.
pub(crate) async fn purge(tracker: &Tracker) -> Result<()> {
    let before = tracker
        .clock
        .now()
        .checked_sub(KEPT)
        .unwrap_or(Timestamp::MIN);
    let mut tx = tracker.db.begin_on_shared_rows();
    tx.execute(query("DELETE FROM assets WHERE last_offered < ?1").bind(before))
        .await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_the_web_build_makes_them() {
        for name in ["index-BQ3wUa9n.css", "_app.admin.slow-queries-BlInB_-p.js"] {
            assert!(is_name(name), "{name}");
        }
        let long = format!("{}-DKQImQWR.js", "x".repeat(180));
        for name in [
            "",
            "index.js",
            "indexDKQImQWR.js",
            "DKQImQWR.js",
            "board-DKQImQWR",
            "board-DKQImQWR.js.br",
            "board-DKQImQWR.",
            "../board-DKQImQWR.js",
            "böard-DKQImQWR.js",
            "board%00-DKQImQWR.js",
            &long,
        ] {
            assert!(!is_name(name), "{name}");
        }
    }
}
