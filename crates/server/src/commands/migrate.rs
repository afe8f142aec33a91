//! `duly migrate`

use clap::Args;
use duly_db::migrate::Mode;

use super::Outcome;
use crate::config::Config;
use crate::{output, start};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only say what would be done.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(arguments: Arguments, config: &Config) -> Outcome {
    let mode = if arguments.dry_run {
        Mode::DryRun
    } else {
        Mode::Apply
    };
    let db = start::database(config).await?;
    let report = start::migrate(&db, mode).await?;
    let verb = if arguments.dry_run {
        "would apply"
    } else {
        "applied"
    };
    for step in &report.applied {
        output::say(format!("{verb} {step}"));
    }
    if report.applied.is_empty() {
        output::say(format!(
            "The database is up to date ({} steps).",
            report.present.len()
        ));
    }
    db.close().await;
    Ok(())
}
