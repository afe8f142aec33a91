//! `/tasks/{id}/activity`

use serde_json::{Value, json};

use crate::support::{Client, TestApp};

async fn task(client: &Client, title: &str) -> String {
    let task = client.task(json!({ "title": title })).await;
    format!("/api/v1/tasks/{}", task["id"].as_str().expect("an id"))
}

async fn log(client: &Client, task: &str) -> Vec<Value> {
    let list = client.get(&format!("{task}/activity")).await.expect(200);
    list.json()["data"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn the_log_says_who_did_what_and_by_which_way() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let me = ann.get("/api/v1/me").await.expect(200).json();
    let made = json!({ "name": "Kitchen display", "abilities": ["*"] });
    let made = ann.post("/api/v1/tokens", made).await.expect(201).json();
    let program = ann.with_token(made["token"].as_str().expect("a token"));
    let path = task(&ann, "Pay rent").await;
    app.advance(60);
    let body = json!({ "due_date": "2026-11-26", "description": "secret words" });
    program.patch(&path, body).await.expect(200);
    app.advance(60);
    ann.delete(&path).await.expect(204);
    let log = log(&ann, &path).await;
    assert_eq!(log.len(), 3);
    let changed = log[1].as_object().expect("an entry");
    assert_eq!(changed["actor"], me["id"]);
    assert_eq!(changed["at"], "2026-11-23T07:01:00Z");
    assert_eq!(
        (&changed["via"], &changed["token_name"]),
        (&json!("token"), &made["name"])
    );
    assert_eq!(
        changed["changes"],
        json!({ "due_date": { "from": null, "to": "2026-11-26" }, "description": "changed" })
    );
    for (entry, action) in [(&log[0], "trashed"), (&log[2], "created")] {
        assert_eq!(
            (&entry["action"], &entry["changes"]),
            (&json!(action), &json!({}))
        );
        assert_eq!(
            (&entry["via"], &entry["token_name"]),
            (&json!("session"), &Value::Null)
        );
    }
}

#[tokio::test]
async fn imported_tasks_and_mail_links_are_told_apart() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let program = ann.token(&["*"]).await;
    let file = b"(A) 2026-11-20 Call mother due:2026-11-30\n";
    let ask = program.ask("POST", "/api/v1/import");
    ask.body("application/octet-stream", file).await.expect(200);
    let tasks = ann.get("/api/v1/tasks").await.expect(200).json();
    let id = tasks["data"][0]["id"].as_str().expect("an id");
    let path = format!("/api/v1/tasks/{id}");
    let created = &log(&ann, &path).await[0];
    assert_eq!(
        (&created["action"], &created["via"]),
        (&json!("created"), &json!("import"))
    );
    assert_ne!(
        created["token_name"],
        Value::Null,
        "the program that sent the file"
    );
}

#[tokio::test]
async fn pages_follow_each_other() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let path = task(&ann, "0").await;
    for number in 1..5 {
        app.advance(1);
        let body = json!({ "title": number.to_string() });
        ann.patch(&path, body).await.expect(200);
    }
    let (mut titles, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = ann.get(&format!("{path}/activity?limit=2{cursor}")).await;
        let page = page.expect(200).json();
        for entry in page["data"].as_array().expect("a list") {
            titles.push(entry["changes"]["title"]["to"].clone());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(
        titles,
        [json!("4"), json!("3"), json!("2"), json!("1"), Value::Null]
    );
    for (query, wrong) in [
        ("limit=0", "limit out_of_range"),
        ("limit=201", "limit out_of_range"),
        ("cursor=x", "cursor invalid"),
        ("colour=red", "colour unknown_parameter"),
    ] {
        let answer = ann.get(&format!("{path}/activity?{query}")).await;
        answer.wrong_fields(&[wrong]);
    }
}

#[tokio::test]
async fn an_unchanged_log_is_not_read_again() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let path = task(&ann, "Pay rent").await;
    let url = format!("{path}/activity");
    let before = app.statements();
    let answer = ann.get(&url).await.expect(200);
    let statements = app.statements() - before;
    assert!(
        statements <= 3,
        "who asks, of which version it is, and the log"
    );
    let tag = answer.header("etag").to_owned();
    assert_eq!(answer.header("cache-control"), "private, no-cache");
    let before = app.statements();
    let known = |client: &Client| client.get(&url).header("if-none-match", &tag);
    known(&ann).await.expect(304);
    assert_eq!(app.statements() - before, app.looks(), "who asks");
    bob.get(&url).await.expect(404);
    known(&bob).await.expect(404);
    ann.patch(&path, json!({ "title": "Paid" }))
        .await
        .expect(200);
    assert_eq!(
        known(&ann).await.expect(200).json()["data"][0]["action"],
        "changed"
    );
}
