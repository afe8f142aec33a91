//! A mail server that takes everything.

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// A mail server that takes everything, after a log-in or without one.
pub struct MailServer {
    pub port: u16,
    mails: mpsc::UnboundedReceiver<String>,
}

impl MailServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let (news, mails) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, news.clone()));
            }
        });
        MailServer { port, mails }
    }

    /// The next mail, as it was sent.
    pub async fn mail(&mut self) -> String {
        let mail = tokio::time::timeout(std::time::Duration::from_secs(20), self.mails.recv());
        mail.await.expect("a mail in time").expect("it runs")
    }
}

/// As much SMTP (RFC 5321) as it takes. Ends with the connection.
async fn talk(stream: TcpStream, news: mpsc::UnboundedSender<String>) -> Option<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 test\r\n").await.ok()?;
    while let Some(line) = lines.next_line().await.ok()? {
        let reply: &[u8] = match line.get(..4) {
            Some("EHLO") => b"250-test\r\n250 AUTH PLAIN\r\n",
            Some("AUTH") => b"235 welcome\r\n",
            Some("QUIT") => b"221 bye\r\n",
            Some("DATA") => {
                write.write_all(b"354 go on\r\n").await.ok()?;
                let mut mail = String::new();
                loop {
                    let line = lines.next_line().await.ok()??;
                    if line == "." {
                        break;
                    }
                    mail.push_str(&line);
                    mail.push('\n');
                }
                write.write_all(b"250 taken\r\n").await.ok()?;
                news.send(mail).ok()?;
                continue;
            }
            _ => b"250 ok\r\n",
        };
        write.write_all(reply).await.ok()?;
    }
    None
}
