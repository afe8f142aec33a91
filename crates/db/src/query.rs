//! A statement and its parameters.

use std::borrow::Cow;

use tracing::Span;

use crate::caller::Caller;
use crate::{Error, Value, trace};

/// One SQL statement with its bound values.
///
/// Parameters are numbered from one: `?1`, `?2`. The same number may stand several times in the
/// text. Text is written once for all engines; where engines differ, [`crate::dialect`] writes it.
///
/// ```
/// let query = duly_db::query("SELECT title FROM books WHERE shelf = ?1 AND year > ?2")
///     .bind("history")
///     .bind(1900_i64);
/// assert_eq!(query.values().len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    text: Cow<'static, str>,
    values: Vec<Value>,
    expected: Option<u64>,
    is_brief: bool,
    keeps_duplicates: bool,
    caller: Caller,
    /// Boxed: there seldom is one.
    span: Option<Box<Span>>,
}

/// Starts a query with the given SQL text. Where it is called is said when the query was slow.
#[track_caller]
pub fn query(text: impl Into<Cow<'static, str>>) -> Query {
    Query {
        text: text.into(),
        values: Vec::new(),
        expected: None,
        is_brief: false,
        keeps_duplicates: false,
        caller: Caller::here(),
        span: trace::current().map(Box::new),
    }
}

impl Query {
    /// Binds the next numbered parameter.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Binds several parameters in order.
    #[must_use]
    pub fn bind_all<V: Into<Value>>(mut self, values: impl IntoIterator<Item = V>) -> Self {
        self.values.extend(values.into_iter().map(Into::into));
        self
    }

    /// Makes a change fail that does not touch exactly so many rows.
    #[must_use]
    pub fn expecting(mut self, rows: u64) -> Self {
        self.expected = Some(rows);
        self
    }

    /// Says that a read touches few rows, all found by an index. SQLite answers it on the calling
    /// thread: handing it to another and back costs more than the read itself.
    #[must_use]
    pub fn brief(mut self) -> Self {
        self.is_brief = true;
        self
    }

    /// Whether [`Query::brief`] was said.
    #[must_use]
    pub fn is_brief(&self) -> bool {
        self.is_brief
    }

    /// Makes an insert that meets a duplicate count as one that touched no row.
    pub(crate) fn keeping_duplicates(mut self) -> Self {
        self.keeps_duplicates = true;
        self
    }

    pub(crate) fn keeps_duplicates(&self) -> bool {
        self.keeps_duplicates
    }

    /// The same with another text.
    pub(crate) fn rewritten(mut self, text: String) -> Self {
        self.text = text.into();
        self
    }

    /// Refuses values that no engine can be trusted with.
    pub(crate) fn refuse_unstorable(&self) -> Result<(), Error> {
        for (index, value) in self.values.iter().enumerate() {
            if let Some(reason) = value.unstorable() {
                return Err(Error::Parameter(format!("?{}: {reason}", index + 1)));
            }
        }
        Ok(())
    }

    /// Refuses a change outside of a transaction, which a server would keep at once.
    pub(crate) fn refuse_change(&self) -> Result<(), Error> {
        let first = self.text.split_whitespace().next().unwrap_or_default();
        let changes = ["INSERT", "UPDATE", "DELETE", "REPLACE"];
        if changes
            .iter()
            .any(|change| first.eq_ignore_ascii_case(change))
        {
            return Err(Error::ReadOnly("a change needs a transaction".into()));
        }
        Ok(())
    }

    /// Holds the number of rows a change has touched to what [`Query::expecting`] said.
    pub(crate) fn check_touched(&self, touched: u64) -> Result<u64, Error> {
        match self.expected {
            Some(expected) if expected != touched => Err(Error::Other(format!(
                "a change touched {touched} rows and not {expected}: {}",
                self.text
            ))),
            _ => Ok(touched),
        }
    }

    /// Where the query comes from.
    pub(crate) fn caller(&self) -> Caller {
        self.caller
    }

    /// The span it was written in, when somebody wants to know of statements.
    pub(crate) fn span(&self) -> Option<&Span> {
        self.span.as_deref()
    }

    /// The same for whoever keeps it: a span ends when nobody holds it any more.
    pub(crate) fn forgetting_span(mut self) -> Self {
        self.span = None;
        self
    }

    /// The SQL text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The bound values, `?1` first.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }
}

/// Writes `?first, ?first+1, …` for `count` parameters, for use inside `IN (…)`.
///
/// ```
/// assert_eq!(duly_db::placeholders(3, 2), "?3, ?4");
/// ```
#[must_use]
pub fn placeholders(first: usize, count: usize) -> String {
    let mut list = String::with_capacity(count * 5);
    for number in first..first + count {
        if number > first {
            list.push_str(", ");
        }
        list.push('?');
        list.push_str(&number.to_string());
    }
    list
}
