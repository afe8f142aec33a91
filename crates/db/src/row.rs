//! A row of an answer, read by column name.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{Error, FromValue, Value};

/// The column names of one answer, shared by its rows; one string, because an answer of one row
/// should not cost an allocation per column.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    names: String,
    ends: Vec<usize>,
}

impl Columns {
    pub(crate) fn push(&mut self, name: &str) {
        self.names.push_str(name);
        self.ends.push(self.names.len());
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Where the column is. `expected` is where to look first.
    fn position(&self, column: &str, expected: usize) -> Option<usize> {
        if self.name(expected) == Some(column) {
            return Some(expected);
        }
        (0..self.len()).find(|index| self.name(*index) == Some(column))
    }

    fn name(&self, index: usize) -> Option<&str> {
        let start = match index.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.names.get(start..*self.ends.get(index)?)
    }
}

/// One row. Columns are read by the name the statement gave them.
#[derive(Debug)]
pub struct Row {
    columns: Arc<Columns>,
    values: Vec<Value>,
    /// The column after the one read last: structs are mostly read in the order of the columns.
    next: AtomicUsize,
}

impl Row {
    pub(crate) fn new(columns: Arc<Columns>, values: Vec<Value>) -> Self {
        Row {
            columns,
            values,
            next: AtomicUsize::new(0),
        }
    }

    /// Reads one column.
    ///
    /// # Errors
    /// [`Error::Decode`] when there is no such column or it holds another type.
    pub fn get<T: FromValue>(&self, column: &str) -> Result<T, Error> {
        let (index, value) = self
            .columns
            .position(column, self.next.load(Ordering::Relaxed))
            .and_then(|index| Some((index, self.values.get(index)?)))
            .ok_or_else(|| Error::Decode(format!("no column {column:?} in the answer")))?;
        self.next.store(index + 1, Ordering::Relaxed);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_their_whole_name() {
        let mut columns = Columns::default();
        for name in ["id", "", "idea", "größe"] {
            columns.push(name);
        }
        let row = Row::new(
            Arc::new(columns),
            vec![1, 2, 3, 4].into_iter().map(Value::Int).collect(),
        );
        let found = |name| row.get::<i64>(name).unwrap();
        assert_eq!(
            [found("id"), found(""), found("idea"), found("größe")],
            [1, 2, 3, 4]
        );
        assert_eq!(
            [found("größe"), found("größe"), found("id"), found("id")],
            [4, 4, 1, 1],
            "in any order and more than once"
        );
        let missing = row.get::<i64>("i").unwrap_err().to_string();
        assert!(missing.contains("no column \"i\""), "{missing}");
    }
}
