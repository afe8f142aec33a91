//! A row of an answer, read by column name.

use std::sync::Arc;

use crate::{Error, FromValue, Value};

/// One row. Columns are read by the name the statement gave them.
#[derive(Debug, Clone)]
pub struct Row {
    columns: Arc<[Box<str>]>,
    values: Vec<Value>,
}

impl Row {
    pub(crate) fn new(columns: Arc<[Box<str>]>, values: Vec<Value>) -> Self {
        Row { columns, values }
    }

    /// Reads one column.
    ///
    /// # Errors
    /// [`Error::Decode`] when there is no such column or it holds another type.
    pub fn get<T: FromValue>(&self, column: &str) -> Result<T, Error> {
        let value = self
            .columns
            .iter()
            .position(|name| **name == *column)
            .and_then(|index| self.values.get(index))
            .ok_or_else(|| Error::Decode(format!("no column {column:?} in the answer")))?;
        T::from_value(value).map_err(|error| match error {
            Error::Decode(reason) => Error::Decode(format!("column {column:?}: {reason}")),
            other => other,
        })
    }
}

/// A struct that is read from a row, column by column.
pub trait FromRow: Sized {
    /// Reads the struct.
    ///
    /// # Errors
    /// [`Error::Decode`] when a column is missing or of another type.
    fn from_row(row: &Row) -> Result<Self, Error>;
}
