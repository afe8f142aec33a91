//! How long anything may take, and how each server is told so.

use std::time::Duration;

use crate::Engine;

/// The `sql_mode` of MariaDB and MySQL, whatever the server's own is: what does not fit is refused
/// and not cut off, and quotes and backslashes mean what they mean on the other engines.
const STRICT: &str = "STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,\
     ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,PIPES_AS_CONCAT,ANSI_QUOTES,\
     NO_BACKSLASH_ESCAPES";

/// How long anything on a connection may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timeouts {
    /// A statement; the server stops it then.
    pub(super) statement: Duration,
    /// Waiting for somebody else's lock.
    pub(super) lock: Duration,
    /// A transaction that asks for nothing; the server ends it then.
    pub(super) idle: Duration,
}

impl Timeouts {
    pub(super) const NONE: Timeouts = Timeouts {
        statement: Duration::from_secs(24 * 3600),
        lock: Duration::from_secs(3600),
        idle: Duration::from_secs(24 * 3600),
    };

    /// After this long the server, or the way to it, is as good as dead.
    pub(super) fn answer(self) -> Duration {
        self.statement + self.lock + Duration::from_secs(1)
    }

    /// What a new connection is told, besides other settings that must not be those of the server.
    pub(super) fn settings(self, engine: Engine) -> String {
        let Timeouts {
            statement,
            lock,
            idle,
        } = self;
        match engine {
            Engine::Postgres => format!(
                "SET statement_timeout = {}; SET lock_timeout = {}; \
                 SET idle_in_transaction_session_timeout = {}",
                statement.as_millis(),
                lock.as_millis(),
                idle.as_millis()
            ),
            // It counts these in seconds.
            Engine::MariaDb => format!(
                "SET SESSION sql_mode = '{STRICT}', tx_isolation = 'REPEATABLE-READ', \
                 max_statement_time = {}, idle_transaction_timeout = {}, \
                 innodb_lock_wait_timeout = {}",
                statement.as_secs_f64(),
                whole_seconds(idle),
                whole_seconds(lock)
            ),
            Engine::MySql | Engine::Sqlite => format!(
                "SET SESSION sql_mode = '{STRICT}', transaction_isolation = 'REPEATABLE-READ', \
                 max_execution_time = {}, innodb_lock_wait_timeout = {}",
                statement.as_millis(),
                whole_seconds(lock)
            ),
        }
    }

    /// What takes the limits from a connection.
    pub(super) fn lift(engine: Engine) -> &'static str {
        match engine {
            Engine::Postgres => {
                "SET statement_timeout = 0; SET lock_timeout = 0; \
                 SET idle_in_transaction_session_timeout = 0"
            }
            Engine::MariaDb => {
                "SET SESSION max_statement_time = 0, idle_transaction_timeout = 0, \
                 innodb_lock_wait_timeout = 3600"
            }
            Engine::MySql | Engine::Sqlite => {
                "SET SESSION max_execution_time = 0, innodb_lock_wait_timeout = 3600"
            }
        }
    }
}

fn whole_seconds(duration: Duration) -> u64 {
    let begun = u64::from(duration.subsec_nanos() > 0);
    (duration.as_secs() + begun).max(1)
}
