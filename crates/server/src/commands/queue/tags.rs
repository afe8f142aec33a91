//! `duly queue tags`

use duly_queue::store::{Operations, WatchedTag};

use super::{BY, failed};
use crate::commands::{CommandError, Outcome};
use crate::output;

pub(super) async fn print(operations: &dyn Operations) -> Outcome {
    let watched = operations.watched_tags().await.map_err(failed)?;
    for WatchedTag { tag, counts, .. } in &watched {
        output::say(format!(
            "{tag:<48} {} ready, {} scheduled, {} running, {} failed, {} done, {} cancelled",
            counts.ready,
            counts.scheduled,
            counts.running,
            counts.failed,
            counts.done,
            counts.cancelled
        ));
    }
    if watched.is_empty() {
        output::say("No tag is watched.");
    }
    Ok(())
}

pub(super) async fn watch(operations: &dyn Operations, tag: &str) -> Outcome {
    if duly_tracker::input::bounded_text(tag, 1, 200, &[]).is_err() {
        let message = "a tag has 1 to 200 characters".to_owned();
        return Err(CommandError::Wrong(message));
    }
    output::say(match operations.watch_tag(BY, tag).await.map_err(failed)? {
        true => format!("{tag} is watched."),
        false => format!("{tag} was watched already."),
    });
    Ok(())
}

pub(super) async fn unwatch(operations: &dyn Operations, tag: &str) -> Outcome {
    let unwatched = operations.unwatch_tag(BY, tag).await.map_err(failed)?;
    output::say(match unwatched {
        true => format!("{tag} is not watched any more."),
        false => format!("{tag} was not watched."),
    });
    Ok(())
}
