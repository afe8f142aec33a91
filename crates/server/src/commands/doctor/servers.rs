//! The primary and its replicas, as administrators see them on the page.

use std::time::Duration;

use duly_db::diagnosis::{ServerDiagnosis, diagnose_server};
use duly_db::status::{Pool, Primary, PrimaryState, Replica, ReplicaState};
use duly_db::{Db, Status};
use jiff::SignedDuration;
use tokio::time::{Instant, sleep};

use super::report::{Finding, Report, fail, fine, warn};
use crate::start;

/// A replica is looked at so long before it is trusted.
const PATIENCE: Duration = Duration::from_secs(3);

/// Who has a clock that differs by this much tells others late …
const MUCH: SignedDuration = SignedDuration::from_secs(1);

/// … and by this much takes jobs from under those that run them, whose lease is 15 s.
const TOO_MUCH: SignedDuration = SignedDuration::from_secs(5);

/// How often to ask meanwhile.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn look(report: &mut Report, db: &Db) {
    let status = settled(db).await;
    let engine = format!("{} {}", status.engine.name(), status.version);
    report.add("primary", primary(&status.primary, &engine));
    let asked = start::now();
    let server = diagnose_server(db).await;
    match &server {
        Ok(Some(server)) => {
            let took = start::now().duration_since(asked);
            let ahead = server.now.duration_since(asked);
            report.add("database clock", clock(ahead, took));
        }
        Ok(None) => {}
        Err(error) => report.add("database clock", unknown(&error.to_string())),
    }
    let server = server.ok().flatten();
    report.add("connections", connections(&status.pool, server));
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

fn unknown(error: &str) -> Finding {
    warn(
        format!("the server does not tell: {error}"),
        "see its log for why",
    )
}

fn primary(primary: &Primary, engine: &str) -> Finding {
    let because = match &primary.last_error {
        Some(error) => format!(": {error}"),
        None => String::new(),
    };
    match primary.state {
        PrimaryState::Up => fine(format!("{engine}, takes changes")),
        PrimaryState::Down => fail(
            format!("does not answer{because}"),
            "look whether the server runs and whether database.url names it",
        ),
        PrimaryState::ReadOnly => fail(
            format!("{engine}, takes no changes{because}"),
            "name the primary in database.url, and replicas in database.replicas",
        ),
        PrimaryState::Refused => fail(
            format!("must not be used{because}"),
            "have it follow the server that took over, and name that one in database.url",
        ),
    }
}

/// Each process opens as many as the settings say.
fn connections(pool: &Pool, server: Option<ServerDiagnosis>) -> Finding {
    let ours = format!("{} of at most {} are open", pool.size, pool.max);
    let Some(ServerDiagnosis {
        connections, open, ..
    }) = server
    else {
        return fine(ours);
    };
    let text = format!("{ours}; the server allows {connections} and has {open}");
    match pool.max > connections || open.saturating_mul(10) >= connections.saturating_mul(9) {
        true => warn(
            text,
            "raise max_connections of the server, or lower database.connections, which each process may open",
        ),
        false => fine(text),
    }
}

/// `ahead` is how far the clock of the server is before ours was when it was asked, and `took` how long it was until
/// its answer was there.
fn clock(ahead: SignedDuration, took: SignedDuration) -> Finding {
    // It was read at some moment in between.
    let skew = if ahead < SignedDuration::ZERO {
        ahead
    } else {
        (ahead - took).max(SignedDuration::ZERO)
    };
    let milliseconds = skew.as_millis();
    let remedy = "have both machines set their clocks by NTP (chrony, systemd-timesyncd)";
    match skew.abs() {
        far if far > TOO_MUCH => fail(format!("{milliseconds} ms before ours"), remedy),
        far if far > MUCH => warn(format!("{milliseconds} ms before ours"), remedy),
        _ => fine(format!("differs by {} ms", milliseconds.abs())),
    }
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
        ReplicaState::Serving => fine(format!("serves reads{about}")),
        ReplicaState::Evicted | ReplicaState::Probing => warn(
            format!("serves no reads{about}; the primary answers instead"),
            "look whether it runs and follows the primary, and for a long transaction on it",
        ),
    }
}

#[cfg(test)]
mod tests {
    use duly_db::status::Eviction;

    use super::*;

    fn text(finding: Finding) -> String {
        format!("{:?}: {}", finding.status, finding.message)
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
            "Warning: serves no reads, 2500 ms behind, last taken out: 2500 ms behind, 2000 are allowed; the \
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
            "Ok: serves reads, 0 ms behind, answers in 310 µs"
        );
    }

    #[test]
    fn clocks_that_differ_are_told() {
        let ms = SignedDuration::from_millis;
        let told = |ahead, took| text(clock(ms(ahead), ms(took)));
        assert_eq!(told(3, 5), "Ok: differs by 0 ms", "it was read meanwhile");
        assert_eq!(told(900, 5), "Ok: differs by 895 ms");
        assert_eq!(told(-2000, 5), "Warning: -2000 ms before ours");
        assert_eq!(told(60_005, 5), "Failed: 60000 ms before ours");
    }

    #[test]
    fn a_pool_that_does_not_fit_into_the_server_is_told() {
        let pool = Pool {
            size: 1,
            max: 10,
            ..Pool::default()
        };
        let told = |most, open| {
            let server = ServerDiagnosis {
                connections: most,
                open,
                now: jiff::Timestamp::UNIX_EPOCH,
            };
            text(connections(&pool, Some(server)))
        };
        assert_eq!(
            told(97, 12),
            "Ok: 1 of at most 10 are open; the server allows 97 and has 12"
        );
        assert!(told(9, 1).starts_with("Warning: "));
        assert!(told(100, 90).starts_with("Warning: "));
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
            "Ok: postgres 15.4, takes changes"
        );
        assert_eq!(
            told(PrimaryState::ReadOnly, None),
            "Failed: postgres 15.4, takes no changes"
        );
        assert_eq!(
            told(PrimaryState::Refused, Some("it is behind")),
            "Failed: must not be used: it is behind"
        );
        assert_eq!(
            told(PrimaryState::Down, Some("connection refused")),
            "Failed: does not answer: connection refused"
        );
    }
}
