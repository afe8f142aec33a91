//! `/import` and `/export`

use serde_json::json;

use crate::support::{Answer, Client, TestApp};

const FILE: &[u8] = b"(A) Call mother @phone due:2026-11-30\nx 2026-11-20 Buy milk\n";

async fn import(client: &Client, query: &str, file: &[u8]) -> Answer {
    let path = format!("/api/v1/import?{query}");
    client
        .ask("POST", &path)
        .body("application/octet-stream", file)
        .await
}

#[tokio::test]
async fn a_file_is_tried_imported_and_recognised_the_second_time() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let tried = import(&ann, "dry_run=true", FILE).await.expect(200).json();
    assert_eq!(
        (&tried["total"], &tried["format"]),
        (&json!(2), &json!("todotxt"))
    );
    assert!(ann.titles("").await.is_empty());
    let report = import(&ann, "", FILE).await.expect(200).json();
    assert_eq!(report["refused"], 0);
    assert_eq!(ann.titles("").await.len(), 2);
    let again = import(&ann, "format=todotxt", FILE)
        .await
        .expect(200)
        .json();
    assert_eq!(again["unchanged"], 2);
    assert_eq!(ann.titles("").await.len(), 2);
}

#[tokio::test]
async fn one_bad_row_stops_all_unless_told_to_keep_going() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let file = json!([
        { "uuid": "11111111-1111-4111-8111-111111111111", "description": "good", "status": "pending", "entry": "20261101T000000Z" },
        { "uuid": "22222222-2222-4222-8222-222222222222", "description": "x".repeat(600), "status": "nonsense", "entry": "20261101T000000Z" },
    ]);
    let file = file.to_string();
    let answer = import(&ann, "", file.as_bytes())
        .await
        .problem(422, "import_refused");
    let report = &answer.json()["report"];
    assert_eq!(report["refused"], 1, "{report}");
    assert_eq!(report["rows"][1]["outcome"], "refused");
    assert!(ann.titles("").await.is_empty());
    import(&ann, "keep_going=true", file.as_bytes())
        .await
        .expect(200);
    assert_eq!(ann.titles("").await, ["good"]);
}

#[tokio::test]
async fn what_cannot_be_imported_is_named() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let answer = import(&ann, "format=word&dry_run=maybe", FILE).await;
    answer.wrong_fields(&["format unknown_value", "dry_run unknown_value"]);
    import(&ann, "colour=red", FILE)
        .await
        .wrong_fields(&["colour unknown_parameter"]);
    let answer = import(&ann, "", &[0xff, 0xfe, 0x00, 0x80])
        .await
        .problem(422, "invalid");
    assert!(
        answer.fields()[0].starts_with("file "),
        "{:?}",
        answer.fields()
    );
    let path = "/api/v1/import";
    ann.ask("POST", path)
        .body("text/plain", FILE)
        .await
        .problem(415, "unsupported_media_type");
    let large = vec![b'x'; 10 * 1024 * 1024 + 1];
    import(&ann, "", &large)
        .await
        .problem(413, "body_too_large");
}

#[tokio::test]
async fn what_was_exported_can_be_imported_elsewhere() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    ann.task(json!({ "title": "=1+1", "due_date": "2026-11-30", "due_time": "18:00" }))
        .await;
    ann.task(json!({ "title": "b, \"c\"", "labels": ["home"], "status": "in_progress" }))
        .await;
    for (format, kind) in [
        ("csv", "text/csv"),
        ("todotxt", "text/plain"),
        ("ics", "text/calendar"),
        ("json", "application/json"),
    ] {
        let file = ann
            .get(&format!("/api/v1/export?format={format}"))
            .await
            .expect(200);
        assert!(
            file.header("content-type").starts_with(kind),
            "{}",
            file.header("content-type")
        );
        let disposition = file.header("content-disposition");
        assert!(
            disposition.starts_with("attachment; filename=\"duly-"),
            "{disposition}"
        );
        assert!(file.text().contains("1+1"));
        if format == "csv" {
            assert!(
                !file.text().lines().any(|line| line.contains(",=1+1")),
                "{}",
                file.text()
            );
        }
    }
    let file = ann.get("/api/v1/export").await.expect(200);
    import(&bob, "", &file.body).await.expect(200);
    assert_eq!(
        bob.titles("sort=title").await,
        ann.titles("sort=title").await
    );
    ann.get("/api/v1/export?format=doc")
        .await
        .wrong_fields(&["format unknown_value"]);
}
