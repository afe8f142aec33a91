//! A mail server on loopback that does as it is told.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// What the server does instead of what a good one would.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// Answers this.
    Reply(&'static str),
    /// Never answers.
    Hang,
    /// Closes the connection.
    Close,
}

/// How the server behaves.
#[derive(Clone, Default)]
pub(crate) struct Script {
    steps: HashMap<&'static str, VecDeque<Step>>,
    features: Vec<&'static str>,
    tls: Option<TlsAcceptor>,
    tls_at_once: bool,
    login: Option<&'static str>,
}

impl Script {
    /// Does something else once: when a command begins with `place`, at the `greeting`, or at the
    /// `end of data`.
    pub(crate) fn at(mut self, place: &'static str, step: Step) -> Self {
        self.steps.entry(place).or_default().push_back(step);
        self
    }

    /// Offers an extension.
    pub(crate) fn offering(mut self, feature: &'static str) -> Self {
        self.features.push(feature);
        self
    }

    /// Can encrypt, from the first byte or after STARTTLS.
    pub(crate) fn encrypted(mut self, acceptor: TlsAcceptor, at_once: bool) -> Self {
        self.tls = Some(acceptor);
        self.tls_at_once = at_once;
        if at_once {
            self
        } else {
            self.offering("STARTTLS")
        }
    }

    /// Asks for a log-in: the base64 text of AUTH PLAIN.
    pub(crate) fn asking_for(mut self, login: &'static str) -> Self {
        self.login = Some(login);
        self.offering("AUTH PLAIN LOGIN")
    }
}

/// One mail as it arrived.
#[derive(Debug, Clone, Default)]
pub(crate) struct Delivery {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) encrypted: bool,
    /// The lines after `DATA`, without the dots that SMTP adds.
    pub(crate) lines: Vec<String>,
}

impl Delivery {
    /// The header lines, unfolded.
    pub(crate) fn headers(&self) -> Vec<String> {
        let mut headers: Vec<String> = Vec::new();
        for line in self.lines.iter().take_while(|line| !line.is_empty()) {
            match line.starts_with([' ', '\t']) {
                true => headers.last_mut().unwrap().push_str(line),
                false => headers.push(line.clone()),
            }
        }
        headers
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let start = format!("{name}: ");
        self.headers()
            .iter()
            .find_map(|line| line.strip_prefix(&start).map(str::to_owned))
    }
}

#[derive(Default)]
struct Seen {
    deliveries: Vec<Delivery>,
    commands: Vec<String>,
}

/// A running server; it ends with the test.
pub(crate) struct Server {
    port: u16,
    seen: Arc<Mutex<Seen>>,
    count: watch::Receiver<usize>,
}

impl Server {
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (counter, count) = watch::channel(0);
        let state = State {
            script: Arc::new(Mutex::new(script)),
            seen: seen.clone(),
            counter,
        };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(state.clone().serve(stream));
            }
        });
        Server { port, seen, count }
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        self.seen.lock().unwrap().deliveries.clone()
    }

    /// Every command of every connection.
    pub(crate) fn commands(&self) -> Vec<String> {
        self.seen.lock().unwrap().commands.clone()
    }

    /// Waits until so many mails have arrived whole, answered or not.
    pub(crate) async fn delivered(&self, count: usize) {
        self.count
            .clone()
            .wait_for(|now| *now >= count)
            .await
            .unwrap();
    }
}

