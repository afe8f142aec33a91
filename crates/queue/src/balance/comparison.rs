//! What would have been with other settings: decisions that were made, made again.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{Decision, Memory, QueueDecision, Settings, decide};
use crate::store::Decided;
use crate::{Queue, QueueName, Result};

/// So many decisions are read at a time.
const PAGE: u32 = 500;

/// A decision counts for no longer than this: while there is nothing to do, none is kept.
const LONGEST: Duration = Duration::from_secs(6);

/// How slots were given, and how they would have been.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// How many decisions were made again.
    pub decisions: u64,
    /// What became of each queue.
    pub queues: BTreeMap<QueueName, Compared>,
    /// What was given at times, the oldest first.
    pub points: Vec<Point>,
}

/// A queue, as it was and as it would have been.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Compared {
    /// As it was.
    pub before: Given,
    /// As it would have been.
    pub after: Given,
}

/// What a queue was given over a time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Given {
    /// Its slots, each times how long it had it.
    slot_time: Duration,
    time: Duration,
    /// The most slots it had.
    pub most: u32,
    /// For how long it wanted more than it had.
    pub short: Duration,
}

impl Given {
    /// How many slots it had on average.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match self.time.is_zero() {
            true => 0.0,
            false => self.slot_time.div_duration_f64(self.time),
        }
    }

    fn count(&mut self, one: &QueueDecision, time: Duration) {
        self.slot_time = self.slot_time.saturating_add(time.saturating_mul(one.give));
        self.time = self.time.saturating_add(time);
        self.most = self.most.max(one.give);
        if one.give < one.want {
            self.short = self.short.saturating_add(time);
        }
    }
}

/// What queues were given at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// When.
    pub at: Timestamp,
    /// As it was.
    pub before: BTreeMap<QueueName, u32>,
    /// As it would have been.
    pub after: BTreeMap<QueueName, u32>,
}

impl Comparison {
    /// Makes the decisions since then again, with other settings. At most `points` of them are answered one by
    /// one, evenly chosen.
    ///
    /// # Errors
    /// What the store says.
    pub async fn since(
        queue: &Queue,
        since: Timestamp,
        settings: &Settings,
        points: usize,
    ) -> Result<Self> {
        let mut comparison = Comparison::default();
        let mut memory: Option<Memory> = None;
        let mut after = since;
        loop {
            let page = queue.operations().decisions_after(after, PAGE).await?;
            for decided in &page {
                comparison.decide_again(decided, settings, &mut memory);
                after = decided.at;
            }
            comparison.thin_out(points);
            if page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
                return Ok(comparison);
            }
        }
    }

    fn decide_again(
        &mut self,
        decided: &Decided,
        settings: &Settings,
        memory: &mut Option<Memory>,
    ) {
        let Some(known) = memory else {
            // What the first one left is where the others begin.
            *memory = Some(decided.memory.clone());
            return;
        };
        let observation = decided.decision.observation();
        let (again, next) = decide(settings, known, &observation);
        *known = next;
        self.decisions += 1;
        let time = observation.elapsed.min(LONGEST);
        for one in &decided.decision.queues {
            let compared = self.queues.entry(one.queue.clone()).or_default();
            compared.before.count(one, time);
        }
        for one in &again.queues {
            let compared = self.queues.entry(one.queue.clone()).or_default();
            compared.after.count(one, time);
        }
        self.points.push(Point {
            at: decided.at,
            before: given(&decided.decision),
            after: given(&again),
        });
    }

    /// Leaves every second point out until there are no more than so many.
    fn thin_out(&mut self, most: usize) {
        while self.points.len() > most.max(1) {
            let mut is_kept = false;
            self.points.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
        }
    }
}

fn given(decision: &Decision) -> BTreeMap<QueueName, u32> {
    let queues = decision.queues.iter();
    queues.map(|one| (one.queue.clone(), one.give)).collect()
}
