//! What stands in the log, and what must not

use serde_json::json;

use crate::support::Process;

const PASSWORD: &str = "correct horse battery";

#[tokio::test]
async fn no_secret_is_ever_logged() {
    let mut duly = Process::new();
    duly.variables = vec![
        ("DULY_LOG__LEVEL", "trace".into()),
        ("DULY_LOG__FORMAT", "json".into()),
        (
            "DULY_MAIL__URL",
            "smtp://duly:mail-secret@127.0.0.1:1?tls=none".into(),
        ),
    ];
    duly.serve(&[]);
    let mut client = duly.connect().await;
    let body = json!({ "name": "Ann", "email": "ann@example.org", "password": PASSWORD });
    client
        .send("POST", "/api/v1/register", Some(body))
        .await
        .expect("it runs");
    let session = client.cookie.clone().expect("a cookie");
    let body = json!({ "name": "x", "abilities": ["*"] });
    let token = client
        .send("POST", "/api/v1/tokens", Some(body))
        .await
        .expect("it runs");
    let token = token["token"].as_str().expect("text").to_owned();
    let body = json!({ "title": "A private title", "description": "and a private text" });
    client
        .send("POST", "/api/v1/tasks", Some(body))
        .await
        .expect("it runs");
    client
        .send("GET", "/api/v1/tasks?q=private-search", None)
        .await
        .expect("it runs");
    let (_, setup) = duly.printed.split_once("setup?token=").expect("a link");
    let setup = setup.split_whitespace().next().expect("a token").to_owned();
    assert!(duly.stop());
    let log = duly.log();
    assert!(log.contains("/api/v1/tasks"), "the access log is there");
    let session = session.split_once('=').expect("a value").1;
    let middle = &token[15..40];
    for secret in [
        PASSWORD,
        session,
        &token,
        middle,
        &setup,
        "mail-secret",
        "A private title",
        "a private text",
        "private-search",
    ] {
        let place = log.lines().find(|line| line.contains(secret));
        assert_eq!(place, None, "{secret} is in the log");
    }
}

#[tokio::test]
async fn each_request_is_one_line_that_programs_can_read() {
    let mut duly = Process::new();
    duly.variables = vec![
        ("DULY_LOG__LEVEL", "info".into()),
        ("DULY_LOG__FORMAT", "json".into()),
    ];
    duly.serve(&[]);
    let mut client = duly.connect().await;
    for _ in 0..3 {
        client
            .send("GET", "/api/openapi.json", None)
            .await
            .expect("it runs");
    }
    assert!(duly.stop());
    let log = duly.log();
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .filter(|line: &serde_json::Value| line["target"] == "duly::access")
        .collect();
    assert_eq!(lines.len(), 3, "{log}");
    assert_eq!(lines[0]["message"], "GET /api/openapi.json 200");
    assert_eq!(lines[0]["client.address"], "127.0.0.1");
    assert!(lines[0]["duration_us"].is_u64());
    assert_ne!(lines[0]["request.id"], lines[1]["request.id"]);
}
