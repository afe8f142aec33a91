//! What was decided, and why.

use std::fmt::{Display, Formatter};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Estimate, Millionths, Mode, Need, Observation, Observed, Planned, QueueSettings};
use crate::QueueName;

/// Why a queue was given what it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is what the queue needs.
    #[default]
    Need,
    /// The queue needs less, but this is its minimum.
    Minimum,
    /// The queue needs more, but this is its maximum.
    Maximum,
    /// The queue needs more, but there are no more slots.
    AllSlots,
    /// The queue asks for more, but none of its jobs has finished yet, so nobody knows what it
    /// needs.
    Trial,
    /// The queue wants more, but all together want more than there is.
    Share,
    /// There is less than all minimums together.
    Scarcity,
    /// The queue wants less, but nobody else wants what it has.
    GoingDown,
    /// It is what the queue had; the next decision is not due yet.
    Cooldown,
    /// Each queue gets the same.
    EqualShare,
    /// Nothing is guaranteed.
    Floating,
    /// An operator has paused the queue.
    Paused,
    /// There are no slots at all.
    NoSlots,
}

/// What was decided about one queue, and all that it was decided from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueDecision {
    /// The queue.
    pub queue: QueueName,
    /// What it may have.
    pub settings: QueueSettings,
    /// What was seen of it.
    pub observed: Observed,
    /// What was known of its traffic after that.
    pub estimate: Estimate,
    /// How long its jobs were taken to run: the estimate, or the assumption in its place.
    pub run_time: Duration,
    /// What the last decision gave it; [`None`] when it was not known then.
    pub before: Option<u32>,
    /// How many slots it needs.
    pub need: Need,
    /// The slots it asked for: its need, within its limits.
    pub want: u32,
    /// What it would get if it went down at once.
    pub share: u32,
    /// The slots it is guaranteed. There may be fewer than it has jobs running: those run to
    /// their end, and are not replaced.
    pub give: u32,
    /// The most slots it may have, floating ones included; [`None`] is without bound. Zero when
    /// it is paused, its share by weight while none of its jobs has finished.
    pub at_most: Option<u32>,
    /// In how many decisions in a row, this one included, it has wanted less than it had.
    pub less: u32,
    /// Why.
    pub reason: Reason,
}

/// What was decided about all queues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// How slots were given.
    pub mode: Mode,
    /// The time since the observation before.
    pub elapsed: Duration,
    /// The slots there were.
    pub total_slots: u32,
    /// Each queue, the most important first.
    pub queues: Vec<QueueDecision>,
}

impl Decision {
    /// What was decided about one queue.
    #[must_use]
    pub fn of(&self, queue: &QueueName) -> Option<&QueueDecision> {
        self.queues.iter().find(|one| one.queue == *queue)
    }

    /// The slots that are guaranteed to no queue.
    #[must_use]
    pub fn floating(&self) -> u32 {
        let given = self.queues.iter().map(|one| one.give);
        given.fold(self.total_slots, u32::saturating_sub)
    }

    /// What nodes have to know of it: each queue in the order in which floating slots serve them.
    #[must_use]
    pub fn plan(&self) -> Vec<Planned> {
        let planned = |one: &QueueDecision| Planned {
            queue: one.queue.clone(),
            give: one.give,
            at_most: one.at_most,
        };
        self.queues.iter().map(planned).collect()
    }

    /// What it was decided from, to be decided again.
    #[must_use]
    pub fn observation(&self) -> Observation {
        let observed = self.queues.iter();
        Observation {
            elapsed: self.elapsed,
            total_slots: self.total_slots,
            queues: observed
                .map(|one| (one.queue.clone(), one.observed))
                .collect(),
        }
    }
}

impl QueueDecision {
    /// How the need comes about.
    fn need(&self) -> String {
        let run_time = Millionths::seconds(self.run_time);
        let assumed = match self.estimate.run_time {
            Some(_) => "",
            None => " (assumed)",
        };
        let arrivals = self.estimate.arrivals.unwrap_or_default();
        let mut parts = Vec::new();
        if arrivals > Millionths::default() {
            let flow = self.need.flow;
            parts.push(format!(
                "{arrivals} jobs/s of {run_time} s{assumed} need {flow}"
            ));
        }
        if self.observed.backlog > 0 {
            let (waiting, need) = (self.observed.backlog, self.need.backlog);
            let target = Millionths::seconds(self.settings.target());
            parts.push(format!(
                "{waiting} waiting at {target} s target need {need}"
            ));
        }
        if self.need.late > Millionths::ONE {
            let late = self.need.late;
            let wait = Millionths::seconds(self.observed.oldest_wait);
            parts.push(format!(
                "times {late} because the oldest has waited {wait} s"
            ));
        }
        if parts.is_empty() {
            parts.push("nothing to do".to_owned());
        }
        parts.join(", ")
    }

    /// Why, without the number of slots.
    fn why(&self, total_slots: &str) -> String {
        let (want, need) = (self.want, self.need.total);
        match self.reason {
            Reason::Need => self.need(),
            Reason::Minimum => format!("its minimum, {}", self.need()),
            Reason::Maximum => format!("held at its maximum of {want}, needs {need}"),
            Reason::AllSlots => format!("all there are, needs {need}"),
            Reason::Trial => {
                let waiting = self.observed.backlog;
                format!("on trial until its first job has finished, {waiting} waiting")
            }
            Reason::Share => format!("its share of {total_slots} by weight, wants {want}"),
            Reason::Scarcity => format!("its part of {total_slots}, too few for all minimums"),
            Reason::GoingDown => format!("going down slowly, wants {want}"),
            Reason::Cooldown => "as before, the next decision is not due yet".to_owned(),
            Reason::EqualShare => format!("its equal share of {total_slots}"),
            Reason::Floating => "nothing is guaranteed, all slots float".to_owned(),
            Reason::Paused => "paused".to_owned(),
            Reason::NoSlots => "there are none to give".to_owned(),
        }
    }

    /// The decision as a sentence for people, such as "7 slots: 3.2 jobs/s of 0.9 s need 2.9, 120
    /// waiting at 30 s target need 3.6". `total_slots` are those of the whole decision.
    #[must_use]
    pub fn explain(&self, total_slots: u32) -> String {
        let why = self.why(&slots(total_slots));
        format!("{}: {why}", slots(self.give))
    }
}

fn slots(number: u32) -> String {
    match number {
        1 => "1 slot".to_owned(),
        _ => format!("{number} slots"),
    }
}

impl Display for Decision {
    /// One line for each queue.
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        for one in &self.queues {
            writeln!(
                formatter,
                "{}: {}",
                one.queue,
                one.explain(self.total_slots)
            )?;
        }
        write!(formatter, "floating: {}", slots(self.floating()))
    }
}
