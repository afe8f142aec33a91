//! Filling the second table.

use uuid::Uuid;

use super::conversion::Conversion;
use super::{Step, journal};
use crate::{Query, Result, Row, dialect, query};

/// So many changes are left to be caught up with while nobody may write.
const FEW: usize = 50;

/// A row's key: ids, which all engines compare byte by byte.
pub(super) type Key = Vec<Uuid>;

pub(super) fn read_key(columns: &[&str], row: &Row) -> Result<Key> {
    columns.iter().map(|column| row.get(column)).collect()
}

/// `(user_id = ?1 AND id = ?2) OR …` for so many keys, which every engine finds by its index.
pub(super) fn any_of(columns: &[&str], count: usize) -> String {
    let one = |row: usize| {
        let parts: Vec<String> = (1..)
            .zip(columns)
            .map(|(number, column)| format!("{column} = ?{}", row * columns.len() + number))
            .collect();
        format!("({})", parts.join(" AND "))
    };
    let all: Vec<String> = (0..count).map(one).collect();
    all.join(" OR ")
}

impl Conversion<'_> {
    /// Copies until the second table holds all there is, but for a few changes.
    pub(super) async fn copy(&mut self) -> Result<()> {
        let columns = self.column_names().await?.join(", ");
        loop {
            let behind = self.largest_key().await?;
            let copied = self.copy_some(&columns, behind).await?;
            self.rows += copied;
            self.say(Step::Copying);
            if copied < u64::from(self.batch) {
                break;
            }
            let upto = self.largest_key().await?;
            journal::catch_up(self, &columns, upto).await?;
        }
        loop {
            let caught = journal::catch_up(self, &columns, None).await?;
            self.say(Step::CatchingUp);
            if caught <= FEW {
                return Ok(());
            }
        }
    }

    /// How far the rows have been copied. What the journal brought is never beyond.
    async fn largest_key(&mut self) -> Result<Option<Key>> {
        let key = self.table.table.key;
        let order: Vec<String> = key.iter().map(|column| format!("{column} DESC")).collect();
        let largest = query(format!(
            "SELECT {} FROM {} ORDER BY {} LIMIT 1",
            key.join(", "),
            self.names.next,
            order.join(", ")
        ));
        let row = self.session.optional_row(largest).await?;
        row.map(|row| read_key(key, &row)).transpose()
    }

    async fn copy_some(&mut self, columns: &str, behind: Option<Key>) -> Result<u64> {
        let statement = self.copy_statement(columns, behind)?;
        self.session.change(statement).await
    }

    fn copy_statement(&self, columns: &str, behind: Option<Key>) -> Result<Query> {
        let key = self.table.table.key;
        let condition = match behind {
            None => String::new(),
            Some(_) => {
                let after = dialect::keyset_after(self.session.engine(), key, 1, false)?;
                format!("WHERE {after} ")
            }
        };
        let text = format!(
            "INSERT INTO {} ({columns}) SELECT {columns} FROM {} {condition}ORDER BY {} LIMIT {}",
            self.names.next,
            self.names.table,
            key.join(", "),
            self.batch
        );
        Ok(query(text).bind_all(behind.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::any_of;

    #[test]
    fn keys_are_asked_for_one_by_one() {
        assert_eq!(
            any_of(&["user_id", "id"], 2),
            "(user_id = ?1 AND id = ?2) OR (user_id = ?3 AND id = ?4)"
        );
    }
}
