//! What changes while a table is being copied.
//!
//! Triggers write down the key of each row that is written, in the transaction that writes it.
//! They only add rows at the end of a table of their own, so nobody waits for anybody. Whoever
//! catches up reads which keys there are, and only then the rows as they are now: what is newer
//! still has an entry of its own. A row behind what has been copied so far is left to the copying,
//! which reads it later still.

use std::collections::BTreeSet;

use super::conversion::{Conversion, Tries};
use super::copy::{Key, any_of, read_key};
use super::{catalog, mysql};
use crate::{Engine, Result, placeholders, query};

/// How many entries are read at once.
const SOME: usize = 100;

/// So many times in a row, lest the copying never goes on.
const ROUNDS: usize = 10;

/// What a statement does to a row, and how a trigger calls the row then.
const CHANGES: [(&str, &str); 3] = [("insert", "NEW"), ("update", "NEW"), ("delete", "OLD")];

/// Makes the journal and its triggers. Making a trigger waits for whoever uses the table, so what
/// is not written down is committed by then.
pub(super) async fn start(conversion: &mut Conversion<'_>) -> Result<()> {
    let (journal, key) = (&conversion.names.journal, conversion.table.table.key);
    let typed = |kind: &str| {
        let columns: Vec<String> = key
            .iter()
            .map(|id| format!("{id} {kind} NOT NULL"))
            .collect();
        columns.join(", ")
    };
    let engine = conversion.session.engine();
    let table = match engine {
        Engine::Postgres => format!(
            "CREATE TABLE {journal} (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, {})",
            typed("uuid")
        ),
        _ => format!(
            "CREATE TABLE {journal} (seq BIGINT AUTO_INCREMENT PRIMARY KEY, {}) ENGINE = InnoDB",
            typed("BINARY(16)")
        ),
    };
    conversion.session.run(&table).await?;
    let triggers = trigger_statements(conversion);
    match engine {
        Engine::Postgres => {
            for statement in triggers {
                conversion.patiently(&statement).await?;
            }
            Ok(())
        }
        _ => mysql::make_triggers(conversion, triggers).await,
    }
}

fn trigger_statements(conversion: &Conversion<'_>) -> Vec<String> {
    let (table, journal) = (conversion.names.table, &conversion.names.journal);
    let key = conversion.table.table.key;
    let note = |row: &str| {
        let values: Vec<String> = key.iter().map(|column| format!("{row}.{column}")).collect();
        let (columns, values) = (key.join(", "), values.join(", "));
        format!("INSERT INTO {journal} ({columns}) VALUES ({values})")
    };
    match conversion.session.engine() {
        Engine::Postgres => vec![
            format!(
                "CREATE OR REPLACE FUNCTION {table}_note() RETURNS trigger LANGUAGE plpgsql AS $$ \
                 BEGIN IF TG_OP = 'DELETE' THEN {}; ELSE {}; END IF; RETURN NULL; END $$",
                note("OLD"),
                note("NEW")
            ),
            format!(
                "CREATE TRIGGER {table}_note AFTER INSERT OR UPDATE OR DELETE ON {table} \
                 FOR EACH ROW EXECUTE FUNCTION {table}_note()"
            ),
        ],
        _ => CHANGES
            .iter()
            .map(|(change, row)| {
                format!(
                    "CREATE TRIGGER {table}_note_{change} AFTER {change} ON {table} \
                     FOR EACH ROW {}",
                    note(row)
                )
            })
            .collect(),
    }
}

/// The names of all triggers the journal needs.
fn needed(conversion: &Conversion<'_>) -> Vec<String> {
    let table = conversion.names.table;
    match conversion.session.engine() {
        Engine::Postgres => vec![format!("{table}_note")],
        _ => CHANGES
            .iter()
            .map(|(change, _)| format!("{table}_note_{change}"))
            .collect(),
    }
}

async fn triggers(conversion: &mut Conversion<'_>) -> Result<Vec<String>> {
    let triggers = catalog::triggers(conversion.session.engine(), conversion.names.table);
    catalog::names(&conversion.session.rows(triggers).await?)
}

/// Whether every change is being written down.
pub(super) async fn is_kept(conversion: &mut Conversion<'_>) -> Result<bool> {
    let journal = conversion.names.journal.clone();
    let has_table = !conversion.columns(&journal).await?.is_empty();
    let there = triggers(conversion).await?;
    Ok(has_table && needed(conversion).iter().all(|name| there.contains(name)))
}

/// Removes the triggers and the journal; answers whether there was a journal.
pub(super) async fn stop(conversion: &mut Conversion<'_>) -> Result<bool> {
    unfollow(conversion).await?;
    let needed = needed(conversion);
    remove_triggers(conversion, |name| needed.iter().any(|ours| ours == name)).await?;
    let (table, journal) = (conversion.names.table, conversion.names.journal.clone());
    if conversion.session.engine() == Engine::Postgres {
        let function = format!("DROP FUNCTION IF EXISTS {table}_note()");
        conversion.patiently(&function).await?;
    }
    let was_there = !conversion.columns(&journal).await?.is_empty();
    if was_there {
        conversion
            .session
            .run(&format!("DROP TABLE {journal}"))
            .await?;
    }
    Ok(was_there)
}

