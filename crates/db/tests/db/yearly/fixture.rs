//! Owners and their notes, each note with an id that tells when it was written.

use std::collections::BTreeMap;

use duly_db::migrate::{Migration, MigrationSet};
use duly_db::partitions::yearly::{
    ForeignKey, Layout, Outcome, Progress, Standing, YearlyTable, convert, standing,
};
use duly_db::partitions::{Kind, PartitionedTable, Period};
use duly_db::random::{SeededRandom, new_id};
use duly_db::testing::TestDatabase;
use duly_db::{Db, Engine, Error, Options, Query, Value, dialect, query};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

pub(super) const NOTES: YearlyTable = YearlyTable {
    table: PartitionedTable {
        name: "notes",
        column: "id",
        key: &["owner_id", "id"],
        kind: Kind::Id,
        period: Period::Year,
        is_referenced: true,
    },
    foreign_keys: &[
        ForeignKey {
            table: "notes",
            columns: &["owner_id"],
            parent: "owners",
            parent_columns: &["id"],
        },
        ForeignKey {
            table: "note_labels",
            columns: &["owner_id", "note_id"],
            parent: "notes",
            parent_columns: &["owner_id", "id"],
        },
    ],
};

pub(super) const SCHEMA: MigrationSet = MigrationSet {
    owner: "notes",
    migrations: &[Migration {
        name: "0001_notes",
        sqlite: "CREATE TABLE notes (owner_id BLOB, id BLOB, text TEXT, PRIMARY KEY (owner_id, id));\n",
        postgres: "CREATE TABLE owners (id uuid PRIMARY KEY);\n\
             CREATE TABLE notes (owner_id uuid NOT NULL REFERENCES owners (id) ON DELETE CASCADE, \
             id uuid NOT NULL, text text COLLATE \"C\" NOT NULL CHECK (text <> 'x'), \
             at timestamptz, stars bigint NOT NULL DEFAULT 3, PRIMARY KEY (owner_id, id));\n\
             CREATE INDEX notes_text ON notes (owner_id, text) WHERE text <> '';\n\
             CREATE INDEX notes_stars ON notes (stars DESC, id);\n\
             CREATE TABLE note_labels (owner_id uuid NOT NULL, note_id uuid NOT NULL, \
             label text NOT NULL, PRIMARY KEY (owner_id, note_id, label), \
             FOREIGN KEY (owner_id, note_id) REFERENCES notes (owner_id, id) ON DELETE CASCADE);\n",
        mysql: "CREATE TABLE owners (id BINARY(16) PRIMARY KEY) COLLATE utf8mb4_bin;\n\
             CREATE TABLE notes (owner_id BINARY(16) NOT NULL, id BINARY(16) NOT NULL, \
             text LONGTEXT NOT NULL CHECK (text <> 'x'), at DATETIME(6), \
             stars BIGINT NOT NULL DEFAULT 3, PRIMARY KEY (owner_id, id), \
             KEY notes_text (owner_id, text(20)), KEY notes_stars (stars, id), \
             FOREIGN KEY (owner_id) REFERENCES owners (id) ON DELETE CASCADE) \
             COLLATE utf8mb4_bin;\n\
             CREATE TABLE note_labels (owner_id BINARY(16) NOT NULL, note_id BINARY(16) NOT NULL, \
             label VARCHAR(50) NOT NULL, PRIMARY KEY (owner_id, note_id, label), \
             FOREIGN KEY (owner_id, note_id) REFERENCES notes (owner_id, id) ON DELETE CASCADE) \
             COLLATE utf8mb4_bin;\n",
    }],
};

pub(super) const NOW: &str = "2026-11-23T07:00:00Z";

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A note's owner and id, and its text and stars.
pub(super) type Notes = BTreeMap<(Uuid, Uuid), (String, i64)>;

pub(super) struct Pad {
    pub(super) db: TestDatabase,
    random: std::sync::Arc<SeededRandom>,
}

