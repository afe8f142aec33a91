//! `/mail/…`

use serde_json::json;

use crate::support::TestApp;

/// The links of a reminder's mail: done, snooze, unsubscribe.
async fn links(app: &TestApp) -> [String; 3] {
    app.advance(3600);
    duly_tracker::reminders::dispatch_due(app)
        .await
        .expect("works");
    app.run_jobs().await;
    let mails = app.mails.take_mails();
    let mail = mails.last().expect("a mail");
    let link = |page: &str| {
        let start = mail.text.find(&format!("/mail/{page}?")).expect("a link");
        let rest = &mail.text[start..];
        rest.split_whitespace().next().expect("a link").to_owned()
    };
    let unsubscribe = mail.unsubscribe_url.clone().expect("a link");
    let unsubscribe = unsubscribe.replace("https://duly.example", "");
    [link("done"), link("snooze"), unsubscribe]
}

#[tokio::test]
async fn a_link_asks_first_and_a_button_does_it() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    ann.task(json!({ "title": "Pay <rent>", "due_date": "2026-11-24" }))
        .await;
    let [done, snooze, unsubscribe] = links(&app).await;
    let scanner = app.anonymous();
    for (path, sentence) in [
        (&done, "Mark “Pay &lt;rent&gt;” as done?"),
        (&snooze, "Keep quiet about"),
        (&unsubscribe, "no more reminders"),
    ] {
        let page = scanner
            .get(path)
            .header("accept", "text/html")
            .await
            .expect(200);
        assert!(page.text().contains(sentence), "{}", page.text());
        assert!(
            page.text().contains("<form method=\"post\">"),
            "{}",
            page.text()
        );
    }
    assert_eq!(ann.titles("status=pending").await.len(), 1);

    let form = "application/x-www-form-urlencoded";
    let press = |path: &str| {
        scanner
            .ask("POST", path)
            .body(form, b"")
            .header("accept", "*/*")
    };
    // As a mail program does it (RFC 8058), which sends no origin.
    let one_click = scanner
        .ask("POST", &unsubscribe)
        .body(form, b"List-Unsubscribe=One-Click");
    one_click.await.expect(200);
    assert_eq!(ann.get("/api/v1/me").await.json()["reminders"], false);
    assert!(press(&done).await.expect(200).text().contains("is done"));
    assert_eq!(ann.titles("status=completed").await.len(), 1);
    assert!(press(&done).await.expect(200).text().contains("is done"));
    assert!(
        scanner
            .get(&done)
            .await
            .expect(200)
            .text()
            .contains("is done already")
    );
}

#[tokio::test]
async fn a_link_that_was_tampered_with_does_nothing() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    ann.task(json!({ "title": "a", "due_date": "2026-11-24" }))
        .await;
    let [done, ..] = links(&app).await;
    let mut tampered = done.clone();
    tampered.pop();
    let long = format!("/mail/done?token={}", "x".repeat(3000));
    let client = app.anonymous();
    for path in [
        tampered.as_str(),
        "/mail/done",
        "/mail/done?token=%FF",
        &long,
    ] {
        let page = client
            .get(path)
            .header("accept", "text/html")
            .await
            .expect(410);
        assert!(page.text().contains("does not work any more"), "{path}");
        client
            .ask("POST", path)
            .header("accept", "text/html")
            .await
            .expect(410);
    }
    client
        .get("/mail/other")
        .header("accept", "text/html")
        .await
        .problem(404, "not_found");
    assert_eq!(ann.titles("status=pending").await, ["a"]);
    app.advance(31 * 86_400);
    client.get(&done).await.expect(410);
    client
        .ask("PUT", "/mail/done")
        .await
        .problem(405, "method_not_allowed");
}
