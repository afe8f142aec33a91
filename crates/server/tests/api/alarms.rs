//! Telling operators what is wrong, and somebody outside that nothing is.

use std::sync::Arc;
use std::time::Duration;

use duly_queue::store::{WorkerId, WorkerRecord};
use duly_server::alarms::{AlarmSettings, Watch};
use duly_tracker::alarms::Limits;
use duly_tracker::testing::TestTracker;
use jiff::SignedDuration;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

/// Somebody who takes calls, notes them, and answers as it is told.
#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    calls: Arc<Mutex<Vec<String>>>,
    status: Arc<Mutex<&'static str>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("it works");
        let receiver = Receiver {
            url: format!("http://{}/told", listener.local_addr().expect("it works")),
            calls: Arc::default(),
            status: Arc::new(Mutex::new("204 No Content")),
        };
        let taking = receiver.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let taking = taking.clone();
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    while !is_whole(&request) {
                        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
                            return;
                        }
                    }
                    let text = String::from_utf8_lossy(&request).into_owned();
                    taking.calls.lock().await.push(text);
                    let status = *taking.status.lock().await;
                    let answer = format!(
                        "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                    );
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        receiver
    }

    pub async fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.calls.lock().await)
    }
}

/// Whether the head and as much of a body as it promises have come.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.parse().ok())?
    });
    body.len() >= length.unwrap_or(0)
}

fn settings(webhook: Option<&Receiver>, ping: Option<&Receiver>) -> AlarmSettings {
    let url = |receiver: Option<&Receiver>| receiver.map(|to| to.url.parse().expect("it works"));
    AlarmSettings {
        limits: Limits {
            wait: Duration::from_secs(300),
            failures: 50,
        },
        mail_to: vec!["ops@example.org".into()],
        webhook: url(webhook),
        ping: url(ping),
    }
}

/// Two processes that watch the same queues.
fn watches(app: &TestTracker, settings: &AlarmSettings) -> [Watch; 2] {
    let tracker: &duly_tracker::Tracker = app;
    [0, 1].map(|_| Watch::new(tracker.clone(), settings.clone()))
}

async fn look(watches: &mut [Watch; 2]) {
    for watch in watches {
        watch.look().await.expect("it works");
    }
}

/// A worker says that it lives, and somebody leads.
async fn live(app: &TestTracker) {
    let now = duly_db::Clock::now(&*app.clock);
    let worker = WorkerRecord {
        id: WorkerId(uuid::Uuid::from_u128(7)),
        host: "a".into(),
        process: 1,
        version: "1".into(),
        queues: Vec::new(),
        slots: 1,
        running: Vec::new(),
        memory: 0,
        started_at: now,
        heard_at: now,
    };
    let store = app.queue.store();
    store.operations().report(&worker).await.expect("it works");
    let (holder, lease) = (uuid::Uuid::from_u128(8), Duration::from_secs(15));
    store
        .lead(duly_queue::SCHEDULER_LEASE, holder, lease)
        .await
        .expect("it works");
}

#[tokio::test]
async fn when_every_worker_is_dead_operators_are_told_once_by_every_way() {
    let app = TestTracker::new().await;
    let webhook = Receiver::start().await;
    let mut watches = watches(&app, &settings(Some(&webhook), None));
    look(&mut watches).await;
    app.clock.advance(SignedDuration::from_secs(60));
    look(&mut watches).await;
    look(&mut watches).await;
    let calls = webhook.take().await;
    assert_eq!(calls.len(), 2, "no worker and no scheduler: {calls:?}");
    let (head, body) = calls
        .iter()
        .find(|call| call.contains("\"no_worker\""))
        .and_then(|call| call.split_once("\r\n\r\n"))
        .expect("it works");
    assert!(head.starts_with("POST /told HTTP/1.1\r\n"), "{head}");
    let body: Value = serde_json::from_str(body).expect("it works");
    assert_eq!(body["state"], "raised");
    assert_eq!(body["url"], "https://duly.example/admin/queues");
    let text = body["text"].as_str().expect("it works");
    assert!(text.starts_with("[Duly] alarm: No worker runs: "), "{text}");
    let mails = app.mails.take_mails();
    assert_eq!(mails.len(), 2);
    assert!(mails.iter().all(|mail| mail.to_email == "ops@example.org"));
    live(&app).await;
    look(&mut watches).await;
    let states = webhook.take().await;
    assert!(
        states
            .iter()
            .all(|call| call.contains("\"state\":\"over\"")),
        "{states:?}"
    );
    assert_eq!((states.len(), app.mails.take_mails().len()), (2, 2));
}

#[tokio::test]
async fn what_nobody_heard_is_told_again() {
    let app = TestTracker::new().await;
    let webhook = Receiver::start().await;
    let settings = AlarmSettings {
        mail_to: Vec::new(),
        ..settings(Some(&webhook), None)
    };
    let mut watches = watches(&app, &settings);
    look(&mut watches).await;
    app.clock.advance(SignedDuration::from_secs(60));
    *webhook.status.lock().await = "503 Service Unavailable";
    look(&mut watches).await;
    assert_eq!(webhook.take().await.len(), 2);
    *webhook.status.lock().await = "200 OK";
    app.clock.advance(SignedDuration::from_secs(60));
    look(&mut watches).await;
    assert_eq!(webhook.take().await.len(), 2, "again, and then no more");
    app.clock.advance(SignedDuration::from_secs(60));
    look(&mut watches).await;
    assert!(webhook.take().await.is_empty());
}

#[tokio::test]
async fn somebody_outside_is_told_each_minute_that_all_is_well_until_it_is_not() {
    let app = TestTracker::new().await;
    let ping = Receiver::start().await;
    let [mut watch, _] = watches(&app, &settings(None, Some(&ping)));
    watch.look().await.expect("it works");
    assert!(ping.take().await.is_empty(), "nobody lives yet");
    live(&app).await;
    watch.look().await.expect("it works");
    let calls = ping.take().await;
    assert!(
        calls.len() == 1 && calls[0].starts_with("GET /told HTTP/1.1\r\n"),
        "{calls:?}"
    );
    app.clock.advance(SignedDuration::from_secs(20));
    watch.look().await.expect("it works");
    assert!(ping.take().await.is_empty(), "once a minute");
    app.clock.advance(SignedDuration::from_secs(40));
    live(&app).await;
    watch.look().await.expect("it works");
    assert_eq!(ping.take().await.len(), 1);
    app.clock.advance(SignedDuration::from_secs(120));
    watch.look().await.expect("it works");
    assert!(ping.take().await.is_empty(), "nobody was heard of");
}
