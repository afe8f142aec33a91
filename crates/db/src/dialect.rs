//! The one place where engines may differ in what a statement says.

use crate::{Engine, Error, Query, query};

/// `INSERT` that silently keeps the row that is there already.
///
/// `statement` is a whole `INSERT INTO … VALUES …`; the answer of `execute` is 0 when the row
/// existed.
#[must_use]
#[track_caller]
pub fn insert_or_keep(engine: Engine, statement: &str) -> Query {
    match engine {
        Engine::Sqlite | Engine::Postgres => query(format!("{statement} ON CONFLICT DO NOTHING")),
        // `INSERT IGNORE` would also ignore what is no duplicate: a text too long, a missing
        // parent. InnoDB takes back only the statement that met a duplicate, so its error serves.
        Engine::MariaDb | Engine::MySql => query(statement.to_owned()).keeping_duplicates(),
    }
}

/// `INSERT` that changes the named columns when the key exists already.
#[must_use]
pub fn insert_or_change(engine: Engine, statement: &str, key: &str, columns: &[&str]) -> String {
    match engine {
        Engine::Sqlite | Engine::Postgres => {
            let changes = each(columns, |column| format!("{column} = excluded.{column}"));
            format!("{statement} ON CONFLICT ({key}) DO UPDATE SET {changes}")
        }
        Engine::MariaDb | Engine::MySql => {
            let changes = each(columns, |column| format!("{column} = VALUES({column})"));
            format!("{statement} ON DUPLICATE KEY UPDATE {changes}")
        }
    }
}

/// `INSERT` of counts that are added to the named columns when the key exists already. Two that
/// insert the same key at once wait for each other; an `UPDATE` that finds nothing, followed by an
/// `INSERT`, would have one of them fail.
#[must_use]
pub fn insert_or_add(
    engine: Engine,
    table: &str,
    statement: &str,
    key: &str,
    columns: &[&str],
) -> String {
    match engine {
        Engine::Sqlite | Engine::Postgres => {
            let sums = each(columns, |column| {
                format!("{column} = {table}.{column} + excluded.{column}")
            });
            format!("{statement} ON CONFLICT ({key}) DO UPDATE SET {sums}")
        }
        Engine::MariaDb | Engine::MySql => {
            let sums = each(columns, |column| {
                format!("{column} = {column} + VALUES({column})")
            });
            format!("{statement} ON DUPLICATE KEY UPDATE {sums}")
        }
    }
}

/// How many whole periods of so many seconds lie between 1970 (UTC) and the instant in a column, as a number.
#[must_use]
pub fn whole_periods(engine: Engine, column: &str, seconds: u32) -> String {
    match engine {
        // Instants after 1970 are kept as microseconds, and numbers are divided without a rest.
        Engine::Sqlite => format!("({column} / {seconds}000000)"),
        Engine::Postgres => {
            format!("CAST(FLOOR(EXTRACT(EPOCH FROM {column}) / {seconds}) AS bigint)")
        }
        Engine::MariaDb | Engine::MySql => {
            format!("(TIMESTAMPDIFF(SECOND, '1970-01-01 00:00:00', {column}) DIV {seconds})")
        }
    }
}

fn each(columns: &[&str], change: impl Fn(&&str) -> String) -> String {
    let changes: Vec<String> = columns.iter().map(change).collect();
    changes.join(", ")
}

/// Whether append-only tables are partitioned by time, so that old rows go with their partition.
#[must_use]
pub fn has_partitions(engine: Engine) -> bool {
    match engine {
        Engine::Sqlite => false,
        Engine::Postgres | Engine::MariaDb | Engine::MySql => true,
    }
}

/// What follows a table whose rows are to be found by this index. On SQLite only: it takes an index
/// whose first column is given for the best, however many rows have the same there. On servers such
/// tables have partitions instead, and no such index.
#[must_use]
pub fn by_index(engine: Engine, index: &str) -> String {
    match engine {
        Engine::Sqlite => format!(" INDEXED BY {index}"),
        Engine::Postgres | Engine::MariaDb | Engine::MySql => String::new(),
    }
}

/// What follows a table whose rows are to be found in the order of this index. Left to themselves SQLite and
/// MariaDB may rather find all rows by another one and sort them, however few are wanted.
#[must_use]
pub fn in_order_of(engine: Engine, index: &str) -> String {
    match engine {
        Engine::Sqlite => format!(" INDEXED BY {index}"),
        Engine::MariaDb | Engine::MySql => format!(" FORCE INDEX ({index})"),
        Engine::Postgres => String::new(),
    }
}

