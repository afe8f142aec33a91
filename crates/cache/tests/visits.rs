//! Who is looked up, and what is kept of it.

use std::sync::Arc;

use duly_cache::limits::Limiter;
use duly_cache::{Asking, Cache, Credential, Known, Limits, Memory, OwnerKeys, Record, Refused};
use duly_db::Version;
use duly_db::clock::SystemClock;
use duly_db::versions::Versions;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Debug, Serialize, Deserialize)]
struct Somebody;

impl Record for Somebody {
    fn is_valid(&self, _: Timestamp) -> bool {
        true
    }
}

fn known(data: i64, is_newest: bool) -> Known<Somebody> {
    Known {
        record: Arc::new(Somebody),
        versions: Versions {
            data: Version::of(data),
            auth: 1,
        },
        is_newest,
    }
}

#[tokio::test]
async fn what_a_replica_says_of_somebody_is_not_kept() {
    let clock = Arc::new(SystemClock);
    let store = Arc::new(Memory::new(clock.clone()));
    let keys = OwnerKeys::new([7; 32]);
    let credential = Credential {
        owner: keys.of(Uuid::from_u128(1)),
        hash: [1; 32],
    };
    let limiter = Limiter::new(clock.clone());
    let cache = Cache::new(store, keys, Limits::default(), limiter, clock);
    let visit = async |data, is_newest| {
        let load = async { Ok::<_, Refused>(known(data, is_newest)) };
        let visit = cache
            .visit(&credential, Asking::default(), load)
            .await
            .unwrap();
        visit.version.number()
    };
    assert_eq!(visit(1, false).await, 1);
    assert_eq!(visit(2, true).await, 2, "the primary is back");
    assert_eq!(visit(1, true).await, 2, "it is known");
}
