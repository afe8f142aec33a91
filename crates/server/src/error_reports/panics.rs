//! Panics, as lines of the log.

use std::panic::{self, PanicHookInfo};

/// What panics say is shown as it was, and logged.
pub(super) fn log() {
    let shown = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        shown(panic);
        log_one(panic);
    }));
}

fn log_one(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("without a message");
    // Some of the standard library's quote the text they are about.
    let message = message.split('`').next().unwrap_or_default();
    let location = panic.location().map(ToString::to_string);
    let location = location.as_deref().unwrap_or("somewhere");
    tracing::error!(target: "duly::panic", error = message, location, "panicked");
}