/// Begins a transaction that changes something. Its reads see one state; when it changes what
/// another transaction has changed since, it is told [`Error::Conflict`]. So what is read, computed
/// with and written back is never lost.
pub(crate) fn begin_change(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "BEGIN",
        // Its default would let the later one overwrite what it has not seen. What was copied into a
        // table since is not seen at all, so whoever lets a copy take a table's place first locks
        // `schema_migrations` for themselves: then nobody has an older view, nor gets one meanwhile,
        // because a lock is waited for before there is a view, when it is the first statement.
        Engine::Postgres => {
            "BEGIN ISOLATION LEVEL REPEATABLE READ; \
             LOCK TABLE schema_migrations IN ACCESS SHARE MODE"
        }
        // Its default, with `innodb_snapshot_isolation`.
        Engine::MariaDb => "BEGIN",
        // Reading locks here: of two who want to change what both have read, one has to give way.
        Engine::MySql => "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; BEGIN",
    }
}

/// Begins a transaction on rows that many take from. MariaDB and MySQL lock the gaps between rows
/// by default, and those who search the same gap and then fill it fail in turn. PostgreSQL lets
/// those fail who find a row that was taken since they began.
pub(crate) fn begin_on_shared_rows(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "BEGIN",
        Engine::Postgres => "BEGIN ISOLATION LEVEL READ COMMITTED",
        Engine::MariaDb | Engine::MySql => "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN",
    }
}

/// Begins a transaction whose reads all see one state and that changes nothing.
///
/// On PostgreSQL with the lock that [`begin_change`] takes, and for the same reason.
pub(crate) fn begin_snapshot(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "BEGIN",
        Engine::Postgres => {
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
             LOCK TABLE schema_migrations IN ACCESS SHARE MODE"
        }
        Engine::MariaDb | Engine::MySql => "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    }
}

/// The version of an owner's data as a column of the answer, so that both come from one state.
///
/// The owner's id is bound as the parameter after the statement's own. `None` when the engine
/// cannot do it for such a statement.
pub(crate) fn with_version(engine: Engine, statement: &str, owner: usize) -> Option<String> {
    match engine {
        Engine::Sqlite => None,
        // One row at least, so that an answer without rows has its version, too.
        Engine::Postgres => Some(format!(
            "SELECT seen.data AS seen_version, answer.* FROM versions seen \
             LEFT JOIN (SELECT TRUE AS seen_row, inside.* FROM ({statement}) inside) answer \
             ON TRUE WHERE seen.owner_id = ?{owner}"
        )),
        // These would write that answer into a temporary table, which doubles its cost. So an
        // answer without rows has no version.
        Engine::MariaDb | Engine::MySql => {
            let columns = statement.strip_prefix("SELECT ")?;
            if columns.starts_with("DISTINCT") {
                return None;
            }
            Some(format!(
                "SELECT TRUE AS seen_row, \
                 (SELECT data FROM versions WHERE owner_id = ?{owner}) AS seen_version, {columns}"
            ))
        }
    }
}

/// An `UPDATE` of one row after which the server says what it has set a column of numbers to: as a
/// row where it can, else as what it calls the last inserted id.
pub(crate) fn answering(
    engine: Engine,
    (column, number): (&str, &str),
    update: impl Fn(&str) -> String,
) -> String {
    match engine {
        Engine::Sqlite | Engine::Postgres => {
            let update = update(&format!("{column} = {number}"));
            format!("{update} RETURNING {column}")
        }
        Engine::MariaDb | Engine::MySql => update(&format!("{column} = LAST_INSERT_ID({number})")),
    }
}

/// Where a commit stands among all commits, as a number that grows: whoever tails a table by it
/// misses nothing.
///
/// On SQLite, with its one writer, the next number. On PostgreSQL the transaction's id: whoever
/// reads up to the oldest one still running has seen all. On MySQL the time in microseconds:
/// whoever reads again what is younger than the longest transaction has seen all.
pub(crate) fn change_cursor(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "(SELECT COALESCE(MAX(changed), 0) + 1 FROM versions)",
        Engine::Postgres => "CAST(CAST(pg_current_xact_id() AS text) AS bigint)",
        Engine::MariaDb | Engine::MySql => "CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)",
    }
}

/// Up to where, by [`change_cursor`], nothing can be committed any more that has not been seen.
pub(crate) fn change_horizon(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "(SELECT COALESCE(MAX(changed), 0) + 1 FROM versions)",
        Engine::Postgres => "CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)",
        // No transaction of ours may take so long.
        Engine::MariaDb | Engine::MySql => {
            "CAST((UNIX_TIMESTAMP(NOW(6)) - 30) * 1000000 AS SIGNED)"
        }
    }
}

