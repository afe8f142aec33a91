//! Encryption and log-in.

use std::sync::Arc;
use std::time::Duration;

use duly_tracker::mail::{Mailer, SendError, SmtpSettings, Tls};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::smtp_faults::mail;
use crate::smtp_server::{Script, Server, Step};

/// base64 of `\0ann@example.org\0päss:wörd`.
const LOGIN: &str = "AGFubkBleGFtcGxlLm9yZwBww6Rzczp3w7ZyZA==";

/// A server's side of TLS, and the certificate to trust.
fn authority() -> (TlsAcceptor, String) {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), made.cert.pem())
}

fn settings(url: &str) -> SmtpSettings {
    let mut settings = SmtpSettings::from_url(url, "duly@example.org".parse().unwrap()).unwrap();
    settings.reply_timeout = Duration::from_secs(5);
    settings
}

async fn send(settings: SmtpSettings) -> Result<(), SendError> {
    Mailer::smtp(settings).send(&mail()).await
}

#[tokio::test]
async fn starttls_then_log_in() {
    let (acceptor, root) = authority();
    let server = Server::start(
        Script::default()
            .encrypted(acceptor, false)
            .asking_for(LOGIN),
    )
    .await;
    let url = format!(
        "smtp://ann%40example.org:p%C3%A4ss:w%c3%b6rd@127.0.0.1:{}?tls=required",
        server.port()
    );
    send(SmtpSettings {
        extra_root: Some(root),
        ..settings(&url)
    })
    .await
    .unwrap();
    let mails = server.deliveries();
    assert!(mails[0].encrypted);
    let commands = server.commands();
    assert!(commands[0].starts_with("EHLO "));
    assert_eq!(
        commands[1], "STARTTLS",
        "nothing else goes over the wire in the clear"
    );
    assert!(
        commands[2].starts_with("EHLO "),
        "what was offered in the clear is forgotten"
    );
}

#[tokio::test]
async fn encrypted_from_the_first_byte() {
    let (acceptor, root) = authority();
    let server = Server::start(Script::default().encrypted(acceptor, true)).await;
    let url = format!("smtps://localhost:{}", server.port());
    send(SmtpSettings {
        extra_root: Some(root),
        ..settings(&url)
    })
    .await
    .unwrap();
    assert!(server.deliveries()[0].encrypted);
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_is_refused() {
    let (acceptor, _) = authority();
    let server = Server::start(Script::default().encrypted(acceptor, false)).await;
    let url = format!("{}?tls=required", server.url());
    let Err(SendError::Temporary(reason)) = send(settings(&url)).await else {
        panic!("the certificate is not to be trusted")
    };
    assert!(reason.contains("certificate"), "{reason}");
    assert_eq!(server.commands().len(), 2);
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let (acceptor, root) = authority();
    let server = Server::start(Script::default().encrypted(acceptor, false)).await;
    let url = format!("smtp://127.0.0.2:{}?tls=required", server.port());
    // The test's server listens on 127.0.0.1 only, so the name alone is changed.
    let mut settings = settings(&url);
    settings.extra_root = Some(root);
    assert!(send(settings).await.is_err());
    assert!(server.deliveries().is_empty());
}

#[tokio::test]
async fn required_encryption_that_is_not_offered_sends_nothing() {
    let server = Server::start(Script::default().asking_for(LOGIN)).await;
    let url = format!("smtp://ann:secret@127.0.0.1:{}?tls=required", server.port());
    let Err(SendError::Temporary(reason)) = send(settings(&url)).await else {
        panic!("nothing may be sent in the clear")
    };
    assert!(reason.contains("does not offer STARTTLS"), "{reason}");
    let commands = server.commands();
    assert!(
        commands
            .iter()
            .all(|line| !line.starts_with("AUTH") && !line.starts_with("MAIL"))
    );
}

#[tokio::test]
async fn a_reply_slipped_in_before_encryption_is_not_taken_for_an_acceptance() {
    let (acceptor, root) = authority();
    let slipped = Step::Reply("220 go ahead\r\n250 slipped in");
    let script = Script::default()
        .encrypted(acceptor, false)
        .at("STARTTLS", slipped);
    let server = Server::start(script).await;
    let url = format!("{}?tls=required", server.url());
    let sent = send(SmtpSettings {
        extra_root: Some(root),
        ..settings(&url)
    })
    .await;
    assert!(matches!(sent, Err(SendError::Temporary(_))), "{sent:?}");
    assert!(server.deliveries().is_empty());
}

#[tokio::test]
async fn opportunistic_takes_what_there_is() {
    let (acceptor, _) = authority();
    let able = Server::start(Script::default().encrypted(acceptor, false)).await;
    send(settings(&format!("{}?tls=opportunistic", able.url())))
        .await
        .unwrap();
    assert!(able.deliveries()[0].encrypted);
    let unable = Server::start(Script::default()).await;
    send(settings(&format!("{}?tls=opportunistic", unable.url())))
        .await
        .unwrap();
    assert!(!unable.deliveries()[0].encrypted);
}

#[tokio::test]
async fn this_machine_is_reached_in_the_clear_unless_told_otherwise() {
    let (acceptor, _) = authority();
    let server = Server::start(Script::default().encrypted(acceptor, false)).await;
    let settings = settings(&server.url());
    assert_eq!(settings.tls, Tls::None);
    send(settings).await.unwrap();
    assert!(!server.deliveries()[0].encrypted);
}

#[tokio::test]
async fn a_wrong_password_is_for_the_operator_to_mend_and_is_not_repeated() {
    let server = Server::start(Script::default().asking_for(LOGIN)).await;
    let url = format!("smtp://ann:hunter2@127.0.0.1:{}", server.port());
    let settings = settings(&url);
    assert!(!format!("{settings:?}").contains("hunter2"));
    let Err(SendError::Temporary(reason)) = send(settings).await else {
        panic!("it is not the mail's fault")
    };
    assert!(
        reason.contains("log-in") && reason.contains("535"),
        "{reason}"
    );
    assert!(!reason.contains("hunter2"));
    assert!(server.deliveries().is_empty());
}

#[tokio::test]
async fn a_server_that_asks_for_nothing_we_know_is_named() {
    let server = Server::start(Script::default().offering("AUTH XOAUTH9")).await;
    let url = format!("smtp://ann:secret@127.0.0.1:{}", server.port());
    let Err(SendError::Temporary(reason)) = send(settings(&url)).await else {
        panic!("there is no way to log in")
    };
    assert!(reason.contains("authentication mechanism"), "{reason}");
}
