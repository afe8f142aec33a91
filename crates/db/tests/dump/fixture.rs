//! A library: shelves that hold one value of each kind, and books on them.

use duly_db::dump::{self, Error, Kind, Options, Schema, Table, Verified};
use duly_db::migrate::{Migration, MigrationSet};
use duly_db::testing::TestDatabase;
use duly_db::{Db, Query, query};
use jiff::Timestamp;

const LIBRARY: Migration = Migration {
    name: "0001_library",
    sqlite: "CREATE TABLE shelves (id BLOB PRIMARY KEY NOT NULL, bytes BLOB, text TEXT, \
             truth INTEGER, number INTEGER, instant INTEGER, day TEXT) STRICT, WITHOUT ROWID;\n\
             CREATE TABLE books (shelf_id BLOB NOT NULL REFERENCES shelves (id), \
             title TEXT NOT NULL, PRIMARY KEY (shelf_id, title)) STRICT, WITHOUT ROWID;\n",
    postgres: "CREATE TABLE shelves (id uuid PRIMARY KEY, bytes bytea, text text COLLATE \"C\", \
               truth boolean, number bigint, instant timestamptz, day date);\n\
               CREATE TABLE books (shelf_id uuid NOT NULL REFERENCES shelves (id), \
               title text COLLATE \"C\" NOT NULL, PRIMARY KEY (shelf_id, title));\n",
    mysql: "CREATE TABLE shelves (id BINARY(16) PRIMARY KEY, bytes LONGBLOB, text LONGTEXT, \
            truth BOOLEAN, number BIGINT, instant DATETIME(6), day DATE) \
            ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;\n\
            CREATE TABLE books (shelf_id BINARY(16) NOT NULL, title VARCHAR(255) NOT NULL, \
            PRIMARY KEY (shelf_id, title), FOREIGN KEY (shelf_id) REFERENCES shelves (id)) \
            ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;\n",
};

/// A later release knows how long each title is.
const LENGTHS: Migration = Migration {
    name: "0002_lengths",
    sqlite: "ALTER TABLE books ADD COLUMN length INTEGER;\nUPDATE books SET length = LENGTH(title);\n",
    postgres: "ALTER TABLE books ADD COLUMN length bigint;\nUPDATE books SET length = LENGTH(title);\n",
    mysql: "ALTER TABLE books ADD COLUMN length BIGINT;\n\
            UPDATE books SET length = CHAR_LENGTH(title);\n",
};

const OLD: &[MigrationSet] = &[MigrationSet {
    owner: "library",
    migrations: &[LIBRARY],
}];
const NEW: &[MigrationSet] = &[MigrationSet {
    owner: "library",
    migrations: &[LIBRARY, LENGTHS],
}];

const SHELVES: Table = Table {
    name: "shelves",
    key: &["id"],
    columns: &[
        ("id", Kind::Id),
        ("bytes", Kind::Bytes),
        ("text", Kind::Text),
        ("truth", Kind::Truth),
        ("number", Kind::Number),
        ("instant", Kind::Instant),
        ("day", Kind::Date),
    ],
};
const BOOKS: Table = Table {
    name: "books",
    key: &["shelf_id", "title"],
    columns: &[("shelf_id", Kind::Id), ("title", Kind::Text)],
};
const LONG_BOOKS: Table = Table {
    name: "books",
    key: &["shelf_id", "title"],
    columns: &[
        ("shelf_id", Kind::Id),
        ("title", Kind::Text),
        ("length", Kind::Number),
    ],
};

pub(crate) const SCHEMA: Schema<'static> = Schema {
    sets: OLD,
    tables: &[&[SHELVES, BOOKS]],
    forgets: &[],
};
/// What a later release knows.
pub(crate) const LATER: Schema<'static> = Schema {
    sets: NEW,
    tables: &[&[SHELVES, LONG_BOOKS]],
    forgets: &[],
};

/// A database of SQLite without tables, whatever engine is under test.
pub(crate) async fn empty() -> TestDatabase {
    TestDatabase::at(None, &[]).await
}

/// The same with the tables of the library.
pub(crate) async fn migrated() -> TestDatabase {
    TestDatabase::at(None, OLD).await
}

pub(crate) async fn migrate(db: &Db, schema: Schema<'_>) {
    let mode = duly_db::migrate::Mode::Apply;
    duly_db::migrate::run(db, schema.sets, Timestamp::UNIX_EPOCH, mode)
        .await
        .unwrap();
}

/// A database without tables on the engine under test.
pub(crate) async fn target() -> TestDatabase {
    TestDatabase::new(&[]).await
}

pub(crate) fn shelf(id: u128) -> Query {
    query("INSERT INTO shelves (id) VALUES (?1)").bind(uuid::Uuid::from_u128(id))
}

pub(crate) fn book(shelf: u128, title: &str) -> Query {
    query("INSERT INTO books (shelf_id, title) VALUES (?1, ?2)")
        .bind(uuid::Uuid::from_u128(shelf))
        .bind(title)
}

pub(crate) async fn change(db: &Db, changes: Vec<Query>) {
    let mut tx = db.begin();
    for change in changes {
        tx.execute(change).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// A database with three shelves and two books.
pub(crate) async fn library() -> TestDatabase {
    let library = migrated().await;
    let mut rows: Vec<Query> = (1..=3).map(shelf).collect();
    rows.extend([book(2, "Moby-Dick"), book(3, "Ulysses")]);
    change(&library, rows).await;
    library
}

/// A dump of the library.
pub(crate) async fn library_file() -> Vec<u8> {
    let library = library().await;
    take(&library, SCHEMA).await.unwrap()
}

pub(crate) async fn take(db: &Db, schema: Schema<'_>) -> Result<Vec<u8>, Error> {
    let options = Options {
        without: &[],
        release: "1.2.3",
        made_at: Timestamp::UNIX_EPOCH,
    };
    let (_, file) = dump::dump(db, &schema, &options, Vec::new(), |_| {}).await?;
    Ok(file)
}

/// Verifies and restores.
pub(crate) async fn put(db: &Db, schema: Schema<'_>, file: &[u8]) -> Result<Verified, Error> {
    let verified = dump::verify(file)?;
    dump::restore(db, &schema, &verified, file, Timestamp::UNIX_EPOCH, |_| {}).await?;
    Ok(verified)
}

/// The names of the tables there are.
pub(crate) async fn tables(db: &Db) -> Vec<String> {
    let rows = db
        .read_fresh()
        .rows(duly_db::dialect::tables(db.engine()))
        .await
        .unwrap();
    let mut names: Vec<String> = rows.iter().map(|row| row.get("name").unwrap()).collect();
    names.sort();
    names
}

pub(crate) async fn count(db: &Db, table: &str) -> u64 {
    let statement = query(format!("SELECT COUNT(*) AS total FROM {table}"));
    let row = db.read_fresh().optional_row(statement).await.unwrap();
    row.unwrap().get("total").unwrap()
}
