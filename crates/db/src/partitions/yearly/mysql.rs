//! How MariaDB and MySQL make the second table and let it take the place of the first. They keep
//! each statement that changes a table at once, so every step can be done again.

use super::conversion::{Conversion, Tries};
use super::journal::{self, follow};
use super::{ForeignKey, Layout, orphans};
use crate::partitions::mysql::definitions;
use crate::{Engine, Error, Result, query};

/// Makes triggers of the table.
///
/// MariaDB notes as a trigger's time when its making was asked for, and it may then wait for the
/// table. A statement prepared meanwhile passes for newer than the trigger, is not prepared again,
/// and fails from then on for want of the table the trigger writes to. So the triggers are dated
/// ahead.
pub(super) async fn make_triggers(
    conversion: &mut Conversion<'_>,
    triggers: Vec<String>,
) -> Result<()> {
    let is_mariadb = conversion.session.engine() == Engine::MariaDb;
    for trigger in triggers {
        if is_mariadb {
            let ahead = "SET SESSION timestamp = UNIX_TIMESTAMP(SYSDATE(6)) + 3600";
            conversion.session.run(ahead).await?;
        }
        conversion.patiently(&trigger).await?;
    }
    if is_mariadb {
        conversion
            .session
            .run("SET SESSION timestamp = DEFAULT")
            .await?;
    }
    Ok(())
}

/// A foreign key of the table or to it, as the server has it.
struct Present {
    name: String,
    child: String,
    parent: String,
}

async fn present(conversion: &mut Conversion<'_>) -> Result<Vec<Present>> {
    let select = query(
        "SELECT DISTINCT constraint_name AS name, table_name AS child, \
         referenced_table_name AS parent FROM information_schema.key_column_usage \
         WHERE table_schema = DATABASE() AND referenced_table_name IS NOT NULL \
         AND (table_name = ?1 OR referenced_table_name = ?1)",
    );
    let rows = conversion
        .session
        .rows(select.bind(conversion.names.table))
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Present {
                name: row.get("name")?,
                child: row.get("child")?,
                parent: row.get("parent")?,
            })
        })
        .collect()
}

/// There are none on partitions, so they are dropped; and one that is not known could not be made
/// again.
pub(super) async fn check_foreign_keys(conversion: &mut Conversion<'_>) -> Result<()> {
    let known = conversion.table.foreign_keys;
    for Present {
        name,
        child,
        parent,
    } in present(conversion).await?
    {
        if !known
            .iter()
            .any(|key| key.table == child && key.parent == parent)
        {
            return Err(Error::Other(format!(
                "{child} has a foreign key {name} to {parent} that this release does not know; \
                 drop it first"
            )));
        }
    }
    Ok(())
}

/// Under another name until it is as it should be.
pub(super) async fn make_next(conversion: &mut Conversion<'_>) -> Result<()> {
    let table = conversion.table.table;
    let (making, next) = (
        conversion.names.making.clone(),
        conversion.names.next.clone(),
    );
    let mut statements = vec![format!("CREATE TABLE {making} LIKE {}", table.name)];
    match conversion.wanted {
        Layout::ByYear => {
            let years = conversion.years().await?;
            let definitions = definitions(conversion.session.engine(), &table, &years)?;
            let column = table.column;
            statements.push(format!(
                "ALTER TABLE {making} PARTITION BY RANGE COLUMNS ({column}) ({definitions})"
            ));
        }
        Layout::Whole => {
            statements.push(format!("ALTER TABLE {making} REMOVE PARTITIONING"));
            for key in outgoing(conversion) {
                orphans::sweep(&mut conversion.session, key).await?;
                statements.push(add(&making, key));
            }
        }
    }
    statements.push(format!("RENAME TABLE {making} TO {next}"));
    for statement in statements {
        conversion.patiently(&statement).await?;
    }
    Ok(())
}

fn add(table: &str, key: &ForeignKey) -> String {
    format!(
        "ALTER TABLE {table} ADD FOREIGN KEY ({}) REFERENCES {} ({}) ON DELETE CASCADE",
        key.columns.join(", "),
        key.parent,
        key.parent_columns.join(", ")
    )
}

