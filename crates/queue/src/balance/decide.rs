//! The decision itself.

use super::share::{Ask, fit};
use super::{Decision, Memory, Mode, Need, Observation, Observed, QueueDecision, Reason, Settings};
use crate::QueueName;

/// Decides what each queue is given, from what was observed and what is remembered; returns what
/// is to be remembered next.
///
/// The sum of what is given is never more than the slots there are. Whatever the settings, a
/// decision is made; odd ones (a minimum above the maximum, a weight or a target of zero) are read
/// as [`QueueSettings`](super::QueueSettings) says.
#[must_use]
pub fn decide(
    settings: &Settings,
    memory: &Memory,
    observation: &Observation,
) -> (Decision, Memory) {
    let mut memory = memory.clone();
    let due = memory.gather(settings, observation);
    let mut decision = describe(settings, &memory, observation);
    match settings.mode {
        Mode::Auto if due => ask_for_need(&mut decision),
        Mode::Auto => ask_for_the_same(&mut decision),
        Mode::Simple => ask_for_equal_shares(&mut decision),
        Mode::Off => ask_for_nothing(&mut decision),
    }
    refuse(&mut decision);
    share_out(&mut decision);
    if due && settings.mode == Mode::Auto {
        go_down_slowly(settings, &memory, &mut decision);
    }
    limit(&mut decision);
    memory.keep(&decision.queues);
    (decision, memory)
}

/// What `settings` would have decided on observations that were recorded. `start` is what was
/// remembered before the first of them; fresh, it learns from them anew.
#[must_use]
pub fn replay(history: &[Observation], settings: &Settings, start: &Memory) -> Vec<Decision> {
    let mut memory = start.clone();
    let decided = history.iter().map(|observation| {
        let (decision, next) = decide(settings, &memory, observation);
        memory = next;
        decision
    });
    decided.collect()
}

/// All that is known, with nothing decided yet.
fn describe(settings: &Settings, memory: &Memory, observation: &Observation) -> Decision {
    let describe_one = |(queue, observed): (&QueueName, &Observed)| {
        let own = settings.of(queue);
        let estimate = memory.estimate(queue);
        let run_time = estimate.run_time.unwrap_or(settings.assumed_run_time);
        QueueDecision {
            queue: queue.clone(),
            settings: own,
            observed: *observed,
            estimate,
            run_time,
            before: memory.given(queue),
            need: Need::of(&own, observed, &estimate, run_time),
            want: 0,
            share: 0,
            give: 0,
            at_most: own.max,
            less: memory.less(queue),
            reason: Reason::default(),
        }
    };
    let mut queues: Vec<QueueDecision> = observation.queues.iter().map(describe_one).collect();
    queues.sort_by(|one, other| {
        let importance = one.settings.importance(&one.queue);
        importance.cmp(&other.settings.importance(&other.queue))
    });
    Decision {
        mode: settings.mode,
        elapsed: observation.elapsed,
        total_slots: observation.total_slots,
        queues,
    }
}

/// Each queue wants what it needs, within its limits.
fn ask_for_need(decision: &mut Decision) {
    let total = decision.total_slots;
    let weights = weights(decision);
    for one in &mut decision.queues {
        let need = one.need.slots(&one.observed);
        let trial = share_by_weight(total, one.settings.weight(), weights);
        if one.estimate.run_time.is_none() && need > trial {
            bound(one, total, trial, Reason::Trial);
        } else {
            bound(one, total, need, Reason::Need);
        }
    }
}

/// The weights of all queues that are not paused.
fn weights(decision: &Decision) -> u64 {
    let served = decision.queues.iter().filter(|one| !one.observed.paused);
    served.map(|one| u64::from(one.settings.weight())).sum()
}

/// The queues that are not paused.
fn served(queues: &mut [QueueDecision]) -> impl Iterator<Item = &mut QueueDecision> {
    queues.iter_mut().filter(|one| !one.observed.paused)
}

/// A queue's part of the slots by its weight alone, rounded up.
fn share_by_weight(total: u32, weight: u32, weights: u64) -> u32 {
    let part = u64::from(total) * u64::from(weight);
    u32::try_from(part.div_ceil(weights.max(1))).unwrap_or(u32::MAX)
}

/// Each queue wants what it has.
fn ask_for_the_same(decision: &mut Decision) {
    let total = decision.total_slots;
    for one in &mut decision.queues {
        let same = one.before.unwrap_or(one.settings.least(total));
        bound(one, total, same, Reason::Cooldown);
    }
}

