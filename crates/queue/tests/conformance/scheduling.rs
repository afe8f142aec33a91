//! The scheduler.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use duly_queue::store::{Claim, Passing};
use duly_queue::{
    Cadence, CatchUp, Queue, Scheduler, Schedules, TickReport, Worker, WorkerOptions,
};
use jiff::Timestamp;
use jiff::civil::time;
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::fixture::{Fixture, PATIENCE, start, wait};
use crate::kinds::{Task, registry};
use crate::schedules::known;

const DAY: i64 = 86_400;

pub(crate) fn hourly() -> Cadence {
    Cadence::Every(Duration::from_secs(3600))
}

fn nine_in_berlin() -> Cadence {
    Cadence::Daily {
        at: time(9, 0, 0, 0),
        zone: TimeZone::get("Europe/Berlin").unwrap(),
    }
}

/// A schedule that pushes a job with its name and slot.
pub(crate) fn add(
    schedules: Schedules,
    queue: &Queue,
    name: &'static str,
    cadence: Cadence,
    catch_up: CatchUp,
) -> Schedules {
    let queue = queue.clone();
    schedules.every(name, cadence, catch_up, move |tx, slot| {
        let queue = queue.clone();
        Box::pin(async move {
            queue.push(tx, &Task(format!("{name} {slot}"))).await?;
            Ok(())
        })
    })
}

pub(crate) fn scheduler(fixture: &Fixture, cadence: Cadence, catch_up: CatchUp) -> Scheduler {
    let schedules = add(
        Schedules::new(),
        &fixture.queue,
        "report",
        cadence,
        catch_up,
    );
    Scheduler::new(fixture.queue.clone(), schedules)
}

pub(crate) async fn fired(scheduler: &Scheduler) -> Vec<String> {
    let report = scheduler.tick().await.unwrap();
    assert!(report.leads && report.failed.is_empty(), "{report:?}");
    report
        .fired
        .iter()
        .map(|(name, slot)| format!("{name} {slot}"))
        .collect()
}

pub(crate) async fn a_schedule_fires_once_for_each_slot(fixture: Fixture) {
    let scheduler = scheduler(&fixture, nine_in_berlin(), CatchUp::Once);
    fired(&scheduler).await;
    fixture.advance(22 * 3600 - 1);
    assert!(fired(&scheduler).await.is_empty(), "one second too early");
    fixture.advance(1);
    assert_eq!(fired(&scheduler).await, ["report 2026-11-24T08:00:00Z"]);
    assert!(fired(&scheduler).await.is_empty(), "not again");
    fixture.advance(DAY);
    assert_eq!(fired(&scheduler).await, ["report 2026-11-25T08:00:00Z"]);
    fixture.run_due().await;
    let pushed = fixture.world.started();
    assert_eq!(
        pushed,
        ["report 2026-11-24T08:00:00Z", "report 2026-11-25T08:00:00Z"]
    );
}

pub(crate) async fn a_new_schedule_waits_for_its_next_slot(fixture: Fixture) {
    let scheduler = scheduler(&fixture, hourly(), CatchUp::Once);
    assert!(fired(&scheduler).await.is_empty());
    fixture.advance(3600);
    assert_eq!(fired(&scheduler).await, ["report 2026-11-23T11:00:00Z"]);
}

pub(crate) async fn two_schedulers_at_once_fire_once(fixture: Fixture) {
    let schedulers: Vec<Scheduler> = (0..5)
        .map(|_| scheduler(&fixture, hourly(), CatchUp::Once))
        .collect();
    for _ in 0..10 {
        let ticks: Vec<_> = schedulers
            .iter()
            .map(|scheduler| {
                let scheduler = scheduler.clone();
                tokio::spawn(async move { scheduler.tick().await.unwrap() })
            })
            .collect();
        let mut leaders = 0;
        for tick in ticks {
            leaders += usize::from(tick.await.unwrap().leads);
        }
        assert_eq!(leaders, 1);
        fixture.advance(3600);
    }
    // The first round only remembers the slot.
    assert_eq!(fixture.run_due().await.done, 9);
    let mut slots = fixture.world.started();
    slots.dedup();
    assert_eq!(slots.len(), 9);
}

