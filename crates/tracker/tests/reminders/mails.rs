//! What travels: headers, bodies, and that nobody can smuggle anything into them.

use std::time::Duration;

use duly_tracker::mail::{Mail, Mailer, SmtpSettings};
use duly_tracker::testing::TestTracker;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::smtp_faults::mail;
use crate::smtp_server::{Delivery, Script, Server};
use crate::{at, due};

/// Sends over real SMTP and answers what arrived.
async fn travel(mail: &Mail) -> Delivery {
    let server = Server::start(Script::default()).await;
    let from = "Duly <duly@example.org>".parse().unwrap();
    let mut settings = SmtpSettings::from_url(&server.url(), from).unwrap();
    settings.reply_timeout = Duration::from_secs(5);
    Mailer::smtp(settings).send(mail).await.unwrap();
    server.deliveries().remove(0)
}

/// The bodies of the parts, decoded.
fn bodies(delivery: &Delivery) -> Vec<String> {
    let kind = delivery.header("Content-Type").unwrap();
    let boundary = kind
        .split("boundary=")
        .nth(1)
        .unwrap()
        .trim_matches('"')
        .to_owned();
    let marker = format!("--{boundary}");
    let whole = delivery.lines.join("\r\n");
    whole
        .split(&marker)
        .skip(1)
        .filter(|part| !part.starts_with("--"))
        .map(|part| {
            let (head, body) = part.split_once("\r\n\r\n").unwrap();
            let body = body.strip_suffix("\r\n").unwrap();
            match head.to_ascii_lowercase() {
                head if head.contains("quoted-printable") => unquoted(body),
                head if head.contains("base64") => unbased(body),
                _ => body.to_owned(),
            }
        })
        .collect()
}

