use std::time::Duration;

use duly_db::versions::{Change, Kind, Versions};
use uuid::Uuid;

use super::*;

const ANN: UserId = UserId(Uuid::from_u128(1));
const BEN: UserId = UserId(Uuid::from_u128(2));

fn raised(owner: UserId, kind: Kind, version: i64) -> Raised {
    Raised {
        owner: owner.0,
        kind,
        version: Version::of(version),
    }
}

fn change(owner: UserId, data: i64, auth: i64) -> Change {
    Change {
        owner: owner.0,
        versions: Versions {
            data: Version::of(data),
            auth,
        },
    }
}

/// What there is to say; nothing if nothing was said since.
fn news(listener: &mut Listener) -> Option<(i64, u64)> {
    let is_new = listener.news.has_changed().unwrap();
    let news = listener.news();
    is_new.then_some((news.version.number(), news.doubts))
}

#[tokio::test]
async fn who_is_slow_learns_the_newest_once() {
    let hub = Hub::default();
    let mut ann = hub.listen(ANN).unwrap();
    for version in [2, 4, 3] {
        hub.committed(&[raised(ANN, Kind::Data, version)]).await;
    }
    assert_eq!(news(&mut ann), Some((4, 0)));
    assert_eq!(news(&mut ann), None);
    let raised = [raised(ANN, Kind::Data, 5)];
    let (waited, ()) = tokio::join!(
        tokio::time::timeout(Duration::from_secs(10), ann.changed()),
        hub.committed(&raised),
    );
    waited.expect("it is woken");
    assert_eq!(ann.news().version, Version::of(5));
}

#[tokio::test]
async fn nobody_hears_of_anybody_else() {
    let hub = Hub::default();
    let (mut ann, mut ben) = (hub.listen(ANN).unwrap(), hub.listen(BEN).unwrap());
    hub.committed(&[raised(ANN, Kind::Auth, 2)]).await;
    hub.told(&[change(ANN, 3, 2)]);
    assert_eq!(news(&mut ben), None);
    assert!(news(&mut ann).is_some());
}

#[tokio::test]
async fn what_is_told_again_wakes_nobody() {
    let hub = Hub::default();
    let mut ann = hub.listen(ANN).unwrap();
    hub.committed(&[raised(ANN, Kind::Data, 2)]).await;
    hub.told(&[change(ANN, 2, 1)]);
    assert_eq!(news(&mut ann), Some((2, 1)), "the rights were not known");
    hub.told(&[change(ANN, 2, 1)]);
    hub.told(&[]);
    assert_eq!(news(&mut ann), None);
    hub.told(&[change(ANN, 3, 1)]);
    assert_eq!(news(&mut ann), Some((3, 1)), "the rights are as before");
    hub.told(&[change(ANN, 4, 2)]);
    assert_eq!(news(&mut ann), Some((4, 2)));
    hub.committed(&[raised(ANN, Kind::Auth, 5)]).await;
    assert_eq!(news(&mut ann), Some((5, 3)));
}

#[test]
fn as_many_listen_as_may_and_no_more() {
    let hub = Hub::new(Limits {
        streams: 3,
        streams_of_one: 2,
        ..Limits::default()
    });
    let first = hub.listen(ANN).unwrap();
    let _second = hub.listen(ANN).unwrap();
    assert_eq!(hub.listen(ANN).unwrap_err(), Refused::Person(2));
    let _ben = hub.listen(BEN).unwrap();
    assert_eq!(hub.listen(BEN).unwrap_err(), Refused::Node(3));
    drop(first);
    let _third = hub.listen(ANN).unwrap();
}

#[test]
fn nothing_is_left_of_who_has_gone() {
    let hub = Hub::default();
    let (one, other) = (hub.listen(ANN).unwrap(), hub.listen(ANN).unwrap());
    drop(one);
    assert!(hub.is_there());
    assert_eq!(hub.board().owners.len(), 1);
    drop(other);
    assert!(!hub.is_there());
    assert!(hub.board().owners.is_empty());
}

#[test]
fn who_listens_to_a_closed_hub_is_told_so() {
    let hub = Hub::default();
    let mut ann = hub.listen(ANN).unwrap();
    hub.close();
    assert!(ann.news().is_closed);
    assert!(hub.listen(BEN).unwrap().news().is_closed);
}

#[tokio::test]
async fn somebody_who_comes_is_waited_for() {
    let hub = Hub::default();
    let waiting = tokio::spawn({
        let hub = hub.clone();
        async move { hub.comes().await }
    });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    let ann = hub.listen(ANN).unwrap();
    let come = tokio::time::timeout(Duration::from_secs(10), waiting);
    come.await.expect("it goes on").unwrap();
    hub.comes().await;
    drop(ann);
}

#[test]
fn only_who_has_lately_read_the_table_vouches() {
    let vouches = |vouched| {
        let hub = Hub::new(Limits {
            vouched,
            ..Limits::default()
        });
        let before = hub.vouches();
        hub.told(&[]);
        (before, hub.vouches())
    };
    assert_eq!(vouches(Duration::from_secs(60)), (false, true));
    assert_eq!(vouches(Duration::ZERO), (false, false));
}
