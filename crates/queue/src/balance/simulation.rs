//! What the balance does to a cluster over minutes and hours.

use std::time::Duration;

use super::simulator::{Cluster, Lane, Load};
use super::{QueueSettings, Settings};
use crate::QueueName;

const URGENT: QueueName = QueueName::URGENT;
const DEFAULT: QueueName = QueueName::DEFAULT;
const REMINDERS: QueueName = QueueName::REMINDERS;
const MAINTENANCE: QueueName = QueueName::MAINTENANCE;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn steady(queue: QueueName, every: u64, run_time: u64) -> Lane {
    Lane::new(queue, millis(run_time)).with(Load::Steady(millis(every)), 0)
}

fn random(queue: QueueName, every: u64, run_time: u64) -> Lane {
    Lane::new(queue, millis(run_time)).with(Load::Random(millis(every)), 0)
}

/// A queue to which so many jobs come at once.
fn burst(queue: QueueName, jobs: u64, at: u64, run_time: u64) -> Lane {
    Lane::new(queue, millis(run_time)).with(Load::Burst(jobs), at)
}

/// The least and the most that decisions gave a queue from an instant on.
fn range(cluster: &Cluster, queue: &QueueName, from: u64) -> (u32, u32) {
    let gives = cluster.gives(queue, from);
    let least = gives.iter().min().copied().unwrap();
    (least, gives.into_iter().max().unwrap())
}

/// Queues whose flow needs 2, 9, 4 and 2 slots.
fn everyday(lane: fn(QueueName, u64, u64) -> Lane) -> Vec<Lane> {
    vec![
        lane(URGENT, 250, 500),
        lane(DEFAULT, 100, 900),
        lane(REMINDERS, 500, 2_000),
        lane(MAINTENANCE, 10_000, 20_000),
    ]
}

#[test]
fn under_constant_load_what_a_queue_gets_changes_by_one_at_most() {
    let mut cluster = Cluster::new(Settings::default(), 40, everyday(steady));
    cluster.run(1_800);
    for (queue, flow) in [(URGENT, 2), (DEFAULT, 9), (REMINDERS, 4), (MAINTENANCE, 2)] {
        let (least, most) = range(&cluster, &queue, 60);
        assert!(
            least >= flow && most <= flow + 1,
            "{queue}: {least} to {most}"
        );
    }
}

#[test]
fn under_random_load_no_job_waits_and_nothing_flaps() {
    let mut cluster = Cluster::new(Settings::default(), 40, everyday(random));
    cluster.run(3_600);
    for lane in &cluster.lanes {
        assert!(lane.longest_wait < millis(500), "{:?}", lane.longest_wait);
    }
    for (queue, flow) in [(URGENT, 2), (DEFAULT, 9), (REMINDERS, 4), (MAINTENANCE, 2)] {
        let gives = cluster.gives(&queue, 180);
        let sum: u32 = gives.iter().sum();
        let mean = f64::from(sum) / f64::from(u32::try_from(gives.len()).unwrap());
        let flow = f64::from(flow);
        assert!(
            (flow..flow + 1.5).contains(&mean),
            "{queue}: {mean} on average"
        );
        let (least, most) = range(&cluster, &queue, 180);
        assert!(
            f64::from(least) >= flow - 2.0 * flow.sqrt(),
            "{queue}: {least}"
        );
        assert!(
            f64::from(most) <= flow + 2.5 * flow.sqrt(),
            "{queue}: {most}"
        );
        let down = gives.windows(2).map(|two| two[0].saturating_sub(two[1]));
        assert!(down.max().unwrap() <= (most / 4).max(1), "{queue}");
    }
}

#[test]
fn an_urgent_rush_has_its_slots_within_two_decisions() {
    let lanes = vec![burst(URGENT, 10_000, 121, 500), steady(DEFAULT, 100, 900)];
    let mut cluster = Cluster::new(Settings::default(), 40, lanes);
    cluster.run(127);
    let gives = cluster.gives(&URGENT, 120);
    assert_eq!(gives[0], 1, "nothing to do yet");
    assert_eq!(cluster.decisions[42].of(&URGENT).unwrap().want, 40);
    assert!(gives[2] >= 30, "{gives:?}");
}

#[test]
fn an_urgent_rush_is_not_held_up_by_a_flood_of_what_can_wait() {
    let lanes = vec![
        steady(URGENT, 1_000, 500).with(Load::Burst(10_000), 121),
        burst(REMINDERS, 100_000, 0, 500),
    ];
    let mut cluster = Cluster::new(Settings::default(), 40, lanes);
    cluster.run(127);
    assert!(cluster.gives(&REMINDERS, 120)[0] >= 35);
    // 2 minimums; 38 in proportion to 4·39 and 1·39.
    assert_eq!(cluster.gives(&URGENT, 120)[1..], [31, 31]);
    assert_eq!(cluster.gives(&REMINDERS, 120)[1..], [9, 9]);
}

