//! The schema is the same on every engine, but for the differences named here.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use duly_db::migrate::{Mode, run};
use duly_db::testing::TestDatabase;
use duly_db::{Db, Engine, Options, Row, query, versions};
use jiff::Timestamp;

const SETS: [duly_db::migrate::MigrationSet; 3] = [
    versions::MIGRATIONS,
    duly_queue::MIGRATIONS,
    duly_tracker::MIGRATIONS,
];

/// What SQLite has and the engine has not, and what the engine has instead.
fn known_differences(engine: Engine) -> (Vec<&'static str>, Vec<&'static str>) {
    // The key of a partitioned table holds what it is partitioned by; there are no partitions on
    // SQLite, so old rows have to be found.
    let (mut sqlite, mut other) = (
        vec![
            "activity: index activity_at (at)",
            // An instant: the beginning of 1970.
            "jobs.position: number, not null, default 0",
            "notifications: primary key (user_id, id)",
        ],
        vec!["notifications: primary key (user_id, id, slot)"],
    );
    match engine {
        Engine::Sqlite => return (Vec::new(), Vec::new()),
        Engine::Postgres => {
            other.push("jobs.position: number, not null, default 1970-01-01 00:00:00+00");
        }
        // InnoDB has no foreign keys on partitions.
        Engine::MariaDb | Engine::MySql => {
            sqlite.push("activity: (user_id) refers to users, on delete CASCADE");
            sqlite.push("notifications: (user_id) refers to users, on delete CASCADE");
            other.push("jobs.position: number, not null, default 1970-01-01 00:00:00.000000");
        }
    }
    sqlite.sort_unstable();
    other.sort_unstable();
    (sqlite, other)
}

#[tokio::test]
async fn the_schema_is_the_same_on_every_engine() {
    let database = TestDatabase::new(&SETS).await;
    let file = Options::file(database.folder().join("beside.db"));
    let beside = Db::open(file).await.unwrap();
    run(&beside, &SETS, Timestamp::UNIX_EPOCH, Mode::Apply)
        .await
        .unwrap();
    let expected = sqlite_schema(&beside).await;
    assert!(expected.contains("users.email: text, not null"));
    assert!(expected.contains("users.role: text, not null, default user"));
    assert!(expected.contains("users: unique users_email_folded_key (email_folded)"));
    assert!(expected.contains("tasks: (user_id) refers to users, on delete CASCADE"));
    let found = match database.engine() {
        Engine::Sqlite => sqlite_schema(&database).await,
        Engine::Postgres => postgres_schema(&database).await,
        Engine::MariaDb | Engine::MySql => mysql_schema(&database).await,
    };
    let (on_sqlite, on_engine) = known_differences(database.engine());
    assert_eq!(
        expected.difference(&found).collect::<Vec<_>>(),
        on_sqlite,
        "only on SQLite"
    );
    assert_eq!(
        found.difference(&expected).collect::<Vec<_>>(),
        on_engine,
        "not on SQLite"
    );
}

async fn rows(db: &Db, text: &'static str) -> Vec<Row> {
    db.read_fresh().rows(query(text)).await.unwrap()
}

/// One line per fact. Every engine's questions answer with the same names.
async fn schema(
    db: &Db,
    columns: &'static str,
    indexes: &'static str,
    references: &'static str,
) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for row in rows(db, columns).await {
        let table: String = row.get("table_name").unwrap();
        let name: String = row.get("column_name").unwrap();
        let mut line = format!(
            "{table}.{name}: {}",
            family(&row.get::<String>("type_name").unwrap())
        );
        if !row.get::<bool>("is_nullable").unwrap() {
            line.push_str(", not null");
        }
        if let Some(default) = default(row.get("default_value").unwrap()) {
            line.push_str(&format!(", default {default}"));
        }
        lines.insert(line);
    }
    for (name, columns) in grouped(&rows(db, indexes).await) {
        let (table, index, kind) = (&name[0], &name[1], &name[2]);
        let list = columns.join(", ");
        lines.insert(match kind.as_str() {
            "primary" => format!("{table}: primary key ({list})"),
            // SQLite gives the index of a constraint a name of its own.
            "unique" if index.starts_with("sqlite_") => {
                format!("{table}: unique {table}_{}_key ({list})", columns.join("_"))
            }
            kind => format!("{table}: {kind} {index} ({list})"),
        });
    }
    for (name, columns) in grouped(&rows(db, references).await) {
        let (table, other, rule) = (&name[0], &name[2], &name[3]);
        let list = columns.join(", ");
        lines.insert(format!(
            "{table}: ({list}) refers to {other}, on delete {rule}"
        ));
    }
    lines.retain(|line| !line.starts_with("schema_migrations"));
    lines
}

/// The columns of each index or reference, in order.
fn grouped(rows: &[Row]) -> BTreeMap<Vec<String>, Vec<String>> {
    let mut groups: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for row in rows {
        let text = |name| row.get::<String>(name);
        let name = ["table_name", "name", "kind", "rule"].map(text);
        let name = name.into_iter().map(Result::unwrap).collect();
        groups
            .entry(name)
            .or_default()
            .push(text("column_name").unwrap());
    }
    groups
}

