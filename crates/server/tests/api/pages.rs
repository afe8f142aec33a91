//! The page and its files

use serde_json::{Value, json};

use crate::support::{Answer, TestApp};

/// Whether `web/dist` was there when the server was built.
fn built(page: &Answer) -> bool {
    page.text().contains("duly-boot")
}

fn boot(page: &Answer) -> Value {
    let text = page.text();
    let (_, rest) = text
        .split_once("id=\"duly-boot\">")
        .expect("the first data");
    let (json, _) = rest.split_once("</script>").expect("its end");
    assert!(!json.contains('<'), "{json}");
    serde_json::from_str(json).expect("JSON")
}

#[tokio::test]
async fn every_page_of_the_application_is_the_same_file() {
    let app = TestApp::new().await;
    let client = app.anonymous();
    for path in ["/", "/board", "/settings/tokens", "/reset?token=x"] {
        let page = client
            .get(path)
            .header("accept", "text/html,*/*;q=0.8")
            .await
            .expect(200);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("cache-control"), "private, no-cache");
        assert!(page.header("vary").contains("Cookie"));
        assert!(page.text().contains("<title>"), "{}", page.text());
    }
    for path in ["/board", "/favicon.png"] {
        client
            .get(path)
            .header("accept", "application/json")
            .await
            .problem(404, "not_found");
    }
    for path in ["/assets/missing.js", "/assets/", "/api/nothing"] {
        let answer = client
            .get(path)
            .header("accept", "text/html")
            .await
            .problem(404, "not_found");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    client
        .post("/board", json!({}))
        .await
        .problem(405, "method_not_allowed");
}

#[tokio::test]
async fn the_first_data_is_in_the_page() {
    let app = TestApp::new().await;
    let page = app
        .anonymous()
        .get("/")
        .header("accept", "text/html")
        .await
        .expect(200);
    if !built(&page) {
        assert!(page.text().contains("make web"));
        return;
    }
    let first = boot(&page);
    assert_eq!(
        (&first["account"], &first["setup_needed"]),
        (&Value::Null, &json!(true))
    );
    assert_eq!(first["registration"], "open");
    let ann = app.user("ann").await;
    let evil = "</script><script>alert(1)</script>";
    ann.task(json!({ "title": evil, "labels": ["home"] })).await;
    ann.task(json!({ "title": "done", "status": "completed" }))
        .await;
    let page = ann.get("/").header("accept", "text/html").await.expect(200);
    let data = boot(&page);
    assert_eq!(data["account"], ann.get("/api/v1/me").await.json());
    let list = ann
        .get("/api/v1/tasks?status=pending,in_progress&sort=due_date&limit=50")
        .await;
    assert_eq!(data["tasks"], list.json());
    assert_eq!(data["tasks"]["data"][0]["title"], evil);
    let of_version = format!("W/\"{}-", data["data_version"]);
    assert!(list.header("etag").starts_with(&of_version), "{of_version}");
    assert_eq!(data["labels"], ann.get("/api/v1/labels").await.json());
    let stale = ann
        .get("/")
        .header("cookie", "__Host-duly_session=stale")
        .await;
    assert_eq!(boot(&stale)["account"], Value::Null);
}

#[tokio::test]
async fn files_are_compressed_and_kept_by_browsers() {
    let app = TestApp::new().await;
    let client = app.anonymous();
    let page = client
        .get("/")
        .header("accept", "text/html")
        .await
        .expect(200)
        .text();
    let Some((_, rest)) = page.split_once("src=\"/assets/") else {
        assert!(page.contains("make web"));
        return;
    };
    let path = format!("/assets/{}", rest.split('"').next().expect("a path"));
    let get = |encodings: &str| client.get(&path).header("accept-encoding", encodings);
    let plain = get("identity").await.expect(200);
    assert_eq!(
        plain.header("content-type"),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(
        plain.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    assert_eq!(plain.header("vary"), "Accept-Encoding");
    let mut tags = vec![plain.header("etag").to_owned()];
    for (encodings, expected) in [
        ("gzip, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0.1, gzip", "gzip"),
        ("zstd", ""),
    ] {
        let answer = get(encodings).await.expect(200);
        assert_eq!(answer.header("content-encoding"), expected, "{encodings}");
        tags.push(answer.header("etag").to_owned());
    }
    assert_ne!(tags[0], tags[1]);
    assert_ne!(tags[1], tags[2]);
    get("br")
        .header("if-none-match", &tags[1])
        .await
        .expect(304);
    get("br")
        .header("if-none-match", &tags[0])
        .await
        .expect(200);
    for variant in ["br", "gz"] {
        client
            .get(&format!("{path}.{variant}"))
            .await
            .problem(404, "not_found");
    }
    client
        .get("/assets/../index.html")
        .await
        .problem(404, "not_found");
    client
        .get("/.vite/manifest.json")
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn files_can_come_from_elsewhere() {
    let cdn = "https://cdn.example.org/duly";
    let app = TestApp::with(|_| {}, |http| http.assets_url = Some(cdn.into())).await;
    let page = app
        .anonymous()
        .get("/")
        .header("accept", "text/html")
        .await
        .expect(200);
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("script-src 'self' https://cdn.example.org;"),
        "{policy}"
    );
    if built(&page) {
        assert!(
            page.text().contains(&format!("src=\"{cdn}/assets/")),
            "{}",
            page.text()
        );
        assert!(!page.text().contains("\"/assets/"), "{}", page.text());
    }
}
