//! Reminders: a mail the day before a task is due, one at the time it is due, one a day about what is
//! overdue, one about the week. Each at most once, none in somebody's quiet hours, and no more a day than they
//! want.
//!
//! `reminder_schedules` says when each user has to be looked at next. [`dispatch_due`] finds them
//! and pushes [`PlanReminders`] or, for many at once, [`PlanManyReminders`], which write promises into the ledger of [`crate::notifications`]
//! together with the jobs that keep them. Each job looks again, at the last moment, whether the
//! mail is still wanted. [`reconcile`] finds promises whose job has been lost.

pub mod actions;
mod budget;
mod crowd;
mod digest;
mod dispatch;
mod letters;
mod look;
mod plan;
mod quiet;
mod reconcile;
mod schedule;
mod send;
mod store;
pub mod times;

pub use crowd::PlanManyReminders;
pub use dispatch::dispatch_due;
pub use plan::PlanReminders;
pub use reconcile::{Reconciled, reconcile};
pub use schedule::{account_changed, reschedule, task_changed};
pub(crate) use send::comes_back;
pub use send::{SendDigest, SendEscalation, SendOverdue, SendReminder};
pub(crate) use store::stop_mail;