fn outgoing(conversion: &Conversion<'_>) -> Vec<&'static ForeignKey> {
    let table = conversion.names.table;
    let keys = conversion.table.foreign_keys.iter();
    keys.filter(|key| key.table == table).collect()
}

/// From when each change of the first table is a change of the second one, too, and what had been
/// written down before has been caught up with, both are the same for good.
pub(super) async fn change_places(conversion: &mut Conversion<'_>) -> Result<()> {
    let (table, next) = (conversion.names.table, conversion.names.next.clone());
    // It answers rows, which only a statement that is asked for them gets rid of.
    let analyze = query(format!("ANALYZE TABLE {next}"));
    conversion.session.rows(analyze).await?;
    follow(conversion).await?;
    catch_up_with_all(conversion).await?;
    for Present { name, child, .. } in present(conversion).await? {
        if child != table {
            let drop = format!("ALTER TABLE {child} DROP FOREIGN KEY {name}");
            conversion.patiently(&drop).await?;
        }
    }
    conversion.refuse_changes().await?;
    let old = conversion.names.old.clone();
    conversion
        .patiently(&format!("RENAME TABLE {table} TO {old}, {next} TO {table}"))
        .await?;
    // No trigger sees what goes by a foreign key.
    for key in outgoing(conversion) {
        orphans::sweep(&mut conversion.session, key).await?;
    }
    Ok(())
}

/// Works off all that was written down before the tables went together.
async fn catch_up_with_all(conversion: &mut Conversion<'_>) -> Result<()> {
    let largest = query(format!(
        "SELECT COALESCE(MAX(seq), 0) AS seq FROM {}",
        conversion.names.journal
    ));
    let row = conversion.session.optional_row(largest).await?;
    let largest: i64 = row.map_or(Ok(0), |row| row.get("seq"))?;
    let columns = conversion.column_names().await?.join(", ");
    loop {
        let entries = journal::entries(conversion).await?;
        for (number, key) in &entries {
            if *number > largest {
                return Ok(());
            }
            copy_locked(conversion, &columns, *number, key).await?;
        }
        if entries.is_empty() {
            return Ok(());
        }
    }
}

async fn copy_locked(
    conversion: &mut Conversion<'_>,
    columns: &str,
    number: i64,
    key: &[uuid::Uuid],
) -> Result<()> {
    let mut tries = Tries::default();
    loop {
        match copy_locked_at_once(conversion, columns, number, key).await {
            Ok(()) => return Ok(()),
            Err(error) => {
                conversion.session.run("ROLLBACK").await?;
                tries.again_after(error).await?;
            }
        }
    }
}

/// Locks the row, or the place where it is not, as every writer does first. Whoever writes it
/// next finds the second table as we leave it.
async fn copy_locked_at_once(
    conversion: &mut Conversion<'_>,
    columns: &str,
    number: i64,
    key: &[uuid::Uuid],
) -> Result<()> {
    let (table, next) = (conversion.names.table, conversion.names.next.clone());
    let this = super::copy::any_of(conversion.table.table.key, 1);
    let session = &mut conversion.session;
    session
        .run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        .await?;
    session.run("BEGIN").await?;
    let lock = query(format!(
        "SELECT 1 AS found FROM {table} WHERE {this} FOR UPDATE"
    ));
    session.rows(lock.bind_all(key.iter().copied())).await?;
    for text in [
        format!("DELETE FROM {next} WHERE {this}"),
        format!("INSERT INTO {next} ({columns}) SELECT {columns} FROM {table} WHERE {this}"),
    ] {
        session
            .change(query(text).bind_all(key.iter().copied()))
            .await?;
    }
    journal::forget(conversion, &[number]).await?;
    conversion.session.run("COMMIT").await
}

/// Makes the foreign keys again that partitions had kept away; answers whether there were any.
pub(super) async fn finish(conversion: &mut Conversion<'_>) -> Result<bool> {
    if conversion.wanted == Layout::ByYear {
        return Ok(false);
    }
    let there = present(conversion).await?;
    let table = conversion.names.table;
    let mut had_to = false;
    for key in conversion.table.foreign_keys {
        let is_there = there
            .iter()
            .any(|one| one.child == key.table && one.parent == key.parent);
        if key.parent != table || is_there {
            continue;
        }
        orphans::sweep(&mut conversion.session, key).await?;
        // Every row has been looked at; doing it once more would keep the table locked.
        conversion
            .session
            .run("SET SESSION foreign_key_checks = 0")
            .await?;
        conversion.patiently(&add(key.table, key)).await?;
        conversion
            .session
            .run("SET SESSION foreign_key_checks = 1")
            .await?;
        had_to = true;
    }
    Ok(had_to)
}
