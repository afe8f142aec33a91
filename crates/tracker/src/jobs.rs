//! Everything that runs later or on a schedule, in two readable lists.

use duly_queue::Registry;

use crate::Tracker;
use crate::idempotency::ForgetIdempotencyKeys;
use crate::reminders::{PlanReminders, SendOverdue, SendReminder};
use crate::tasks::PurgeTrash;
use crate::users::{
    SendEmailChanged, SendEmailConfirmation, SendPasswordChanged, SendPasswordReset,
};

/// Every kind of job that this release can run.
#[must_use]
pub fn registry() -> Registry<Tracker> {
    Registry::new()
        .with::<PlanReminders>()
        .with::<SendReminder>()
        .with::<SendOverdue>()
        .with::<SendEmailConfirmation>()
        .with::<SendEmailChanged>()
        .with::<SendPasswordChanged>()
        .with::<SendPasswordReset>()
        .with::<PurgeTrash>()
        .with::<ForgetIdempotencyKeys>()
}
