//! What holds whatever the settings, the past and the observations.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::share::{Ask, fit};
use super::*;
use crate::QueueName;

/// Few enough names that queues come and go.
fn queue() -> impl Strategy<Value = QueueName> {
    let names = [
        "urgent",
        "default",
        "reminders",
        "maintenance",
        "a",
        "b",
        "c",
    ];
    prop::sample::select(names.map(QueueName::new).to_vec())
}

/// Mostly numbers that occur, sometimes any.
fn count() -> impl Strategy<Value = u64> {
    prop_oneof![3 => 0..5_u64, 3 => 0..2_000_u64, 1 => any::<u64>()]
}

fn slots() -> impl Strategy<Value = u32> {
    prop_oneof![1 => Just(0), 6 => 0..60_u32, 1 => any::<u32>()]
}

fn duration() -> impl Strategy<Value = Duration> {
    let usual = (0..700_000_u64).prop_map(Duration::from_millis);
    let any = any::<Duration>();
    prop_oneof![1 => Just(Duration::ZERO), 8 => usual, 1 => any]
}

fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![4 => Just(Mode::Auto), 1 => Just(Mode::Simple), 1 => Just(Mode::Off)]
}

prop_compose! {
    fn queue_settings()(
        min in prop_oneof![5 => 0..6_u32, 1 => slots()],
        max in option::of(prop_oneof![5 => 0..30_u32, 1 => slots()]),
        weight in prop_oneof![5 => 0..9_u32, 1 => any::<u32>()],
        target in duration(),
    ) -> QueueSettings {
        QueueSettings { min, max, weight, target }
    }
}

prop_compose! {
    fn settings(mode: impl Strategy<Value = Mode>)(
        mode in mode,
        queues in btree_map(queue(), queue_settings(), 0..5),
        cooldown in (0..10_u64).prop_map(Duration::from_secs),
        after in 0..4_u32,
        percent in 0..120_u32,
        assumed_run_time in duration(),
    ) -> Settings {
        let down = GoingDown { after, percent };
        Settings { mode, queues, cooldown, down, assumed_run_time }
    }
}

prop_compose! {
    fn observed()(
        backlog in count(),
        oldest_wait in duration(),
        arrived in count(),
        finished in count(),
        run_time in duration(),
        busy in slots(),
        paused in prop::bool::weighted(0.1),
    ) -> Observed {
        Observed { backlog, oldest_wait, arrived, finished, run_time, busy, paused }
    }
}

prop_compose! {
    fn observation(least_queues: usize)(
        elapsed in prop_oneof![4 => (0..20_u64).prop_map(Duration::from_secs), 1 => duration()],
        total_slots in slots(),
        queues in btree_map(queue(), observed(), least_queues..7),
    ) -> Observation {
        Observation { elapsed, total_slots, queues }
    }
}

fn history() -> impl Strategy<Value = Vec<Observation>> {
    vec(observation(0), 1..6)
}

/// What is remembered after a history.
fn remembered(settings: &Settings, history: &[Observation]) -> Memory {
    history
        .iter()
        .fold(Memory::default(), |memory, observation| {
            decide(settings, &memory, observation).1
        })
}

/// By way of JSON.
fn stored<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

fn sum(numbers: impl Iterator<Item = u32>) -> u64 {
    numbers.map(u64::from).sum()
}

/// The sum, the bounds of each queue, and that nothing is given for nothing.
fn keeps_to_the_limits(decision: &Decision) -> Result<(), TestCaseError> {
    let total = decision.total_slots;
    prop_assert!(sum(decision.queues.iter().map(|one| one.give)) <= u64::from(total));
    let served = || decision.queues.iter().filter(|one| !one.observed.paused);
    let least = |one: &QueueDecision| one.settings.min.min(one.settings.max.unwrap_or(u32::MAX));
    let guarantees = decision.mode != Mode::Off;
    let fits = sum(served().map(least)) <= u64::from(total);
    for one in &decision.queues {
        prop_assert!(one.give <= one.settings.max.unwrap_or(u32::MAX), "{one:?}");
        prop_assert!(one.at_most.is_none_or(|most| one.give <= most), "{one:?}");
        prop_assert!(
            one.settings.max.is_none() || one.at_most <= one.settings.max,
            "{one:?}"
        );
        let held = one.reason == Reason::GoingDown && Some(one.give) <= one.before;
        prop_assert!(one.give <= one.want || held, "{one:?}");
        if one.observed.paused {
            prop_assert_eq!((one.give, one.at_most), (0, Some(0)));
        } else if guarantees && fits {
            prop_assert!(one.give >= least(one), "{one:?}");
        }
    }
    let wanted = sum(decision.queues.iter().map(|one| one.want)).min(u64::from(total));
    prop_assert_eq!(sum(decision.queues.iter().map(|one| one.share)), wanted);
    // When not even the minimums fit, none gets a second slot before each has its first.
    let wanting = || served().filter(|one| guarantees && least(one) > 0);
    if wanting().any(|one| one.give == 0) {
        let gives: Vec<u32> = wanting().map(|one| one.give).collect();
        prop_assert!(gives.is_sorted_by(|one, next| one >= next), "{gives:?}");
        prop_assert!(gives.iter().all(|give| *give <= 1), "{gives:?}");
    }
    Ok(())
}

