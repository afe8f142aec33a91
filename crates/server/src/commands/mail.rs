//! `duly mail`

use clap::Subcommand;
use duly_tracker::mail;
use duly_tracker::users::Email;

use super::user::read;
use super::{CommandError, Outcome};
use crate::config::Config;
use crate::{output, start};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Send a test mail and say what the mail server answered.
    #[command(after_help = "Example: duly mail test --to ann@example.org")]
    Test {
        /// The address to send it to.
        #[arg(long)]
        to: String,
    },
    /// Take one report of a mail server from the standard input: of a mail that came back, or that was reported as spam.
    #[command(
        after_help = "Example: duly mail feedback < report.eml\n\nFor an alias of a mail server: \
                      bounces: \"|/usr/local/bin/duly mail feedback\"\nExit codes: 0 done, 65 no report, 75 try again later."
    )]
    Feedback,
}

pub(super) async fn run(command: Command, config: &Config) -> Outcome {
    match command {
        Command::Test { to } => test(to, config).await,
        Command::Feedback => super::feedback::run(config, std::io::stdin()).await,
    }
}

async fn test(to: String, config: &Config) -> Outcome {
    read::<Email>("to", &to)?;
    let tracker = start::tracker(config).await?;
    mail::test_mail(&tracker, &to).await.map_err(|error| {
        CommandError::Failed(format!(
            "the mail was not sent: {error}; see mail.url in the settings"
        ))
    })?;
    match &config.mail.server {
        Some(server) => output::say(format!("{} has taken the mail to {to}.", server.host)),
        None => {
            let folder = start::outbox(config);
            output::say(format!(
                "The mail lies in {}; set mail.url to send it.",
                folder.display()
            ));
        }
    }
    Ok(())
}
