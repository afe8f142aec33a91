//! `duly config`

use clap::{Args, Subcommand};

use super::Outcome;
use crate::config::Loaded;
use crate::output;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Only say whether the settings are right.
    #[command(after_help = "Example: duly config check")]
    Check,
}

pub(super) fn run(arguments: &Arguments, loaded: &Loaded) -> Outcome {
    match arguments.action {
        Some(Action::Check) => output::say("The settings are right."),
        None => output::say(loaded.print().trim_end()),
    }
    Ok(())
}
