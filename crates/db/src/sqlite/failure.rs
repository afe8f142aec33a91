//! What SQLite's errors mean to a caller.

use rusqlite::ErrorCode;
use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID};

use crate::Error;

pub(super) fn translate(error: rusqlite::Error) -> Error {
    let (failure, message) = match error {
        rusqlite::Error::SqliteFailure(failure, message) => (failure, message),
        rusqlite::Error::InvalidParameterCount(given, expected) => {
            return Error::Parameter(format!(
                "count: {given} are bound, the statement has {expected}"
            ));
        }
        other => return Error::Other(other.to_string()),
    };
    let message = message.unwrap_or_else(|| failure.to_string());
    match failure.code {
        ErrorCode::ConstraintViolation => constraint(failure.extended_code, &message),
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::FileLockingProtocolFailed => Error::Busy,
        ErrorCode::OperationInterrupted => Error::Timeout,
        ErrorCode::ReadOnly | ErrorCode::DiskFull | ErrorCode::PermissionDenied => {
            Error::ReadOnly(message)
        }
        ErrorCode::CannotOpen
        | ErrorCode::NotADatabase
        | ErrorCode::DatabaseCorrupt
        | ErrorCode::SystemIoFailure => Error::Unavailable(message),
        _ => Error::Other(message),
    }
}

/// SQLite names the columns, not the constraint:
/// `UNIQUE constraint failed: tasks.user_id, tasks.id` is `tasks_user_id_id_key` here, or
/// `tasks_pkey` when the extended code says that they are the primary key (SQLite's "Result and
/// Error Codes"). Only for an index on an expression it names the index:
/// `UNIQUE constraint failed: index 'name'`.
fn constraint(extended_code: i32, message: &str) -> Error {
    let is_primary_key = matches!(
        extended_code,
        SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_ROWID
    );
    let name = message
        .strip_prefix("UNIQUE constraint failed: ")
        .and_then(|list| {
            if is_primary_key {
                name_of_table(list)
            } else {
                index_name(list).or_else(|| name_of_columns(list))
            }
        });
    match name {
        Some(constraint) => Error::Unique { constraint },
        None => Error::Constraint(message.to_owned()),
    }
}

fn name_of_table(list: &str) -> Option<String> {
    let (table, _) = list.split_once('.')?;
    Some(format!("{table}_pkey"))
}

fn index_name(list: &str) -> Option<String> {
    Some(list.strip_prefix("index '")?.strip_suffix('\'')?.to_owned())
}

fn name_of_columns(list: &str) -> Option<String> {
    let mut name = String::new();
    for column in list.split(", ") {
        let (table, column) = column.split_once('.')?;
        if name.is_empty() {
            name.push_str(table);
        }
        name.push('_');
        name.push_str(column);
    }
    name.push_str("_key");
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    use rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE;

    #[test]
    fn unique_constraints_are_named_by_table_and_columns() {
        let message = "UNIQUE constraint failed: tasks.user_id, tasks.id";
        let error = constraint(SQLITE_CONSTRAINT_UNIQUE, message);
        assert!(error.is_unique("tasks_user_id_id_key"), "{error:?}");
        for code in [SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID] {
            let error = constraint(code, message);
            assert!(error.is_unique("tasks_pkey"), "{error:?}");
        }
    }

    #[test]
    fn unique_indexes_on_expressions_keep_their_name() {
        let message = "UNIQUE constraint failed: index 'users_lower_email_key'";
        let error = constraint(SQLITE_CONSTRAINT_UNIQUE, message);
        assert!(error.is_unique("users_lower_email_key"), "{error:?}");
    }

    #[test]
    fn other_constraints_keep_what_the_engine_said() {
        for message in [
            "FOREIGN KEY constraint failed",
            "UNIQUE constraint failed: strange",
        ] {
            assert!(matches!(constraint(0, message), Error::Constraint(kept) if kept == message));
        }
    }
}