fn unquoted(body: &str) -> String {
    let joined = body.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first == b'=' {
            bytes.push(u8::from_str_radix(std::str::from_utf8(&after[..2]).unwrap(), 16).unwrap());
            rest = &after[2..];
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn unbased(body: &str) -> String {
    use base64::Engine as _;
    let text: String = body.split_whitespace().collect();
    String::from_utf8(
        base64::engine::general_purpose::STANDARD
            .decode(text)
            .unwrap(),
    )
    .unwrap()
}

#[tokio::test]
async fn the_headers_of_a_reminder() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    due(&app, ann, "Pay rent", "2026-11-24").await;
    let mails = at(&app, "2026-11-23T08:00:00Z").await;
    let arrived = travel(&mails[0]).await;
    let header = |name| arrived.header(name).unwrap();
    assert_eq!(header("From"), "Duly <duly@example.org>");
    assert_eq!(header("To"), "Ann <ann@example.org>");
    assert_eq!(header("Subject"), "Due tomorrow: Pay rent");
    assert_eq!(header("Message-ID"), format!("<{}>", mails[0].message_id));
    assert!(mails[0].message_id.ends_with("@duly.example"));
    assert_eq!(header("Auto-Submitted"), "auto-generated");
    assert_eq!(
        header("List-Unsubscribe-Post"),
        "List-Unsubscribe=One-Click"
    );
    let link = header("List-Unsubscribe");
    assert_eq!(
        link,
        format!("<{}>", mails[0].unsubscribe_url.as_ref().unwrap())
    );
    assert!(
        link.starts_with("<https://duly.example/mail/unsubscribe?token="),
        "{link}"
    );
    assert_eq!(header("MIME-Version"), "1.0");
    assert!(header("Content-Type").starts_with("multipart/alternative;"));
    assert!(arrived.header("Date").is_some());
    let bodies = bodies(&arrived);
    assert_eq!(bodies.len(), 2, "text first, HTML second");
    assert_eq!(bodies[0], mails[0].text.replace('\n', "\r\n"));
    assert!(bodies[1].starts_with("<!doctype html>"));
}

#[tokio::test]
async fn the_texts_of_a_reminder() {
    let app = TestTracker::new().await;
    let ann = app.user("Ann").await;
    due(&app, ann, "Pay <b>rent</b> & \"heat\"", "2026-11-24").await;
    let sent = at(&app, "2026-11-23T08:00:00Z").await.remove(0);
    assert!(
        sent.text.contains("Pay <b>rent</b> & \"heat\""),
        "{}",
        sent.text
    );
    assert!(sent.text.contains("Tuesday 24 November 2026"));
    assert!(
        sent.html
            .contains("Pay &lt;b&gt;rent&lt;&#x2f;b&gt; &amp; &quot;heat&quot;"),
        "{}",
        sent.html
    );
    assert!(!sent.html.contains("<b>rent"));
    for text in [&sent.text, &sent.html] {
        for page in ["done", "snooze", "unsubscribe"] {
            assert!(
                text.contains(&format!("/mail/{page}?token="))
                    || text.contains(&format!("mail&#x2f;{page}")),
                "{text}"
            );
        }
    }
}

#[tokio::test]
async fn dots_long_lines_and_every_script_arrive_as_they_were() {
    let long = "y".repeat(5000);
    let text = format!(".\n..two\n.dot\n{long}\nÄ 漢字 🚀 العربية\n\n  indented\nlast");
    let sent = Mail {
        text: text.clone(),
        html: format!("<p>{text}</p>"),
        ..mail()
    };
    let bodies = bodies(&travel(&sent).await);
    assert_eq!(bodies[0].replace("\r\n", "\n"), text);
    assert_eq!(bodies[1].replace("\r\n", "\n"), format!("<p>{text}</p>"));
}

#[tokio::test]
async fn an_emoji_subject_is_encoded_and_comes_back() {
    let sent = Mail {
        subject: "Rocket 🚀 — Größe 漢字".repeat(6),
        ..mail()
    };
    let arrived = travel(&sent).await;
    let raw: Vec<&String> = arrived
        .lines
        .iter()
        .take_while(|line| !line.is_empty())
        .collect();
    assert!(raw.iter().all(|line| line.is_ascii()), "{raw:?}");
    assert!(raw.iter().all(|line| line.len() <= 78), "{raw:?}");
    assert_eq!(decoded(&arrived.header("Subject").unwrap()), sent.subject);
}

/// Undoes RFC 2047, base64 only. The space between two encoded words is not part of the text.
fn decoded(header: &str) -> String {
    let mut text = String::new();
    let mut encoded_before = true;
    for word in header.split_whitespace() {
        let inside = word
            .strip_prefix("=?utf-8?b?")
            .and_then(|word| word.strip_suffix("?="));
        if !(encoded_before && (inside.is_some() || text.is_empty())) {
            text.push(' ');
        }
        text.push_str(&inside.map_or(word.to_owned(), unbased));
        encoded_before = inside.is_some();
    }
    text
}

#[tokio::test]
async fn line_ends_in_subject_and_name_add_no_header() {
    let sent = Mail {
        to_name: "Ann\r\nBcc: eve@example.org\r\n".into(),
        subject: "Hello\r\nX-Evil: 1\n\n<script>\u{0}\u{2028}\u{85}".into(),
        ..mail()
    };
    let arrived = travel(&sent).await;
    assert_eq!(arrived.to, "RCPT TO:<ann@example.org>");
    let plain = travel(&mail()).await;
    assert_eq!(names(&arrived), names(&plain));
    assert_eq!(arrived.header("X-Evil"), None);
    assert_eq!(arrived.header("Bcc"), None);
}

/// The names of the headers, in order.
fn names(delivery: &Delivery) -> Vec<String> {
    let headers = delivery.headers();
    headers
        .iter()
        .map(|line| line.split(':').next().unwrap().to_owned())
        .collect()
}

#[test]
fn no_text_whatever_changes_the_headers() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let plain = runtime.block_on(travel(&mail()));
    let nasty = prop_oneof![
        any::<String>(),
        "(\r|\n|\r\n|[ -~]|\u{0}|é|🚀|:|<|>|\"|,|;|=\\?utf-8\\?){0,300}",
        "[a-z]{990,1100}",
        Just("\r\n.\r\nMAIL FROM:<eve@example.org>\r\n".to_owned()),
    ];
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 64,
        ..ProptestConfig::default()
    });
    runner
        .run(
            &(nasty.clone(), nasty.clone(), nasty),
            |(to_name, subject, text)| {
                let sent = Mail {
                    to_name,
                    subject,
                    text: text.clone(),
                    html: text,
                    ..mail()
                };
                let arrived = runtime.block_on(travel(&sent));
                prop_assert_eq!(names(&arrived), names(&plain));
                prop_assert_eq!(arrived.to.as_str(), "RCPT TO:<ann@example.org>");
                Ok(())
            },
        )
        .unwrap();
}

#[tokio::test]
async fn ids_and_links_that_could_break_a_header_are_refused() {
    let server = Server::start(Script::default()).await;
    let from = "duly@example.org".parse().unwrap();
    let mailer = Mailer::smtp(SmtpSettings::from_url(&server.url(), from).unwrap());
    for bad in ["", "a\r\nBcc: eve@example.org", "a b", "a>b", "ä"] {
        let id = Mail {
            message_id: bad.into(),
            ..mail()
        };
        assert!(mailer.send(&id).await.is_err(), "{bad:?}");
        let link = Mail {
            unsubscribe_url: Some(bad.into()),
            ..mail()
        };
        assert!(mailer.send(&link).await.is_err(), "{bad:?}");
    }
}
