//! What reads the whole file for as long as it takes, on a connection of its own, so that
//! neither readers nor writers wait for it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::connection::{Connection, Turn};
use crate::db::Meter;
use crate::options::Options;
use crate::{Error, query};

/// Writes the newest committed state to `target`, which appears only when it is whole and durable.
pub(crate) fn copy(
    path: &Path,
    options: &Options,
    meter: Arc<Meter>,
    target: &Path,
) -> Result<(), Error> {
    let failed = |error: std::io::Error| {
        Error::Other(format!(
            "cannot write the copy {}: {error}",
            target.display()
        ))
    };
    if target.try_exists().map_err(failed)? {
        return Err(Error::Other(format!(
            "the copy {} exists already",
            target.display()
        )));
    }
    let partial = with_ending(target, ".partial");
    let Some(name) = partial.to_str() else {
        return Err(Error::Other(format!(
            "{} is not valid Unicode",
            target.display()
        )));
    };
    if partial.try_exists().map_err(failed)? {
        std::fs::remove_file(&partial).map_err(failed)?;
    }
    make_private(&partial).map_err(failed)?;
    let connection = Connection::open_aside(path, options, meter)?;
    let written = connection
        .execute(&query("VACUUM INTO ?1").bind(name), Turn::default())
        .and_then(|_| publish(&partial, target).map_err(failed));
    if written.is_err() {
        // The first failure is what the caller has to know.
        let _ = std::fs::remove_file(&partial);
    }
    written
}

/// Makes an empty file that only its owner may read.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    // What people write down is nobody else's business.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ())
}

fn publish(partial: &Path, target: &Path) -> std::io::Result<()> {
    File::open(partial)?.sync_all()?;
    std::fs::rename(partial, target)?;
    match target.parent() {
        Some(folder) if folder != Path::new("") => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Everything that is wrong with the file, one sentence each.
pub(crate) fn problems(
    path: &Path,
    options: &Options,
    meter: Arc<Meter>,
) -> Result<Vec<String>, Error> {
    let connection = Connection::open_aside(path, options, meter)?;
    let mut found = damage(&connection)?;
    if !found.is_empty() {
        return Ok(found);
    }
    for row in connection.rows(&query("PRAGMA foreign_key_check"), Turn::default())? {
        let (table, parent): (String, String) = (row.get("table")?, row.get("parent")?);
        found.push(format!(
            "a row of {table} names a row of {parent} that does not exist"
        ));
    }
    Ok(found)
}

fn damage(connection: &Connection) -> Result<Vec<String>, Error> {
    let rows = match connection.rows(&query("PRAGMA integrity_check"), Turn::default()) {
        // Too damaged to be listed.
        Err(Error::Unavailable(reason)) => return Ok(vec![reason]),
        answered => answered?,
    };
    let lines: Result<Vec<String>, Error> =
        rows.iter().map(|row| row.get("integrity_check")).collect();
    Ok(lines?.into_iter().filter(|line| line != "ok").collect())
}
