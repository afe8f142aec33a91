//! Reading a plan for what makes a query slow with many rows.

use std::fmt;

use duly_db::Engine;

/// Tables that stay small whatever the number of users and tasks.
const SMALL: [&str; 7] = [
    "instance",
    "job_pauses",
    "job_workers",
    "leases",
    "schedules",
    "schema_migrations",
    "sqlite_schema",
];

/// Statements that are no queries of ours, or touch small tables only.
pub(crate) fn is_housekeeping(text: &str) -> bool {
    let mentions_small = SMALL
        .iter()
        .any(|table| text.split_whitespace().any(|word| word == *table));
    let finds_rows = ["SELECT", "UPDATE", "DELETE", "WITH"]
        .iter()
        .any(|verb| text.starts_with(verb));
    mentions_small
        || !finds_rows
        || text.contains("VERSION()")
        || text.contains("information_schema")
}

/// How an engine says it will run a query, one line for each step.
#[derive(Debug, PartialEq)]
pub(crate) struct Plan {
    engine: Engine,
    lines: String,
}

impl Plan {
    pub(crate) fn new(engine: Engine, lines: String) -> Self {
        Plan { engine, lines }
    }

    /// What must not be in a plan, for each line that has it.
    pub(crate) fn problems(&self) -> Vec<&'static str> {
        self.lines
            .lines()
            .filter_map(|line| self.problem(line))
            .collect()
    }

    fn problem(&self, line: &str) -> Option<&'static str> {
        let line = line.trim();
        match self.engine {
            Engine::Sqlite => match line {
                _ if line.contains("USE TEMP B-TREE FOR ORDER BY") => Some("it sorts"),
                _ if line.contains("USE TEMP B-TREE") => None,
                _ if line.starts_with("SCAN") && !is_made_up(line) => {
                    Some("it reads a whole table")
                }
                _ => None,
            },
            Engine::Postgres => match line.trim_start_matches("->").trim() {
                step if step.starts_with("Seq Scan") => Some("it reads a whole table"),
                step if step.starts_with("Sort") && !step.starts_with("Sort Key") => {
                    Some("it sorts")
                }
                _ => None,
            },
            Engine::MariaDb | Engine::MySql => match line {
                _ if line.contains("Using filesort") => Some("it sorts"),
                _ if line.contains("Using temporary") => Some("it makes a temporary table"),
                _ if line.contains("type=ALL") && !line.contains("table=<") => {
                    Some("it reads a whole table")
                }
                _ if line.contains("type=index") => Some("it reads a whole index"),
                _ => None,
            },
        }
    }

    /// Which tables are read one after the other, and whether by an index. Which of two good
    /// indexes an engine takes is a matter of its estimates.
    pub(crate) fn shape(&self) -> Vec<String> {
        self.lines
            .lines()
            .filter_map(|line| self.access(line.trim()))
            .collect()
    }

    fn access(&self, line: &str) -> Option<String> {
        let after = |word: &str| {
            Some(
                line.split_once(word)?
                    .1
                    .split_whitespace()
                    .next()?
                    .to_owned(),
            )
        };
        let is_scan = self
            .problem(line)
            .is_some_and(|it| it.starts_with("it reads a whole"));
        let table = match self.engine {
            Engine::Sqlite => after("SEARCH ").or_else(|| after("SCAN ")),
            // The heap scan above a bitmap of an index names the table.
            Engine::Postgres if line.contains("Bitmap Index Scan") => None,
            Engine::Postgres => line.contains(" Scan").then(|| after(" on ")).flatten(),
            Engine::MariaDb | Engine::MySql => after("table="),
        };
        Some(format!(
            "{} {}",
            if is_scan { "scan" } else { "seek" },
            table?
        ))
    }
}

/// Rows that stand in the statement itself, or come from a step that was planned by itself.
fn is_made_up(line: &str) -> bool {
    line.contains("CONSTANT ROW") || line.starts_with("SCAN (") || line.contains("VALUES")
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines
            .lines()
            .try_for_each(|line| writeln!(formatter, "    {line}"))
    }
}