impl Pad {
    /// `None` on SQLite, which has no partitions.
    pub(super) async fn new() -> Option<Self> {
        Self::with(|_| {}).await
    }

    /// Opens with other options than the usual ones.
    pub(super) async fn with(change: impl FnOnce(&mut Options)) -> Option<Self> {
        let db = TestDatabase::with(&[SCHEMA], change).await;
        if !dialect::has_partitions(db.engine()) {
            return None;
        }
        Some(Pad {
            db,
            random: SeededRandom::new(3),
        })
    }

    pub(super) fn id(&self, when: &str) -> Uuid {
        new_id(self.random.as_ref(), at(when))
    }

    pub(super) async fn owner(&self) -> Uuid {
        let owner = self.id(NOW);
        run(
            &self.db,
            query("INSERT INTO owners (id) VALUES (?1)").bind(owner),
        )
        .await
        .unwrap();
        owner
    }

    /// As many notes of an owner, spread over three years, each with a label.
    pub(super) async fn fill(&self, owner: Uuid, count: i64) -> Vec<Uuid> {
        let first = at("2024-02-01T00:00:00Z");
        let mut ids = Vec::new();
        for number in 0..count {
            let when = first + SignedDuration::from_hours(24 * 900 * number / count.max(1));
            ids.push(new_id(self.random.as_ref(), when));
        }
        for some in ids.chunks(100) {
            let mut tx = self.db.begin();
            for id in some {
                tx.defer(insert(owner, *id, "Water the plants"));
                tx.defer(insert_label(owner, *id));
            }
            tx.commit().await.unwrap();
        }
        ids
    }

    pub(super) async fn notes(&self) -> Notes {
        let select = query("SELECT owner_id, id, text, stars FROM notes");
        let rows = self.db.read_fresh().rows(select).await.unwrap();
        rows.iter()
            .map(|row| {
                let key = (row.get("owner_id").unwrap(), row.get("id").unwrap());
                (key, (row.get("text").unwrap(), row.get("stars").unwrap()))
            })
            .collect()
    }

    pub(super) async fn labelled(&self) -> Vec<Uuid> {
        let select = query("SELECT note_id FROM note_labels ORDER BY note_id");
        let rows = self.db.read_fresh().rows(select).await.unwrap();
        rows.iter().map(|row| row.get("note_id").unwrap()).collect()
    }

    pub(super) async fn convert(&self, wanted: Layout) -> Result<Outcome, Error> {
        convert(&self.db, &NOTES, wanted, at(NOW), 50, &mut |_| {}).await
    }

    /// Gives up when this many steps have been told; answers whether it had ended before.
    pub(super) async fn give_up_after(&self, wanted: Layout, steps: usize) -> bool {
        let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let mut report = |progress: Progress| told.send(progress).unwrap();
        let enough = async {
            for _ in 0..steps {
                heard.recv().await.unwrap();
            }
        };
        let conversion = convert(&self.db, &NOTES, wanted, at(NOW), 50, &mut report);
        tokio::select! {
            biased;
            () = enough => false,
            done = conversion => { done.unwrap(); true }
        }
    }

    pub(super) async fn standing(&self) -> Standing {
        standing(&self.db, &NOTES).await.unwrap()
    }

    /// Everything there is in the database besides rows, as text.
    pub(super) async fn schema(&self) -> String {
        let mut conn = self.db.read_fresh();
        if self.db.engine() == Engine::Postgres {
            let select = query(POSTGRES_SCHEMA);
            let rows = conn.rows(select).await.unwrap();
            let lines = rows.iter().map(|row| row.get("line").unwrap());
            return lines.collect::<Vec<String>>().join("\n");
        }
        let tables = query(
            "SELECT table_name AS name FROM information_schema.tables \
             WHERE table_schema = DATABASE() ORDER BY table_name",
        );
        let mut text = String::new();
        for row in conn.rows(tables).await.unwrap() {
            let name: String = row.get("name").unwrap();
            let show = query(format!("SHOW CREATE TABLE {name}"));
            let row = conn.optional_row(show).await.unwrap().unwrap();
            text.push_str(&row.get::<String>("Create Table").unwrap());
            let triggers = query(
                "SELECT trigger_name AS name FROM information_schema.triggers \
                 WHERE trigger_schema = DATABASE()",
            );
            for row in conn.rows(triggers).await.unwrap() {
                text.push_str(&row.get::<String>("name").unwrap());
            }
            text.push('\n');
        }
        text
    }
}

