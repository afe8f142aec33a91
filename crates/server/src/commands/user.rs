//! `duly user`

use std::io::Read as _;

use clap::{Args, Subcommand, ValueEnum};
use duly_tracker::Tracker;
use duly_tracker::input::FromText;
use duly_tracker::users::admin::{self, NewUser};
use duly_tracker::users::password::Password;
use duly_tracker::users::{Account, Email, PersonName, Role, TimeZoneName};

use super::{CommandError, Outcome};
use crate::config::Config;
use crate::{output, start};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an account and print a link with which its owner chooses a password.
    #[command(after_help = "Example: duly user create --name Ann --email ann@example.org --admin")]
    Create(CreateArguments),
    /// List the accounts.
    #[command(after_help = "Example: duly user list")]
    List,
    /// Make somebody an administrator, or an ordinary user again.
    #[command(
        after_help = "Example: duly user promote ann@example.org\n         duly user promote ann@example.org --role user"
    )]
    Promote {
        /// The address of the account.
        email: String,
        /// What the person is to be.
        #[arg(long, value_enum, default_value = "admin")]
        role: RoleName,
    },
    /// Print a link with which somebody chooses a new password.
    #[command(after_help = "Example: duly user reset-password ann@example.org")]
    ResetPassword {
        /// The address of the account.
        email: String,
    },
    /// Print a link with which one person may register.
    #[command(after_help = "Example: duly user invite ann@example.org")]
    Invite {
        /// Only for the person with this address.
        email: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(super) struct CreateArguments {
    /// What the person wants to be called.
    #[arg(long)]
    name: String,
    /// Where mails go, and what the person logs in with.
    #[arg(long)]
    email: String,
    /// The time zone, for example Europe/Berlin.
    #[arg(long, default_value = "UTC")]
    time_zone: String,
    /// Make an administrator.
    #[arg(long)]
    admin: bool,
    /// Read the password from the standard input instead of printing a link.
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum RoleName {
    User,
    Admin,
}

pub(super) async fn run(command: Command, config: &Config) -> Outcome {
    let tracker = start::tracker(config).await?;
    match command {
        Command::Create(arguments) => create(&tracker, arguments).await,
        Command::List => list(&tracker).await,
        Command::Promote { email, role } => {
            let role = match role {
                RoleName::User => Role::User,
                RoleName::Admin => Role::Admin,
            };
            let account = admin::promote(&tracker, &read("email", &email)?, role)
                .await
                .map_err(|error| nobody(&email, error))?;
            output::say(format!(
                "{} is now: {}",
                account.email.as_str(),
                role.name()
            ));
            Ok(())
        }
        Command::ResetPassword { email } => {
            let link = admin::reset_link(&tracker, &read("email", &email)?)
                .await
                .map_err(|error| nobody(&email, error))?;
            output::say(format!("Valid once, for an hour: {link}"));
            Ok(())
        }
        Command::Invite { email } => {
            let email = email.map(|email| read("email", &email)).transpose()?;
            let link = admin::invite(&tracker, email.as_ref()).await?;
            output::say(format!("Valid once, for a week: {link}"));
            Ok(())
        }
    }
}

async fn create(tracker: &Tracker, arguments: CreateArguments) -> Outcome {
    let password: Option<Password> = match arguments.password_stdin {
        true => {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(|error| super::failed(&error))?;
            Some(read("password", text.trim_end_matches(['\r', '\n']))?)
        }
        false => None,
    };
    let has_password = password.is_some();
    let new = NewUser {
        name: read::<PersonName>("name", &arguments.name)?,
        email: read::<Email>("email", &arguments.email)?,
        password,
        role: if arguments.admin {
            Role::Admin
        } else {
            Role::User
        },
        time_zone: read::<TimeZoneName>("time-zone", &arguments.time_zone)?,
    };
    let account = admin::create(tracker, new).await?;
    output::say(format!("Made the account of {}.", account.email.as_str()));
    if !has_password {
        let link = admin::reset_link(tracker, &account.email).await?;
        output::say(format!(
            "To choose a password (valid once, for an hour): {link}"
        ));
    }
    Ok(())
}

async fn list(tracker: &Tracker) -> Outcome {
    let mut cursor = None;
    loop {
        let page = admin::list(tracker, cursor.as_deref(), 500).await?;
        for account in &page.data {
            output::say(line(account));
        }
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => return Ok(()),
        }
    }
}

fn line(account: &Account) -> String {
    let (created, role) = (account.created_at.strftime("%Y-%m-%d"), account.role.name());
    format!(
        "{created}  {role:5}  {}  {}",
        account.email.as_str(),
        account.name.as_str()
    )
}

/// An account that is not found is one that the address does not lead to.
pub(super) fn nobody(email: &str, error: duly_tracker::Error) -> CommandError {
    match error {
        duly_tracker::Error::NotFound(_) => CommandError::Failed(format!(
            "nobody here has the address {email}; `duly user list` shows who there is"
        )),
        other => other.into(),
    }
}

/// Reads an argument into its type.
pub(super) fn read<T: FromText>(name: &str, text: &str) -> Result<T, CommandError> {
    T::from_text(text)
        .map_err(|wrong| CommandError::Wrong(format!("{name} {text:?} {}", wrong.message)))
}
