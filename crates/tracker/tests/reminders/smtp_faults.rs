//! What the client makes of a mail server's moods.

use std::time::Duration;

use duly_tracker::mail::{Mail, Mailer, SendError, SmtpSettings};

use crate::smtp_server::{Script, Server, Step};

fn settings(url: &str) -> SmtpSettings {
    let mut settings =
        SmtpSettings::from_url(url, "Duly <duly@example.org>".parse().unwrap()).unwrap();
    settings.reply_timeout = Duration::from_millis(150);
    settings.send_timeout = Duration::from_millis(600);
    settings
}

pub(crate) fn mail() -> Mail {
    Mail {
        to_name: "Ann".into(),
        to_email: "ann@example.org".into(),
        subject: "Due tomorrow: Pay rent".into(),
        text: "Pay rent\n".into(),
        html: "<p>Pay rent</p>".into(),
        message_id: "due-1@duly.example".into(),
        unsubscribe_url: None,
    }
}

async fn send(script: Script) -> (Result<(), SendError>, Server) {
    let server = Server::start(script).await;
    let sent = Mailer::smtp(settings(&server.url())).send(&mail()).await;
    (sent, server)
}

fn temporary(sent: &Result<(), SendError>) -> &str {
    match sent {
        Err(SendError::Temporary(reason)) => reason,
        other => panic!("expected a temporary error, got {other:?}"),
    }
}

fn permanent(sent: &Result<(), SendError>) -> &str {
    match sent {
        Err(SendError::Permanent(reason)) => reason,
        other => panic!("expected a permanent error, got {other:?}"),
    }
}

#[tokio::test]
async fn accepted() {
    let (sent, server) = send(Script::default()).await;
    sent.unwrap();
    let mails = server.deliveries();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].from, "MAIL FROM:<duly@example.org>");
    assert_eq!(mails[0].to, "RCPT TO:<ann@example.org>");
}

#[tokio::test]
async fn mails_go_back_to_the_address_for_bounces() {
    let server = Server::start(Script::default()).await;
    let mut settings = settings(&server.url());
    settings.bounces = Some("bounces@duly.example".parse().unwrap());
    Mailer::smtp(settings).send(&mail()).await.unwrap();
    let delivery = server.deliveries().remove(0);
    assert_eq!(delivery.from, "MAIL FROM:<bounces@duly.example>");
    let from = delivery.header("From").unwrap();
    assert!(from.contains("<duly@example.org>"), "{from}");
}

#[tokio::test]
async fn refused_for_now_and_then_accepted() {
    let script = Script::default().at("RCPT", Step::Reply("451 4.7.1 greylisted, come back"));
    let (sent, server) = send(script).await;
    assert!(temporary(&sent).contains("greylisted"), "{sent:?}");
    Mailer::smtp(settings(&server.url()))
        .send(&mail())
        .await
        .unwrap();
    assert_eq!(server.deliveries().len(), 1);
}

#[tokio::test]
async fn a_reply_4xx_at_any_step_is_temporary_and_5xx_is_permanent() {
    for place in ["MAIL", "RCPT", "DATA", "end of data"] {
        let (sent, _) = send(Script::default().at(place, Step::Reply("421 not now"))).await;
        assert!(temporary(&sent).contains("not now"), "{place}: {sent:?}");
        let (sent, _) = send(Script::default().at(place, Step::Reply("554 5.7.1 never"))).await;
        assert!(permanent(&sent).contains("never"), "{place}: {sent:?}");
    }
}

#[tokio::test]
async fn a_server_that_serves_nobody_says_nothing_about_the_mail() {
    for place in ["greeting", "EHLO"] {
        let (sent, _) = send(Script::default().at(place, Step::Reply("554 closed"))).await;
        assert!(temporary(&sent).contains("closed"), "{place}: {sent:?}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up_at_every_step() {
    for place in ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "end of data"] {
        let (sent, _) = send(Script::default().at(place, Step::Hang)).await;
        assert!(temporary(&sent).contains("in time"), "{place}: {sent:?}");
    }
}

#[tokio::test]
async fn a_server_that_closes_the_connection_is_temporary_at_every_step() {
    for place in ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "end of data"] {
        let (sent, _) = send(Script::default().at(place, Step::Close)).await;
        temporary(&sent);
    }
}

#[tokio::test]
async fn a_server_that_never_says_good_bye_has_the_mail_all_the_same() {
    for step in [Step::Hang, Step::Close, Step::Reply("421 oops")] {
        let (sent, server) = send(Script::default().at("QUIT", step)).await;
        sent.unwrap();
        assert_eq!(server.deliveries().len(), 1);
    }
}

#[tokio::test]
async fn a_server_that_dies_after_the_final_dot_gets_the_mail_again_under_the_same_id() {
    let (sent, server) = send(Script::default().at("end of data", Step::Close)).await;
    temporary(&sent);
    Mailer::smtp(settings(&server.url()))
        .send(&mail())
        .await
        .unwrap();
    let mails = server.deliveries();
    assert_eq!(mails.len(), 2);
    for mail in mails {
        assert_eq!(
            mail.header("Message-ID").as_deref(),
            Some("<due-1@duly.example>")
        );
    }
}

#[tokio::test]
async fn nobody_listens() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    drop(listener);
    let sent = Mailer::smtp(settings(&url)).send(&mail()).await;
    assert!(temporary(&sent).contains("127.0.0.1"), "{sent:?}");
}

#[tokio::test]
async fn nonsense_instead_of_replies_is_temporary() {
    for reply in [
        "HTTP/1.1 400 Bad Request",
        "",
        "999 what",
        "25",
        "250-never-ending",
    ] {
        let (sent, _) = send(Script::default().at("MAIL", Step::Reply(reply))).await;
        temporary(&sent);
    }
}

#[tokio::test]
async fn addresses_in_other_scripts_need_a_server_that_knows_them() {
    let beyond_ascii = Mail {
        to_email: "änne@exämple.org".into(),
        ..mail()
    };
    let server = Server::start(Script::default()).await;
    let sent = Mailer::smtp(settings(&server.url()))
        .send(&beyond_ascii)
        .await;
    assert!(permanent(&sent).contains("SMTPUTF8"), "{sent:?}");
    let server = Server::start(Script::default().offering("SMTPUTF8").offering("8BITMIME")).await;
    Mailer::smtp(settings(&server.url()))
        .send(&beyond_ascii)
        .await
        .unwrap();
    assert!(
        server
            .commands()
            .iter()
            .any(|line| line.ends_with("SMTPUTF8"))
    );
}

#[tokio::test]
async fn an_address_that_is_none_is_permanent_and_reaches_no_server() {
    for address in [
        "",
        "ann",
        "ann@",
        "a b@example.org",
        "ann@example.org>\r\nRCPT TO:<b@c.org",
    ] {
        let server = Server::start(Script::default()).await;
        let sent = Mailer::smtp(settings(&server.url()))
            .send(&Mail {
                to_email: address.into(),
                ..mail()
            })
            .await;
        permanent(&sent);
        assert!(server.commands().is_empty());
    }
}

#[tokio::test]
async fn a_server_that_is_out_of_step_has_taken_nothing() {
    for (place, reply) in [
        ("DATA", "250 ok"),
        ("end of data", "354 go ahead"),
        ("MAIL", "250 ok\r\n250 a reply too many"),
    ] {
        let (sent, _) = send(Script::default().at(place, Step::Reply(reply))).await;
        assert!(
            temporary(&sent).contains("something else"),
            "{place}: {sent:?}"
        );
    }
}
