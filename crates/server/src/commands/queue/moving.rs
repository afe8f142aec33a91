//! `duly queue move`

use clap::ValueEnum;
use duly_queue::Error;

use super::failed;
use crate::commands::{CommandError, Outcome};
use crate::config::Config;
use crate::{output, start};

/// Where jobs are to be.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::commands) enum To {
    /// In the Redis that `queue.url` names.
    Redis,
    /// In the database.
    Sql,
}

pub(super) async fn run(to: To, config: &Config) -> Outcome {
    let Some(store) = start::redis_store(config).await? else {
        let message = "queue.url names no Redis; set it, move, and then start the workers";
        return Err(CommandError::Wrong(message.into()));
    };
    let moved = match to {
        To::Redis => store.move_in().await,
        To::Sql => store.move_out().await,
    };
    match (moved, to) {
        (Err(in_use @ Error::InUse { .. }), _) => Err(CommandError::Failed(in_use.to_string())),
        (Err(error), _) => Err(failed(error)),
        (Ok(moved), To::Redis) => {
            output::say(format!("Moved {moved} jobs to Redis. Start the workers."));
            Ok(())
        }
        (Ok(moved), To::Sql) => {
            output::say(format!(
                "Moved {moved} jobs to the database. Set queue.url to nothing, and start the workers."
            ));
            Ok(())
        }
    }
}
