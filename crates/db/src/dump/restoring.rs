//! Filling an empty database from a dump.

use std::collections::BTreeSet;
use std::io::Read;

use jiff::Timestamp;

use super::error::Error;
use super::file::{Counts, Head, Item, Origin, Reader};
use super::{Progress, Schema};
use crate::migrate::{self, MigrationSet, Mode};
use crate::{Db, Tx, Value, dialect, query};

/// How many values, rows and bytes one statement inserts at most.
const BATCH_VALUES: usize = 2_000;
const BATCH_ROWS: usize = 200;
const BATCH_BYTES: usize = 1024 * 1024;

/// Where migrations are recorded.
const MIGRATIONS_TABLE: &str = "schema_migrations";

/// What a dump holds that has been read to its end and found whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Where it comes from.
    pub origin: Origin,
    /// How many rows of each table it holds.
    pub counts: Counts,
}

impl Verified {
    /// How many rows it holds.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.counts.iter().map(|(_, count)| count).sum()
    }
}

/// Reads a dump from its first byte to its last. This takes as long as it takes and does not yield.
///
/// # Errors
/// [`Error::NotADump`], [`Error::NewerFormat`], [`Error::Damaged`] or [`Error::Read`].
pub fn verify(source: impl Read) -> Result<Verified, Error> {
    let mut reader = Reader::begin(source)?;
    while let Some(item) = reader.next()? {
        if let Item::Table(head) = item {
            refuse_strange_names(&head)?;
        }
    }
    let (origin, counts) = reader.finish()?;
    Ok(Verified { origin, counts })
}

/// The names go into statements, and a checksum does not say who made a file.
fn refuse_strange_names(head: &Head) -> Result<(), Error> {
    let is_plain = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
    };
    let mut names = head.columns.iter().map(|(name, _)| name);
    if is_plain(&head.name) && !head.columns.is_empty() && names.all(|name| is_plain(name)) {
        return Ok(());
    }
    Err(Error::Damaged(format!(
        "{:?} is no table of ours",
        head.name
    )))
}