/// Nothing goes down faster than it may while slots are left over.
fn goes_down_slowly(settings: &Settings, decision: &Decision) -> Result<(), TestCaseError> {
    let left = decision.floating() > 0 && settings.mode == Mode::Auto;
    for one in decision
        .queues
        .iter()
        .filter(|one| left && !one.observed.paused)
    {
        let most = one
            .settings
            .max
            .unwrap_or(u32::MAX)
            .min(decision.total_slots);
        let before = one.before.unwrap_or(0).min(most);
        let quarter = u64::from(before) * u64::from(settings.down.percent) / 100;
        let step = if one.less < settings.down.after {
            0
        } else {
            quarter.max(1)
        };
        prop_assert!(u64::from(before) <= u64::from(one.give) + step, "{one:?}");
    }
    Ok(())
}

fn asks() -> impl Strategy<Value = Vec<Ask>> {
    let ask = (0..6_u32, 0..40_u32, 1..9_u32).prop_map(|(minimum, more, weight)| Ask {
        minimum,
        want: minimum + more,
        weight,
    });
    vec(ask, 1..8)
}

fn plan() -> impl Strategy<Value = Vec<Planned>> {
    let planned = (queue(), 0..12_u32, option::of(0..20_u32));
    let planned = planned.prop_map(|(queue, give, more)| Planned {
        queue,
        give,
        at_most: more.map(|more| give + more),
    });
    vec(planned, 0..8)
}

fn nodes() -> impl Strategy<Value = BTreeMap<u8, u32>> {
    btree_map(any::<u8>(), 0..20_u32, 0..7)
}

/// A plan for no more slots than there are, of which there is at least one.
fn fitting() -> impl Strategy<Value = (Vec<Planned>, BTreeMap<u8, u32>)> {
    (plan(), btree_map(any::<u8>(), 1..40_u32, 1..7)).prop_map(|(mut plan, nodes)| {
        let total = sum(nodes.values().copied());
        while sum(plan.iter().map(|planned| planned.give)) > total {
            plan.pop();
        }
        (plan, nodes)
    })
}

