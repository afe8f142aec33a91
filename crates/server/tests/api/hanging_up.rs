//! Clients who hang up while they are answered.

use std::collections::BTreeSet;
use std::future::{IntoFuture as _, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use duly_db::query;
use duly_db::random::{Random as _, SeededRandom};
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{Answer, Ask, Client, TestApp};

/// `crates/db` does the same with 10,000 operations, below HTTP.
const REQUESTS: usize = 1_000;
const CLIENTS: usize = 4;

/// Gives the request up after so long, to the microsecond: the runtime's timers are too coarse.
async fn at_most(limit: Duration, ask: Ask) -> Option<Answer> {
    let started = Instant::now();
    let mut asked = pin!(ask.into_future());
    poll_fn(move |context| match asked.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending if started.elapsed() >= limit => Poll::Ready(None),
        Poll::Pending => {
            context.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await
}

/// Creates tasks and mostly hangs up; answers the ids that it was told.
async fn create_and_hang_up(client: Client, seed: u64) -> BTreeSet<String> {
    let random = SeededRandom::new(seed);
    let mut told = BTreeSet::new();
    for number in 0..REQUESTS / CLIENTS {
        let mut byte = [0];
        random.fill(&mut byte);
        // One in four stays as long as it takes.
        let limit = match byte[0] % 4 {
            0 => Duration::MAX,
            _ => Duration::from_micros(u64::from(byte[0]) * 400 / 255),
        };
        let body = json!({ "title": format!("{seed} {number}"), "labels": ["one", "two"] });
        if let Some(answer) = at_most(limit, client.post("/api/v1/tasks", body)).await {
            let task = answer.expect(201).json();
            told.insert(task["id"].as_str().expect("an id").to_owned());
        }
    }
    told
}

/// Whatever was acknowledged is there, and nothing is there by half: each task has both its labels
/// and the entry in its log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_stays_and_nothing_is_there_by_half() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let mut clients = JoinSet::new();
    for seed in 0..CLIENTS {
        let seed = u64::try_from(seed).expect("a few");
        clients.spawn(create_and_hang_up(ann.clone(), seed));
    }
    let told: BTreeSet<String> = clients.join_all().await.into_iter().flatten().collect();
    // Some of what nobody waits for any more is still being done.
    assert_eq!(half_done(&app).await, 0);
    let found = ids(&ann).await;
    assert!(told.len() > REQUESTS / 5, "{} were told", told.len());
    assert!(told.len() < REQUESTS, "nobody hung up");
    assert!(told.is_subset(&found), "acknowledged and lost");
}

async fn ids(client: &Client) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut path = "/api/v1/tasks?limit=200&fields=id".to_owned();
    loop {
        let page = client.get(&path).await.expect(200).json();
        let tasks = page["data"].as_array().expect("a list");
        found.extend(
            tasks
                .iter()
                .map(|task| task["id"].as_str().expect("an id").to_owned()),
        );
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/v1/tasks?limit=200&fields=id&cursor={cursor}"),
            None => return found,
        }
    }
}

/// How many tasks lack a label or their entry in the log.
async fn half_done(app: &TestApp) -> i64 {
    let count = "SELECT COUNT(*) AS tasks FROM tasks t WHERE \
         (SELECT COUNT(*) FROM task_labels l WHERE l.user_id = t.user_id AND l.task_id = t.id) <> 2 \
         OR NOT EXISTS (SELECT 1 FROM activity a WHERE a.user_id = t.user_id AND a.task_id = t.id)";
    let row = app.db.read_fresh().optional_row(query(count)).await;
    let row = row.expect("it answers").expect("a row");
    row.get("tasks").expect("a number")
}