/// Makes every change of the table a change of the second one, too, where changes of tables
/// cannot be part of a transaction.
pub(super) async fn follow(conversion: &mut Conversion<'_>) -> Result<()> {
    let (table, next) = (conversion.names.table, conversion.names.next.clone());
    let columns = conversion.column_names().await?;
    let all = |row: &str, columns: &[String]| -> Vec<String> {
        columns
            .iter()
            .map(|column| format!("{row}.{column}"))
            .collect()
    };
    let write = format!(
        "REPLACE INTO {next} ({}) VALUES ({})",
        columns.join(", "),
        all("NEW", &columns).join(", ")
    );
    let key = conversion.table.table.key;
    let same: Vec<String> = key.iter().map(|id| format!("{id} = OLD.{id}")).collect();
    let delete = format!("DELETE FROM {next} WHERE {}", same.join(" AND "));
    let trigger = |(change, row): &(&str, &str)| {
        let statement = if *row == "NEW" { &write } else { &delete };
        format!(
            "CREATE TRIGGER {table}_follow_{change} AFTER {change} ON {table} \
             FOR EACH ROW {statement}"
        )
    };
    mysql::make_triggers(conversion, CHANGES.iter().map(trigger).collect()).await
}

/// Ends [`follow`], if an earlier run had begun it.
pub(super) async fn unfollow(conversion: &mut Conversion<'_>) -> Result<()> {
    let prefix = format!("{}_follow_", conversion.names.table);
    remove_triggers(conversion, |name| name.starts_with(&prefix)).await
}

async fn remove_triggers(
    conversion: &mut Conversion<'_>,
    is_ours: impl Fn(&str) -> bool,
) -> Result<()> {
    let table = conversion.names.table;
    for name in triggers(conversion).await? {
        if is_ours(&name) {
            let drop = match conversion.session.engine() {
                Engine::Postgres => format!("DROP TRIGGER {name} ON {table}"),
                _ => format!("DROP TRIGGER {name}"),
            };
            conversion.patiently(&drop).await?;
        }
    }
    Ok(())
}

/// Copies once more what has changed of the rows up to a key, or of all; answers how many entries
/// were the last ones.
pub(super) async fn catch_up(
    conversion: &mut Conversion<'_>,
    columns: &str,
    upto: Option<Key>,
) -> Result<usize> {
    let mut last = 0;
    for _ in 0..ROUNDS {
        let mut tries = Tries::default();
        last = loop {
            match round(conversion, columns, upto.as_ref()).await {
                Ok(count) => break count,
                Err(error) => {
                    conversion.session.run("ROLLBACK").await?;
                    tries.again_after(error).await?;
                }
            }
        };
        if last < SOME {
            break;
        }
    }
    Ok(last)
}

async fn round(
    conversion: &mut Conversion<'_>,
    columns: &str,
    upto: Option<&Key>,
) -> Result<usize> {
    conversion.session.run("BEGIN").await?;
    let count = apply_some(conversion, columns, upto).await?;
    conversion.session.run("COMMIT").await?;
    Ok(count)
}

/// Works off some entries within a transaction; answers how many.
pub(super) async fn apply_some(
    conversion: &mut Conversion<'_>,
    columns: &str,
    upto: Option<&Key>,
) -> Result<usize> {
    let key = conversion.table.table.key;
    let entries = entries(conversion).await?;
    let numbers: Vec<i64> = entries.iter().map(|(number, _)| *number).collect();
    let changed: BTreeSet<Key> = entries
        .into_iter()
        .map(|(_, key)| key)
        .filter(|key| upto.is_none_or(|upto| key <= upto))
        .collect();
    if !changed.is_empty() {
        let (next, table) = (&conversion.names.next, conversion.names.table);
        let these = any_of(key, changed.len());
        let delete = query(format!("DELETE FROM {next} WHERE {these}"));
        let copy = query(format!(
            "INSERT INTO {next} ({columns}) SELECT {columns} FROM {table} WHERE {these}"
        ));
        for statement in [delete, copy] {
            let statement = statement.bind_all(changed.iter().flatten().copied());
            conversion.session.change(statement).await?;
        }
    }
    forget(conversion, &numbers).await?;
    Ok(numbers.len())
}

/// The oldest entries: their numbers and the keys of the rows that were written.
pub(super) async fn entries(conversion: &mut Conversion<'_>) -> Result<Vec<(i64, Key)>> {
    let key = conversion.table.table.key;
    let select = query(format!(
        "SELECT seq, {} FROM {} ORDER BY seq LIMIT {SOME}",
        key.join(", "),
        conversion.names.journal
    ));
    let rows = conversion.session.rows(select).await?;
    rows.iter()
        .map(|row| Ok((row.get("seq")?, read_key(key, row)?)))
        .collect()
}

pub(super) async fn forget(conversion: &mut Conversion<'_>, numbers: &[i64]) -> Result<()> {
    if numbers.is_empty() {
        return Ok(());
    }
    let forget = query(format!(
        "DELETE FROM {} WHERE seq IN ({})",
        conversion.names.journal,
        placeholders(1, numbers.len())
    ));
    let forget = forget.bind_all(numbers.iter().copied());
    conversion.session.change(forget).await.map(|_| ())
}