/// Fills an empty database from the dump that was verified, and brings its schema up to date.
///
/// All rows are written in one transaction. The schema is made as it was when the dump was taken,
/// so that later migrations find the data they are made for.
///
/// # Errors
/// [`Error::NewerRelease`], [`Error::NewerSchema`] and [`Error::NotEmpty`] before anything is
/// changed. When it fails later, the database is left as it was.
pub async fn restore(
    db: &Db,
    schema: &Schema<'_>,
    verified: &Verified,
    source: impl Read,
    now: Timestamp,
    progress: impl FnMut(Progress<'_>),
) -> Result<(), Error> {
    let sets = sets_of(schema.sets, &verified.origin)?;
    let before = existing_tables(db).await?;
    refuse_full(db, schema, verified, &before).await?;
    let present = migrate::run(db, schema.sets, now, Mode::DryRun)
        .await?
        .present;
    refuse_newer_schema(&present, &verified.origin)?;
    let filled = match migrate::run(db, &sets, now, Mode::Apply).await {
        Ok(_) => fill(db, schema, verified, source, progress).await,
        Err(error) => Err(error.into()),
    };
    if let Err(error) = filled {
        if present.is_empty() {
            remove_tables(db, schema, &before).await?;
        }
        return Err(error);
    }
    let updated = migrate::run(db, schema.sets, now, Mode::Apply).await;
    updated.map(|_| ()).map_err(Error::NotUpdated)
}

/// The migrations that the schema of the dump consists of.
fn sets_of(sets: &[MigrationSet], origin: &Origin) -> Result<Vec<MigrationSet>, Error> {
    let mut unknown: BTreeSet<&str> = origin.migrations.iter().map(String::as_str).collect();
    let mut of_dump = Vec::new();
    for set in sets {
        let mut count = 0;
        for migration in set.migrations {
            if !unknown.remove(migration_name(set, migration).as_str()) {
                break;
            }
            count += 1;
        }
        of_dump.push(MigrationSet {
            owner: set.owner,
            migrations: set.migrations.get(..count).unwrap_or_default(),
        });
    }
    if unknown.is_empty() {
        return Ok(of_dump);
    }
    Err(Error::NewerRelease {
        release: origin.release.clone(),
        unknown: unknown.into_iter().map(str::to_owned).collect(),
    })
}

fn migration_name(set: &MigrationSet, migration: &migrate::Migration) -> String {
    format!("{}/{}", set.owner, migration.name)
}

async fn existing_tables(db: &Db) -> Result<BTreeSet<String>, Error> {
    let rows = db.read_fresh().rows(dialect::tables(db.engine())).await?;
    let names: crate::Result<BTreeSet<String>> = rows.iter().map(|row| row.get("name")).collect();
    Ok(names?)
}

async fn refuse_full(
    db: &Db,
    schema: &Schema<'_>,
    verified: &Verified,
    existing: &BTreeSet<String>,
) -> Result<(), Error> {
    let of_dump = verified.counts.iter().map(|(table, _)| table.as_str());
    let ours: BTreeSet<&str> = schema
        .all_tables()
        .map(|table| table.name)
        .chain(of_dump)
        .collect();
    for table in existing
        .iter()
        .filter(|table| ours.contains(table.as_str()))
    {
        let statement = query(format!("SELECT 1 AS one FROM {table} LIMIT 1"));
        if db.read_fresh().optional_row(statement).await?.is_some() {
            return Err(Error::NotEmpty {
                table: table.clone(),
            });
        }
    }
    Ok(())
}

fn refuse_newer_schema(present: &[String], origin: &Origin) -> Result<(), Error> {
    let is_newer = |name: &&String| !origin.migrations.contains(name);
    let newer: Vec<String> = present.iter().filter(is_newer).cloned().collect();
    match newer.is_empty() {
        true => Ok(()),
        false => Err(Error::NewerSchema { present: newer }),
    }
}

async fn fill(
    db: &Db,
    schema: &Schema<'_>,
    verified: &Verified,
    source: impl Read,
    mut progress: impl FnMut(Progress<'_>),
) -> Result<(), Error> {
    let mut reader = Reader::begin(source)?;
    let mut tx = db.begin_without_limits();
    let mut batch = Batch::default();
    let mut rows = 0;
    loop {
        let item = reader.next()?;
        if batch.is_full() || !matches!(item, Some(Item::Row(_))) {
            let held = batch.write(&mut tx).await?;
            rows += u64::try_from(held).unwrap_or(u64::MAX);
            progress(Progress {
                table: &batch.head.name,
                rows,
                of: verified.rows(),
                held,
            });
        }
        match item {
            Some(Item::Row(values)) => batch.add(values),
            Some(Item::Table(head)) => {
                refuse_strange_names(&head)?;
                batch.head = head;
            }
            None => break,
        }
    }
    let (origin, counts) = reader.finish()?;
    if (origin, counts) != (verified.origin.clone(), verified.counts.clone()) {
        return Err(Error::Damaged("it has changed while it was read".into()));
    }
    for statement in schema.forgets {
        tx.execute(query((*statement).to_owned())).await?;
    }
    Ok(tx.commit().await?)
}

/// Rows of one table that wait to be written.
#[derive(Default)]
struct Batch {
    head: Head,
    values: Vec<Value>,
    rows: usize,
    bytes: usize,
}

impl Batch {
    fn add(&mut self, values: Vec<Value>) {
        self.bytes += values.iter().map(size).sum::<usize>();
        self.rows += 1;
        self.values.extend(values);
    }

    fn is_full(&self) -> bool {
        let with_next = self.values.len() + self.head.columns.len();
        self.rows >= BATCH_ROWS || with_next > BATCH_VALUES || self.bytes >= BATCH_BYTES
    }

    /// Answers how many rows were written.
    async fn write(&mut self, tx: &mut Tx) -> Result<usize, Error> {
        let rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        if rows > 0 {
            let values = std::mem::take(&mut self.values);
            let expected = u64::try_from(rows).unwrap_or(u64::MAX);
            let insert = query(self.insert(rows)).bind_all(values);
            tx.execute(insert.expecting(expected)).await?;
        }
        Ok(rows)
    }

    fn insert(&self, rows: usize) -> String {
        let names: Vec<&str> = self
            .head
            .columns
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        let width = names.len();
        let rows: Vec<String> = (0..rows)
            .map(|row| format!("({})", crate::placeholders(row * width + 1, width)))
            .collect();
        let (table, names) = (&self.head.name, names.join(", "));
        format!("INSERT INTO {table} ({names}) VALUES {}", rows.join(", "))
    }
}

/// About how many bytes a value takes.
fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 16,
    }
}

/// Takes back the tables that were made for this restore.
async fn remove_tables(
    db: &Db,
    schema: &Schema<'_>,
    before: &BTreeSet<String>,
) -> Result<(), Error> {
    let now = existing_tables(db).await?;
    let is_new = |table: &&str| now.contains(*table) && !before.contains(*table);
    let ours = schema.all_tables().map(|table| table.name).rev();
    let mut tx = db.begin_without_limits();
    for table in ours.filter(is_new) {
        tx.execute(query(format!("DROP TABLE {table}"))).await?;
    }
    if now.contains(MIGRATIONS_TABLE) {
        let undo = match before.contains(MIGRATIONS_TABLE) {
            true => "DELETE FROM schema_migrations",
            false => "DROP TABLE schema_migrations",
        };
        tx.execute(query(undo)).await?;
    }
    Ok(tx.commit().await?)
}