#[derive(Clone)]
struct State {
    script: Arc<Mutex<Script>>,
    seen: Arc<Mutex<Seen>>,
    counter: watch::Sender<usize>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

type Talk = BufReader<Box<dyn Stream>>;

impl State {
    async fn serve(self, stream: TcpStream) {
        let at_once = self.script.lock().unwrap().tls_at_once;
        let mut talk: Talk = BufReader::new(Box::new(stream));
        let mut mail = Delivery {
            encrypted: at_once,
            ..Delivery::default()
        };
        if at_once {
            let Some(encrypted) = self.encrypt(talk).await else {
                return;
            };
            talk = encrypted;
        }
        if !self.answer(&mut talk, "greeting", "220 test ESMTP").await {
            return;
        }
        while let Some(line) = read_line(&mut talk).await {
            self.seen.lock().unwrap().commands.push(line.clone());
            let verb = line.split([' ', ':']).next().unwrap().to_ascii_uppercase();
            let reply = self.reply(&verb, &line, mail.encrypted);
            if !self.answer(&mut talk, &line, &reply).await {
                return;
            }
            match verb.as_str() {
                "MAIL" => mail.from = line,
                "RCPT" => mail.to = line,
                "STARTTLS" => {
                    let Some(encrypted) = self.encrypt(talk).await else {
                        return;
                    };
                    talk = encrypted;
                    mail.encrypted = true;
                }
                "DATA" => {
                    let Some(lines) = read_data(&mut talk).await else {
                        return;
                    };
                    self.seen.lock().unwrap().deliveries.push(Delivery {
                        lines,
                        ..mail.clone()
                    });
                    self.counter.send_modify(|count| *count += 1);
                    if !self.answer(&mut talk, "end of data", "250 taken").await {
                        return;
                    }
                }
                "QUIT" => return,
                _ => {}
            }
        }
    }

    async fn encrypt(&self, talk: Talk) -> Option<Talk> {
        let acceptor = self.script.lock().unwrap().tls.clone().unwrap();
        let stream = acceptor.accept(talk.into_inner()).await.ok()?;
        Some(BufReader::new(Box::new(stream)))
    }

    fn reply(&self, verb: &str, line: &str, encrypted: bool) -> String {
        match verb {
            "EHLO" => self.features(encrypted),
            "STARTTLS" => "220 go ahead".to_owned(),
            "AUTH" => self.check_login(line),
            "DATA" => "354 go ahead".to_owned(),
            "QUIT" => "221 bye".to_owned(),
            _ => "250 ok".to_owned(),
        }
    }

    fn features(&self, encrypted: bool) -> String {
        let script = self.script.lock().unwrap();
        let mut lines = vec!["250-test"];
        let offered = script
            .features
            .iter()
            .filter(|it| !encrypted || **it != "STARTTLS");
        let offered: Vec<String> = offered.map(|it| format!("250-{it}")).collect();
        lines.extend(offered.iter().map(String::as_str));
        lines.push("250 HELP");
        lines.join("\r\n")
    }

    fn check_login(&self, line: &str) -> String {
        let expected = self
            .script
            .lock()
            .unwrap()
            .login
            .map(|it| format!("AUTH PLAIN {it}"));
        match expected.as_deref() == Some(line) {
            true => "235 welcome".to_owned(),
            false => "535 wrong user or password".to_owned(),
        }
    }

    /// Answers, unless the script says otherwise; false when the connection is over.
    async fn answer(&self, talk: &mut Talk, place: &str, reply: &str) -> bool {
        let step = {
            let mut script = self.script.lock().unwrap();
            let found = script
                .steps
                .iter_mut()
                .find(|(start, _)| place.starts_with(**start));
            found.and_then(|(_, steps)| steps.pop_front())
        };
        let reply = match step {
            None => reply,
            Some(Step::Reply(reply)) => reply,
            Some(Step::Close) => return false,
            Some(Step::Hang) => {
                // Until the client gives up.
                while read_line(talk).await.is_some() {}
                return false;
            }
        };
        talk.write_all(format!("{reply}\r\n").as_bytes())
            .await
            .is_ok()
            && talk.flush().await.is_ok()
    }
}

async fn read_line(talk: &mut Talk) -> Option<String> {
    let mut bytes = Vec::new();
    talk.read_until(b'\n', &mut bytes)
        .await
        .ok()
        .filter(|count| *count > 0)?;
    let line = String::from_utf8(bytes).unwrap();
    Some(
        line.strip_suffix("\r\n")
            .expect("lines end with CR LF")
            .to_owned(),
    )
}

async fn read_data(talk: &mut Talk) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let line = read_line(talk).await?;
        if line == "." {
            return Some(lines);
        }
        assert!(line.len() <= 998, "RFC 5321 allows 998 octets in a line");
        assert!(!line.contains('\r'), "no bare CR");
        lines.push(line.strip_prefix('.').map_or(line.clone(), str::to_owned));
    }
}
