//! Single decisions.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::QueueName;

const URGENT: QueueName = QueueName::URGENT;
const DEFAULT: QueueName = QueueName::DEFAULT;
const REMINDERS: QueueName = QueueName::REMINDERS;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A queue to which 3.2 jobs come each second, which run for 0.9 s, and of which 120 wait.
fn busy() -> Observed {
    Observed {
        backlog: 120,
        arrived: 32,
        finished: 10,
        run_time: seconds(9),
        ..Observed::default()
    }
}

fn waiting(backlog: u64) -> Observed {
    Observed {
        backlog,
        finished: 1,
        run_time: seconds(1),
        ..Observed::default()
    }
}

fn observation<const N: usize>(
    total_slots: u32,
    queues: [(QueueName, Observed); N],
) -> Observation {
    Observation {
        elapsed: seconds(10),
        total_slots,
        queues: BTreeMap::from(queues),
    }
}

fn first(settings: &Settings, observation: &Observation) -> Decision {
    decide(settings, &Memory::default(), observation).0
}

fn gives(decision: &Decision) -> Vec<u32> {
    decision.queues.iter().map(|one| one.give).collect()
}

/// What a row of backlogs gets, one decision after the other, when an urgent queue has another.
fn over_time(slots: u32, backlogs: &[u64], urgent: &[u64]) -> Vec<u32> {
    let urgent = urgent.iter().chain(std::iter::repeat(&0));
    let history = backlogs.iter().zip(urgent).map(|(backlog, urgent)| {
        let queues = [(DEFAULT, waiting(*backlog)), (URGENT, waiting(*urgent))];
        observation(slots, queues)
    });
    let history: Vec<Observation> = history.collect();
    let decisions = replay(&history, &Settings::default(), &Memory::default());
    let of = |decision: &Decision| decision.of(&DEFAULT).unwrap().give;
    decisions.iter().map(of).collect()
}

#[test]
fn queues_with_nothing_to_do_have_their_minimum_and_the_rest_floats() {
    let idle = QueueName::by_priority()
        .into_iter()
        .map(|queue| (queue, Observed::default()));
    let observation = Observation {
        elapsed: seconds(3),
        total_slots: 10,
        queues: idle.collect(),
    };
    let decision = first(&Settings::default(), &observation);
    assert_eq!(gives(&decision), [1, 1, 1, 1]);
    assert_eq!(decision.floating(), 6);
    let order = decision.plan().into_iter().map(|planned| planned.queue);
    assert_eq!(order.collect::<Vec<QueueName>>(), QueueName::by_priority());
}

#[test]
fn a_paused_queue_has_nothing_and_no_floating_slots() {
    let paused = Observed {
        paused: true,
        ..busy()
    };
    for mode in [Mode::Auto, Mode::Simple, Mode::Off] {
        let settings = Settings {
            mode,
            ..Settings::default()
        };
        let decision = first(
            &settings,
            &observation(10, [(DEFAULT, paused), (URGENT, busy())]),
        );
        let one = decision.of(&DEFAULT).unwrap();
        assert_eq!((one.give, one.reason), (0, Reason::Paused));
        assert_eq!(decision.plan()[1].at_most, Some(0));
    }
}

#[test]
fn without_slots_there_is_nothing_to_give() {
    let decision = first(&Settings::default(), &observation(0, [(DEFAULT, busy())]));
    assert_eq!(gives(&decision), [0]);
    assert_eq!(
        decision.to_string(),
        "default: 0 slots: there are none to give\nfloating: 0 slots"
    );
}

#[test]
fn when_not_even_the_minimums_fit_the_most_important_come_first() {
    let queues = [(DEFAULT, busy()), (REMINDERS, busy()), (URGENT, busy())];
    let decision = first(&Settings::default(), &observation(2, queues));
    assert_eq!(gives(&decision), [1, 1, 0]);
    assert_eq!(decision.queues[2].reason, Reason::Scarcity);
}

#[test]
fn a_queue_goes_up_at_once() {
    assert_eq!(over_time(40, &[0, 600, 1_200], &[]), [1, 20, 39]);
}