/// What SQLite knows of a type.
fn family(name: &str) -> String {
    let bare = name.split('(').next().unwrap_or(name).to_lowercase();
    match bare.as_str() {
        "blob" | "longblob" | "uuid" | "bytea" | "binary" | "varbinary" => "bytes".into(),
        "text" | "varchar" | "longtext" | "date" => "text".into(),
        "integer" | "bigint" | "boolean" | "tinyint" | "datetime" => "number".into(),
        "timestamp with time zone" => "number".into(),
        other => format!("unknown type {other}"),
    }
}

/// `'user'::text`, `'user'` and `user` are one thing, as are `true` and `1`.
fn default(value: Option<String>) -> Option<String> {
    let value = value?;
    let bare = value
        .split("::")
        .next()
        .unwrap_or_default()
        .trim_matches('\'');
    match bare.to_lowercase().as_str() {
        "null" => None,
        "true" => Some("1".into()),
        "false" => Some("0".into()),
        _ => Some(bare.to_owned()),
    }
}

async fn sqlite_schema(db: &Db) -> BTreeSet<String> {
    schema(
        db,
        "SELECT t.name AS table_name, c.name AS column_name, c.type AS type_name, \
         c.\"notnull\" = 0 AS is_nullable, c.dflt_value AS default_value \
         FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'",
        "SELECT t.name AS table_name, i.name AS name, CASE WHEN i.origin = 'pk' THEN 'primary' \
         WHEN i.\"unique\" THEN 'unique' ELSE 'index' END AS kind, '' AS rule, \
         c.name AS column_name FROM sqlite_schema t JOIN pragma_index_list(t.name) i \
         JOIN pragma_index_info(i.name) c WHERE t.type = 'table' ORDER BY i.name, c.seqno",
        "SELECT t.name AS table_name, f.id || '' AS name, f.\"table\" AS kind, \
         f.on_delete AS rule, f.\"from\" AS column_name \
         FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table' \
         ORDER BY f.id, f.seq",
    )
    .await
}

async fn postgres_schema(db: &Db) -> BTreeSet<String> {
    schema(
        db,
        "SELECT c.table_name, c.column_name, c.data_type AS type_name, \
         c.is_nullable = 'YES' AS is_nullable, c.column_default AS default_value \
         FROM information_schema.columns c \
         JOIN pg_class t ON t.relname = c.table_name AND t.relnamespace = c.table_schema::regnamespace \
         WHERE c.table_schema = current_schema() AND NOT t.relispartition",
        "SELECT t.relname AS table_name, i.relname AS name, CASE WHEN x.indisprimary \
         THEN 'primary' WHEN x.indisunique THEN 'unique' ELSE 'index' END AS kind, '' AS rule, \
         a.attname AS column_name FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid \
         JOIN pg_class i ON i.oid = x.indexrelid \
         CROSS JOIN LATERAL unnest(x.indkey) WITH ORDINALITY AS k (attnum, position) \
         JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum \
         WHERE t.relnamespace = current_schema()::regnamespace AND NOT t.relispartition \
         ORDER BY i.relname, k.position",
        "SELECT t.relname AS table_name, r.conname AS name, o.relname AS kind, \
         CASE r.confdeltype WHEN 'c' THEN 'CASCADE' ELSE 'other' END AS rule, \
         a.attname AS column_name FROM pg_constraint r JOIN pg_class t ON t.oid = r.conrelid \
         JOIN pg_class o ON o.oid = r.confrelid \
         CROSS JOIN LATERAL unnest(r.conkey) WITH ORDINALITY AS k (attnum, position) \
         JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum \
         WHERE r.contype = 'f' AND t.relnamespace = current_schema()::regnamespace \
         AND NOT t.relispartition ORDER BY r.conname, k.position",
    )
    .await
}

async fn mysql_schema(db: &Db) -> BTreeSet<String> {
    schema(
        db,
        "SELECT table_name AS table_name, column_name AS column_name, data_type AS type_name, \
         is_nullable = 'YES' AS is_nullable, column_default AS default_value \
         FROM information_schema.columns WHERE table_schema = DATABASE()",
        "SELECT table_name AS table_name, index_name AS name, CASE WHEN index_name = 'PRIMARY' \
         THEN 'primary' WHEN non_unique = 0 THEN 'unique' ELSE 'index' END AS kind, '' AS rule, \
         column_name AS column_name FROM information_schema.statistics \
         WHERE table_schema = DATABASE() ORDER BY index_name, seq_in_index",
        "SELECT k.table_name AS table_name, k.constraint_name AS name, \
         k.referenced_table_name AS kind, r.delete_rule AS rule, k.column_name AS column_name \
         FROM information_schema.key_column_usage k \
         JOIN information_schema.referential_constraints r \
         ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name \
         AND r.table_name = k.table_name \
         WHERE k.table_schema = DATABASE() AND k.referenced_table_name IS NOT NULL \
         ORDER BY k.constraint_name, k.ordinal_position",
    )
    .await
}
