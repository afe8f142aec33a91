//! One Redis server.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

use super::{LIMIT, free_port, wait_until};

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
        let server = RedisServer {
            port: free_port(),
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            folder: TempDir::new().expect("a folder"),
            process: Mutex::new(None),
        };
        server.resume();
        server
    }

    /// At which port its clients are to ask: the one with TLS, if it has one.
    #[must_use]
    pub fn place(&self) -> u16 {
        let mut options = self.options.iter();
        let tls = options.find(|option| *option == "--tls-port");
        let port = tls.and_then(|_| options.next()?.parse().ok());
        port.unwrap_or(self.port)
    }

    /// Its port without TLS, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
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
        wait_until("an answer of redis-server", || {
            self.try_say("PING").is_some()
        });
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

    /// Its answer to a command: a line, or a text without its length.
    ///
    /// # Panics
    /// When it does not answer.
    pub fn say(&self, command: &str) -> String {
        self.try_say(command).expect("redis-server answers")
    }

    /// Whether its answer has these words; no when it closes the connection instead, as it does when
    /// Sentinels make a replica of it.
    #[must_use]
    pub fn says(&self, command: &str, words: &str) -> bool {
        let answer = self.try_say(command);
        answer.is_some_and(|answer| answer.contains(words))
    }

    /// What tells this run of it from all others.
    ///
    /// # Panics
    /// When it does not answer.
    pub fn run_id(&self) -> String {
        let asked = "EVAL \"return redis.call('INFO','server'):match('run_id:(%w+)')\" 0";
        self.say(asked)
    }

    /// Its answer to a command that asks for a list of texts.
    ///
    /// # Panics
    /// When it does not answer.
    #[must_use]
    pub fn list(&self, command: &str) -> Vec<String> {
        let mut reader = asked(self.port, command).expect("redis-server answers");
        let length = read(&mut reader).expect("redis-server answers");
        let length = length.strip_prefix('*').expect("a list");
        let texts = 0..length.parse().expect("a number");
        let texts = texts.map(|_: usize| read(&mut reader).expect("redis-server answers"));
        texts.collect()
    }

    /// As [`RedisServer::say`], if it answers.
    fn try_say(&self, command: &str) -> Option<String> {
        answer(self.port, command)
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

/// The answer of whoever listens there.
pub(super) fn answer(port: u16, command: &str) -> Option<String> {
    read(&mut asked(port, command)?)
}

/// Sends a command.
fn asked(port: u16, command: &str) -> Option<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(LIMIT)).ok()?;
    stream.write_all(format!("{command}\r\n").as_bytes()).ok()?;
    Some(BufReader::new(stream))
}

/// A line, or a text without its length.
fn read(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let line = line.strip_suffix("\r\n")?;
    let text = line
        .strip_prefix('$')
        .and_then(|length| length.parse().ok());
    let Some(length) = text else {
        return Some(line.to_owned());
    };
    let mut text: Vec<u8> = vec![0; length];
    reader.read_exact(&mut text).ok()?;
    reader.read_line(&mut String::new()).ok()?;
    String::from_utf8(text).ok()
}