#[test]
fn a_queue_goes_down_after_two_decisions_and_by_a_quarter_each() {
    let backlogs = [600, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(
        over_time(40, &backlogs, &[]),
        [20, 20, 15, 12, 9, 7, 6, 5, 4, 3]
    );
}

#[test]
fn a_queue_that_wants_less_only_once_stays_where_it_is() {
    let backlogs = [600, 0, 600, 0, 600, 0];
    assert_eq!(over_time(40, &backlogs, &[]), [20; 6]);
}

#[test]
fn what_others_want_is_not_held_back() {
    let backlogs = [600, 0, 0, 0];
    assert_eq!(over_time(40, &backlogs, &[]), [20, 20, 15, 12]);
    // A rush of 150 with a target of 5 s wants 30 of the 40 slots.
    assert_eq!(over_time(40, &backlogs, &[0, 150]), [20, 10, 8, 6]);
    assert_eq!(over_time(40, &backlogs, &[0, 0, 150]), [20, 20, 10, 8]);
}

#[test]
fn a_decision_that_is_not_due_changes_nothing_but_what_has_to_be() {
    let settings = Settings::default();
    let (before, memory) = decide(
        &settings,
        &Memory::default(),
        &observation(40, [(DEFAULT, busy())]),
    );
    assert_eq!(gives(&before), [7]);
    let mut soon = observation(40, [(DEFAULT, waiting(9_000)), (URGENT, busy())]);
    soon.elapsed = seconds(1);
    let (same, memory) = decide(&settings, &memory, &soon);
    assert_eq!(gives(&same), [1, 7]);
    assert_eq!(same.queues[1].reason, Reason::Cooldown);
    soon.total_slots = 5;
    let (fewer, memory) = decide(&settings, &memory, &soon);
    assert_eq!(gives(&fewer).iter().sum::<u32>(), 5);
    soon.total_slots = 40;
    let (due, _) = decide(&settings, &memory, &soon);
    assert_eq!(due.queues[1].reason, Reason::Share);
    // What was observed early was not lost: 96 arrivals in 3 s, for three tenths.
    let urgent = due.queues[0].estimate;
    assert_eq!(urgent.arrivals, Some(Millionths(32_000_000)));
}

#[test]
fn equal_shares_are_bounded_and_the_remainder_goes_to_the_most_important() {
    let mut settings = Settings {
        mode: Mode::Simple,
        ..Settings::default()
    };
    let queues = [(URGENT, waiting(0)), (DEFAULT, busy()), (REMINDERS, busy())];
    let observation = observation(11, queues);
    assert_eq!(gives(&first(&settings, &observation)), [4, 4, 3]);
    let bounded = |min, max| QueueSettings {
        min,
        max,
        ..QueueSettings::default_of(&URGENT)
    };
    settings.queues.insert(URGENT, bounded(1, Some(2)));
    assert_eq!(gives(&first(&settings, &observation)), [2, 4, 3]);
    settings.queues.insert(URGENT, bounded(9, None));
    assert_eq!(gives(&first(&settings, &observation)), [9, 1, 1]);
    // 2 slots are left after the minimums, for 3 and 2 that are wanted; weights do not count.
    settings.queues.insert(URGENT, bounded(7, None));
    assert_eq!(gives(&first(&settings, &observation)), [7, 2, 2]);
}

#[test]
fn with_the_balance_off_all_slots_float() {
    let settings = Settings {
        mode: Mode::Off,
        ..Settings::default()
    };
    let decision = first(
        &settings,
        &observation(11, [(URGENT, busy()), (DEFAULT, busy())]),
    );
    assert_eq!((gives(&decision), decision.floating()), (vec![0, 0], 11));
}

#[test]
fn a_queue_that_was_away_is_remembered_by_its_speed_only() {
    let settings = Settings::default();
    let (_, memory) = decide(
        &settings,
        &Memory::default(),
        &observation(40, [(DEFAULT, busy())]),
    );
    let (_, memory) = decide(&settings, &memory, &observation(40, []));
    assert_eq!(memory.given(&DEFAULT), None);
    assert_eq!(
        memory.estimate(&DEFAULT).run_time,
        Some(Duration::from_millis(900))
    );
}

#[test]
fn a_queue_of_unknown_speed_has_its_share_by_weight_at_most() {
    let unknown = Observed {
        backlog: 10_000,
        ..Observed::default()
    };
    let queues = [
        (DEFAULT, unknown),
        (URGENT, waiting(0)),
        (REMINDERS, waiting(0)),
    ];
    let decision = first(&Settings::default(), &observation(20, queues));
    let one = decision.of(&DEFAULT).unwrap();
    assert_eq!(
        (one.give, one.reason),
        (6, Reason::Trial),
        "2 of 7, rounded up"
    );
    let at_most: Vec<Option<u32>> = decision.plan().iter().map(|one| one.at_most).collect();
    assert_eq!(at_most, [None, Some(6), None]);
    let queues = [
        (DEFAULT, waiting(10_000)),
        (URGENT, waiting(0)),
        (REMINDERS, waiting(0)),
    ];
    let decision = first(&Settings::default(), &observation(20, queues));
    assert_eq!(gives(&decision), [1, 18, 1]);
}

#[test]
fn each_reason_can_be_told_in_a_sentence() {
    let settings = |max, min| {
        let mut settings = Settings::default();
        let own = QueueSettings {
            min,
            max,
            ..QueueSettings::default_of(&DEFAULT)
        };
        settings.queues.insert(DEFAULT, own);
        settings
    };
    let usual = Settings::default();
    let why = |settings: &Settings, slots, observed| {
        let decision = first(settings, &observation(slots, [(DEFAULT, observed)]));
        decision.queues[0].explain(slots)
    };
    let late = Observed {
        oldest_wait: seconds(60),
        ..busy()
    };
    let unknown = Observed {
        finished: 0,
        ..busy()
    };
    let idle = Observed::default();
    let need = "3.2 jobs/s of 0.9 s need 2.9, 120 waiting at 30 s target need 3.6";
    assert_eq!(why(&usual, 40, busy()), format!("7 slots: {need}"));
    assert_eq!(
        why(&usual, 40, late),
        format!("13 slots: {need}, times 2 because the oldest has waited 60 s")
    );
    assert_eq!(
        why(&usual, 40, unknown),
        "8 slots: 3.2 jobs/s of 1 s (assumed) need 3.2, 120 waiting at 30 s target need 4"
    );
    assert_eq!(why(&usual, 40, idle), "1 slot: its minimum, nothing to do");
    assert_eq!(
        why(&settings(None, 9), 40, busy()),
        format!("9 slots: its minimum, {need}")
    );
    assert_eq!(
        why(&settings(Some(5), 1), 40, busy()),
        "5 slots: held at its maximum of 5, needs 6.5"
    );
    assert_eq!(why(&usual, 3, busy()), "3 slots: all there are, needs 6.5");
    let rivals = observation(10, [(DEFAULT, busy()), (URGENT, busy())]);
    let decision = first(&usual, &rivals);
    assert_eq!(
        decision.to_string(),
        "urgent: 6 slots: its share of 10 slots by weight, wants 10\n\
         default: 4 slots: its share of 10 slots by weight, wants 7\n\
         floating: 0 slots"
    );
    let going = [waiting(600), waiting(45)].map(|seen| observation(40, [(DEFAULT, seen)]));
    let decisions = replay(&going, &usual, &Memory::default());
    assert_eq!(
        decisions[1].queues[0].explain(40),
        "20 slots: going down slowly, wants 2"
    );
}

#[test]
fn other_settings_can_be_tried_on_what_was_recorded() {
    let history = [0, 600, 600].map(|backlog| observation(40, [(DEFAULT, waiting(backlog))]));
    let settings = Settings::default();
    let recorded = replay(&history, &settings, &Memory::default());
    let stored: Vec<Observation> = recorded.iter().map(Decision::observation).collect();
    assert_eq!(stored, history);
    let mut hurried = settings;
    let target = QueueSettings {
        target: seconds(15),
        max: Some(35),
        ..QueueSettings::default_of(&DEFAULT)
    };
    hurried.queues.insert(DEFAULT, target);
    let tried = replay(&stored, &hurried, &Memory::default());
    let both = |decisions: &[Decision]| -> Vec<u32> { decisions.iter().flat_map(gives).collect() };
    assert_eq!(
        (both(&recorded), both(&tried)),
        (vec![1, 20, 20], vec![1, 35, 35])
    );
}

#[test]
fn two_hundred_queues_share_what_there_is() {
    let queues = (0..200_u64).map(|number| {
        let observed = Observed {
            backlog: number * 37 % 1_000,
            ..busy()
        };
        (QueueName::from(format!("queue {number}")), observed)
    });
    let observation = Observation {
        elapsed: seconds(3),
        total_slots: 500,
        queues: queues.collect(),
    };
    let decisions = replay(
        &vec![observation; 20],
        &Settings::default(),
        &Memory::default(),
    );
    for decision in decisions {
        assert_eq!(decision.floating(), 0);
        assert!(decision.queues.iter().all(|one| one.give > 0));
    }
}
