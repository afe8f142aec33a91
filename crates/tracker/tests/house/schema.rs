//! The list of tables says what the migrations make.

use std::collections::{BTreeMap, BTreeSet};

use duly_db::dump::Kind;
use duly_db::testing::TestDatabase;
use duly_db::{Db, Engine, dialect, query};

use crate::{SCHEMA, SETS};

/// Table and column, and the type the engine gives it.
type Columns = BTreeMap<(String, String), String>;

async fn columns(db: &Db) -> Columns {
    let statement = query(match db.engine() {
        Engine::Sqlite => {
            "SELECT made.name AS table_name, found.name AS column_name, found.type AS kind \
             FROM sqlite_schema AS made, pragma_table_info(made.name) AS found \
             WHERE made.type = 'table'"
        }
        Engine::Postgres => {
            "SELECT CAST(table_name AS text) AS table_name, \
             CAST(column_name AS text) AS column_name, CAST(data_type AS text) AS kind \
             FROM information_schema.columns WHERE table_schema = current_schema()"
        }
        Engine::MariaDb | Engine::MySql => {
            "SELECT table_name AS table_name, column_name AS column_name, \
             CAST(column_type AS CHAR) AS kind \
             FROM information_schema.columns WHERE table_schema = DATABASE()"
        }
    });
    let rows = db.read_fresh().rows(statement).await.unwrap();
    let text = |row: &duly_db::Row, name| row.get::<String>(name).unwrap();
    rows.iter()
        .map(|row| {
            let place = (text(row, "table_name"), text(row, "column_name"));
            (place, text(row, "kind").to_lowercase())
        })
        .collect()
}

/// What a column of this type may hold. SQLite has fewer types than there are kinds.
fn kinds(declared: &str) -> &'static [Kind] {
    match declared {
        "uuid" | "binary(16)" => &[Kind::Id],
        "blob" => &[Kind::Id, Kind::Bytes],
        "bytea" | "longblob" => &[Kind::Bytes],
        "boolean" | "tinyint(1)" => &[Kind::Truth],
        "integer" => &[Kind::Truth, Kind::Number, Kind::Instant],
        "timestamp with time zone" | "datetime(6)" => &[Kind::Instant],
        "date" => &[Kind::Date],
        "text" => &[Kind::Text, Kind::Date],
        "longtext" => &[Kind::Text],
        number if number.starts_with("bigint") => &[Kind::Number],
        bytes if bytes.starts_with("varbinary") => &[Kind::Bytes],
        text if text.starts_with("varchar") => &[Kind::Text],
        other => panic!("no kind for {other}; see duly_db::dump::Kind"),
    }
}

#[tokio::test]
async fn every_column_that_is_migrated_is_listed_with_its_kind() {
    let db = TestDatabase::new(&SETS).await;
    let names = db.read_fresh().rows(dialect::tables(db.engine())).await;
    let mut names: BTreeSet<String> = names
        .unwrap()
        .iter()
        .map(|row| row.get("name").unwrap())
        .collect();
    names.remove("schema_migrations");
    let mut found = columns(&db).await;
    found.retain(|(table, _), _| names.contains(table));
    for table in SCHEMA.all_tables() {
        for (column, kind) in table.columns {
            let place = (table.name.to_owned(), (*column).to_owned());
            let declared = found.remove(&place);
            let declared = declared.unwrap_or_else(|| panic!("there is no {place:?}"));
            assert!(
                kinds(&declared).contains(kind),
                "{place:?} is listed as {kind:?} and is {declared}"
            );
        }
    }
    assert!(found.is_empty(), "not listed: {found:?}");
}

#[tokio::test]
async fn rows_are_walked_by_their_primary_key() {
    let db = TestDatabase::at(None, &SETS).await;
    for table in SCHEMA.all_tables() {
        let key = query("SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk");
        let rows = db.read_fresh().rows(key.bind(table.name)).await.unwrap();
        let key: Vec<String> = rows.iter().map(|row| row.get("name").unwrap()).collect();
        assert_eq!(table.key, key, "{}", table.name);
    }
}

#[tokio::test]
async fn a_table_comes_after_those_it_refers_to() {
    let db = TestDatabase::at(None, &SETS).await;
    let mut before = BTreeSet::new();
    for table in SCHEMA.all_tables() {
        let parents = query("SELECT DISTINCT \"table\" AS parent FROM pragma_foreign_key_list(?1)");
        let rows = db
            .read_fresh()
            .rows(parents.bind(table.name))
            .await
            .unwrap();
        for row in rows {
            let parent: String = row.get("parent").unwrap();
            assert!(
                before.contains(parent.as_str()),
                "{} refers to {parent}, which comes later",
                table.name
            );
        }
        before.insert(table.name);
    }
}