/// What follows a `SELECT` whose rows are about to be changed by the same transaction.
#[must_use]
pub fn for_update(engine: Engine) -> &'static str {
    match engine {
        // There is one writer at a time, so the rows cannot change meanwhile.
        Engine::Sqlite => "",
        Engine::Postgres | Engine::MariaDb | Engine::MySql => " FOR UPDATE",
    }
}

/// Like [`for_update`], but rows that another transaction holds are left out instead of waited
/// for: several takers of work do not stand in each other's way.
#[must_use]
pub fn for_update_of_free_rows(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "",
        Engine::Postgres | Engine::MariaDb | Engine::MySql => " FOR UPDATE SKIP LOCKED",
    }
}

/// What follows a `SELECT` whose rows must not go, nor change their keys, before the end of the
/// transaction. It reads the newest committed state, whatever the transaction has seen before.
#[must_use]
pub fn for_share(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "",
        Engine::Postgres => " FOR KEY SHARE",
        Engine::MariaDb | Engine::MySql => " LOCK IN SHARE MODE",
    }
}

/// Whether the text of a column has another text in it, letter by letter.
#[must_use]
pub fn contains(engine: Engine, column: &str, text: &str) -> String {
    match engine {
        Engine::Postgres => format!("STRPOS({column}, {text}) > 0"),
        Engine::Sqlite | Engine::MariaDb | Engine::MySql => format!("INSTR({column}, {text}) > 0"),
    }
}

/// `(a, b) > (?n, ?n+1)` over the columns of a keyset page, in a form the engine can seek by.
///
/// # Errors
/// [`Error::Other`] without columns.
pub fn keyset_after(
    engine: Engine,
    columns: &[&str],
    first_parameter: usize,
    descending: bool,
) -> Result<String, Error> {
    if columns.is_empty() {
        return Err(Error::Other("a keyset needs a column".into()));
    }
    let comparison = if descending { '<' } else { '>' };
    match engine {
        Engine::Sqlite | Engine::Postgres => Ok(format!(
            "({}) {comparison} ({})",
            columns.join(", "),
            crate::placeholders(first_parameter, columns.len())
        )),
        // These read all rows of the leading columns for a comparison of row values.
        Engine::MariaDb | Engine::MySql => {
            Ok(expanded_keyset(columns, first_parameter, comparison))
        }
    }
}

/// `a >= ?1 AND (a > ?1 OR b > ?2)`: the same as `(a, b) > (?1, ?2)`.
fn expanded_keyset(columns: &[&str], parameter: usize, comparison: char) -> String {
    match columns {
        [] => String::new(),
        [last] => format!("{last} {comparison} ?{parameter}"),
        [column, rest @ ..] => format!(
            "{column} {comparison}= ?{parameter} AND ({column} {comparison} ?{parameter} OR {})",
            match rest {
                [_] => expanded_keyset(rest, parameter + 1, comparison),
                _ => format!("({})", expanded_keyset(rest, parameter + 1, comparison)),
            }
        ),
    }
}

/// The names of all tables as `name`; a partitioned table is one.
#[must_use]
pub fn tables(engine: Engine) -> Query {
    query(match engine {
        Engine::Sqlite => {
            "SELECT name FROM sqlite_schema \
             WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
        }
        Engine::Postgres => {
            "SELECT CAST(relname AS text) AS name FROM pg_class \
             JOIN pg_namespace ON pg_namespace.oid = relnamespace \
             WHERE nspname = current_schema() AND relkind IN ('r', 'p') AND NOT relispartition"
        }
        Engine::MariaDb | Engine::MySql => {
            "SELECT table_name AS name FROM information_schema.tables \
             WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
        }
    })
}

/// What a server allows and does, and what time it is there: `connections`, `taken` and `microseconds` since 1970.
pub(crate) fn about_server(engine: Engine) -> Option<Query> {
    let status = |table: &str| {
        format!(
            "SELECT @@global.max_connections AS connections, \
             (SELECT CAST(variable_value AS SIGNED) FROM {table} \
             WHERE variable_name = 'Threads_connected') AS taken, \
             CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED) AS microseconds"
        )
    };
    Some(query(match engine {
        Engine::Sqlite => return None,
        Engine::Postgres => "SELECT CAST(current_setting('max_connections') AS bigint) \
             - CAST(current_setting('superuser_reserved_connections') AS bigint) AS connections, \
             (SELECT CAST(SUM(numbackends) AS bigint) FROM pg_stat_database) AS taken, \
             CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS bigint) AS microseconds"
            .to_owned(),
        Engine::MariaDb => status("information_schema.global_status"),
        Engine::MySql => status("performance_schema.global_status"),
    }))
}

/// Text for the right side of `LIKE … ESCAPE '!'` that matches `text` anywhere, literally.
#[must_use]
pub fn contains_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests;
