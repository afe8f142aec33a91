//! The real binary, in a folder of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;

use axum::body::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Response;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;

use super::send_raw;

/// A folder with Duly in it, running or not.
pub struct Process {
    pub folder: TempDir,
    child: Option<Child>,
    pub url: String,
    /// What it printed before it was ready.
    pub printed: String,
    /// Writes into the log what it prints later.
    printing: Option<JoinHandle<()>>,
    /// Further variables.
    pub variables: Vec<(&'static str, String)>,
    /// How many files it may have open.
    pub most_files: Option<u32>,
}

impl Process {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Process {
            folder,
            child: None,
            url: String::new(),
            printed: String::new(),
            printing: None,
            variables: Vec::new(),
            most_files: None,
        }
    }

    /// A command that is not started yet.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let binary = env!("CARGO_BIN_EXE_duly");
        let mut command = match self.most_files {
            None => Command::new(binary),
            Some(most) => {
                let mut shell = Command::new("sh");
                shell.args([
                    "-c",
                    &format!("ulimit -n {most}; exec {binary} \"$@\""),
                    "duly",
                ]);
                shell
            }
        };
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear();
        command
            .env("DULY_HTTP__LISTEN", "127.0.0.1:0")
            .env("DULY_HTTP__DRAIN_DELAY", "0s")
            .env("DULY_LIMITS__ENABLED", "false")
            .env("DULY_OPERATIONS__LISTEN", "")
            .env("DULY_LOG__LEVEL", "error");
        command.envs(
            self.variables
                .iter()
                .map(|(name, value)| (*name, value.as_str())),
        );
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("it runs")
    }

    /// Starts a command that tells on its standard error output what it does.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        let pipes = command.stdout(Stdio::null()).stderr(Stdio::piped());
        pipes.spawn().expect("it starts")
    }

    /// Starts a command whose log is kept.
    pub fn spawn_logging(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        let pipes = command.stdout(Stdio::null()).stderr(self.log_file());
        pipes.spawn().expect("it starts")
    }

    /// Starts a command whose standard output is to be read.
    pub fn spawn_talking(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        let pipes = command.stdout(Stdio::piped()).stderr(Stdio::null());
        pipes.spawn().expect("it starts")
    }

    /// Runs a command to its end that reads these bytes from the standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut command = self.command(arguments);
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = pipes.stderr(Stdio::piped()).spawn().expect("it starts");
        let mut stdin = child.stdin.take().expect("piped");
        // Whoever refuses the beginning does not read the end.
        let _ = stdin.write_all(input);
        drop(stdin);
        child.wait_with_output().expect("it ends")
    }

    fn log_file(&self) -> std::fs::File {
        let mut options = std::fs::File::options();
        options.create(true).append(true);
        options.open(self.path().join("log")).expect("a log")
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path().join("log")).expect("a log")
    }

    /// Runs a command to its end with another variable.
    pub fn run_with(&self, arguments: &[&str], (name, value): (&str, &str)) -> Output {
        self.command(arguments)
            .env(name, value)
            .output()
            .expect("it runs")
    }

    /// Runs a command that must succeed and answers what it printed.
    pub fn say(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Starts `duly serve` and waits until it says where it listens.
    pub fn serve(&mut self, arguments: &[&str]) {
        let arguments = [&["serve"], arguments].concat();
        self.launch(self.command(&arguments), " runs on ");
    }

    /// Starts it by this command, and waits until it says this.
    pub fn launch(&mut self, mut command: Command, ready: &str) {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(self.log_file())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped"));
        self.printed.clear();
        loop {
            let mut line = String::new();
            assert_ne!(
                lines.read_line(&mut line).expect("text"),
                0,
                "it ended: {} {}",
                self.printed,
                self.log()
            );
            self.printed.push_str(&line);
            if let Some((_, further)) = line.split_once(ready) {
                // As JSON, more follows.
                let url = further.split('"').next().unwrap_or_default();
                self.url = url.trim().to_owned();
                break;
            }
        }
        let mut log = self.log_file();
        let print = move || drop(std::io::copy(&mut lines, &mut log));
        self.printing = Some(std::thread::spawn(print));
        self.child = Some(child);
    }

    /// Kills it without warning, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it runs");
            child.wait().expect("it ends");
        }
        self.end_printing();
    }

    fn end_printing(&mut self) {
        if let Some(printing) = self.printing.take() {
            printing.join().expect("no panic");
        }
    }

    /// Asks it to stop and answers whether it did so in order.
    pub fn stop(&mut self) -> bool {
        self.signal(Signal::TERM);
        self.wait()
    }

    pub fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("it runs");
        let id = i32::try_from(child.id()).expect("a process id");
        let id = rustix::process::Pid::from_raw(id).expect("a process id");
        rustix::process::kill_process(id, signal).expect("it runs");
    }

    /// Waits for its end and answers whether that was in order.
    pub fn wait(&mut self) -> bool {
        let mut child = self.child.take().expect("it runs");
        let is_success = child.wait().expect("it ends").success();
        self.end_printing();
        is_success
    }

    /// Asks on a connection of its own, and answers the status.
    pub async fn status(&self, path: &str) -> u16 {
        let host = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).await.expect("it listens");
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let answer = send_raw(&mut stream, request.as_bytes()).await;
        let status = answer.split(' ').nth(1).expect("a status");
        status.parse().expect("a number")
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// One connection to it.
    pub async fn connect(&self) -> Connection {
        let host = self.url.trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&host).await.expect("it listens");
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
        tokio::spawn(connection);
        Connection {
            sender,
            host,
            cookie: None,
            forwarded_for: None,
            headers: Vec::new(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// One connection to a running Duly.
pub struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    host: String,
    pub cookie: Option<String>,
    /// The address that a proxy in front reports.
    pub forwarded_for: Option<String>,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
}

impl Connection {
    /// Sends a request; `None` when the connection broke.
    pub async fn send(&mut self, method: &str, path: &str, body: Option<Value>) -> Option<Value> {
        let response = self.ask(method, path, body).await?;
        assert!(
            response.status().is_success(),
            "{path}: {}",
            response.status()
        );
        if let Some(cookie) = response.headers().get("set-cookie") {
            let cookie = cookie
                .to_str()
                .expect("text")
                .split(';')
                .next()
                .expect("a cookie");
            self.cookie = Some(cookie.to_owned());
        }
        let body = response.into_body().collect().await.ok()?.to_bytes();
        Some(serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    /// Sends a request whose answer does not matter, and answers its status.
    pub async fn status(&mut self, method: &str, path: &str, body: Value) -> u16 {
        let answer = self.ask(method, path, Some(body)).await;
        let (head, body) = answer.expect("it runs").into_parts();
        body.collect().await.expect("it runs");
        head.status.as_u16()
    }

    pub async fn ask(
        &mut self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Option<Response<Incoming>> {
        let mut request = hyper::Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.host)
            .header("origin", format!("http://{}", self.host));
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        if let Some(address) = &self.forwarded_for {
            request = request.header("x-forwarded-for", address);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Full::new(Bytes::from(body.to_string()))
            }
            None => Full::default(),
        };
        let request = request.body(body).expect("a valid request");
        self.sender.ready().await.ok()?;
        self.sender.send_request(request).await.ok()
    }
}
