//! Nobody is shown their own past, whatever happens to Redis, to nodes and to replicas; and five mistakes
//! in the cache that this test would find.

mod crowd;
mod mistakes;
mod place;

use std::time::Duration;

use crowd::{Crowd, Findings};
use mistakes::Mistake;
use place::Place;

/// Raises how many reads are checked, for a longer run.
const READS_VARIABLE: &str = "DULY_CHECKED_READS";
const READS: u64 = 12_000;

/// How many reads there are between two disturbances, in turn: some come while the one before is not over.
const APART: [u64; 3] = [30, 120, 500];

/// A mistake that is not found by this many reads is not found.
const ENOUGH: u64 = 200_000;

#[expect(clippy::disallowed_methods, reason = "this is how the test is told")]
fn reads() -> u64 {
    let told = std::env::var(READS_VARIABLE).ok();
    told.and_then(|text| text.parse().ok()).unwrap_or(READS)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_shown_their_own_past() {
    let mut place = Place::new(None).await;
    let crowd = Crowd::start(&place, 12).await;
    let mut disturbances = 0;
    while crowd.reads() < reads() && !crowd.has_found() {
        crowd.go_on(APART[disturbances % APART.len()]).await;
        place.disturb(disturbances).await;
        disturbances += 1;
    }
    let Findings { stale, reads, .. } = crowd.end().await;
    place.report(reads, stale.len(), disturbances);
    assert!(
        stale.is_empty(),
        "{} of {reads}: {:?}",
        stale.len(),
        stale.first()
    );
}

/// With a mistake, somebody is shown what they must not see.
async fn assert_is_found(mistake: Mistake) {
    let mut place = Place::new(Some(mistake)).await;
    let crowd = Crowd::start(&place, 4).await;
    while !crowd.has_found() {
        assert!(crowd.reads() < ENOUGH, "{mistake:?} is not found");
        crowd.go_on(200).await;
        match mistake {
            Mistake::NoEpoch => place.restore_redis().await,
            Mistake::NoFence => place.empty_redis(),
            _ => {}
        }
    }
    crowd.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_floor_that_is_not_raised_is_found() {
    assert_is_found(Mistake::FloorNotRaised).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_with_the_label_of_another_snapshot_is_found() {
    assert_is_found(Mistake::WrongLabel).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_up_that_is_kept_without_a_fence_is_found() {
    assert_is_found(Mistake::NoFence).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_comes_back_from_the_past_is_found_without_epochs() {
    assert_is_found(Mistake::NoEpoch).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_under_another_owner_is_found() {
    assert_is_found(Mistake::WrongOwner).await;
}

/// Waits for what must come about, and not for ever.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let came = tokio::time::timeout(Duration::from_secs(60), waiting).await;
    assert!(came.is_ok(), "in vain: {what}");
}
