//! `/admin`

use std::time::Duration;

use duly_db::{Engine, query};
use serde_json::json;

use crate::support::{Client, Process, TestApp};

const SECRET: &str = "a planted secret";

async fn administrator(app: &TestApp) -> Client {
    let ann = app.user("ann").await;
    app.promote("ann").await;
    ann
}

#[tokio::test]
async fn administrators_see_how_the_database_is_doing() {
    let app = TestApp::new().await;
    let ann = administrator(&app).await;
    // A read that a replica could have answered, were there one.
    ann.get("/api/v1/tasks").await.expect(200);
    let answer = ann.get("/api/v1/admin/database").await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let status = answer.json();
    assert_eq!(status["engine"], app.db.engine().name());
    assert!(!status["version"].as_str().expect("text").is_empty());
    assert_eq!(status["primary"]["state"], "up");
    assert_eq!(status["primary"]["last_error"], json!(null));
    assert_eq!(status["replicas"], json!([]));
    assert!(status["reads"]["primary"].as_u64() > Some(0), "{status}");
    let pool = &status["pool"];
    let is_server = app.db.engine() != Engine::Sqlite;
    assert_eq!(pool["acquire_wait_us_p99"].is_u64(), is_server, "{pool}");
    assert_eq!(
        pool["size"].as_u64(),
        Some(pool["idle"].as_u64().expect("a number") + pool["in_use"].as_u64().expect("one"))
    );
    ann.get("/api/v1/admin/database?x=1")
        .await
        .problem(422, "invalid");
}

#[tokio::test]
async fn administrators_see_what_was_slow_and_why_but_not_what_was_bound() {
    let app = TestApp::new().await;
    let ann = administrator(&app).await;
    let path = "/api/v1/admin/slow-queries";
    let before = ann.get(path).await.expect(200).json();
    let by_name = || query("SELECT id FROM users\n WHERE name = ?1").bind(SECRET);
    let line = line!() - 1;
    app.db.pretend_slow(&by_name(), Duration::from_millis(150));
    app.db.pretend_slow(&by_name(), Duration::from_millis(250));
    app.db.pretend_slow(&by_name(), Duration::from_millis(99));
    let answer = ann.get(path).await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(!answer.text().contains(SECRET), "{}", answer.text());
    let slow = answer.json();
    assert_eq!(before["threshold_us"], 100_000);
    let entries = slow["data"].as_array().expect("a list");
    let entry = entries
        .iter()
        .find(|entry| entry["text"] == "SELECT id FROM users WHERE name = ?")
        .expect("it was slow");
    assert_eq!(entry["count"], 2);
    assert_eq!(entry["total_us"], 400_000);
    assert_eq!(entry["mean_us"], 200_000);
    assert_eq!(entry["worst"]["duration_us"], 250_000);
    assert_eq!(entry["worst"]["target"], "primary");
    assert_eq!(
        entry["worst"]["caller"],
        format!("crates/server/tests/api/admin.rs:{line}")
    );
    assert!(slow["recent"][0]["text"].is_string());

    let id = entry["id"].as_str().expect("an id");
    let plan = ann.get(&format!("{path}/{id}/plan")).await.expect(200);
    assert!(!plan.text().contains(SECRET), "{}", plan.text());
    let plan = plan.json();
    assert_eq!(plan["id"], id);
    assert!(
        plan["plan"].as_str().expect("text").contains("users"),
        "{plan}"
    );
    for unknown in ["0000000000000000", "no-id", "%00"] {
        ann.get(&format!("{path}/{unknown}/plan"))
            .await
            .problem(404, "not_found");
    }
}

#[tokio::test]
async fn everybody_else_is_told_that_it_is_for_administrators() {
    let app = TestApp::new().await;
    let ann = administrator(&app).await;
    let bob = app.user("bob").await;
    for path in [
        "database",
        "cache",
        "slow-queries",
        "slow-queries/unknown/plan",
    ] {
        let path = format!("/api/v1/admin/{path}");
        bob.get(&path).await.problem(403, "administrators_only");
        let token = bob.token(&["*"]).await;
        token.get(&path).await.problem(403, "session_only");
        let token = ann.token(&["*"]).await;
        token.get(&path).await.problem(403, "session_only");
        app.anonymous()
            .get(&path)
            .await
            .problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn the_log_says_what_was_slow_for_which_request_and_not_what_was_bound() {
    let log = log_of_a_slow_request("false").await;
    let values: Vec<_> = log
        .iter()
        .filter(|line| line.get("db.values").is_some())
        .collect();
    assert!(values.is_empty(), "{values:?}");
}

#[tokio::test]
async fn the_log_says_what_was_bound_when_that_was_asked_for() {
    let log = log_of_a_slow_request("true").await;
    assert!(log.iter().any(|line| line.get("db.values").is_some()));
}

/// Makes a request that looks through many long texts, with a threshold that this exceeds, and
/// answers the lines about slow queries.
async fn log_of_a_slow_request(shows_values: &str) -> Vec<serde_json::Value> {
    let mut duly = Process::new();
    duly.variables = vec![
        ("DULY_LOG__LEVEL", "info".into()),
        ("DULY_LOG__FORMAT", "json".into()),
        ("DULY_DATABASE__SLOW_QUERY", "1ms".into()),
        ("DULY_DATABASE__SLOW_QUERY_VALUES", shows_values.into()),
    ];
    let long = "x".repeat(400);
    let lines: String = (0..4_000)
        .map(|number| format!("(A) 2026-11-20 {SECRET} {number} {long} due:2026-11-30\n"))
        .collect();
    std::fs::write(duly.path().join("todo.txt"), lines).expect("a file");
    duly.serve(&[]);
    let mut client = duly.connect().await;
    let body = json!({
        "name": "Ann",
        "email": "ann@example.org",
        "password": "correct horse battery",
    });
    client.send("POST", "/api/v1/register", Some(body)).await;
    duly.say(&["import", "--user", "ann@example.org", "todo.txt"]);
    let search = "/api/v1/tasks?q=a%20planted%20secret%20nowhere";
    client.send("GET", search, None).await;
    assert!(duly.stop());
    let log = duly.log();
    assert!(shows_values == "true" || !log.contains(SECRET));
    let lines: Vec<serde_json::Value> = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let search = lines
        .iter()
        .find(|line| line["message"] == "GET /api/v1/tasks 200")
        .expect("the access log");
    let slow: Vec<serde_json::Value> = lines
        .iter()
        .filter(|line| line["message"] == "slow query")
        .cloned()
        .collect();
    // On a busy machine the look-up of who asks may be slow as well.
    let is_of_tasks = |line: &serde_json::Value| {
        let text = line["db.query"].as_str();
        text.is_some_and(|text| text.contains(" FROM tasks "))
    };
    let of_search = slow
        .iter()
        .filter(|line| line["request_id"] == search["request_id"])
        .find(|line| is_of_tasks(line))
        .expect("looking through 1.6 MB of titles takes longer than 1 ms");
    assert_eq!(of_search["db.engine"], "sqlite");
    assert_eq!(of_search["db.target"], "primary");
    assert_eq!(of_search["rows"], 0);
    assert!(of_search["duration_us"].as_u64() >= Some(1_000));
    assert!(of_search["pool_wait_us"].is_u64());
    let caller = of_search["caller"].as_str().expect("text");
    assert!(caller.starts_with("crates/tracker/src/"), "{caller}");
    slow
}