#[test]
fn long_jobs_do_not_starve_the_others() {
    let mut lanes = vec![steady(URGENT, 250, 500), steady(DEFAULT, 100, 900)];
    lanes.push(burst(MAINTENANCE, 1_000, 30, 600_000));
    let mut cluster = Cluster::new(Settings::default(), 20, lanes);
    cluster.run(3_600);
    assert!(cluster.lane(&URGENT).longest_wait < Duration::from_secs(5));
    assert!(cluster.lane(&DEFAULT).longest_wait < Duration::from_secs(30));
    assert!(cluster.lane(&MAINTENANCE).done > 30);
}

#[test]
fn a_queue_in_which_nothing_finishes_any_more_keeps_its_speed_and_its_slots() {
    let mut cluster = Cluster::new(Settings::default(), 20, everyday(steady));
    cluster.run(120);
    let known = cluster.decisions[39].of(&DEFAULT).unwrap().clone();
    cluster.lane(&DEFAULT).run_time = Duration::from_secs(86_400);
    cluster.run(900);
    let last = cluster.decisions.last().unwrap().of(&DEFAULT).unwrap();
    let speed = |run_time: Option<Duration>| run_time.unwrap().as_millis();
    assert!(speed(last.estimate.run_time).abs_diff(speed(known.estimate.run_time)) < 200);
    assert!(last.give >= known.give, "{last:?}");
    assert!(
        last.observed.oldest_wait > Duration::from_secs(600),
        "the alarm sees it"
    );
}

#[test]
fn a_queue_that_starts_dead_slow_gets_no_more_than_its_share_by_weight() {
    let mut lanes = everyday(steady);
    lanes.retain(|lane| lane.queue != REMINDERS);
    lanes.push(burst(REMINDERS, 10_000, 0, 600_000));
    let mut cluster = Cluster::new(Settings::default(), 40, lanes);
    cluster.run(270);
    // Weight 1 of 8.
    assert_eq!(cluster.gives(&REMINDERS, 3)[0], 5);
    assert_eq!(range(&cluster, &REMINDERS, 0).1, 5);
    assert!(cluster.lane(&URGENT).longest_wait < Duration::from_secs(5));
    assert!(cluster.lane(&DEFAULT).longest_wait < Duration::from_secs(5));
}

#[test]
fn weights_decide_when_all_have_more_than_enough_to_do() {
    let flood = |queue| burst(queue, 100_000, 0, 500);
    let lanes = [URGENT, DEFAULT, REMINDERS].map(flood).into();
    let mut cluster = Cluster::new(Settings::default(), 70, lanes);
    cluster.run(300);
    let done = cluster
        .lanes
        .iter()
        .map(|lane| f64::from(u32::try_from(lane.done).unwrap()));
    let done: Vec<f64> = done.collect();
    let (urgent, default, reminders) = (done[0], done[1], done[2]);
    assert!(
        (1.8..2.2).contains(&(urgent / default)),
        "{urgent} {default}"
    );
    assert!(
        (1.8..2.2).contains(&(default / reminders)),
        "{default} {reminders}"
    );
}

#[test]
fn a_maximum_holds_for_floating_slots_too() {
    let mut settings = Settings::default();
    let reminders = QueueSettings {
        max: Some(5),
        ..QueueSettings::default_of(&REMINDERS)
    };
    settings.queues.insert(REMINDERS, reminders);
    let lanes = vec![steady(URGENT, 1_000, 500), burst(REMINDERS, 10_000, 0, 500)];
    let mut cluster = Cluster::new(settings, 20, lanes);
    cluster.run(300);
    let busy = cluster.decisions.iter().skip(2);
    let busy = busy.map(|decision| decision.of(&REMINDERS).unwrap().observed.busy);
    let busy: Vec<u32> = busy.collect();
    assert!(busy.iter().all(|busy| *busy <= 5), "{busy:?}");
    assert!(busy.contains(&5));
}

#[test]
fn after_a_rush_all_slots_but_the_minimums_float_again() {
    let lanes = vec![
        burst(URGENT, 2_000, 0, 500),
        burst(REMINDERS, 2_000, 0, 500),
    ];
    let mut cluster = Cluster::new(Settings::default(), 40, lanes);
    cluster.run(300);
    let last = cluster.decisions.last().unwrap();
    assert_eq!(last.floating(), 38, "{last}");
    assert_eq!(range(&cluster, &URGENT, 240), (1, 1));
}