/// Each queue wants the same; what cannot be divided goes to the most important.
fn ask_for_equal_shares(decision: &mut Decision) {
    let total = decision.total_slots;
    let number = u32::try_from(served(&mut decision.queues).count()).unwrap_or(u32::MAX);
    let part = total.checked_div(number).unwrap_or(0);
    let mut left = total.checked_rem(number).unwrap_or(0);
    for one in served(&mut decision.queues) {
        let more = left.min(1);
        left = left.saturating_sub(more);
        one.less = 0;
        bound(one, total, part.saturating_add(more), Reason::EqualShare);
    }
}

/// No queue wants a guarantee.
fn ask_for_nothing(decision: &mut Decision) {
    for one in &mut decision.queues {
        one.want = 0;
        one.less = 0;
        one.reason = Reason::Floating;
    }
}

/// Wants this much, within the queue's limits and the slots there are.
fn bound(one: &mut QueueDecision, total: u32, want: u32, reason: Reason) {
    let (least, most) = (one.settings.least(total), one.settings.most(total));
    let maximum = one.settings.max.unwrap_or(u32::MAX);
    (one.want, one.reason) = if want < least {
        (least, Reason::Minimum)
    } else if want > most && maximum <= total {
        (most, Reason::Maximum)
    } else if want > most {
        (most, Reason::AllSlots)
    } else {
        (want, reason)
    };
}

/// What can get nothing wants nothing.
fn refuse(decision: &mut Decision) {
    let total = decision.total_slots;
    for one in &mut decision.queues {
        let refused = match (one.observed.paused, total) {
            (true, _) => Reason::Paused,
            (false, 0) => Reason::NoSlots,
            (false, _) => continue,
        };
        one.want = 0;
        one.less = 0;
        one.reason = refused;
    }
}

/// Each queue gets what it wants, or its share when there is not enough.
fn share_out(decision: &mut Decision) {
    let total = decision.total_slots;
    let weighted = decision.mode != Mode::Simple;
    let ask = |one: &QueueDecision| Ask {
        minimum: one.settings.least(total).min(one.want),
        want: one.want,
        weight: if weighted { one.settings.weight() } else { 1 },
    };
    let asks: Vec<Ask> = decision.queues.iter().map(ask).collect();
    let minimums: u64 = asks.iter().map(|ask| u64::from(ask.minimum)).sum();
    let short = if minimums > u64::from(total) {
        Reason::Scarcity
    } else if weighted {
        Reason::Share
    } else {
        Reason::EqualShare
    };
    for (one, share) in decision.queues.iter_mut().zip(fit(&asks, total)) {
        one.share = share;
        one.give = share;
        if share < one.want {
            one.reason = short;
        }
    }
}

/// Leaves to queues that want less than they have what nobody else wants; the most important one
/// first, when it is not enough for all of them.
fn go_down_slowly(settings: &Settings, memory: &Memory, decision: &mut Decision) {
    let mut spare = decision.floating();
    let total = decision.total_slots;
    for one in served(&mut decision.queues) {
        let most = one.settings.most(total);
        let before = one.before.unwrap_or(0).min(most);
        if one.want >= before {
            one.less = 0;
            continue;
        }
        one.less = memory.less(&one.queue).saturating_add(1);
        let kept = if one.less < settings.down.after.max(1) {
            before
        } else {
            before.saturating_sub(settings.down.step(before))
        };
        let held = kept.saturating_sub(one.share).min(spare);
        if held > 0 {
            spare = spare.saturating_sub(held);
            one.give = one.share.saturating_add(held);
            one.reason = Reason::GoingDown;
        }
    }
}

/// Says how many slots each queue may have, floating ones included.
///
/// A queue of which no job has finished yet may not have more than its share of those either: if
/// its jobs take hours, they would sit in every slot by then.
fn limit(decision: &mut Decision) {
    let (total, mode) = (decision.total_slots, decision.mode);
    let weights = weights(decision);
    for one in &mut decision.queues {
        let trial = share_by_weight(total, one.settings.weight(), weights).max(one.give);
        one.at_most = if one.observed.paused {
            Some(0)
        } else if mode == Mode::Auto && one.estimate.run_time.is_none() {
            Some(one.settings.max.map_or(trial, |max| max.min(trial)))
        } else {
            one.settings.max
        };
    }
}