pub(crate) async fn another_scheduler_takes_over_when_the_leader_dies(fixture: Fixture) {
    let first = scheduler(&fixture, hourly(), CatchUp::Once);
    let second = scheduler(&fixture, hourly(), CatchUp::Once);
    fired(&first).await;
    fixture.advance(14);
    assert_eq!(second.tick().await.unwrap(), TickReport::default());
    fixture.advance(1);
    assert!(second.tick().await.unwrap().leads);
    assert!(!first.tick().await.unwrap().leads, "there is one leader");
}

pub(crate) async fn a_leader_that_slept_through_its_lease_can_claim_nothing(fixture: Fixture) {
    let (sleeper, successor) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let lease = Duration::from_secs(15);
    let old = fixture
        .store
        .lead("scheduler", sleeper, lease)
        .await
        .unwrap()
        .unwrap();
    fixture.advance(15);
    let slot = start();
    let claim = |term| Claim {
        schedule: "report",
        slot,
        passing: Passing::Fired,
        missed: 0,
        leader: "scheduler",
        term,
    };
    let mut tx = fixture.db.begin();
    assert!(
        !fixture.store.claim(&mut tx, &claim(old)).await.unwrap(),
        "its lease is over"
    );
    drop(tx);
    let new = fixture
        .store
        .lead("scheduler", successor, lease)
        .await
        .unwrap()
        .unwrap();
    assert!(new > old);
    let mut tx = fixture.db.begin();
    assert!(
        !fixture.store.claim(&mut tx, &claim(old)).await.unwrap(),
        "another leads"
    );
    assert!(fixture.store.claim(&mut tx, &claim(new)).await.unwrap());
    assert!(
        !fixture.store.claim(&mut tx, &claim(new)).await.unwrap(),
        "claimed already"
    );
    tx.commit().await.unwrap();
    assert_eq!(known(&fixture, "report").await.last_slot, slot);
}

/// Runs an hourly and a daily schedule before and after three days without any scheduler.
async fn after_three_days_down(fixture: &Fixture, catch_up: CatchUp) -> TickReport {
    let queue = &fixture.queue;
    let schedules = add(Schedules::new(), queue, "daily", nine_in_berlin(), catch_up);
    let schedules = add(schedules, queue, "hourly", hourly(), catch_up);
    let scheduler = Scheduler::new(queue.clone(), schedules);
    scheduler.tick().await.unwrap();
    fixture.advance(3 * DAY + 600);
    let report = scheduler.tick().await.unwrap();
    let again = scheduler.tick().await.unwrap();
    assert!(
        again.fired.is_empty() && again.skipped.is_empty(),
        "{again:?}"
    );
    report
}

pub(crate) async fn three_days_of_downtime_are_made_up_for_once(fixture: Fixture) {
    let report = after_three_days_down(&fixture, CatchUp::Once).await;
    let newest = |text: &str| text.parse::<Timestamp>().unwrap();
    let fired = [
        ("daily", newest("2026-11-26T08:00:00Z")),
        ("hourly", newest("2026-11-26T10:00:00Z")),
    ];
    assert_eq!(report.fired, fired);
    assert_eq!(
        fixture.run_due().await.done,
        2,
        "one job each, not seventy-five"
    );
}

pub(crate) async fn three_days_of_downtime_are_skipped_when_so_wished(fixture: Fixture) {
    let report = after_three_days_down(&fixture, CatchUp::Skip).await;
    assert_eq!((report.fired.len(), report.skipped.len()), (0, 2));
    assert_eq!(fixture.run_due().await.done, 0);
    let scheduler = scheduler(&fixture, hourly(), CatchUp::Skip);
    fixture.advance(60);
    scheduler.tick().await.unwrap();
    fixture.advance(50 * 60 + 100);
    assert_eq!(fired(&scheduler).await.len(), 1, "a little late is in time");
}

