//! Whoever collects errors is told of them by the protocol of Sentry, and of nothing else.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use duly_db::clock::SystemClock;
use duly_db::random::SystemRandom;
use duly_db::testing::open_again;
use duly_db::{Db, query};
use duly_queue::{Attempt, Job, JobError, Queue};
use sentry_types::protocol::v7::{Envelope, Event};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::support::{Connection, Process};

/// Nothing takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

const TITLE: &str = "Planted title of a task";
const PASSWORD: &str = "correct horse battery";

/// Somebody who collects errors.
struct Receiver {
    port: u16,
    reports: mpsc::UnboundedReceiver<(HeaderMap, Bytes)>,
}

impl Receiver {
    /// Answers with this status.
    async fn start(status: StatusCode) -> Self {
        let (sender, reports) = mpsc::unbounded_channel();
        let take = move |State(sender): State<mpsc::UnboundedSender<_>>,
                         headers: HeaderMap,
                         body| async move {
            let _ = sender.send((headers, body));
            (status, [("retry-after", "3600")]).into_response()
        };
        let routes = Router::new()
            .route("/api/42/envelope/", post(take))
            .with_state(sender);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(axum::serve(listener, routes).into_future());
        Receiver { port, reports }
    }

    /// Has a process tell it.
    fn collect(&self, duly: &mut Process) {
        let dsn = format!("http://publickey@127.0.0.1:{}/42", self.port);
        duly.variables.push(("DULY_ERROR_REPORTS__DSN", dsn));
        let environment = ("DULY_ERROR_REPORTS__ENVIRONMENT", "staging".into());
        duly.variables.push(environment);
    }

    async fn bytes(&mut self) -> (HeaderMap, Bytes) {
        let report = tokio::time::timeout(PATIENCE, self.reports.recv()).await;
        report.expect("it is told in time").expect("it goes on")
    }

    async fn event(&mut self) -> Event<'static> {
        let (headers, body) = self.bytes().await;
        let auth = headers["x-sentry-auth"].to_str().expect("text");
        assert!(auth.contains("sentry_key=publickey"), "{auth}");
        assert_eq!(headers["content-type"], "application/x-sentry-envelope");
        let text = String::from_utf8_lossy(&body);
        for planted in [TITLE, PASSWORD, "ann@example.org", "duly_session"] {
            assert!(!text.contains(planted), "{planted} was told: {text}");
        }
        let envelope = Envelope::from_slice(&body).expect("an envelope");
        envelope.event().expect("an event").clone()
    }
}

/// A running Duly, and somebody who is logged in.
async fn house(receiver: &Receiver) -> (Process, Connection) {
    let mut duly = Process::new();
    receiver.collect(&mut duly);
    // Everything that could be told is there to be left out.
    duly.variables.push(("DULY_LOG__LEVEL", "trace".into()));
    duly.serve(&[]);
    let mut client = duly.connect().await;
    let who = json!({ "name": "Ann", "email": "ann@example.org", "password": PASSWORD });
    let registered = client.send("POST", "/api/v1/register", Some(who)).await;
    registered.expect("it runs");
    (duly, client)
}

/// The database of a running Duly.
async fn database(duly: &Process) -> Db {
    let file = duly.path().join("data/duly.db");
    let opened = open_again(&format!("sqlite:{}", file.display())).await;
    opened.expect("it is there")
}

