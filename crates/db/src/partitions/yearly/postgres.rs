//! How PostgreSQL makes the second table and lets it take the place of the first. Both happen in a
//! transaction: all of it or nothing.

use super::conversion::{Conversion, Tries};
use super::{Layout, Result, journal};
use crate::partitions::catalog;
use crate::partitions::slice::{Slice, literal};
use crate::{Engine, Error, Row, query};

/// The first table's constraints and indexes have their names until it is gone.
pub(super) const SUFFIX: &str = "_next";

pub(super) async fn make_next(conversion: &mut Conversion<'_>) -> Result<()> {
    let mut statements = vec![create(conversion)];
    if conversion.wanted == Layout::ByYear {
        statements.extend(partitions(conversion).await?);
    }
    statements.extend(constraints(conversion).await?);
    statements.extend(indexes(conversion).await?);
    conversion.session.run("BEGIN").await?;
    for statement in statements {
        conversion.session.run(&statement).await?;
    }
    conversion.session.run("COMMIT").await
}

fn create(conversion: &Conversion<'_>) -> String {
    let (next, table) = (&conversion.names.next, conversion.names.table);
    let by_year = match conversion.wanted {
        Layout::Whole => String::new(),
        Layout::ByYear => format!(" PARTITION BY RANGE ({})", conversion.table.table.column),
    };
    format!("CREATE TABLE {next} (LIKE {table} INCLUDING ALL EXCLUDING INDEXES){by_year}")
}

async fn partitions(conversion: &mut Conversion<'_>) -> Result<Vec<String>> {
    let table = conversion.table.table;
    let mut statements = Vec::new();
    for part in conversion.years().await? {
        let bound = |slice: Slice| literal(Engine::Postgres, &slice.start(table.kind)?);
        let start = part.start.map_or(Ok("MINVALUE".to_owned()), bound)?;
        let end = bound(part.slice.plus(1))?;
        statements.push(format!(
            "CREATE TABLE {} PARTITION OF {} FOR VALUES FROM ({start}) TO ({end})",
            part.slice.name(table.name)?,
            conversion.names.next
        ));
    }
    let (default, next) = (table.default_partition(), &conversion.names.next);
    statements.push(format!(
        "CREATE TABLE {default} PARTITION OF {next} DEFAULT"
    ));
    Ok(statements)
}

/// Names of constraints without an index need not be unique, so those stay as they are.
async fn constraints(conversion: &mut Conversion<'_>) -> Result<Vec<String>> {
    let select = query(
        "SELECT CAST(conname AS text) AS name, pg_get_constraintdef(oid) AS definition, \
         conindid <> 0 AND contype <> 'f' AS has_index FROM pg_constraint \
         WHERE conrelid = to_regclass(?1) AND conparentid = 0 AND contype IN ('p', 'u', 'x', 'f') \
         ORDER BY contype DESC, conname",
    );
    let rows = conversion
        .session
        .rows(select.bind(conversion.names.table))
        .await?;
    let statement = |row: &Row| {
        let (name, definition): (String, String) = (row.get("name")?, row.get("definition")?);
        let suffix = if row.get("has_index")? { SUFFIX } else { "" };
        let next = &conversion.names.next;
        Ok(format!(
            "ALTER TABLE {next} ADD CONSTRAINT {name}{suffix} {definition}"
        ))
    };
    rows.iter().map(statement).collect()
}

async fn indexes(conversion: &mut Conversion<'_>) -> Result<Vec<String>> {
    let select = query(
        "SELECT CAST(about.relname AS text) AS name, pg_get_indexdef(about.oid) AS definition \
         FROM pg_index one JOIN pg_class about ON about.oid = one.indexrelid \
         WHERE one.indrelid = to_regclass(?1) \
         AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = about.oid AND contype <> 'f')
         ORDER BY about.relname",
    );
    let rows = conversion
        .session
        .rows(select.bind(conversion.names.table))
        .await?;
    let statement = |row: &Row| {
        let (name, definition): (String, String) = (row.get("name")?, row.get("definition")?);
        let (before, how) = definition
            .split_once(" USING ")
            .ok_or_else(|| Error::Other(format!("an index of an unknown form: {definition}")))?;
        let unique = if before.starts_with("CREATE UNIQUE") {
            "UNIQUE "
        } else {
            ""
        };
        let next = &conversion.names.next;
        Ok(format!(
            "CREATE {unique}INDEX {name}{SUFFIX} ON {next} USING {how}"
        ))
    };
    rows.iter().map(statement).collect()
}

