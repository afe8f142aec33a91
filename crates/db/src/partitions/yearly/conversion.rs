//! The steps of a conversion that are the same on every engine.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    Layout, Outcome, Progress, Step, YEARS_AHEAD, YearlyTable, journal, layout, mysql, postgres,
};
use crate::partitions::ahead::{Part, oldest, parts};
use crate::partitions::catalog;
use crate::partitions::slice::Slice;
use crate::server::Session;
use crate::{Engine, Error, Result};

/// How long others may keep the table from us before we give up.
const LONGEST_TRY: Duration = Duration::from_secs(600);

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(500);

/// Nobody has written anything longer ago; ids that say so do not tell the time.
const LONGEST_PAST: i32 = 20;

/// Whoever uses the table waits behind us while we wait for it. What is read is the newest
/// committed state, and reading it locks nothing.
pub(super) async fn prepare(session: &mut Session) -> Result<()> {
    let settings = match session.engine() {
        Engine::Postgres => [
            "SET lock_timeout = '500ms'",
            "SET default_transaction_isolation = 'read committed'",
        ],
        _ => [
            "SET SESSION lock_wait_timeout = 1, innodb_lock_wait_timeout = 1",
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        ],
    };
    for setting in settings {
        session.run(setting).await?;
    }
    Ok(())
}

/// What the tables of a conversion are called.
pub(super) struct Names {
    pub(super) table: &'static str,
    /// The one that is being filled.
    pub(super) next: String,
    /// The one whose place was taken.
    pub(super) old: String,
    /// The one that is not yet as it should be.
    pub(super) making: String,
    pub(super) journal: String,
}

impl Names {
    pub(super) fn of(table: &YearlyTable) -> Self {
        let table = table.table.name;
        Names {
            table,
            next: format!("{table}_next"),
            old: format!("{table}_old"),
            making: format!("{table}_making"),
            journal: format!("{table}_changes"),
        }
    }
}

pub(super) struct Conversion<'a> {
    pub(super) session: Session,
    pub(super) table: &'a YearlyTable,
    pub(super) names: Names,
    pub(super) wanted: Layout,
    pub(super) now: Timestamp,
    pub(super) batch: u32,
    pub(super) report: &'a mut (dyn FnMut(Progress) + Send),
    pub(super) rows: u64,
    pub(super) total: u64,
}

