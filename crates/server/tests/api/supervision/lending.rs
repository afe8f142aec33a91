//! Sockets that systemd lends, and a restart over which nobody notices that there was none.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::LONG;
use crate::support::Process;

/// A request that has to wait until the process has opened its database.
const REQUEST: &[u8] = b"GET /api/openapi.json HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

/// The command with this socket, as systemd starts it: the first one after the standard ones.
fn lend(command: &Command, socket: impl Into<OwnedFd>, name: &str) -> Command {
    let script = "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(command.get_program());
    shell.args(command.get_args()).env_clear();
    let variables = command.get_envs();
    shell.envs(variables.filter_map(|(name, value)| Some((name, value?))));
    shell.env("LISTEN_FDNAMES", name);
    shell.current_dir(command.get_current_dir().expect("a folder"));
    shell.stdin(Stdio::from(socket.into()));
    shell
}

fn start(duly: &mut Process, socket: &TcpListener) {
    let command = duly.command(&["serve", "--role", "web"]);
    let socket = socket.try_clone().expect("a socket");
    duly.launch(lend(&command, socket, "http"), " runs on ");
}

/// Asks once, on a connection of its own.
fn ask(address: SocketAddr, request: &[u8]) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(LONG))?;
    stream.write_all(request)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Some who ask without a pause.
struct Crowd {
    answered: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    people: Vec<JoinHandle<Vec<String>>>,
}

impl Crowd {
    fn of(count: usize, address: SocketAddr) -> Self {
        let (answered, is_over) = (
            Arc::new(AtomicU64::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let people = (0..count).map(|_| {
            let (answered, is_over) = (answered.clone(), is_over.clone());
            std::thread::spawn(move || {
                let mut failed = Vec::new();
                while !is_over.load(Ordering::SeqCst) {
                    match ask(address, REQUEST) {
                        Ok(answer) if answer.starts_with("HTTP/1.1 200 ") => {
                            answered.fetch_add(1, Ordering::SeqCst);
                        }
                        Ok(answer) => failed.push(answer),
                        Err(error) => failed.push(error.to_string()),
                    }
                }
                failed
            })
        });
        Crowd {
            people: people.collect(),
            answered,
            is_over,
        }
    }

    fn until_answered(&self, more: u64) {
        let (begun, before) = (Instant::now(), self.answered.load(Ordering::SeqCst));
        while self.answered.load(Ordering::SeqCst) < before + more {
            assert!(begun.elapsed() < LONG, "nobody is answered");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// How many were answered, and what happened to the others.
    fn end(self) -> (u64, Vec<String>) {
        self.is_over.store(true, Ordering::SeqCst);
        let people = self.people.into_iter();
        let failed = people.flat_map(|one| one.join().expect("no panic"));
        (self.answered.load(Ordering::SeqCst), failed.collect())
    }
}

#[test]
fn not_one_request_fails_while_a_process_follows_another_at_a_lent_socket() {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = socket.local_addr().expect("bound");
    let mut duly = Process::new();
    start(&mut duly, &socket);
    assert_eq!(duly.url, format!("http://{address}"));
    let crowd = Crowd::of(4, address);
    for _ in 0..3 {
        crowd.until_answered(50);
        assert!(duly.stop(), "{}", duly.log());
        start(&mut duly, &socket);
    }
    crowd.until_answered(50);
    let (answered, failed) = crowd.end();
    assert!(failed.is_empty(), "{failed:?} beside {answered}");
}

#[test]
fn who_comes_while_nobody_runs_is_answered_by_the_next() {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = socket.local_addr().expect("bound");
    let mut duly = Process::new();
    start(&mut duly, &socket);
    assert!(duly.stop(), "{}", duly.log());
    let early = std::thread::spawn(move || ask(address, REQUEST));
    start(&mut duly, &socket);
    let answer = early.join().expect("no panic").expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[test]
fn operators_have_a_socket_by_its_name() {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = socket.local_addr().expect("bound");
    let mut duly = Process::new();
    let command = duly.command(&["work"]);
    duly.launch(lend(&command, socket, "operations"), " works on ");
    let request = b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let answer = ask(address, request).expect("an answer");
    assert!(answer.contains("duly_"), "{answer}");
    assert!(duly.stop());
}

#[test]
fn a_socket_that_is_of_no_use_is_refused() {
    let duly = Process::new();
    let requests = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let path = UnixListener::bind(duly.path().join("socket")).expect("a socket");
    let refused = [
        (
            lend(&duly.command(&["work"]), requests, "duly-worker.socket"),
            "a socket for requests is lent to a process that answers none",
        ),
        (
            lend(&duly.command(&["serve"]), path, "http"),
            "set ListenStream= to an address and a port",
        ),
    ];
    for (mut command, because) in refused {
        let output = command.output().expect("it runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(because), "{error}");
    }
}

#[test]
fn systemd_lends_a_socket() {
    let mut duly = Process::new();
    // An address of its own, since a port cannot be kept free for another program.
    let [.., high, low] = std::process::id().to_be_bytes();
    let address: SocketAddr = format!("127.77.{high}.{low}:8080")
        .parse()
        .expect("an address");
    let inner = duly.command(&["serve"]);
    let mut command = Command::new("systemd-socket-activate");
    command.arg(format!("--listen={address}"));
    command.arg("--fdname=http").env_clear();
    for (name, value) in inner.get_envs() {
        let (name, value) = (name.to_str(), value.and_then(|value| value.to_str()));
        let (name, value) = (name.expect("text"), value.expect("text"));
        command.arg(format!("--setenv={name}={value}"));
    }
    command.arg(inner.get_program()).args(inner.get_args());
    command.current_dir(duly.path());
    let first = std::thread::spawn(move || {
        let begun = Instant::now();
        loop {
            match ask(address, REQUEST) {
                Ok(answer) => return answer,
                Err(error) => assert!(begun.elapsed() < LONG, "{error}"),
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    duly.launch(command, " runs on ");
    assert_eq!(duly.url, format!("http://{address}"));
    let answer = first.join().expect("no panic");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(duly.stop(), "{}", duly.log());
}
