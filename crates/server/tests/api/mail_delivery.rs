//! Kill -9 while mails are being sent loses none of them, and doubles at most what was under way

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::support::Process;

const PEOPLE: usize = 16;

/// With the tenth mail in its hands the mail server falls silent, until Duly has been killed.
const SILENT_AFTER: usize = 10;

/// How many mails each address got.
type Received = Arc<Mutex<HashMap<String, usize>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mail_is_sent_after_the_server_was_killed_midway() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let received = Received::default();
    let (news, mut mails) = mpsc::unbounded_channel();
    tokio::spawn(accept(listener, received.clone(), news));
    let mut duly = Process::new();
    duly.variables = vec![
        (
            "DULY_MAIL__URL",
            format!("smtp://127.0.0.1:{port}?tls=none"),
        ),
        ("DULY_HTTP__TRUSTED_PROXIES", "127.0.0.0/8".into()),
        ("DULY_WORKER__POLL", "100ms".into()),
    ];
    duly.serve(&[]);
    for number in 0..PEOPLE {
        let mut client = duly.connect().await;
        client.forwarded_for = Some(format!("203.0.113.{number}"));
        let body = json!({ "name": "Ann", "email": format!("ann{number}@example.org"),
            "password": "correct horse battery" });
        client
            .send("POST", "/api/v1/register", Some(body))
            .await
            .expect("it runs");
    }
    let mut count = 0;
    while count < SILENT_AFTER {
        count = mails.recv().await.expect("a mail");
    }
    duly.kill();
    duly.serve(&[]);
    // What the killed process had begun is taken over when its lease has run out.
    while received.lock().expect("no panic").len() < PEOPLE {
        mails.recv().await.expect("a mail");
    }
    assert!(duly.stop());
    let received = received.lock().expect("no panic");
    let total: usize = received.values().sum();
    let slots = 4;
    assert!(
        total <= PEOPLE + slots,
        "{total} mails for {PEOPLE} people: {received:?}"
    );
}

async fn accept(listener: TcpListener, received: Received, news: mpsc::UnboundedSender<usize>) {
    loop {
        let (stream, _) = listener.accept().await.expect("it listens");
        tokio::spawn(talk(stream, received.clone(), news.clone()));
    }
}

/// As much SMTP (RFC 5321) as it takes. Ends with the connection.
async fn talk(
    stream: TcpStream,
    received: Received,
    news: mpsc::UnboundedSender<usize>,
) -> Option<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut recipient = String::new();
    write.write_all(b"220 test\r\n").await.ok()?;
    while let Some(line) = lines.next_line().await.ok()? {
        let reply: &[u8] = match line.get(..4) {
            Some("QUIT") => b"221 bye\r\n",
            Some("RCPT") => {
                recipient = line.trim_start_matches("RCPT TO:").to_owned();
                b"250 ok\r\n"
            }
            Some("DATA") => {
                write.write_all(b"354 go on\r\n").await.ok()?;
                while lines.next_line().await.ok()?? != "." {}
                let total = {
                    let mut received = received.lock().expect("no panic");
                    *received.entry(recipient.clone()).or_default() += 1;
                    received.values().sum()
                };
                news.send(total).ok()?;
                if total == SILENT_AFTER {
                    while lines.next_line().await.ok()?.is_some() {}
                    return None;
                }
                b"250 taken\r\n"
            }
            _ => b"250 ok\r\n",
        };
        write.write_all(reply).await.ok()?;
    }
    None
}
