//! What this release leaves for the nodes of others.

use std::time::Duration;

use duly_tracker::{Tracker, assets};

use super::{ASSETS, Dist};

/// What was written down is written anew after this long.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What could not be written is tried again after this long.
const SOON: Duration = Duration::from_secs(60);

/// Leaves the files of this release for the nodes of others; answers when to do so again. Nobody has
/// to wait for a database that does not take them.
pub(crate) async fn offer(tracker: &Tracker) -> Duration {
    let names: Vec<String> = Dist::iter()
        .filter_map(|path| path.strip_prefix(ASSETS).map(str::to_owned))
        .filter(|name| {
            let copied = [".br", ".gz"].iter().find_map(|end| name.strip_suffix(end));
            assets::is_name(copied.unwrap_or(name))
        })
        .collect();
    let read = |name: &str| {
        let file = Dist::get(&format!("{ASSETS}{name}"))?;
        Some(file.data.into_owned())
    };
    match assets::offer(&tracker.db, tracker.clock.now(), &names, read).await {
        Ok(0) => DAY,
        Ok(count) => {
            tracing::info!(
                files = count,
                "left the files of the page for other releases"
            );
            DAY
        }
        Err(error) => {
            tracing::warn!(
                %error,
                "the files of the page could not be left for other releases; \
                 until that succeeds, pages of this release may miss some while nodes are restarted"
            );
            SOON
        }
    }
}

/// Leaves them again and again, so that it is known that they are in use.
pub(crate) async fn keep_offering(tracker: &Tracker, mut next: Duration) {
    loop {
        tokio::time::sleep(next).await;
        next = offer(tracker).await;
    }
}
