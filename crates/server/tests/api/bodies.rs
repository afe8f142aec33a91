//! Bodies that no honest client sends

use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn broken_json_is_refused_precisely_and_quickly() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let deep = format!(
        "{{\"title\":{}1{}}}",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let cases: [&[u8]; 14] = [
        b"",
        b"{",
        b"nonsense",
        b"{\"title\":\"a\"} {}",
        b"{\"title\":\"a\",}",
        b"{'title':'a'}",
        b"{\"title\":\"a\",\"title\":\"b\"}",
        b"{\"title\":\"\xff\xfe\"}",
        b"{\"title\":\"\\ud800\"}",
        b"{\"title\":\"a\x01\"}",
        b"{\"title\":1e400}",
        b"{\"title\":NaN}",
        b"\xef\xbb\xbf{\"title\":\"a\"}",
        deep.as_bytes(),
    ];
    for body in cases {
        let ask = ann
            .ask("POST", "/api/v1/tasks")
            .body("application/json", body);
        let answer = ask.await.problem(400, "malformed_body");
        assert!(answer.json()["detail"].is_string(), "{}", answer.text());
    }
    for body in ["[]", "null", "5", "\"text\""] {
        let ask = ann
            .ask("POST", "/api/v1/tasks")
            .body("application/json", body.as_bytes());
        ask.await.wrong_fields(&["body invalid_type"]);
    }
    assert!(ann.titles("").await.is_empty());
}

#[tokio::test]
async fn only_json_in_utf8_is_read() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let body = json!({ "title": "a" }).to_string();
    let send = |kind: &str| ann.ask("POST", "/api/v1/tasks").body(kind, body.as_bytes());
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=iso-8859-1",
        "application/jsonp",
        "",
    ] {
        send(kind).await.problem(415, "unsupported_media_type");
    }
    send("x")
        .without("content-type")
        .await
        .problem(415, "unsupported_media_type");
    for kind in ["application/json", "Application/JSON ; charset=\"UTF-8\""] {
        send(kind).await.expect(201);
    }
    let plain = send("application/json").header("content-encoding", "identity");
    plain.await.expect(201);
    for (path, kind) in [
        ("/api/v1/tasks", "application/json"),
        ("/api/v1/import", "application/octet-stream"),
    ] {
        let ask = ann.ask("POST", path).body(kind, body.as_bytes());
        ask.header("content-encoding", "gzip")
            .await
            .problem(415, "unsupported_media_type");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_read() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let body = json!({ "title": "x".repeat(256 * 1024) });
    ann.post("/api/v1/tasks", body)
        .await
        .problem(413, "body_too_large");
    let fits = json!({ "title": "a", "description": "x".repeat(20_000) });
    ann.post("/api/v1/tasks", fits).await.expect(201);
}

#[tokio::test]
async fn numbers_at_their_edges_are_refused_not_rounded() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let task = ann.task(json!({ "title": "a" })).await;
    let path = format!("/api/v1/tasks/{}", task["id"].as_str().expect("an id"));
    for number in [
        "9223372036854775808",
        "-1",
        "1.5",
        "1e3",
        "18446744073709551616",
        "-0",
    ] {
        let body = format!("{{\"muted\":{number}}}");
        let ask = ann
            .ask("PATCH", &path)
            .body("application/json", body.as_bytes());
        ask.await.wrong_fields(&["muted invalid_type"]);
    }
    let ask = ann.patch(&path, json!({ "title": "b" }));
    ask.header("if-match", "\"9223372036854775808\"")
        .await
        .problem(412, "version_mismatch");
}