/// A schedule that fails, after it has pushed, for as long as it is told to.
pub(crate) fn failing(queue: &Queue, broken: &Arc<AtomicBool>, panics: bool) -> Schedules {
    let (queue, broken) = (queue.clone(), broken.clone());
    Schedules::new().every("failing", hourly(), CatchUp::Once, move |tx, _| {
        let (queue, broken) = (queue.clone(), broken.clone());
        Box::pin(async move {
            queue.push(tx, &Task::new("half")).await?;
            match broken.load(Ordering::SeqCst) {
                true if panics => panic!("out of cheese"),
                true => Err("out of cheese".into()),
                false => Ok(()),
            }
        })
    })
}

pub(crate) async fn a_firing_that_fails_leaves_nothing_and_is_tried_again(fixture: Fixture) {
    let broken = Arc::new(AtomicBool::new(true));
    let schedules = failing(&fixture.queue, &broken, false);
    let scheduler = Scheduler::new(fixture.queue.clone(), schedules);
    scheduler.tick().await.unwrap();
    fixture.advance(3600);
    for _ in 0..2 {
        let report = scheduler.tick().await.unwrap();
        assert_eq!(report.failed.len(), 1);
        assert_eq!(report.failed[0].error, "out of cheese");
        assert_eq!(fixture.counts().await.ready, 0, "what it pushed is gone");
    }
    broken.store(false, Ordering::SeqCst);
    assert_eq!(fired(&scheduler).await.len(), 1);
    assert_eq!(fixture.counts().await.ready, 1);
}

pub(crate) async fn a_firing_that_gave_way_fires_in_the_same_tick(fixture: Fixture) {
    let gave_way = Arc::new(AtomicBool::new(false));
    let queue = fixture.queue.clone();
    let schedules = Schedules::new().every("report", hourly(), CatchUp::Once, move |tx, _| {
        let (queue, gave_way) = (queue.clone(), gave_way.clone());
        Box::pin(async move {
            queue.push(tx, &Task::new("report")).await?;
            match gave_way.swap(true, Ordering::SeqCst) {
                true => Ok(()),
                false => Err(duly_db::Error::Conflict.into()),
            }
        })
    });
    let scheduler = Scheduler::new(fixture.queue.clone(), schedules);
    scheduler.tick().await.unwrap();
    fixture.advance(3600);
    assert_eq!(fired(&scheduler).await.len(), 1);
    assert_eq!(fixture.counts().await.ready, 1, "pushed once");
}

pub(crate) async fn a_firing_that_panics_harms_no_other(fixture: Fixture) {
    let broken = Arc::new(AtomicBool::new(true));
    let schedules = failing(&fixture.queue, &broken, true);
    let schedules = add(schedules, &fixture.queue, "fine", hourly(), CatchUp::Once);
    let scheduler = Scheduler::new(fixture.queue.clone(), schedules);
    scheduler.tick().await.unwrap();
    fixture.advance(3600);
    let report = scheduler.tick().await.unwrap();
    assert_eq!(report.failed.len(), 1);
    assert!(
        report.failed[0].error.contains("out of cheese"),
        "{report:?}"
    );
    assert_eq!(report.fired.len(), 1);
    assert_eq!(fixture.counts().await.ready, 1);
}

pub(crate) async fn a_started_scheduler_fires_and_hands_over_when_stopped(fixture: Fixture) {
    let first = scheduler(&fixture, hourly(), CatchUp::Once);
    fired(&first).await;
    fixture.advance(3600);
    let world = fixture.world.clone();
    let options = WorkerOptions::default();
    let worker = Worker::start(fixture.queue.clone(), Arc::new(registry()), world, options);
    let running = first.start();
    fixture.world.until_started(1).await;
    wait(running.stop(), "the scheduler to stop").await;
    worker.drain(PATIENCE).await;
    let second = scheduler(&fixture, hourly(), CatchUp::Once);
    assert!(
        second.tick().await.unwrap().leads,
        "at once, not after the lease"
    );
}