impl Conversion<'_> {
    pub(super) async fn run(&mut self) -> Result<Outcome> {
        let table = self.names.table;
        if self.columns(table).await?.is_empty() {
            return Err(Error::Other(format!("there is no table {table}")));
        }
        if self.layout_of(table).await? == self.wanted {
            let had_begun = !self.columns(&self.names.next.clone()).await?.is_empty();
            let tidied = self.tidy().await?;
            return Ok(match (had_begun, tidied) {
                (true, _) => Outcome::Abandoned,
                (false, true) => Outcome::Converted {
                    rows: self.count(table).await?,
                },
                (false, false) => Outcome::Already,
            });
        }
        self.begin().await?;
        self.copy().await?;
        self.change_places().await?;
        self.tidy().await?;
        self.say(Step::Finishing);
        Ok(Outcome::Converted { rows: self.rows })
    }

    /// Makes what is missing of the journal and the second table, and removes what an earlier run
    /// has left that cannot be gone on with.
    async fn begin(&mut self) -> Result<()> {
        if !self.can_go_on().await? {
            self.remove_begun().await?;
            self.check_foreign_keys().await?;
            if let Err(error) = journal::start(self).await {
                // Who may not make triggers leaves nothing behind.
                journal::stop(self).await?;
                return Err(error);
            }
            self.make_next().await?;
        }
        journal::unfollow(self).await?;
        self.total = self.count(self.names.table).await?;
        self.rows = self.count(&self.names.next.clone()).await?;
        Ok(())
    }

    /// Whether an earlier run has left a table that holds what it should: one of the wanted layout
    /// and otherwise like the first, and every change since has been written down.
    async fn can_go_on(&mut self) -> Result<bool> {
        let next = self.names.next.clone();
        Ok(self.is_alike().await?
            && self.layout_of(&next).await? == self.wanted
            && journal::is_kept(self).await?)
    }

    /// Whether both tables have the same columns and indexes.
    async fn is_alike(&mut self) -> Result<bool> {
        let (table, next) = (self.names.table, self.names.next.clone());
        let alike = self.columns(table).await? == self.columns(&next).await?;
        Ok(alike && self.indexes(table).await? == self.indexes(&next).await?)
    }

    /// Refuses to go on when a migration has changed the first table since the second was made.
    pub(super) async fn refuse_changes(&mut self) -> Result<()> {
        match self.is_alike().await? {
            true => Ok(()),
            false => Err(Error::Other(format!(
                "{} was changed by a migration meanwhile",
                self.names.table
            ))),
        }
    }

    /// The names of a table's indexes, without what tells those of the second table apart.
    async fn indexes(&mut self, table: &str) -> Result<Vec<String>> {
        let indexes = catalog::indexes(self.session.engine(), table);
        let mut names = catalog::names(&self.session.rows(indexes).await?)?;
        for name in &mut names {
            let plain = name.trim_end_matches(postgres::SUFFIX).len();
            name.truncate(plain);
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Removes what is left over of this or an earlier run; answers whether there was any.
    async fn tidy(&mut self) -> Result<bool> {
        let removed = self.remove_begun().await?;
        let finished = match self.session.engine() {
            Engine::Postgres => postgres::finish(self).await?,
            _ => mysql::finish(self).await?,
        };
        Ok(removed || finished)
    }

    async fn remove_begun(&mut self) -> Result<bool> {
        // While an old table is there the triggers are its, and go with it.
        let mut removed = journal::stop(self).await?;
        let Names {
            next, old, making, ..
        } = &self.names;
        for name in [next.clone(), old.clone(), making.clone()] {
            if !self.columns(&name).await?.is_empty() {
                self.patiently(&format!("DROP TABLE {name}")).await?;
                removed = true;
            }
        }
        Ok(removed)
    }

    async fn check_foreign_keys(&mut self) -> Result<()> {
        match self.session.engine() {
            // It keeps them, whichever they are.
            Engine::Postgres => Ok(()),
            _ => mysql::check_foreign_keys(self).await,
        }
    }

    async fn make_next(&mut self) -> Result<()> {
        match self.session.engine() {
            Engine::Postgres => postgres::make_next(self).await,
            _ => mysql::make_next(self).await,
        }
    }

    async fn change_places(&mut self) -> Result<()> {
        match self.session.engine() {
            Engine::Postgres => postgres::change_places(self).await,
            _ => mysql::change_places(self).await,
        }
    }

    /// The years to make partitions for: from the oldest row's on.
    pub(super) async fn years(&mut self) -> Result<Vec<Part>> {
        let table = self.table.table;
        let this = Slice::of(table.period, self.now);
        let oldest = oldest(&mut self.session, &table).await?.unwrap_or(this);
        let first = oldest.clamp(this.plus(-LONGEST_PAST), this);
        Ok(parts(None, first, this.plus(i32::from(YEARS_AHEAD))))
    }

    async fn layout_of(&mut self, table: &str) -> Result<Layout> {
        let partitions = catalog::partitions(self.session.engine(), table);
        Ok(layout(self.session.rows(partitions).await?.is_empty()))
    }

    /// The names and types of a table's columns; none when there is no such table.
    pub(super) async fn columns(&mut self, table: &str) -> Result<Vec<(String, String)>> {
        let columns = catalog::columns(self.session.engine(), table);
        let rows = self.session.rows(columns).await?;
        rows.iter()
            .map(|row| Ok((row.get("name")?, row.get("type")?)))
            .collect()
    }

    /// The table's columns as they stand in a statement.
    pub(super) async fn column_names(&mut self) -> Result<Vec<String>> {
        let columns = self.columns(self.names.table).await?;
        Ok(columns.into_iter().map(|(name, _)| name).collect())
    }

    async fn count(&mut self, table: &str) -> Result<u64> {
        let count = crate::query(format!("SELECT COUNT(*) AS total FROM {table}"));
        let row = self.session.optional_row(count).await?;
        row.map_or(Ok(0), |row| row.get("total"))
    }

    pub(super) fn say(&mut self, step: Step) {
        (self.report)(Progress {
            step,
            rows: self.rows,
            total: self.total.max(self.rows),
        });
    }

    /// Runs a statement that needs the table for a moment, again and again until it gets it.
    pub(super) async fn patiently(&mut self, statement: &str) -> Result<()> {
        let mut tries = Tries::default();
        loop {
            match self.session.run(statement).await {
                Err(error) => tries.again_after(error).await?,
                Ok(()) => return Ok(()),
            }
        }
    }
}

/// Counts the time others keep us from what we want.
#[derive(Default)]
pub(super) struct Tries {
    passed: Duration,
}

impl Tries {
    /// Waits a moment when the failure may pass; else answers it.
    pub(super) async fn again_after(&mut self, error: Error) -> Result<()> {
        let may_pass = matches!(error, Error::Busy | Error::Conflict | Error::Unique { .. });
        if !may_pass || self.passed >= LONGEST_TRY {
            return Err(error);
        }
        self.passed += PAUSE;
        tokio::time::sleep(PAUSE).await;
        Ok(())
    }
}
