//! Handing a mail to a mail server (RFC 5321), step by step, so that each wait has its end.

use std::fmt::Display;
use std::time::Duration;

use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::Severity;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::Instrument as _;
use tracing::field::Empty;

use super::message::build;
use super::{Mail, SendError, SmtpSettings, Tls};

/// Sends, and shows that in the trace of whoever asked for it. To whom is nobody else's business.
pub(super) async fn send_traced(settings: &SmtpSettings, mail: &Mail) -> Result<(), SendError> {
    let span = tracing::info_span!(
        "mail",
        otel.name = "send mail",
        otel.kind = "client",
        otel.status_code = Empty,
        network.protocol.name = "smtp",
        server.address = settings.host,
        server.port = settings.port,
        error.type = Empty,
    );
    let sent = send(settings, mail).instrument(span.clone()).await;
    if let Err(error) = &sent {
        span.record("otel.status_code", "error");
        let kind = match error {
            SendError::Temporary(_) => "temporary",
            SendError::Permanent(_) => "permanent",
        };
        span.record("error.type", kind);
    }
    sent
}

/// Sends over a connection of its own: mails are rare, and a connection that idled between two of
/// them has usually been closed by the server.
async fn send(settings: &SmtpSettings, mail: &Mail) -> Result<(), SendError> {
    let message = build(&settings.from, mail)?;
    let (envelope, text) = (message.envelope(), message.formatted());
    let exchange = Exchange {
        deadline: Instant::now() + settings.send_timeout,
        reply_timeout: settings.reply_timeout,
    };
    let mut connection = exchange.open(settings).await?;
    let mut parameters = Vec::new();
    let back_to = settings.bounces.as_ref().map(|bounces| &bounces.0);
    let back_to = back_to.or(envelope.from());
    let mut addresses = envelope.to().iter().chain(back_to);
    if !addresses.all(|address| AsRef::<str>::as_ref(address).is_ascii()) {
        if !connection
            .server_info()
            .supports_feature(Extension::SmtpUtfEight)
        {
            return Err(SendError::Permanent(format!(
                "the mail server cannot deliver to {}: it lacks SMTPUTF8",
                mail.to_email
            )));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    let from = MailFrom::new(back_to.cloned(), parameters);
    exchange
        .about_this_mail("the sender", connection.command(from))
        .await?;
    for address in envelope.to() {
        let to = Rcpt::new(address.clone(), Vec::new());
        exchange
            .about_this_mail("the recipient", connection.command(to))
            .await?;
    }
    let go_ahead = exchange
        .about_this_mail("the mail", connection.command(Data))
        .await?;
    // Whoever sits in between could slip in a reply before encryption begins, and every later one
    // would be taken for the answer to the command before. It shows here, where the codes differ.
    if !go_ahead.has_code(354) {
        return Err(out_of_step());
    }
    match timeout_at(exchange.deadline, connection.message(&text)).await {
        Ok(Ok(reply)) if reply.code().severity == Severity::PositiveCompletion => {}
        Ok(Ok(_)) => return Err(out_of_step()),
        Ok(Err(error)) => return Err(refusal("the mail", &error)),
        Err(_) => return Err(no_answer("to the end of the mail")),
    }
    // The mail is theirs now; a server that does not say good-bye changes nothing about that.
    let _ = timeout(
        settings.reply_timeout.min(Duration::from_secs(1)),
        connection.quit(),
    )
    .await;
    Ok(())
}

/// Reaches the server, encrypts and logs in as for a mail, then leaves.
pub(super) async fn check(settings: &SmtpSettings) -> Result<(), SendError> {
    let exchange = Exchange {
        deadline: Instant::now() + settings.send_timeout,
        reply_timeout: settings.reply_timeout,
    };
    let mut connection = exchange.open(settings).await?;
    exchange
        .about_the_server("good-bye", connection.quit())
        .await?;
    Ok(())
}

struct Exchange {
    deadline: Instant,
    reply_timeout: Duration,
}

impl Exchange {
    /// Connects, encrypts and logs in. Whatever fails here says nothing about the mail.
    async fn open(&self, settings: &SmtpSettings) -> Result<AsyncSmtpConnection, SendError> {
        let hello = ClientId::default();
        let implicit = match settings.tls {
            Tls::Implicit => Some(tls_parameters(settings)?),
            Tls::Required | Tls::Opportunistic | Tls::None => None,
        };
        let server = (settings.host.as_str(), settings.port);
        let place = format!("{}:{}", settings.host, settings.port);
        let connecting = AsyncSmtpConnection::connect_tokio1(
            server,
            Some(self.reply_timeout),
            &hello,
            implicit,
            None,
        );
        let mut connection = self.about_the_server(&place, connecting).await?;
        let upgrade = match settings.tls {
            Tls::Required if !connection.can_starttls() => {
                return Err(SendError::Temporary(format!(
                    "{place} does not offer STARTTLS, which tls=required asks for; nothing was sent"
                )));
            }
            Tls::Required => true,
            Tls::Opportunistic => connection.can_starttls(),
            Tls::Implicit | Tls::None => false,
        };
        if upgrade {
            let starting = connection.starttls(tls_parameters(settings)?, &hello);
            self.about_the_server(&format!("STARTTLS with {place}"), starting)
                .await?;
        }
        if let Some(login) = &settings.credentials {
            let credentials = Credentials::new(login.user.clone(), login.password.clone());
            let proving = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials);
            self.about_the_server(&format!("log-in at {place}"), proving)
                .await?;
        }
        Ok(connection)
    }

    async fn about_the_server<T>(
        &self,
        what: &str,
        step: impl Future<Output = Result<T, SmtpError>>,
    ) -> Result<T, SendError> {
        match timeout_at(self.next_deadline(), step).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(SendError::Temporary(format!(
                "{what}: {}",
                describe(&error)
            ))),
            Err(_) => Err(no_answer(&format!("({what})"))),
        }
    }

    async fn about_this_mail<T>(
        &self,
        what: &str,
        step: impl Future<Output = Result<T, SmtpError>>,
    ) -> Result<T, SendError> {
        match timeout_at(self.next_deadline(), step).await {
            Ok(reply) => reply.map_err(|error| refusal(what, &error)),
            Err(_) => Err(no_answer(&format!("({what})"))),
        }
    }

    fn next_deadline(&self) -> Instant {
        self.deadline.min(Instant::now() + self.reply_timeout)
    }
}