/// From now on nothing can be done with tasks.
async fn lose_tasks(duly: &Process) {
    let db = database(duly).await;
    let mut tx = db.begin();
    let rename = query("ALTER TABLE tasks RENAME TO away");
    tx.execute(rename).await.expect("it works");
    tx.commit().await.expect("it works");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_fails_by_our_fault_is_told_without_what_it_is_about() {
    let mut receiver = Receiver::start(StatusCode::OK).await;
    let (duly, mut client) = house(&receiver).await;
    lose_tasks(&duly).await;
    let task = json!({ "title": TITLE });
    let failed = client.ask("POST", "/api/v1/tasks", Some(task)).await;
    assert_eq!(failed.expect("it answers").status(), 500);

    let event = receiver.event().await;
    assert_eq!(event.environment.as_deref(), Some("staging"));
    let release = concat!("duly@", env!("CARGO_PKG_VERSION"));
    assert_eq!(event.release.as_deref(), Some(release));
    assert_eq!(event.exception.values[0].ty, "internal");
    let said = event.exception.values[0].value.as_deref().expect("a text");
    assert!(said.contains("tasks"), "{said}");
    assert_eq!(event.tags["route"], "/api/v1/tasks");
    assert_eq!(event.tags["method"], "POST");
    assert!(event.tags.contains_key("request_id"), "{:?}", event.tags);
    let place = &event.exception.values[0].stacktrace.as_ref().expect("it");
    assert!(place.frames[0].filename.is_some());
}

/// A job of a kind that Duly has, as another release could have written it: nobody can read it.
#[derive(Serialize, Deserialize)]
struct Unreadable {
    planted: String,
}

impl Job for Unreadable {
    const NAME: &'static str = "send_reminder";
    const TRIES: u32 = 1;
    type Context = ();

    async fn run(&self, (): &(), _: Attempt) -> Result<(), JobError> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_fails_for_good_is_told() {
    let mut receiver = Receiver::start(StatusCode::OK).await;
    let (duly, _client) = house(&receiver).await;
    let db = database(&duly).await;
    let queue = Queue::new(db.clone(), Arc::new(SystemClock), Arc::new(SystemRandom));
    let mut tx = db.begin();
    let planted = TITLE.to_owned();
    let pushed = queue.push(&mut tx, &Unreadable { planted }).await;
    pushed.expect("it works");
    tx.commit().await.expect("it works");

    let event = receiver.event().await;
    assert_eq!(event.exception.values[0].ty, "job failed");
    assert_eq!(event.tags["job.name"], "send_reminder");
    assert!(event.tags.contains_key("job.id"), "{:?}", event.tags);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_had_enough_is_left_alone() {
    let mut receiver = Receiver::start(StatusCode::TOO_MANY_REQUESTS).await;
    let (mut duly, mut client) = house(&receiver).await;
    lose_tasks(&duly).await;
    for number in 0..3 {
        let task = json!({ "title": TITLE });
        let failed = client.ask("POST", "/api/v1/tasks", Some(task)).await;
        let failed = failed.expect("it answers").status();
        assert_eq!(failed, 500, "{number}");
        if number == 0 {
            receiver.event().await;
        }
    }
    // What waits is told at the end.
    duly.stop();
    assert!(receiver.reports.try_recv().is_err(), "it was told again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_in_the_page_is_told_as_one() {
    let mut receiver = Receiver::start(StatusCode::OK).await;
    let (duly, mut client) = house(&receiver).await;
    let stack = format!(
        "TypeError: no\n    at save ({}/assets/a-1.js?q=1:2:30)",
        duly.url
    );
    let said =
        json!({ "kind": "TypeError", "message": "no", "screen": "/tasks/$id", "stack": stack });
    let taken = client.status("POST", "/api/v1/page-errors", said).await;
    assert_eq!(taken, 202);

    for field in ["kind", "screen"] {
        let mut forged = json!({ "kind": "Error", "message": "no", "screen": "/tasks" });
        forged[field] = json!("a\n2026-11-30T00:00:00Z ERROR forged");
        let refused = client.status("POST", "/api/v1/page-errors", forged).await;
        assert_eq!(refused, 422, "another line of the log by {field}");
    }

    let event = receiver.event().await;
    assert_eq!(event.platform, "javascript");
    assert_eq!(event.exception.values[0].ty, "TypeError");
    assert_eq!(event.exception.values[0].value.as_deref(), Some("no"));
    assert_eq!(event.tags["screen"], "/tasks/$id");
    let place = event.exception.values[0].stacktrace.as_ref().expect("it");
    assert_eq!(place.frames[0].filename.as_deref(), Some("a-1.js"));
    assert_eq!(
        (place.frames[0].lineno, place.frames[0].colno),
        (Some(2), Some(30))
    );
}
