//! What a cache that many share makes of the answers

use super::operation::{Operation, attempt, operations};
use super::{Owner, owner};
use crate::support::{Answer, Client, TestApp};

/// What a header says in all of its lines.
fn words(answer: &Answer, name: &str) -> Vec<String> {
    let lines = answer.headers.get_all(name).iter();
    let lines = lines.map(|line| line.to_str().expect("text"));
    let words = lines.flat_map(|line| line.split(','));
    words.map(|word| word.trim().to_lowercase()).collect()
}

fn is_nobody_elses(operation: &Operation, answer: &Answer) {
    let (id, status) = (&operation.id, answer.status);
    let caching = words(answer, "cache-control").join(", ");
    assert!(
        ["no-store", "private, no-cache"].contains(&caching.as_str()),
        "{id} {status}: {caching}"
    );
    let vary = words(answer, "vary");
    let mut expected = vec!["authorization", "cookie"];
    if !answer.header("content-encoding").is_empty() {
        expected.push("accept-encoding");
    }
    for name in expected {
        let count = vary.iter().filter(|found| *found == name).count();
        assert_eq!(count, 1, "{id} {status}: {vary:?}");
    }
}

async fn asked(operation: &Operation, by: &Client, on: &Owner) -> u16 {
    let answer = attempt(operation, by, on).await;
    is_nobody_elses(operation, &answer);
    answer.status
}

#[tokio::test]
async fn no_answer_is_for_a_cache_that_many_share() {
    let app = TestApp::new().await;
    for operation in operations(&app).await {
        let on = owner(&app, format!("{}.shared", operation.id)).await;
        let status = asked(&operation, &app.anonymous(), &on).await;
        assert!(
            operation.open || status == 401,
            "{}: {status}",
            operation.id
        );
        asked(&operation, &on.session.token(&["account:read"]).await, &on).await;
        if operation.restricted {
            app.promote(&on.name).await;
        }
        let status = asked(&operation, &on.session, &on).await;
        assert!(operation.open || status == operation.success);
    }
    app.run_jobs().await;
}

#[tokio::test]
async fn compressed_answers_and_those_that_are_not_vary_alike() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    for _ in 0..20 {
        ann.task(serde_json::json!({ "title": "x".repeat(100) }))
            .await;
    }
    let get = |encoding| ann.get("/api/v1/tasks").header("accept-encoding", encoding);
    let (packed, plain) = (
        get("gzip").await.expect(200),
        get("identity").await.expect(200),
    );
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert_eq!(plain.header("content-encoding"), "");
    let unchanged = get("gzip").header("if-none-match", packed.header("etag"));
    let unchanged = unchanged.await.expect(304);
    for answer in [packed, plain, unchanged] {
        let mut vary = words(&answer, "vary");
        vary.sort_unstable();
        assert_eq!(vary, ["accept-encoding", "authorization", "cookie"]);
    }
}