proptest! {
    #[test]
    fn limits_are_kept(settings in settings(mode()), history in history()) {
        for decision in replay(&history, &settings, &Memory::default()) {
            keeps_to_the_limits(&decision)?;
            goes_down_slowly(&settings, &decision)?;
        }
    }

    #[test]
    fn a_larger_backlog_never_gets_less(
        settings in settings(Just(Mode::Auto)),
        history in history(),
        now in observation(1),
        chosen in any::<prop::sample::Index>(),
        more in prop_oneof![1..5_u64, 1..2_000_u64],
    ) {
        let memory = remembered(&settings, &history);
        let queue = now.queues.keys().nth(chosen.index(now.queues.len())).unwrap();
        let mut fuller = now.clone();
        let seen = fuller.queues.get_mut(queue).unwrap();
        seen.backlog = seen.backlog.saturating_add(more);
        let (before, _) = decide(&settings, &memory, &now);
        let (after, _) = decide(&settings, &memory, &fuller);
        let give = |decision: &Decision| decision.of(queue).unwrap().give;
        prop_assert!(give(&before) <= give(&after), "{before}\n{after}");
        let others = after.queues.iter().filter(|one| one.queue != *queue);
        for one in others {
            // Their parts only fall; but a slot that cannot be divided may go elsewhere then.
            let share = before.of(&one.queue).unwrap().share;
            prop_assert!(one.share <= share.saturating_add(1), "{before}\n{after}");
        }
    }

    /// Also when the memory was stored half-way, and by whoever decides.
    #[test]
    fn the_same_input_gives_the_same_decisions(
        settings in settings(mode()),
        history in history(),
        half in any::<prop::sample::Index>(),
    ) {
        let at_once = replay(&history, &settings, &Memory::default());
        let (earlier, later) = history.split_at(half.index(history.len()));
        let mut in_halves = replay(earlier, &settings, &Memory::default());
        let memory = stored(&remembered(&settings, earlier));
        in_halves.extend(replay(later, &stored(&settings), &memory));
        prop_assert_eq!(&at_once, &in_halves);
        let recorded: Vec<Observation> = at_once.iter().map(Decision::observation).collect();
        prop_assert_eq!(recorded, history);
    }

    #[test]
    fn what_is_stored_comes_back(settings in settings(mode()), history in history()) {
        let memory = remembered(&settings, &history);
        prop_assert_eq!(stored(&memory), memory);
        prop_assert_eq!(stored(&settings), settings.clone());
        prop_assert_eq!(&stored(&history), &history);
        let decisions = replay(&history, &settings, &Memory::default());
        prop_assert_eq!(&stored(&decisions), &decisions);
        for decision in decisions {
            let sentences = decision.to_string();
            prop_assert_eq!(sentences.lines().count(), decision.queues.len() + 1);
            prop_assert_eq!(stored(&decision.plan()), decision.plan());
        }
    }

    #[test]
    fn all_there_is_is_shared_and_a_larger_weight_gets_no_less(
        asks in asks(),
        total in 0..120_u32,
    ) {
        let given = fit(&asks, total);
        let wanted = sum(asks.iter().map(|ask| ask.want)).min(u64::from(total));
        prop_assert_eq!(sum(given.iter().copied()), wanted);
        let minimums = sum(asks.iter().map(|ask| ask.minimum)) <= u64::from(total);
        for (ask, given) in asks.iter().zip(&given) {
            prop_assert!(*given <= ask.want);
            prop_assert!(!minimums || ask.minimum <= *given);
            let alike = asks.iter().zip(fit(&asks, total));
            for (other, less) in alike.filter(|(other, _)| minimums && other.weight < ask.weight) {
                let same = (other.minimum, other.want) == (ask.minimum, ask.want);
                prop_assert!(!same || less <= *given);
            }
        }
    }

    #[test]
    fn parts_make_up_the_plan(plan in plan(), nodes in nodes()) {
        let parts = parts(&plan, &nodes);
        prop_assert_eq!(parts.len(), nodes.len());
        let total = sum(nodes.values().copied());
        let planned = sum(plan.iter().map(|planned| planned.give));
        for (node, part) in &parts {
            let guaranteed = sum(part.queues.iter().map(|part| part.guaranteed));
            prop_assert_eq!(guaranteed + u64::from(part.floating), u64::from(nodes[node]));
        }
        for (row, planned_one) in plan.iter().enumerate() {
            let own = || parts.values().map(|part| &part.queues[row]);
            let guaranteed = sum(own().map(|part| part.guaranteed));
            if planned <= total {
                prop_assert_eq!(guaranteed, u64::from(planned_one.give));
            }
            prop_assert!(guaranteed <= u64::from(planned_one.give));
            let ceilings = own().map(|part| part.at_most);
            prop_assert!(own().all(|part| part.at_most.is_none_or(|most| part.guaranteed <= most)));
            if let Some(most) = planned_one.at_most {
                prop_assert!(sum(ceilings.flatten()) <= u64::from(most));
            } else {
                prop_assert!(own().all(|part| part.at_most.is_none()));
            }
        }
        let all = sum(parts.values().flat_map(|part| &part.queues).map(|part| part.guaranteed));
        prop_assert_eq!(all, planned.min(total));
    }

    /// No node has less of a queue than its part rounded down, nor more of all queues up to one
    /// than its part of them rounded up.
    #[test]
    fn parts_are_in_proportion_to_the_nodes((plan, nodes) in fitting()) {
        let total = sum(nodes.values().copied());
        let parts = parts(&plan, &nodes);
        for (node, part) in &parts {
            let size = u64::from(nodes[node]);
            let (mut given, mut taken) = (0, 0);
            for (planned, part) in plan.iter().zip(&part.queues) {
                let give = u64::from(planned.give);
                prop_assert!(u64::from(part.guaranteed) >= give * size / total);
                given += give;
                taken += u64::from(part.guaranteed);
                prop_assert!(taken <= (given * size).div_ceil(total), "{parts:?}");
            }
        }
    }

    #[test]
    fn larger_nodes_of_the_same_proportions_take_the_same_parts(
        (plan, nodes) in fitting(),
        factor in 1..9_u32,
    ) {
        let larger = nodes.iter().map(|(node, size)| (*node, size * factor)).collect();
        let guaranteed = |nodes: &BTreeMap<u8, u32>| -> Vec<Vec<u32>> {
            let parts = parts(&plan, nodes);
            let of = |part: &Part| part.queues.iter().map(|part| part.guaranteed).collect();
            parts.values().map(of).collect()
        };
        prop_assert_eq!(guaranteed(&nodes), guaranteed(&larger));
    }
}
