//! How many slots each queue gets: a decision made every few seconds, as pure functions.
//!
//! The unit is a **slot**: the right to run one job at a time. Slots are not processes; they cost
//! nothing to move. A **guaranteed** slot serves one queue only, also while that queue has nothing
//! to do. All others **float**: they serve whatever is due, the most important queue first, except
//! queues that have all they may have.
//!
//! One node decides for all: it calls [`decide`] with what it observed since the last time and
//! with the [`Memory`] of the last decision. Each node then takes its [`parts`] of the plan.
//! Nothing here reads a clock or draws lots: the same input gives the same decision on every
//! machine, so that decisions that were stored can be explained later, and [`replay`] says what
//! other settings would have decided.
//!
//! In [`Mode::Auto`], with `a` jobs arriving per second that run for `r` each, a backlog of `b`
//! whose oldest job waits for `w`, and a target `T` of the queue:
//!
//! ```text
//! need = a·r + b·r/T            to keep up, and to work the backlog off within the target
//! need = need · min(4, w/T)     when w > T: it is late already
//! want = need rounded up, within min..max and the slots there are; 0 when paused
//! ```
//!
//! - When all wants fit, each queue gets what it wants. Else each gets its minimum, and the rest
//!   is shared in proportion to weight, never more than is wanted. When even
//!   the minimums do not fit, each queue gets one slot, most important first, and the rest is
//!   shared in proportion to what is missing of the minimums.
//! - A queue goes up at once. It goes down slowly, and only if it wanted less several times in a
//!   row, unless another queue wants the slots: to hold back what others need would make a
//!   sudden rush wait for a rush that is over.
//! - **To give less cancels nothing.** A queue may be given fewer slots than it has jobs running.
//!   They run to their end; the slots are just not filled again. So a decision says what is to be
//!   reached, and with long jobs it takes as long as they do.
//! - `a` and `r` are means in which the last measurement counts three tenths. Speeds are never
//!   forgotten: an interval in which nothing finished says nothing about them. Arrivals are
//!   measured over at least as long as a job runs, within bounds.
//! - A queue of which no job has finished yet is taken to run as long as
//!   [`Settings::assumed_run_time`], and has its share by weight at most, floating slots included:
//!   nobody knows when it would give more back.
//!
//! A queue's importance is its weight; among equals the one with the shorter target comes first,
//! then the name decides.

mod balancer;
mod comparison;
mod decide;
mod decision;
mod memory;
mod millionths;
mod need;
mod observed;
mod parts;
mod settings;
mod share;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod simulator;
#[cfg(test)]
mod tests;

pub use self::balancer::{Balancer, BalancerHandle};
pub use self::comparison::{Compared, Comparison, Given, Point};
pub use self::decide::{decide, replay};
pub use self::decision::{Decision, QueueDecision, Reason};
pub use self::memory::{Estimate, Memory};
pub use self::millionths::Millionths;
pub use self::need::Need;
pub use self::observed::{Observation, Observed};
pub use self::parts::{Part, Planned, QueuePart, parts};
pub use self::settings::{GoingDown, Mode, QueueSettings, Settings};
