//! `duly limits`

use std::net::IpAddr;
use std::time::Duration;

use clap::Subcommand;
use duly_cache::Redis;
use duly_cache::limits::{Shared as _, Used, network_of};
use duly_tracker::users::{Account, Email, admin};

use super::{CommandError, Outcome};
use crate::config::Config;
use crate::{output, start};

/// How long a connection to Redis may take.
const CONNECT: Duration = Duration::from_secs(3);

/// So many are shown unless more are asked for.
const SHOWN: usize = 20;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print the limits in force and, where nodes count together, who has used most of them.
    #[command(after_help = "Example: duly limits show\n         duly limits show ann@example.org")]
    Show {
        /// An e-mail address or an IP address: what was counted of that.
        who: Option<String>,
        /// How many to show.
        #[arg(long, default_value_t = SHOWN)]
        top: usize,
    },
    /// Forget what was counted of somebody, so that they are let in at once.
    #[command(
        after_help = "Example: duly limits clear ann@example.org\n         duly limits clear 203.0.113.7"
    )]
    Clear {
        /// An e-mail address or an IP address.
        who: String,
    },
}

pub(super) async fn run(command: Command, config: &Config) -> Outcome {
    match command {
        Command::Show { who, top } => {
            show_rules(config);
            let names = match &who {
                Some(who) => Some(names(config, who).await?),
                None => None,
            };
            let Some(redis) = redis(config).await? else {
                output::say("\nEach process counts for itself, in its memory.");
                return Ok(());
            };
            let used = redis.used().await.map_err(|lost| super::failed(&lost))?;
            show(used, names.as_deref(), top);
            Ok(())
        }
        Command::Clear { who } => {
            let names = names(config, &who).await?;
            let Some(redis) = redis(config).await? else {
                return Err(CommandError::Wrong(
                    "each process counts for itself, in its memory: start `duly serve` anew, which \
                     forgets all counts, or have nodes count in Redis (cache.url)"
                        .into(),
                ));
            };
            let cleared = redis.clear(&|used| is_of(used, &names)).await;
            let cleared = cleared.map_err(|lost| super::failed(&lost))?;
            output::say(match cleared.len() {
                0 => format!("Nothing is counted of {who}."),
                counts => format!("Forgot {counts} counts of {who}."),
            });
            Ok(())
        }
    }
}

fn show_rules(config: &Config) {
    for rule in config.limits.iter() {
        let policy = &rule.policy;
        output::say(format!(
            "{:<12} {:>6} per {:<8} per {:<16} {}",
            policy.name,
            policy.limit,
            window(policy.window),
            rule.per.to_string(),
            rule.on,
        ));
    }
}

/// As it is written in the settings.
fn window(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0 => format!("{}ms", length.as_millis()),
        _ if seconds.is_multiple_of(86_400) => format!("{}d", seconds / 86_400),
        _ if seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
        _ if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

fn show(mut used: Vec<Used>, names: Option<&[String]>, top: usize) {
    used.retain(|one| names.is_none_or(|names| is_of(one, names)));
    used.sort_unstable_by_key(|one| std::cmp::Reverse(one.count));
    output::say("");
    if used.is_empty() {
        output::say("Nothing was counted lately.");
    }
    for one in used.iter().take(top) {
        output::say(format!("{:>8}  {:<16} {}", one.count, one.policy, one.key));
    }
    if used.len() > top {
        let more = used.len() - top;
        output::say(format!("and {more} more (--top {})", used.len()));
    }
}

/// Whether a word of what was counted is one of these names.
fn is_of(one: &Used, names: &[String]) -> bool {
    let mut words = one.key.split(' ');
    words.any(|word| names.iter().any(|name| name == word))
}

/// What counts of somebody are called.
async fn names(config: &Config, who: &str) -> Result<Vec<String>, CommandError> {
    if let Ok(address) = who.parse::<IpAddr>() {
        return Ok(vec![network_of(address).to_string()]);
    }
    let email: Email = super::user::read("email", who)?;
    let tracker = start::tracker(config).await?;
    let mut names = vec![email.folded()];
    match admin::find(&tracker, &email).await {
        Ok(Account { id, .. }) => {
            names.push(tracker.cache.keys().of(id.0).to_string());
            names.push(id.to_string());
        }
        // Somebody may have tried to log in to what is not there.
        Err(duly_tracker::Error::NotFound(_)) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(names)
}

/// A connection, where nodes count together.
async fn redis(config: &Config) -> Result<Option<Redis>, CommandError> {
    let Some(redis) = start::redis(config) else {
        return Ok(None);
    };
    match tokio::time::timeout(CONNECT, redis.connected()).await {
        Ok(()) => Ok(Some(redis)),
        Err(_) => Err(CommandError::Failed(
            "Redis (cache.url) does not answer; `duly doctor` says more".into(),
        )),
    }
}
