//! The whole of it: a schema, a transaction, a read.
//!
//! `cargo run -p duly-db --example notes [postgres://…|mysql://…]`

#![expect(clippy::print_stdout, reason = "a program that shows what it does")]

use std::error::Error;

use duly_db::clock::{Clock, SystemClock};
use duly_db::migrate::{self, Migration, MigrationSet, Mode};
use duly_db::random::{SystemRandom, new_id};
use duly_db::versions::{self, Kind};
use duly_db::{Conn, Db, FromRow, Location, Options, Row, Tx, query};
use jiff::Timestamp;
use uuid::Uuid;

const NOTES: MigrationSet = MigrationSet {
    owner: "notes",
    migrations: &[Migration {
        name: "0001_notes",
        sqlite: "CREATE TABLE notes (owner_id BLOB NOT NULL, id BLOB NOT NULL, text TEXT NOT NULL,\n\
                 written_at INTEGER NOT NULL, PRIMARY KEY (owner_id, id)) STRICT, WITHOUT ROWID;\n",
        postgres: "CREATE TABLE notes (owner_id uuid NOT NULL, id uuid NOT NULL, text text NOT NULL,\n\
                   written_at timestamptz NOT NULL, PRIMARY KEY (owner_id, id));\n",
        mysql: "CREATE TABLE notes (owner_id BINARY(16) NOT NULL, id BINARY(16) NOT NULL,\n\
                text LONGTEXT NOT NULL, written_at DATETIME(6) NOT NULL,\n\
                PRIMARY KEY (owner_id, id)) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;\n",
    }],
};

struct Note {
    text: String,
    written_at: Timestamp,
}

impl FromRow for Note {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        Ok(Note {
            text: row.get("text")?,
            written_at: row.get("written_at")?,
        })
    }
}

/// A store function for changes takes a transaction, and raises the owner's version last.
async fn write(tx: &mut Tx, owner: Uuid, text: &str, now: Timestamp) -> duly_db::Result<()> {
    let note = query("INSERT INTO notes (owner_id, id, text, written_at) VALUES (?1, ?2, ?3, ?4)");
    let id = new_id(&SystemRandom, now);
    tx.execute(note.bind(owner).bind(id).bind(text).bind(now))
        .await?;
    versions::raise(tx, owner, Kind::Data);
    Ok(())
}

/// A store function for reads takes whatever can answer.
async fn newest_first(conn: &mut Conn, owner: Uuid) -> duly_db::Result<Vec<Note>> {
    let notes = "SELECT text, written_at FROM notes WHERE owner_id = ?1 ORDER BY id DESC LIMIT 50";
    conn.all(query(notes).bind(owner)).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let location = match std::env::args().nth(1) {
        Some(url) => Location::parse(&url, &[])?,
        None => Location::File(folder.path().join("notes.db")),
    };
    let db = Db::open(Options::at(location)).await?;
    let now = SystemClock.now();
    let report = migrate::run(&db, &[versions::MIGRATIONS, NOTES], now, Mode::Apply).await?;
    println!("applied: {}", report.applied.join(", "));

    let anna = new_id(&SystemRandom, now);
    let mut tx = db.begin();
    versions::start(&mut tx, anna).await?;
    write(&mut tx, anna, "Water the plants 🪴", now).await?;
    tx.commit().await?; // Survives a power cut from here on.

    for note in newest_first(&mut db.read_fresh(), anna).await? {
        println!("{} {}", note.written_at, note.text);
    }
    println!(
        "version: {:?}",
        versions::current(&mut db.read_fresh(), anna).await?
    );

    println!("counters: {:?}", db.counters());
    db.close().await;
    Ok(())
}
