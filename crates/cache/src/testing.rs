//! A Redis server for each test.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::redis::Patience;

/// It has to answer within this.
const LIMIT: Duration = Duration::from_secs(20);

/// A server of a test's own, ended when dropped.
#[derive(Debug)]
pub struct RedisServer {
    port: u16,
    options: Vec<String>,
    folder: TempDir,
    process: Mutex<Option<Child>>,
}

#[expect(clippy::expect_used, clippy::panic, reason = "only tests call this")]
impl RedisServer {
    /// For tests that are not about a server that does not answer: a busy machine is none.
    pub const PATIENCE: Patience = Patience {
        writer: LIMIT,
        reader: LIMIT,
    };

    /// Starts one as the operator book says: nothing is kept on disk, and what is used least makes
    /// room.
    ///
    /// # Panics
    /// When it cannot be started: a test can do nothing about that.
    #[must_use]
    pub fn start() -> Self {
        Self::with(&["--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"])
    }

    /// Starts one with other options.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn with(options: &[&str]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let server = RedisServer {
            port: free.local_addr().expect("an address").port(),
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            folder: TempDir::new().expect("a folder"),
            process: Mutex::new(None),
        };
        drop(free);
        server.resume();
        server
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills it with everything it knows.
    ///
    /// # Panics
    /// When it does not run.
    pub fn kill(&self) {
        let mut child = self.process().take().expect("a process");
        child.kill().expect("a process");
        child.wait().expect("a process");
    }

    /// Starts it again on the same port.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn resume(&self) {
        let child = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .args(&self.options)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("redis-server (Debian package redis-server): {error}"));
        *self.process() = Some(child);
        let started = Instant::now();
        while self.try_say("PING").is_none() {
            assert!(started.elapsed() < LIMIT, "redis-server does not answer");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Stops it where it is; it keeps its connections and answers nothing.
    ///
    /// # Panics
    /// When it does not run.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    ///
    /// # Panics
    /// When it does not run.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    /// The first line of its answer to a command.
    ///
    /// # Panics
    /// When it does not answer.
    pub fn say(&self, command: &str) -> String {
        self.try_say(command).expect("redis-server answers")
    }

    /// Its answer to a command whose answer is a text, if there is one.
    ///
    /// # Panics
    /// When it does not answer.
    pub fn text(&self, command: &str) -> Option<String> {
        let mut stream =
            TcpStream::connect(("127.0.0.1", self.port)).expect("redis-server answers");
        stream.set_read_timeout(Some(LIMIT)).expect("a limit");
        let sent = stream.write_all(format!("{command}\r\n").as_bytes());
        sent.expect("redis-server answers");
        let mut lines = BufReader::new(stream).lines();
        let mut next = || lines.next().expect("an answer").expect("an answer");
        (next() != "$-1").then(next)
    }

    /// What tells this run of it from all others.
    ///
    /// # Panics
    /// When it does not answer.
    pub fn run_id(&self) -> String {
        let asked = "EVAL \"return redis.call('INFO','server'):match('run_id:(%w+)')\" 0";
        self.text(asked).expect("it has one")
    }

    fn try_say(&self, command: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(LIMIT)).ok()?;
        stream.write_all(format!("{command}\r\n").as_bytes()).ok()?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).ok()?;
        (!line.is_empty()).then(|| line.trim_end().to_owned())
    }

    fn signal(&self, signal: &str) {
        let id = self.process().as_ref().expect("a process").id();
        let sent = Command::new("kill")
            .args([signal, &id.to_string()])
            .status();
        assert!(sent.expect("kill").success());
    }

    fn process(&self) -> MutexGuard<'_, Option<Child>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some(mut child) = self.process().take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
