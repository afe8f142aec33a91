//! Methods, paths, headers: what is true of every URL

use std::future::IntoFuture as _;

use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_url_says_which_methods_it_takes() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    for (path, allow) in [
        ("/api/v1/tasks", "GET,HEAD,POST"),
        ("/api/v1/tasks/x", "GET,HEAD,PATCH,DELETE"),
        ("/api/v1/login", "POST"),
        ("/api/docs", "GET,HEAD"),
        ("/", "GET,HEAD"),
    ] {
        for method in ["PUT", "OPTIONS", "TRACE", "BREW"] {
            let answer = ann
                .ask(method, path)
                .await
                .problem(405, "method_not_allowed");
            assert_eq!(answer.header("allow"), allow, "{method} {path}");
        }
    }
    let ask = ann
        .ask("GET", "/api/v1/tasks")
        .header("x-http-method-override", "DELETE");
    ask.await.expect(200);
}

#[tokio::test]
async fn head_answers_like_get_without_a_body() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    for path in [
        "/api/v1/tasks",
        "/api/v1/me",
        "/api/openapi.json",
        "/api/docs",
    ] {
        let (get, head) = (
            ann.get(path).await.expect(200),
            ann.ask("HEAD", path).await.expect(200),
        );
        assert!(head.body.is_empty(), "{path}");
        for name in ["etag", "content-type", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let unknown = "/api/v1/tasks/00000000-0000-7000-8000-000000000000";
    for path in [
        "/api/v1/nothing",
        "/api/v2/tasks",
        "/api/v1/tasks/",
        "/api/v1//tasks",
        "/api/v1/Tasks",
        "/api/v1/tasks/x",
        "/api/v1/tasks/%00",
        "/api/v1/tasks/%ff",
        "/api/v1/tasks/../me",
        "/api/v1/tasks/1.css",
        unknown,
    ] {
        ann.get(path).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn whoever_does_not_take_json_is_told() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    for accept in ["text/html", "image/*", "application/json;q=0"] {
        let answer = ann.get("/api/v1/tasks").header("accept", accept).await;
        answer.problem(406, "not_acceptable");
    }
    for accept in ["*/*", "application/*", "text/html, application/json;q=0.5"] {
        ann.get("/api/v1/tasks")
            .header("accept", accept)
            .await
            .expect(200);
    }
    ann.get("/api/v1/export?format=csv")
        .header("accept", "text/csv")
        .await
        .expect(200);
}

#[tokio::test]
async fn another_site_cannot_use_our_cookie() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let ask = || {
        ann.post("/api/v1/tasks", json!({ "title": "a" }))
            .without("sec-fetch-site")
    };
    for site in ["cross-site", "same-site", "none"] {
        ask()
            .header("sec-fetch-site", site)
            .await
            .problem(403, "foreign_origin");
    }
    for origin in [
        "null",
        "https://evil.example",
        "https://duly.example.evil.example",
    ] {
        ask()
            .header("origin", origin)
            .await
            .problem(403, "foreign_origin");
    }
    // A program that was given the cookie: browsers always send one of the two headers.
    ask().await.expect(201);
    let form = ask().header("content-type", "text/plain");
    form.await.problem(415, "unsupported_media_type");
    ask()
        .header("origin", "https://duly.example")
        .await
        .expect(201);
    ask()
        .header("sec-fetch-site", "same-origin")
        .await
        .expect(201);
    ann.get("/api/v1/tasks")
        .header("sec-fetch-site", "cross-site")
        .await
        .expect(200);
    let token = ann.token(&["tasks:write"]).await;
    token
        .post("/api/v1/tasks", json!({ "title": "a" }))
        .await
        .expect(201);
    let login = json!({ "email": "ann@example.org", "password": "correct horse battery" });
    let forged = app
        .anonymous()
        .post("/api/v1/login", login)
        .header("sec-fetch-site", "cross-site");
    forged.await.problem(403, "foreign_origin");
}

#[tokio::test]
async fn no_origin_is_ever_allowed_to_read() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    for origin in ["https://evil.example", "null", "https://duly.example"] {
        let answer = ann
            .get("/api/v1/tasks")
            .header("origin", origin)
            .await
            .expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
}

#[tokio::test]
async fn large_answers_are_compressed_for_those_who_ask() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let get = || {
        ann.get("/api/v1/tasks")
            .header("accept-encoding", "br, gzip")
    };
    assert_eq!(get().await.header("content-encoding"), "");
    for number in 0..10 {
        ann.task(json!({ "title": format!("task {number}") })).await;
    }
    let plain = ann.get("/api/v1/tasks").await.expect(200);
    let small = get().await.expect(200);
    assert_eq!(small.header("content-encoding"), "gzip");
    assert!(small.body.len() * 2 < plain.body.len());
    let mut whole = Vec::new();
    std::io::copy(
        &mut flate2::read::GzDecoder::new(small.body.as_slice()),
        &mut whole,
    )
    .expect("gzip");
    assert_eq!(whole, plain.body);
    for answer in [&plain, &small] {
        let vary: Vec<_> = answer.headers.get_all("vary").iter().collect();
        assert!(
            vary.contains(
                &"Accept-Encoding"
                    .parse::<axum::http::HeaderValue>()
                    .as_ref()
                    .expect("valid")
            )
        );
    }
    let refused = ann
        .get("/api/v1/tasks")
        .header("accept-encoding", "gzip;q=0")
        .await;
    assert_eq!(refused.header("content-encoding"), "");
}

#[tokio::test]
async fn addresses_are_believed_from_trusted_proxies_only() {
    let app = TestApp::with(
        |_| {},
        |http| {
            http.trusted_proxies = vec!["10.0.0.0/8".parse().expect("a network")];
        },
    )
    .await;
    let ann = app.user("ann").await;
    let login = || {
        let body = json!({ "email": "ann@example.org", "password": "correct horse battery" });
        app.anonymous().post("/api/v1/login", body)
    };
    let answer = login()
        .header("x-forwarded-for", "6.6.6.6, 203.0.113.9")
        .await
        .expect(200);
    let renewed = ann.with_session_of(&answer);
    let listed = renewed.get("/api/v1/sessions").await.json();
    let current = listed["data"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|it| it["current"] == true);
    assert_eq!(current.expect("one")["ip"], "203.0.113.9");
}

#[tokio::test]
async fn a_client_that_goes_away_does_not_stop_a_change() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    for number in 0..100 {
        let ask = ann
            .post("/api/v1/tasks", json!({ "title": number.to_string() }))
            .into_future();
        // Polled once, then dropped: the handler has begun and nobody waits for its answer.
        let _ = futures_util::FutureExt::now_or_never(ask);
    }
    app.app.changes.close();
    app.app.changes.wait().await;
    assert_eq!(ann.titles("limit=200").await.len(), 100);
}
