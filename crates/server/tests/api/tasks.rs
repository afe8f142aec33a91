//! `/tasks`

use serde_json::{Value, json};

use crate::support::TestApp;

#[tokio::test]
async fn a_task_is_written_down_shown_changed_and_deleted() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let body = json!({ "title": " Pay rent ", "due_date": "2026-11-30", "due_time": "18:00",
        "priority": "high", "labels": ["home", "Money"] });
    let made = ann.post("/api/v1/tasks", body).await.expect(201);
    let task = made.json();
    assert_eq!(task["due_time"], "18:00");
    assert_eq!(task["labels"], json!(["home", "Money"]));
    assert_eq!(made.header("etag"), "\"1\"");
    let path = made.header("location").to_owned();
    assert_eq!(
        path,
        format!("/api/v1/tasks/{}", task["id"].as_str().expect("an id"))
    );
    assert_eq!(ann.get(&path).await.expect(200).json(), task);

    let changed = ann
        .patch(&path, json!({ "status": "completed" }))
        .await
        .expect(200);
    assert_eq!(changed.header("etag"), "\"2\"");
    assert_eq!(changed.json()["completed_at"], "2026-11-23T07:00:00Z");
    let back = ann
        .patch(&path, json!({ "status": "pending", "due_date": null }))
        .await
        .json();
    assert_eq!(
        (&back["completed_at"], &back["due_time"]),
        (&Value::Null, &Value::Null)
    );

    ann.delete(&path).await.expect(204);
    ann.get(&path).await.problem(404, "not_found");
    ann.delete(&path).await.problem(404, "not_found");
    ann.patch(&path, json!({ "title": "x" }))
        .await
        .problem(404, "not_found");
    assert_eq!(ann.titles("trash=true").await, ["Pay rent"]);
    let restored = ann
        .ask("POST", &format!("{path}/restore"))
        .await
        .expect(200)
        .json();
    assert_eq!(restored["deleted_at"], Value::Null);
    assert_eq!(ann.titles("").await, ["Pay rent"]);
}

#[tokio::test]
async fn a_change_can_insist_on_the_version_it_has_seen() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let task = ann.task(json!({ "title": "a" })).await;
    let path = format!("/api/v1/tasks/{}", task["id"].as_str().expect("an id"));
    let change = json!({ "title": "b" });
    ann.patch(&path, change.clone())
        .header("if-match", "\"1\"")
        .await
        .expect(200);
    for stale in ["\"1\"", "W/\"2\"", "2", "\"nonsense\"", ""] {
        let answer = ann
            .patch(&path, json!({ "title": "c" }))
            .header("if-match", stale)
            .await;
        answer.problem(412, "version_mismatch");
    }
    ann.delete(&path)
        .header("if-match", "\"1\"")
        .await
        .problem(412, "version_mismatch");
    ann.patch(&path, change)
        .header("if-match", "*")
        .await
        .expect(200);
    ann.delete(&path)
        .header("if-match", "\"2\"")
        .await
        .expect(204);
}

#[tokio::test]
async fn lists_are_filtered_sorted_and_cut_to_fields() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    // It is Monday, 2026-11-23, eight in the morning in Berlin.
    for (title, due, time, priority, label) in [
        ("late", "2026-11-20", Value::Null, "low", "home"),
        ("early", "2026-11-23", json!("07:00"), "none", "home"),
        ("today", "2026-11-23", Value::Null, "high", "work"),
        ("tomorrow", "2026-11-24", Value::Null, "medium", "work"),
        ("sunday", "2026-11-29", Value::Null, "none", "Home"),
        ("monday", "2026-11-30", Value::Null, "none", "work"),
    ] {
        let body = json!({ "title": title, "due_date": due, "due_time": time,
            "priority": priority, "labels": [label] });
        ann.task(body).await;
    }
    ann.task(json!({ "title": "someday", "status": "in_progress" }))
        .await;
    let expect = [
        ("due=overdue", "late early"),
        ("due=today", "early today"),
        ("due=tomorrow", "tomorrow"),
        ("due=week", "early today tomorrow sunday"),
        ("due_from=2026-11-24&due_to=2026-11-29", "tomorrow sunday"),
        ("priority=high,medium", "today tomorrow"),
        ("label=home", "late early sunday"),
        ("status=in_progress", "someday"),
        ("q=da", "today sunday monday someday"),
        ("sort=-due_date&limit=2", "someday monday"),
        ("sort=-priority&limit=2", "today tomorrow"),
        ("sort=title&limit=3", "early late monday"),
        ("", "late early today tomorrow sunday monday someday"),
    ];
    for (query, titles) in expect {
        assert_eq!(ann.titles(query).await.join(" "), titles, "{query}");
    }
    let part = ann
        .get("/api/v1/tasks?fields=id,title&limit=1")
        .await
        .expect(200)
        .json();
    let keys: Vec<&String> = part["data"][0]
        .as_object()
        .expect("a task")
        .keys()
        .collect();
    assert_eq!(keys, ["id", "title"]);
}

