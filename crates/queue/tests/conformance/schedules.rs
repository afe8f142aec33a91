//! What operators are told of schedules, and what they do with them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use duly_queue::store::{SchedulePause, ScheduleRecord};
use duly_queue::{CatchUp, Scheduler, Schedules};

use crate::fixture::{Fixture, OPERATOR, start};
use crate::scheduling::{add, failing, fired, hourly};

/// What is known of a schedule.
pub(crate) async fn known(fixture: &Fixture, name: &str) -> ScheduleRecord {
    let mut schedules = fixture.store.schedules().await.unwrap();
    schedules.remove(name).unwrap()
}

pub(crate) async fn it_is_told_when_a_schedule_fired_and_what_it_missed(fixture: Fixture) {
    let queue = &fixture.queue;
    let schedules = add(
        Schedules::new(),
        queue,
        "caught up",
        hourly(),
        CatchUp::Once,
    );
    let schedules = add(schedules, queue, "skipped", hourly(), CatchUp::Skip);
    let scheduler = Scheduler::new(queue.clone(), schedules);
    scheduler.tick().await.unwrap();
    assert_eq!(known(&fixture, "caught up").await.fired, None);
    fixture.advance(3600 + 2);
    scheduler.tick().await.unwrap();
    let now = fixture.store.now().await.unwrap();
    let slot = start() + Duration::from_secs(3600);
    for name in ["caught up", "skipped"] {
        let record = known(&fixture, name).await;
        assert_eq!((record.fired, record.missed), (Some((now, slot)), 0));
    }
    fixture.advance(3 * 3600 + 600);
    scheduler.tick().await.unwrap();
    let caught_up = known(&fixture, "caught up").await;
    assert_eq!(caught_up.missed, 2, "the last one was made up for");
    assert_eq!(
        caught_up.fired.unwrap().1,
        start() + Duration::from_secs(4 * 3600)
    );
    let skipped = known(&fixture, "skipped").await;
    assert_eq!((skipped.missed, skipped.fired), (3, Some((now, slot))));
}

pub(crate) async fn it_is_told_why_a_schedule_could_not_be_fired(fixture: Fixture) {
    let broken = Arc::new(AtomicBool::new(true));
    let schedules = failing(&fixture.queue, &broken, false);
    let scheduler = Scheduler::new(fixture.queue.clone(), schedules);
    scheduler.tick().await.unwrap();
    fixture.advance(3600);
    scheduler.tick().await.unwrap();
    let (at, error) = known(&fixture, "failing").await.failure.unwrap();
    assert_eq!(at, fixture.store.now().await.unwrap());
    assert_eq!(error, "out of cheese");
    broken.store(false, Ordering::SeqCst);
    scheduler.tick().await.unwrap();
    assert_eq!(known(&fixture, "failing").await.failure, None);
}

pub(crate) async fn a_schedule_that_is_paused_lets_its_slots_pass(fixture: Fixture) {
    let schedules = || {
        add(
            Schedules::new(),
            &fixture.queue,
            "report",
            hourly(),
            CatchUp::Once,
        )
    };
    let scheduler = Scheduler::new(fixture.queue.clone(), schedules());
    scheduler.tick().await.unwrap();
    let pause = SchedulePause {
        since: start(),
        until: Some(start() + Duration::from_secs(2 * 3600 + 1)),
        by: OPERATOR.0.into(),
        reason: "stocktaking".into(),
    };
    let (queue, planned) = (&fixture.queue, schedules());
    let paused = planned.pause(queue, OPERATOR, "report", &pause).await;
    assert!(paused.unwrap());
    let unknown = planned.pause(queue, OPERATOR, "rapport", &pause).await;
    assert!(!unknown.unwrap());
    assert_eq!(known(&fixture, "report").await.pause, Some(pause));
    for _ in 0..2 {
        fixture.advance(3600);
        assert!(fired(&scheduler).await.is_empty());
    }
    let record = known(&fixture, "report").await;
    assert_eq!((record.missed, record.fired), (0, None));
    fixture.advance(3600);
    assert_eq!(
        fired(&scheduler).await.len(),
        1,
        "the pause ended by itself"
    );
    let operations = fixture.queue.operations();
    assert!(
        operations
            .resume_schedule(OPERATOR, "report")
            .await
            .unwrap()
    );
    assert!(
        !operations
            .resume_schedule(OPERATOR, "report")
            .await
            .unwrap()
    );
    let actions = operations.actions(10, None).await.unwrap();
    let told: Vec<(&str, &str)> = actions
        .iter()
        .map(|action| (action.action.as_str(), action.target.as_str()))
        .collect();
    assert_eq!(told, [("resume", "report"), ("pause", "report")]);
}

pub(crate) async fn a_schedule_is_fired_when_somebody_wants_it(fixture: Fixture) {
    let schedules = add(
        Schedules::new(),
        &fixture.queue,
        "report",
        hourly(),
        CatchUp::Once,
    );
    assert!(
        !schedules
            .fire(&fixture.queue, OPERATOR, "rapport")
            .await
            .unwrap()
    );
    fixture.advance(60);
    assert!(
        schedules
            .fire(&fixture.queue, OPERATOR, "report")
            .await
            .unwrap()
    );
    assert_eq!(fixture.run_due().await.done, 1);
    let now = fixture.store.now().await.unwrap();
    let record = known(&fixture, "report").await;
    assert_eq!(
        (record.last_slot, record.fired),
        (start(), Some((now, now)))
    );
    let scheduler = Scheduler::new(fixture.queue.clone(), schedules);
    fixture.advance(3600);
    assert_eq!(fired(&scheduler).await.len(), 1, "its slots stay");
}
