//! Counts where all nodes do, else in this process.

use std::borrow::Cow;
use std::sync::Arc;

use duly_db::SharedClock;

use super::refusals::Refusals;
use super::{Count, Decision, Policy, Reading, Shared, Standing, Tally};

/// Says whether somebody has asked too often. Clones share the counts.
#[derive(Debug, Clone)]
pub struct Limiter {
    clock: SharedClock,
    here: Tally,
    refusals: Arc<Refusals>,
    shared: Option<Arc<dyn Shared>>,
}

impl Limiter {
    /// Counts in this process.
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        Limiter {
            here: Tally::new(clock.clone()),
            refusals: Arc::default(),
            shared: None,
            clock,
        }
    }

    /// Counts together with other nodes.
    #[must_use]
    pub fn sharing(clock: SharedClock, shared: Arc<dyn Shared>) -> Self {
        Limiter {
            shared: Some(shared),
            ..Self::new(clock)
        }
    }

    /// The counts of this process.
    #[must_use]
    pub fn here(&self) -> &Tally {
        &self.here
    }

    /// Where nodes count together, if they do.
    #[must_use]
    pub fn shared(&self) -> Option<&dyn Shared> {
        self.shared.as_deref()
    }

    /// Admits and counts a request, or refuses it and counts nothing.
    pub async fn hit(&self, counts: &[Count<'_>]) -> Standing {
        let Some(shared) = &self.shared else {
            return self.hit_here(counts);
        };
        if let Some(refused) = self.refused_just_now(counts) {
            return refused;
        }
        match shared.add(counts).await {
            Ok(readings) => self.judge(counts, &readings).await,
            Err(_) => self.hit_here(counts),
        }
    }

    /// Takes back an admitted request that turned out not to count.
    pub async fn undo(&self, counts: &[Count<'_>]) {
        for count in counts {
            self.here.undo(&self.applied(count.policy), &count.key);
        }
        if let Some(shared) = &self.shared {
            // What cannot be told will be forgotten by time.
            let _ = shared.take_back(counts).await;
        }
    }

    /// Forgets what was counted, for example after a log-in that went well.
    pub async fn forget(&self, counts: &[Count<'_>]) {
        for count in counts {
            self.here.forget(&self.applied(count.policy), &count.key);
            self.refusals.forget(count);
        }
        if let Some(shared) = &self.shared {
            let _ = shared.forget(counts).await;
        }
    }

    /// What was said within the last second to one of these, if that was no.
    pub(crate) fn refused_just_now(&self, counts: &[Count<'_>]) -> Option<Standing> {
        // Only of what nodes count together a refusal is noted.
        self.shared.as_ref()?;
        let now = self.clock.now().as_microsecond();
        let repeat = |count: &Count<'_>| {
            let decision = self.refusals.repeat(count, now)?;
            Some((count.policy.clone(), decision))
        };
        let refused: Vec<(Policy, Decision)> = counts.iter().filter_map(repeat).collect();
        (!refused.is_empty()).then_some(Standing(refused))
    }

    /// Says what readings mean that were taken when these were counted, and takes the counts back
    /// if they mean no.
    pub(crate) async fn judge(&self, counts: &[Count<'_>], readings: &[Reading]) -> Standing {
        let now = self.clock.now().as_microsecond();
        let decide = |(count, reading): (&Count<'_>, &Reading)| {
            (count.policy.clone(), reading.decide(count.policy, now))
        };
        let mut standing = Standing(counts.iter().zip(readings).map(decide).collect());
        if standing.allowed() {
            for ((policy, decision), reading) in standing.0.iter_mut().zip(readings) {
                decision.remaining = reading.remaining(policy, now);
            }
            return standing;
        }
        for (count, (_, decision)) in counts.iter().zip(&standing.0) {
            if !decision.allowed {
                self.refusals.note(count, *decision, now);
            }
        }
        if let Some(shared) = &self.shared {
            let _ = shared.take_back(counts).await;
        }
        standing
    }

    /// Counts in this process alone.
    pub(crate) fn hit_here(&self, counts: &[Count<'_>]) -> Standing {
        let hit = |count: &Count<'_>| {
            let policy = self.applied(count.policy);
            let decision = self.here.hit(&policy, &count.key);
            (policy.into_owned(), decision)
        };
        let mut standing = Standing(counts.iter().map(hit).collect());
        if !standing.allowed() {
            for (count, (policy, decision)) in counts.iter().zip(&mut standing.0) {
                if decision.allowed {
                    self.here.undo(policy, &count.key);
                    decision.remaining += 1;
                }
            }
        }
        standing
    }

    /// The policy as it applies in this process: with other nodes out of reach, each of them lets
    /// somebody guess, who must not gain by that.
    fn applied<'policy>(&self, policy: &'policy Policy) -> Cow<'policy, Policy> {
        match self.shared.is_some() && policy.is_strict {
            true => Cow::Owned(Policy {
                limit: (policy.limit / 2).max(1),
                ..policy.clone()
            }),
            false => Cow::Borrowed(policy),
        }
    }
}