#[tokio::test]
async fn pages_follow_each_other_without_gaps() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    for number in 0..7 {
        ann.task(json!({ "title": format!("task {number}"), "due_date": "2026-12-01" }))
            .await;
    }
    for sort in [
        "due_date",
        "-created_at",
        "updated_at",
        "priority",
        "-title",
    ] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/v1/tasks?limit=3&sort={sort}{cursor}");
            let page = ann.get(&path).await.expect(200).json();
            seen.extend(
                page["data"]
                    .as_array()
                    .expect("a list")
                    .iter()
                    .map(|it| it["id"].clone()),
            );
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen.len(), 7, "{sort}");
        seen.dedup();
        assert_eq!(seen.len(), 7, "{sort}");
    }
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let long = "x".repeat(3000);
    let cases = [
        ("status=done", "status unknown_value"),
        ("due=someday", "due unknown_value"),
        ("due_from=2026-02-30", "due_from invalid_date"),
        ("due_to=0000-01-01", "due_to out_of_range"),
        ("due_to=10000-01-01", "due_to invalid_date"),
        (
            "due_from=2026-02-02&due_to=2026-02-01",
            "due_to out_of_range",
        ),
        ("priority=urgent", "priority unknown_value"),
        ("sort=colour", "sort unknown_value"),
        ("limit=0", "limit out_of_range"),
        ("limit=201", "limit out_of_range"),
        ("limit=99999999999999999999", "limit out_of_range"),
        ("cursor=nonsense", "cursor invalid"),
        (&format!("cursor={long}"), "cursor invalid"),
        ("fields=id,password", "fields unknown_value"),
        ("trash=1", "trash unknown_value"),
        ("colour=red", "colour unknown_parameter"),
        ("limit=1&limit=2", "limit repeated"),
        ("q=%FF", "q invalid_encoding"),
    ];
    let mut wrong = Vec::new();
    for (query, expected) in cases {
        let answer = ann
            .get(&format!("/api/v1/tasks?{query}"))
            .await
            .problem(422, "invalid");
        if answer.fields() != [expected] {
            wrong.push(format!(
                "{query}: {:?} instead of {expected}",
                answer.fields()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each body must be refused for exactly this reason.
async fn refused(bodies: &[(Value, &str)]) {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let mut wrong = Vec::new();
    for (body, expected) in bodies {
        let answer = ann.post("/api/v1/tasks", body.clone()).await;
        if answer.status != 422 || answer.fields() != [*expected] {
            wrong.push(format!(
                "{body:.80}: {} instead of {expected}",
                answer.text()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(ann.titles("").await, Vec::<String>::new());
}

#[tokio::test]
async fn wrong_texts_are_named() {
    refused(&[
        (json!({}), "title required"),
        (json!({ "title": null }), "title required"),
        (json!({ "title": "  " }), "title too_short"),
        (json!({ "title": "x".repeat(501) }), "title too_long"),
        (json!({ "title": "a\u{0}b" }), "title invalid_character"),
        (json!({ "title": 5 }), "title invalid_type"),
        (
            json!({ "title": "a", "description": "x".repeat(20_001) }),
            "description too_long",
        ),
        (
            json!({ "title": "a", "labels": "home" }),
            "labels invalid_type",
        ),
        (
            json!({ "title": "a", "user_id": "me" }),
            "user_id unknown_field",
        ),
        (
            json!({ "title": "a", "completed_at": null }),
            "completed_at unknown_field",
        ),
    ])
    .await;
}

#[tokio::test]
async fn wrong_dates_and_choices_are_named() {
    let with = |field: &str, value: Value| {
        let mut body = json!({ "title": "a" });
        body[field] = value;
        body
    };
    refused(&[
        (
            with("due_date", json!("2026-13-01")),
            "due_date invalid_date",
        ),
        (
            with("due_date", json!("2027-02-29")),
            "due_date invalid_date",
        ),
        (
            with("due_date", json!("0000-01-01")),
            "due_date out_of_range",
        ),
        (
            with("due_date", json!("10000-01-01")),
            "due_date invalid_date",
        ),
        (
            with("due_date", json!("9999-12-31")),
            "due_date out_of_range",
        ),
        (
            with("due_date", json!("2026-11-30T10:00")),
            "due_date invalid_date",
        ),
        (with("due_date", json!(20_261_130)), "due_date invalid_type"),
        (with("due_time", json!("10:00")), "due_time needs_due_date"),
        (with("due_time", json!("24:00")), "due_time invalid_time"),
        (with("due_time", json!("23:59:60")), "due_time invalid_time"),
        (with("status", json!("done")), "status unknown_value"),
        (with("priority", json!(3)), "priority invalid_type"),
    ])
    .await;
}

#[tokio::test]
async fn text_in_every_script_comes_back_as_it_was() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    for title in [
        "🦀 Крабы",
        "שלום \u{202e}abc",
        "e\u{301}",
        "日本語のタスク",
        "<script>",
        "\"'\\",
        "0001",
    ] {
        let task = ann
            .task(json!({ "title": title, "description": "a\nb\t🦀" }))
            .await;
        assert_eq!(task["description"], "a\nb\t🦀");
        let path = format!("/api/v1/tasks/{}", task["id"].as_str().expect("an id"));
        assert_eq!(ann.get(&path).await.json(), task);
    }
    let first = ann
        .task(json!({ "title": "old", "due_date": "0001-01-01" }))
        .await;
    assert_eq!(first["due_date"], "0001-01-01");
    let last = ann
        .task(json!({ "title": "far", "due_date": "9999-12-30" }))
        .await;
    assert_eq!(last["due_date"], "9999-12-30");
}
