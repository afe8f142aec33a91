//! Private servers, for tests that stop, misuse or set up servers in their own way.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::administrator;
use crate::Engine;

/// Servers of a test's own, started by `scripts/databases` and stopped when dropped. Their members
/// are called `primary`, `replica1` and `replica2`.
#[derive(Debug)]
pub struct Cluster {
    folder: TempDir,
}

impl Cluster {
    /// Starts servers of the engine, with the options of `scripts/databases start`. `None` when
    /// the tests run on another engine, whose servers need not be installed then.
    ///
    /// # Panics
    /// When they cannot be started: a test can do nothing about that.
    #[expect(clippy::expect_used, reason = "only tests call this")]
    #[must_use]
    pub fn start(engine: Engine, options: &[&str]) -> Option<Self> {
        let tested = match administrator()?.starts_with("mysql") {
            true => Engine::MariaDb,
            false => Engine::Postgres,
        };
        if tested != engine {
            return None;
        }
        let kind = match engine {
            Engine::Postgres => "postgres",
            _ => "mysql",
        };
        let folder = TempDir::new().expect("a folder");
        let cluster = Cluster { folder };
        cluster.run("start", Some(kind), options);
        Some(cluster)
    }

    /// Starts a proxy in front of the member that takes the writes: `pgbouncer` with its mode, or
    /// `haproxy`.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start_proxy(&self, kind: &str, options: &[&str]) {
        self.run("start", Some(kind), options);
    }

    /// Does something to a member: `kill`, `resume`, `promote` and so on.
    ///
    /// # Panics
    /// When it fails.
    pub fn operate(&self, operation: &str, member: &str) {
        self.run(operation, None, &[member]);
    }

    /// Keeps a replica so many seconds behind; with 0 it catches up.
    ///
    /// # Panics
    /// When it cannot be told.
    pub fn lag(&self, replica: &str, seconds: u32) {
        self.run("lag", None, &[replica, &seconds.to_string()]);
    }

    /// Runs SQL on a member, as its operator would, and answers what it printed.
    ///
    /// # Panics
    /// When it fails.
    pub fn sql(&self, member: &str, text: &str) -> String {
        self.run("sql", None, &[member, text])
    }

    /// The administrator's address of a member or a proxy.
    ///
    /// # Panics
    /// When there is no such member.
    #[expect(clippy::expect_used, reason = "only tests call this")]
    #[must_use]
    pub fn url(&self, member: &str) -> String {
        let environment = std::fs::read_to_string(self.folder().join("env")).expect("it runs");
        let name = member.replace('-', "_").to_uppercase() + "_URL=";
        let found = environment
            .lines()
            .find_map(|line| line.strip_prefix(&name));
        found.expect("a member").to_owned()
    }

    /// The address of a database on a member, for a user and a password.
    ///
    /// # Panics
    /// When there is no such member.
    #[must_use]
    pub fn url_of(&self, member: &str, login: &str, database: &str) -> String {
        let url = self.url(member);
        let (scheme, rest) = url.split_once("://").unwrap_or_default();
        let (_, place) = rest.split_once('@').unwrap_or_default();
        let (host, _) = place.split_once('/').unwrap_or_default();
        format!("{scheme}://{login}@{host}/{database}")
    }

    /// Where its files are.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    #[expect(clippy::expect_used, clippy::panic, reason = "only tests call this")]
    fn run(&self, operation: &str, kind: Option<&str>, arguments: &[&str]) -> String {
        let mut command = Command::new(script());
        command.arg(operation).args(kind).arg(self.folder.path());
        let output = command.args(arguments).output().expect("bash");
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            panic!("scripts/databases {operation} {arguments:?}: {said}");
        }
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Without waiting for more than the end of its processes; the folder goes next.
        let _ = Command::new(script())
            .arg("stop")
            .arg(self.folder.path())
            .status();
    }
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/databases")
}
