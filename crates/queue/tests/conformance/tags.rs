//! Tags that operators keep an eye on.

use duly_queue::store::TagCounts;
use duly_queue::{Error, TAGS_WATCHED};
use jiff::SignedDuration;

use crate::fixture::{Fixture, OPERATOR, Plan, start};
use crate::kinds::Task;

pub(crate) async fn jobs_are_counted_by_the_tags_that_are_watched(fixture: Fixture) {
    let operations = fixture.queue.operations();
    for tag in ["test", "ann \"a\" é", "an", "nobody"] {
        assert!(operations.watch_tag(OPERATOR, tag).await.unwrap());
    }
    for label in ["ann \"a\" é", "fails"] {
        fixture.push(&Task::new(label)).await;
    }
    fixture.world.plan("fails", Plan::Fail("hopeless"));
    fixture.run_due().await;
    let cancelled = fixture.push(&Task::new("cancelled")).await.id();
    operations.cancel(OPERATOR, &[cancelled]).await.unwrap();
    fixture.push(&Task::new("ann \"a\" é")).await;
    fixture.reserve_one().await;
    for label in ["ann \"a\" é", "b", "c"] {
        fixture.push(&Task::new(label)).await;
    }
    let later = start() + SignedDuration::from_hours(1);
    fixture.push_at(&Task::new("later"), later).await;
    let watched = operations.watched_tags().await.unwrap();
    let counts: Vec<(&str, TagCounts)> = watched
        .iter()
        .map(|it| (it.tag.as_str(), it.counts))
        .collect();
    let none = TagCounts::default();
    let ann = TagCounts {
        ready: 1,
        running: 1,
        done: 1,
        ..none
    };
    let test = TagCounts {
        ready: 3,
        scheduled: 1,
        running: 1,
        failed: 1,
        done: 1,
        cancelled: 1,
    };
    let expected = [
        ("an", none),
        ("ann \"a\" é", ann),
        ("nobody", none),
        ("test", test),
    ];
    assert_eq!(counts, expected);
}

pub(crate) async fn many_jobs_are_counted_in_parts(fixture: Fixture) {
    let operations = fixture.queue.operations();
    operations.watch_tag(OPERATOR, "test").await.unwrap();
    for number in 0..1_100 {
        fixture.push(&Task(number.to_string())).await;
    }
    let watched = operations.watched_tags().await.unwrap();
    assert_eq!(watched[0].counts.ready, 1_100);
}

pub(crate) async fn tags_are_watched_until_somebody_stops(fixture: Fixture) {
    let operations = fixture.queue.operations();
    assert!(operations.watch_tag(OPERATOR, "test").await.unwrap());
    assert!(!operations.watch_tag(OPERATOR, "test").await.unwrap());
    let watched = operations.watched_tags().await.unwrap();
    assert_eq!((watched[0].by.as_str(), watched.len()), (OPERATOR.0, 1));
    assert!(operations.unwatch_tag(OPERATOR, "test").await.unwrap());
    assert!(!operations.unwatch_tag(OPERATOR, "test").await.unwrap());
    assert!(operations.watched_tags().await.unwrap().is_empty());
    let actions = operations.actions(10, None).await.unwrap();
    let mut done: Vec<(&str, &str)> = actions
        .iter()
        .map(|it| (it.action.as_str(), it.target.as_str()))
        .collect();
    done.sort_unstable();
    assert_eq!(done, [("unwatch", "test"), ("watch", "test")]);
    for number in 0..TAGS_WATCHED {
        let tag = number.to_string();
        assert!(operations.watch_tag(OPERATOR, &tag).await.unwrap());
    }
    let refused = operations.watch_tag(OPERATOR, "one more").await;
    assert!(matches!(refused, Err(Error::TooManyTags)));
    let watched = operations.watched_tags().await.unwrap();
    assert_eq!(watched.len(), 50, "and nothing is left of it");
}
