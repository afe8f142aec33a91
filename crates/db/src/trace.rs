//! Statements as spans of the trace that whoever made them is part of.
//!
//! The names are those of OpenTelemetry's conventions for databases. While no subscriber asks for spans of the level
//! `TRACE` with the field `otel.kind`, a statement costs two looks at a flag. One that nobody's span has asked for is not shown: what a process
//! does on its own is in no trace.

use tracing::field::Empty;
use tracing::{Level, Span};

use crate::slow::{Target, normal};
use crate::{Engine, Error, Query};

const TARGET: &str = "duly_db::statement";

/// The span that what is asked here belongs to.
pub(crate) fn current() -> Option<Span> {
    let is_wanted = tracing::span_enabled!(target: TARGET, Level::TRACE, otel.kind);
    is_wanted.then(Span::current).filter(|span| !span.is_none())
}

/// A span for a statement, from now until it is dropped.
pub(crate) fn statement(query: &Query, target: Target<'_>) -> Span {
    let Some(parent) = query.span() else {
        return Span::none();
    };
    let text = normal::text(query.text());
    let (operation, summary) = summary(&text);
    tracing::trace_span!(
        target: TARGET,
        parent: parent,
        "statement",
        otel.name = summary,
        otel.kind = "client",
        otel.status_code = Empty,
        db.system.name = system(target.engine),
        db.operation.name = operation,
        db.query.summary = summary,
        db.query.text = text,
        duly.db.role = target.name,
        error.type = Empty,
    )
}

/// A span for making a transaction durable.
pub(crate) fn commit(engine: Engine) -> Span {
    let Some(parent) = current() else {
        return Span::none();
    };
    tracing::trace_span!(
        target: TARGET,
        parent: &parent,
        "statement",
        otel.name = "COMMIT",
        otel.kind = "client",
        otel.status_code = Empty,
        db.system.name = system(engine),
        db.operation.name = "COMMIT",
        db.query.summary = "COMMIT",
        duly.db.role = Target::primary(engine).name,
        error.type = Empty,
    )
}

/// Says how it went, without what a server may have said of values.
pub(crate) fn ended<T>(span: &Span, answer: &Result<T, Error>) {
    if let Err(error) = answer
        && !span.is_none()
    {
        span.record("otel.status_code", "error");
        span.record("error.type", kind(error));
    }
}

fn kind(error: &Error) -> &'static str {
    match error {
        Error::Unique { .. } => "unique",
        Error::Constraint(_) => "constraint",
        Error::Busy => "busy",
        Error::ReadOnly(_) => "read_only",
        Error::Unavailable(_) => "unavailable",
        Error::Conflict => "conflict",
        Error::Misconfigured(_) => "misconfigured",
        Error::Timeout => "timeout",
        Error::IdleTransaction => "idle_transaction",
        Error::Parameter(_) => "parameter",
        Error::Decode(_) => "decode",
        Error::Other(_) => "other",
    }
}

/// As the conventions call it.
fn system(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "postgresql",
        Engine::Sqlite | Engine::MariaDb | Engine::MySql => engine.name(),
    }
}

/// What a statement does, and to which table above all: `SELECT` and `SELECT tasks`.
fn summary(text: &str) -> (&str, String) {
    let mut words = text.split([' ', '(', ',']);
    let operation = words.next().unwrap_or_default();
    let names = |word: &str| matches!(word, "FROM" | "INTO" | "UPDATE" | "JOIN");
    let mut follows = names(operation);
    for word in words.filter(|word| !word.is_empty()) {
        // In place of a table there may be another question.
        if follows && word != "SELECT" {
            let is_name = |found: char| found.is_ascii_alphanumeric() || found == '_';
            let table = word.trim_end_matches(|found| !is_name(found));
            return (operation, format!("{operation} {table}"));
        }
        follows = names(word);
    }
    (operation, operation.to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_statement_is_named_by_what_it_does_to_which_table() {
        for (text, expected) in [
            ("SELECT a, b FROM tasks WHERE id = ?", "SELECT tasks"),
            ("UPDATE jobs SET a = ?", "UPDATE jobs"),
            ("INSERT INTO jobs (id) VALUES (…)", "INSERT jobs"),
            ("INSERT IGNORE INTO jobs (id) VALUES (…)", "INSERT jobs"),
            ("DELETE FROM job_tags WHERE tag = ?", "DELETE job_tags"),
            ("SELECT 1", "SELECT"),
            ("WITH x AS (SELECT 1 FROM (SELECT a FROM b))", "WITH b"),
            ("", ""),
        ] {
            assert_eq!(summary(text).1, expected, "{text}");
        }
    }

    #[test]
    fn a_statement_that_nobody_listens_to_costs_next_to_nothing() {
        let quick = crate::query("SELECT 1");
        let round = || {
            let started = Instant::now();
            for _ in 0..100_000 {
                assert!(std::hint::black_box(current()).is_none());
                let span = statement(&quick, Target::primary(Engine::Sqlite));
                assert!(std::hint::black_box(span).is_none());
            }
            started.elapsed()
        };
        // The quickest of many: the machine may be busy with something else.
        let quickest = (0..20).map(|_| round()).min();
        // Far above what it takes, far below what a text would.
        assert!(quickest < Some(Duration::from_millis(20)), "{quickest:?}");
    }
}