/// A foreign key of another table to this one.
struct Incoming {
    name: String,
    child: String,
    definition: String,
    is_valid: bool,
}

async fn incoming(conversion: &mut Conversion<'_>) -> Result<Vec<Incoming>> {
    let select = query(
        "SELECT CAST(conname AS text) AS name, CAST(CAST(conrelid AS regclass) AS text) AS child, \
         pg_get_constraintdef(oid) AS definition, convalidated FROM pg_constraint \
         WHERE confrelid = to_regclass(?1) AND conparentid = 0 AND contype = 'f' ORDER BY conname",
    );
    let rows = conversion
        .session
        .rows(select.bind(conversion.names.table))
        .await?;
    let read = |row: &Row| {
        let definition: String = row.get("definition")?;
        Ok(Incoming {
            name: row.get("name")?,
            child: row.get("child")?,
            definition: definition.trim_end_matches(" NOT VALID").to_owned(),
            is_valid: row.get("convalidated")?,
        })
    };
    rows.iter().map(read).collect()
}

pub(super) async fn change_places(conversion: &mut Conversion<'_>) -> Result<()> {
    let analyze = format!("ANALYZE {}", conversion.names.next);
    conversion.session.run(&analyze).await?;
    let columns = conversion.column_names().await?.join(", ");
    let mut tries = Tries::default();
    loop {
        match change_places_at_once(conversion, &columns).await {
            Ok(()) => return Ok(()),
            Err(error) => {
                conversion.session.run("ROLLBACK").await?;
                tries.again_after(error).await?;
                // Others have gone on meanwhile.
                journal::catch_up(conversion, &columns, None).await?;
            }
        }
    }
}

/// Gives up soon when it has to wait: whoever comes to the table afterwards waits behind us.
///
/// Whoever has a view from before a row was copied does not find it in the new table, so nobody may
/// have one: [`dialect::begin_change`](crate::dialect) takes a share of the first lock.
async fn change_places_at_once(conversion: &mut Conversion<'_>, columns: &str) -> Result<()> {
    conversion.session.run("BEGIN").await?;
    let incoming = incoming(conversion).await?;
    let (table, journal) = (conversion.names.table, conversion.names.journal.clone());
    let children: String = incoming
        .iter()
        .map(|key| format!(", {}", key.child))
        .collect();
    let lock = format!("LOCK TABLE schema_migrations, {table}{children} IN ACCESS EXCLUSIVE MODE");
    conversion.session.run(&lock).await?;
    conversion.refuse_changes().await?;
    while journal::apply_some(conversion, columns, None).await? > 0 {}
    let mut statements = Vec::new();
    for Incoming { name, child, .. } in &incoming {
        statements.push(format!("ALTER TABLE {child} DROP CONSTRAINT {name}"));
    }
    statements.push(format!("DROP TABLE {table}"));
    statements.push(format!("DROP FUNCTION {table}_note()"));
    statements.push(format!("DROP TABLE {journal}"));
    statements.push(format!(
        "ALTER TABLE {} RENAME TO {table}",
        conversion.names.next
    ));
    let indexes = catalog::indexes(Engine::Postgres, &conversion.names.next);
    for name in catalog::names(&conversion.session.rows(indexes).await?)? {
        let plain = name.trim_end_matches(SUFFIX);
        statements.push(format!("ALTER INDEX {name} RENAME TO {plain}"));
    }
    // Looking at every row of them can wait until nobody has to wait for it.
    for Incoming {
        name,
        child,
        definition,
        ..
    } in &incoming
    {
        statements.push(format!(
            "ALTER TABLE {child} ADD CONSTRAINT {name} {definition} NOT VALID"
        ));
    }
    for statement in statements {
        conversion.session.run(&statement).await?;
    }
    conversion.session.run("COMMIT").await
}

/// Makes sure that the foreign keys hold; answers whether that had to be done.
pub(super) async fn finish(conversion: &mut Conversion<'_>) -> Result<bool> {
    let mut had_to = false;
    for key in incoming(conversion).await? {
        if !key.is_valid {
            let Incoming { name, child, .. } = key;
            let validate = format!("ALTER TABLE {child} VALIDATE CONSTRAINT {name}");
            conversion.patiently(&validate).await?;
            had_to = true;
        }
    }
    Ok(had_to)
}
