//! What is said of servers that cannot be opened as they are named.

use duly_db::status::ReplicaState;
use duly_db::{Db, Error};

use crate::fleet::{Fleet, PRIMARY};

/// A port nobody listens on, in the URL of the first.
fn elsewhere(url: &str) -> String {
    let (before, rest) = url.rsplit_once(':').unwrap();
    let (_, database) = rest.split_once('/').unwrap();
    format!("{before}:1/{database}")
}

fn name(url: &str) -> &str {
    url.split_once('@').unwrap().1
}

fn password(url: &str) -> &str {
    let (login, _) = url.split_once('@').unwrap();
    login.rsplit_once(':').unwrap().1
}

async fn failure(fleet: &Fleet, primary: &str, replicas: &[&str]) -> Error {
    let error = Db::open(fleet.options(primary, replicas))
        .await
        .unwrap_err();
    let said = format!("{error} {error:?}");
    assert!(!said.contains(password(primary)), "{said}");
    error
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_cannot_be_opened_are_named_with_the_reason() {
    let Some(fleet) = Fleet::start_empty() else {
        return;
    };
    let primary = fleet.url(PRIMARY);
    let expected = |url: &str, error: &Error, parts: &[&str]| {
        let said = error.to_string();
        assert!(said.contains(name(url)), "{said}");
        assert!(parts.iter().all(|part| said.contains(part)), "{said}");
    };

    let login = "duly:wrong";
    let url = fleet.url_as(PRIMARY, login);
    let error = failure(&fleet, &url, &[]).await;
    assert!(matches!(error, Error::Misconfigured(_)), "{error:?}");
    expected(&url, &error, &["duly"]);

    let (server, _) = primary.rsplit_once('/').unwrap();
    let url = format!("{server}/nothing_there");
    let error = failure(&fleet, &url, &[]).await;
    assert!(matches!(error, Error::Misconfigured(_)), "{error:?}");
    expected(&url, &error, &["nothing_there"]);

    let url = elsewhere(&primary);
    let error = failure(&fleet, &url, &[]).await;
    assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
    expected(&url, &error, &["refused"]);

    let host = primary.replace("127.0.0.1", "nowhere.invalid");
    let error = failure(&fleet, &host, &[]).await;
    assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
    expected(&host, &error, &["lookup"]);

    let replica = fleet.url("replica1");
    let error = failure(&fleet, &replica, &[]).await;
    assert!(matches!(error, Error::Misconfigured(_)), "{error:?}");
    expected(&replica, &error, &["replica", "database.url"]);

    // The primary is no replica of itself.
    let error = failure(&fleet, &primary, &["replica1", PRIMARY]).await;
    assert!(matches!(error, Error::Misconfigured(_)), "{error:?}");
    expected(&primary, &error, &["no replica", "database.replicas"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_is_away_is_no_reason_not_to_start() {
    let Some(fleet) = Fleet::start().await else {
        return;
    };
    fleet.operate("kill", "replica1");
    fleet.operate("freeze", "replica2");
    let options = fleet.options(&fleet.url(PRIMARY), &["replica1", "replica2"]);
    let db = Db::open(options).await.unwrap();
    for replica in ["replica1", "replica2"] {
        assert_eq!(fleet.replica(&db, replica).state, ReplicaState::Evicted);
    }
    crate::session::Session::of(crate::fleet::owner(0))
        .read(&db)
        .await
        .unwrap();
    fleet.operate("resume", "replica1");
    fleet.operate("thaw", "replica2");
    for replica in ["replica1", "replica2"] {
        fleet.wait_for(&db, replica, ReplicaState::Serving).await;
    }
}
