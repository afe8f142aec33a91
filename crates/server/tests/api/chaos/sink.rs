//! A mail server that notes what it has taken, and kills whoever talks to it at a step it was told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A step on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The connection stands.
    Connected,
    /// The recipient was accepted.
    Recipient,
    /// The mail has begun.
    Data,
    /// The mail is whole, and was not answered.
    Dot,
    /// The mail was accepted.
    Accepted,
}

/// Somebody who sends mails by a port of their own.
#[derive(Debug, Default)]
struct Sender {
    process: Option<Pid>,
    trap: Option<Step>,
    connections: usize,
}

/// The server.
#[derive(Clone)]
pub struct Sink {
    senders: Arc<Mutex<Vec<Sender>>>,
    /// How often each `Message-ID` was taken whole.
    mails: Arc<Mutex<BTreeMap<String, u32>>>,
    /// The only one who is answered, if there is one.
    only: watch::Sender<Option<usize>>,
    /// Whose mails are not answered when they are whole, if anybody's.
    held: watch::Sender<Option<usize>>,
    /// Who waits for that answer.
    waiting: watch::Sender<Option<usize>>,
    /// How many times somebody was killed.
    kills: watch::Sender<usize>,
    pub ports: Vec<u16>,
}

impl Sink {
    /// Listens for so many senders.
    pub async fn start(senders: usize) -> Self {
        let mut listeners = Vec::new();
        for _ in 0..senders {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            listeners.push(listener);
        }
        let port = |listener: &TcpListener| listener.local_addr().expect("an address").port();
        let sink = Sink {
            senders: Arc::new(Mutex::new(
                (0..senders).map(|_| Sender::default()).collect(),
            )),
            mails: Arc::default(),
            only: watch::Sender::new(None),
            held: watch::Sender::new(None),
            waiting: watch::Sender::new(None),
            kills: watch::Sender::new(0),
            ports: listeners.iter().map(port).collect(),
        };
        for (sender, listener) in listeners.into_iter().enumerate() {
            let sink = sink.clone();
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let sink = sink.clone();
                    tokio::spawn(async move {
                        sink.with(sender, |it| it.connections += 1);
                        let _ = sink.talk(sender, stream).await;
                        sink.with(sender, |it| it.connections -= 1);
                    });
                }
            });
        }
        sink
    }

    fn with<T>(&self, sender: usize, change: impl FnOnce(&mut Sender) -> T) -> T {
        change(&mut self.senders.lock().expect("no panic")[sender])
    }

    /// Says which process sends by this port.
    pub fn is_process(&self, sender: usize, process: Pid) {
        self.with(sender, |it| it.process = Some(process));
    }

    /// Answers nobody else until further notice, so that the others do not use up all the work meanwhile.
    pub fn answer_only(&self, sender: Option<usize>) {
        self.only.send_replace(sender);
    }

    /// Lets the sender wait for the answer to its next mail, and waits until it does.
    pub async fn hold(&self, sender: usize) {
        self.held.send_replace(Some(sender));
        let mut waiting = self.waiting.subscribe();
        let waits = waiting.wait_for(|waiting| *waiting == Some(sender));
        drop(waits.await.expect("the sink goes on"));
    }

    /// Answers again.
    pub fn release(&self) {
        self.held.send_replace(None);
    }

    async fn wait_if_held(&self, sender: usize) -> std::io::Result<()> {
        let mut held = self.held.subscribe();
        if *held.borrow_and_update() != Some(sender) {
            return Ok(());
        }
        self.waiting.send_replace(Some(sender));
        let released = held.wait_for(|held| held.is_none());
        drop(released.await.map_err(std::io::Error::other)?);
        self.waiting.send_replace(None);
        Ok(())
    }

    /// Whether the sender talks to the server now.
    pub fn is_connected(&self, sender: usize) -> bool {
        self.with(sender, |it| it.connections > 0)
    }

    /// Kills the sender at its next step of this kind, and waits until that has happened.
    pub async fn kill_at(&self, sender: usize, step: Step) {
        let mut kills = self.kills.subscribe();
        let before = *kills.borrow_and_update();
        self.with(sender, |it| it.trap = Some(step));
        let killed = kills.wait_for(|kills| *kills > before);
        tokio::time::timeout(super::PATIENCE, killed)
            .await
            .unwrap_or_else(|_| panic!("the step {step:?} was not reached"))
            .expect("the sink goes on");
    }

    /// How often each mail was taken.
    pub fn taken(&self) -> BTreeMap<String, u32> {
        self.mails.lock().expect("no panic").clone()
    }

    /// Kills the sender if it is to be killed here.
    fn reached(&self, sender: usize, step: Step) -> std::io::Result<()> {
        let process = self.with(sender, |it| {
            let is_due = it.trap == Some(step);
            is_due.then(|| {
                it.trap = None;
                it.process
            })
        });
        let Some(process) = process.flatten() else {
            return Ok(());
        };
        kill_process(process, Signal::KILL).expect("it runs");
        self.kills.send_modify(|kills| *kills += 1);
        Err(std::io::ErrorKind::ConnectionAborted.into())
    }

    async fn talk(&self, sender: usize, mut stream: TcpStream) -> std::io::Result<()> {
        self.reached(sender, Step::Connected)?;
        let mut only = self.only.subscribe();
        let answered = only.wait_for(|only| only.is_none_or(|only| only == sender));
        drop(answered.await.map_err(std::io::Error::other)?);
        let (read, mut write) = stream.split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 sink\r\n").await?;
        while let Some(line) = lines.next_line().await? {
            let reply: &[u8] = match line.to_uppercase().as_str() {
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await?;
                    let mut id = None;
                    let mut is_first = true;
                    while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                        if std::mem::take(&mut is_first) {
                            self.reached(sender, Step::Data)?;
                        }
                        if let Some(text) = line.strip_prefix("Message-ID: ") {
                            id = Some(text.to_owned());
                        }
                    }
                    let Some(id) = id else {
                        return Ok(());
                    };
                    *self.mails.lock().expect("no panic").entry(id).or_default() += 1;
                    self.reached(sender, Step::Dot)?;
                    self.wait_if_held(sender).await?;
                    write.write_all(b"250 taken\r\n").await?;
                    self.reached(sender, Step::Accepted)?;
                    continue;
                }
                "QUIT" => {
                    write.write_all(b"221 bye\r\n").await?;
                    return Ok(());
                }
                command if command.starts_with("RCPT") => {
                    write.write_all(b"250 yes\r\n").await?;
                    self.reached(sender, Step::Recipient)?;
                    continue;
                }
                _ => b"250 yes\r\n",
            };
            write.write_all(reply).await?;
        }
        Ok(())
    }
}