fn no_answer(to_what: &str) -> SendError {
    SendError::Temporary(format!("the mail server did not answer in time {to_what}"))
}

fn out_of_step() -> SendError {
    SendError::Temporary("the mail server answered something else than it was asked".into())
}

fn refusal(what: &str, error: &SmtpError) -> SendError {
    let reason = format!("the mail server did not accept {what}: {}", describe(error));
    if error.is_permanent() {
        SendError::Permanent(reason)
    } else {
        SendError::Temporary(reason)
    }
}

/// The error and its causes on one line, cut where a server becomes talkative.
fn describe(error: &SmtpError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    super::message::one_line(&text).chars().take(500).collect()
}

fn tls_parameters(settings: &SmtpSettings) -> Result<TlsParameters, SendError> {
    let wrong = |error: &dyn Display| SendError::Temporary(format!("TLS: {error}"));
    let mut builder = TlsParametersBuilder::new(settings.host.clone());
    if let Some(pem) = &settings.extra_root {
        let root = Certificate::from_pem(pem.as_bytes()).map_err(|error| wrong(&error))?;
        builder = builder.add_root_certificate(root);
    }
    if settings.tls == Tls::Opportunistic {
        builder = builder.dangerous_accept_invalid_certs(true);
    }
    builder.build_rustls().map_err(|error| wrong(&error))
}