const POSTGRES_SCHEMA: &str = "\
    WITH here AS (SELECT CAST(current_schema() AS regnamespace) AS schema) \
    SELECT line FROM ( \
    SELECT concat_ws(' ', 'table', relname, relkind) AS line FROM pg_class, here \
      WHERE relnamespace = schema AND relkind <> 'i' \
    UNION ALL SELECT concat_ws(' ', 'column', relname, attnum, attname, \
      format_type(atttypid, atttypmod), attnotnull, attcollation, pg_get_expr(adbin, adrelid)) \
      FROM here, pg_attribute JOIN pg_class c ON c.oid = attrelid \
      LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum \
      WHERE relnamespace = schema AND attnum > 0 AND relkind <> 'i' \
    UNION ALL SELECT pg_get_indexdef(indexrelid) \
      FROM here, pg_index JOIN pg_class c ON c.oid = indrelid WHERE relnamespace = schema \
    UNION ALL SELECT concat_ws(' ', 'constraint', CAST(conrelid AS regclass), conname, \
      pg_get_constraintdef(oid)) FROM pg_constraint, here WHERE connamespace = schema \
    UNION ALL SELECT concat_ws(' ', 'trigger', tgname) FROM pg_trigger WHERE NOT tgisinternal \
    UNION ALL SELECT concat_ws(' ', 'function', proname) FROM pg_proc, here \
      WHERE pronamespace = schema) everything ORDER BY line";

pub(super) fn insert(owner: Uuid, id: Uuid, text: &str) -> Query {
    query("INSERT INTO notes (owner_id, id, text) VALUES (?1, ?2, ?3)")
        .bind(owner)
        .bind(id)
        .bind(text)
}

pub(super) fn insert_label(owner: Uuid, id: Uuid) -> Query {
    query("INSERT INTO note_labels (owner_id, note_id, label) VALUES (?1, ?2, 'home')")
        .bind(owner)
        .bind(id)
}

pub(super) fn rewrite(owner: Uuid, id: Uuid, text: &str) -> Query {
    query("UPDATE notes SET text = ?3, stars = stars + 1 WHERE owner_id = ?1 AND id = ?2")
        .bind(owner)
        .bind(id)
        .bind(text)
}

/// Where there are partitions MariaDB has no foreign keys.
pub(super) fn delete(owner: Uuid, id: Uuid) -> [Query; 2] {
    [
        "note_labels WHERE owner_id = ?1 AND note_id = ?2",
        "notes WHERE owner_id = ?1 AND id = ?2",
    ]
    .map(|what| query(format!("DELETE FROM {what}")).bind(owner).bind(id))
}

pub(super) async fn run(db: &Db, statement: Query) -> Result<(), Error> {
    let mut tx = db.begin();
    tx.execute(statement).await?;
    tx.commit().await
}

/// Which partition a note is looked for in.
pub(super) async fn plan(db: &Db, owner: Uuid, id: Uuid) -> String {
    let (explain, column) = match db.engine() {
        Engine::Postgres => ("EXPLAIN", "QUERY PLAN"),
        _ => ("EXPLAIN PARTITIONS", "partitions"),
    };
    let explain = query(format!(
        "{explain} SELECT text FROM notes WHERE owner_id = ?1 AND id = ?2"
    ));
    let explain = explain.bind(owner).bind(Value::from(id));
    let rows = db.read_fresh().rows(explain).await.unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.get(column).unwrap()).collect();
    lines.join("\n")
}
