//! The primary and its replicas, as administrators see them on the page.

use std::time::Duration;

use duly_db::status::{Pool, Primary, PrimaryState, Replica, ReplicaState};
use duly_db::{Db, Status};
use tokio::time::{Instant, sleep};

use super::{Fail, Finding, Fine, Report, Warn};

/// A replica is looked at so long before it is trusted.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often to ask meanwhile.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn look(report: &mut Report, db: &Db) {
    let status = settled(db).await;
    let engine = format!("{} {}", status.engine.name(), status.version);
    report.add("primary", primary(&status.primary, &engine));
    report.add("connections", connections(&status.pool));
    for one in &status.replicas {
        report.add(&format!("replica {}", one.name), replica(one));
    }
}

/// The status, once every replica has been looked at often enough.
async fn settled(db: &Db) -> Status {
    let until = Instant::now() + PATIENCE;
    loop {
        let status = db.status();
        let is_settled = status
            .replicas
            .iter()
            .all(|replica| replica.state == ReplicaState::Serving);
        if is_settled || Instant::now() >= until {
            return status;
        }
        sleep(PAUSE).await;
    }
}

fn primary(primary: &Primary, engine: &str) -> Finding {
    let because = match &primary.last_error {
        Some(error) => format!(": {error}"),
        None => String::new(),
    };
    match primary.state {
        PrimaryState::Up => Fine(format!("{engine}, takes changes")),
        PrimaryState::Down => Fail(format!("does not answer{because}")),
        PrimaryState::ReadOnly => Fail(format!("{engine}, takes no changes{because}")),
        PrimaryState::Refused => Fail(format!("must not be used{because}")),
    }
}

fn connections(pool: &Pool) -> Finding {
    Fine(format!("{} of at most {} are open", pool.size, pool.max))
}

fn replica(replica: &Replica) -> Finding {
    let mut parts = Vec::new();
    if let Some(lag) = replica.lag_ms {
        parts.push(format!("{lag} ms behind"));
    }
    if let Some(time) = replica.round_trip_us {
        parts.push(format!("answers in {time} µs"));
    }
    if let Some(eviction) = &replica.last_eviction {
        parts.push(format!("last taken out: {}", eviction.reason));
    }
    let about = match parts.is_empty() {
        true => String::new(),
        false => format!(", {}", parts.join(", ")),
    };
    match replica.state {
        ReplicaState::Serving => Fine(format!("serves reads{about}")),
        ReplicaState::Evicted | ReplicaState::Probing => Warn(format!(
            "serves no reads{about}; the primary answers instead"
        )),
    }
}

#[cfg(test)]
mod tests {
    use duly_db::status::Eviction;

    use super::*;

    fn text(finding: Finding) -> String {
        match finding {
            Fine(text) => format!("ok {text}"),
            Warn(text) => format!("warn {text}"),
            Fail(text) => format!("FAIL {text}"),
        }
    }

    fn evicted() -> Replica {
        Replica {
            name: "replica.example:5432".into(),
            state: ReplicaState::Evicted,
            lag_ms: Some(2500),
            round_trip_us: None,
            in_flight: 0,
            share: 0.0,
            served: 0,
            rejected: 0,
            evictions: 1,
            last_eviction: Some(Eviction {
                at: jiff::Timestamp::UNIX_EPOCH,
                reason: "2500 ms behind, 2000 are allowed".into(),
            }),
        }
    }

    #[test]
    fn a_replica_that_serves_nothing_is_told_with_the_reason() {
        assert_eq!(
            text(replica(&evicted())),
            "warn serves no reads, 2500 ms behind, last taken out: 2500 ms behind, 2000 are allowed; the \
             primary answers instead"
        );
        let serving = Replica {
            state: ReplicaState::Serving,
            lag_ms: Some(0),
            round_trip_us: Some(310),
            last_eviction: None,
            ..evicted()
        };
        assert_eq!(
            text(replica(&serving)),
            "ok serves reads, 0 ms behind, answers in 310 µs"
        );
    }

    #[test]
    fn a_primary_that_takes_no_changes_is_a_failure() {
        let refused = |state, last_error: Option<&str>| Primary {
            state,
            since: jiff::Timestamp::UNIX_EPOCH,
            last_error: last_error.map(str::to_owned),
        };
        let told = |state, error| text(primary(&refused(state, error), "postgres 15.4"));
        assert_eq!(
            told(PrimaryState::Up, None),
            "ok postgres 15.4, takes changes"
        );
        assert_eq!(
            told(PrimaryState::ReadOnly, None),
            "FAIL postgres 15.4, takes no changes"
        );
        assert_eq!(
            told(PrimaryState::Refused, Some("it is behind")),
            "FAIL must not be used: it is behind"
        );
        assert_eq!(
            told(PrimaryState::Down, Some("connection refused")),
            "FAIL does not answer: connection refused"
        );
    }
}
