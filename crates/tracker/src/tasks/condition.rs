//! The condition of a query over one owner's tasks, built part by part.

use duly_db::{Query, Value, placeholders, query};

use crate::id::UserId;

/// Conditions joined by AND, with the owner as the first parameter.
#[derive(Debug)]
pub(super) struct Condition {
    text: String,
    values: Vec<Value>,
}

impl Condition {
    pub(super) fn new(owner: UserId) -> Self {
        Condition {
            text: "user_id = ?1".into(),
            values: vec![owner.into()],
        }
    }

    pub(super) fn fixed(&mut self, text: &str) {
        self.text.push_str(" AND ");
        self.text.push_str(text);
    }

    /// `{}` stands for the value, wherever it occurs.
    pub(super) fn with(&mut self, text: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        let parameter = format!("?{}", self.values.len());
        self.fixed(&text.replace("{}", &parameter));
    }

    /// The first `{}` stands for the first value, the second for the second.
    pub(super) fn with_two(
        &mut self,
        text: &str,
        first: impl Into<Value>,
        second: impl Into<Value>,
    ) {
        self.values.push(first.into());
        let filled = text.replacen("{}", &format!("?{}", self.values.len()), 1);
        self.with(&filled, second);
    }

    pub(super) fn one_of<V: Into<Value>>(
        &mut self,
        column: &str,
        values: impl IntoIterator<Item = V>,
    ) {
        let first = self.values.len() + 1;
        self.values.extend(values.into_iter().map(Into::into));
        let list = placeholders(first, self.values.len() + 1 - first);
        self.fixed(&format!("{column} IN ({list})"));
    }

    /// The number the next bound parameter gets.
    pub(super) fn next_parameter(&self) -> usize {
        self.values.len() + 1
    }

    pub(super) fn bind(&mut self, value: Value) {
        self.values.push(value);
    }

    /// A query whose text is made from the condition.
    pub(super) fn into_query(self, text: impl FnOnce(&str) -> String) -> Query {
        query(text(&self.text)).bind_all(self.values)
    }
}
