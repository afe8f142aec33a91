//! A row of an answer, read by column name.

use std::sync::Arc;

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

    fn position(&self, column: &str) -> Option<usize> {
        let mut start = 0;
        self.ends.iter().position(|&end| {
            let name = self.names.get(start..end);
            start = end;
            name == Some(column)
        })
    }
}

/// One row. Columns are read by the name the statement gave them.
#[derive(Debug, Clone)]
pub struct Row {
    columns: Arc<Columns>,
    values: Vec<Value>,
}

impl Row {
    pub(crate) fn new(columns: Arc<Columns>, values: Vec<Value>) -> Self {
        Row { columns, values }
    }

    /// Reads one column.
    ///
    /// # Errors
    /// [`Error::Decode`] when there is no such column or it holds another type.
    pub fn get<T: FromValue>(&self, column: &str) -> Result<T, Error> {
        let value = self
            .columns
            .position(column)
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
        let missing = row.get::<i64>("i").unwrap_err().to_string();
        assert!(missing.contains("no column \"i\""), "{missing}");
    }
}
