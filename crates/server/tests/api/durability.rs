//! Kill -9 at any moment loses no acknowledged change

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::Process;

const ROUNDS: u32 = 3;
const CLIENTS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_task_is_there_after_the_server_was_killed() {
    let mut duly = Process::new();
    let mut acknowledged: HashSet<String> = HashSet::new();
    let mut cookie = None;
    for round in 0..=ROUNDS {
        duly.serve(&[]);
        let mut client = duly.connect().await;
        client.cookie = cookie;
        if round == 0 {
            let body = json!({ "name": "Ann", "email": "ann@example.org",
                "password": "correct horse battery" });
            client
                .send("POST", "/api/v1/register", Some(body))
                .await
                .expect("it runs");
        }
        cookie = client.cookie.clone();
        let found = titles(&mut client).await;
        let lost: Vec<&String> = acknowledged.difference(&found).collect();
        assert!(lost.is_empty(), "lost in round {round}: {lost:?}");
        if round < ROUNDS {
            acknowledged.extend(write_until_killed(&mut duly, &cookie, round).await);
        }
    }
    assert!(
        acknowledged.len() > 100,
        "only {} tasks were written",
        acknowledged.len()
    );
    assert!(duly.stop(), "it stops in order");
}

/// Clients write as fast as they can until the server is gone. Answers what was acknowledged.
async fn write_until_killed(
    duly: &mut Process,
    cookie: &Option<String>,
    round: u32,
) -> Vec<String> {
    let mut writers = Vec::new();
    let (answered, mut progress) = tokio::sync::watch::channel(0_u32);
    for number in 0..CLIENTS {
        let answered = answered.clone();
        let mut client = duly.connect().await;
        client.cookie.clone_from(cookie);
        writers.push(tokio::spawn(async move {
            let mut written = Vec::new();
            loop {
                let title = format!("{round}/{number}/{}", written.len());
                let body = json!({ "title": title });
                match client.send("POST", "/api/v1/tasks", Some(body)).await {
                    Some(task) => assert_eq!(task["title"], title.as_str()),
                    None => return written,
                }
                written.push(title);
                answered.send_modify(|count| *count += 1);
            }
        }));
    }
    // In the middle of other writes, and elsewhere in each round.
    let enough = 50 + 61 * round;
    let reached = progress.wait_for(|count| *count >= enough);
    tokio::time::timeout(Duration::from_secs(30), reached)
        .await
        .expect("they write")
        .expect("they go on until the server is killed");
    duly.kill();
    let mut acknowledged = Vec::new();
    for writer in writers {
        acknowledged.extend(writer.await.expect("no panic"));
    }
    acknowledged
}

async fn titles(client: &mut crate::support::Connection) -> HashSet<String> {
    let (mut found, mut cursor) = (HashSet::new(), String::new());
    loop {
        let path = format!("/api/v1/tasks?limit=200&fields=title&sort=created_at{cursor}");
        let page = client.send("GET", &path, None).await.expect("it runs");
        for task in page["data"].as_array().expect("a list") {
            let title = task["title"].as_str().expect("text").to_owned();
            assert!(found.insert(title), "{task} is there twice");
        }
        match &page["next_cursor"] {
            Value::String(next) => cursor = format!("&cursor={next}"),
            _ => return found,
        }
    }
}
