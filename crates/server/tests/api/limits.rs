//! Requests that come too often.

use duly_cache::testing::RedisServer;
use duly_db::Clock as _;
use duly_server::config::{self, Http};
use duly_server::limits::{Rule, Rules};
use serde_json::{Value, json};

use crate::support::{Answer, Client, PASSWORD, Process, TestApp, book};

const LIST: &str = "/api/v1/tasks";
const EMAIL: &str = "ann@example.org";

/// With the limits that an operator gets who does not choose.
async fn usual() -> TestApp {
    TestApp::limited(|_| {}, |_| {}, |rules| rules).await
}

async fn ruled(rules: &[&str]) -> TestApp {
    let rules = rules
        .iter()
        .map(|rule| Rule::parse_named(rule).expect("a rule"));
    let rules = Rules::new(rules);
    TestApp::limited(|_| {}, |_| {}, |_| rules).await
}

/// How many of so many requests are answered with something else than 429.
async fn admitted(client: &Client, path: &str, requests: usize) -> usize {
    let mut admitted = 0;
    for _ in 0..requests {
        admitted += usize::from(client.get(path).await.status != 429);
    }
    admitted
}

fn number(answer: &Answer, header: &str) -> i64 {
    answer.header(header).parse().expect("a number")
}

#[tokio::test]
async fn everybody_has_a_hundred_requests_a_minute_and_sees_them_go() {
    let app = usual().await;
    let (ann, ben) = (app.user("ann").await, app.user("ben").await);
    for left in (0..100).rev() {
        let answer = ann.get(LIST).await.expect(200);
        assert_eq!(answer.header("ratelimit-policy"), "\"api\";q=100;w=60");
        assert_eq!(answer.header("ratelimit"), format!("\"api\";r={left};t=60"));
        assert_eq!(number(&answer, "x-ratelimit-limit"), 100);
        assert_eq!(number(&answer, "x-ratelimit-remaining"), left);
        assert!(!answer.headers.contains_key("retry-after"));
        assert!(!answer.headers.contains_key("x-ratelimit-reset"));
    }
    let refused = ann.get(LIST).await.expect(429);
    assert_eq!(refused.json()["code"], "rate_limited");
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!(refused.header("ratelimit"), "\"api\";r=0;t=60");
    assert_eq!(number(&refused, "x-ratelimit-remaining"), 0);
    let wait = number(&refused, "retry-after");
    assert_eq!(wait, 61, "until the first has slid out, rounded up");
    let now = app.tracker.clock.now().as_second();
    assert_eq!(number(&refused, "x-ratelimit-reset"), now + wait);
    ben.get(LIST).await.expect(200);
    app.advance(wait);
    assert_eq!(
        admitted(&ann, LIST, 5).await,
        1,
        "one is admitted, as was said"
    );
}

#[tokio::test]
async fn what_changes_something_is_counted_by_itself_as_well() {
    let app = usual().await;
    let ann = app.user("ann").await;
    let new = || ann.post(LIST, json!({ "title": "Pay rent" }));
    for _ in 0..60 {
        new().await.expect(201);
    }
    let refused = new().await.expect(429);
    let told = refused.header("ratelimit");
    assert!(
        told.contains("\"api\";r=40;") && told.contains("\"writes\";r=0;"),
        "{told}"
    );
    assert_eq!(number(&refused, "x-ratelimit-limit"), 60);
    assert_eq!(
        admitted(&ann, LIST, 41).await,
        40,
        "what is refused is not counted"
    );
}

#[tokio::test]
async fn somebody_is_one_person_in_every_browser_and_by_every_token() {
    let app = usual().await;
    let ann = app.user("ann").await;
    let token = ann.token(&["tasks:read"]).await;
    let other = app.log_in("ann").await;
    let used = 1;
    assert_eq!(admitted(&token, LIST, 50).await, 50);
    assert_eq!(admitted(&other, LIST, 100).await, 50 - used);
}

#[tokio::test]
async fn who_is_not_logged_in_is_counted_by_network() {
    let app = usual().await;
    let from = |address: &str| {
        let mut client = app.anonymous();
        client.address = address.parse().expect("an address");
        client
    };
    assert_eq!(admitted(&from("2001:db8:1:2::3"), LIST, 60).await, 60);
    assert_eq!(admitted(&from("2001:db8:1:2:ffff::4"), LIST, 60).await, 40);
    assert_eq!(admitted(&from("2001:db8:1:3::3"), LIST, 1).await, 1);
    let refused = from("2001:db8:1:2::3").get(LIST).await.expect(429);
    assert!(number(&refused, "retry-after") > 0);
    let admitted_ones = from("203.0.113.7").get(LIST).await.expect(401);
    assert_eq!(number(&admitted_ones, "x-ratelimit-remaining"), 99);
}

#[tokio::test]
async fn headers_that_a_client_makes_up_change_nothing() {
    let app = usual().await;
    let client = app.anonymous();
    let mut admitted = 0;
    for number in 0..150 {
        let forged = format!("198.51.100.{number}");
        let mut ask = client.get(LIST);
        for header in [
            "x-forwarded-for",
            "x-real-ip",
            "forwarded",
            "true-client-ip",
        ] {
            ask = ask.header(header, &forged);
        }
        let token = format!("Bearer duly_{number}");
        admitted += usize::from(ask.header("authorization", &token).await.status != 429);
    }
    assert_eq!(admitted, 100);
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_is_counted_by_its_own_address() {
    let trusted = |http: &mut Http| {
        http.trusted_proxies = vec!["10.0.0.0/8".parse().expect("a network")];
    };
    let app = TestApp::limited(|_| {}, trusted, |rules| rules).await;
    let proxy = app.anonymous();
    let ask = async |forwarded: &str| {
        let ask = proxy.get(LIST).header("x-forwarded-for", forwarded);
        ask.await.status
    };
    for number in 0..100 {
        // What the client wrote stands further left than what our proxy added.
        assert_eq!(ask(&format!("198.51.100.{number}, 203.0.113.7")).await, 401);
    }
    assert_eq!(ask("198.51.100.250, 203.0.113.7").await, 429);
    assert_eq!(ask("203.0.113.8").await, 401);
}

#[tokio::test]
async fn nobody_uses_up_the_limit_of_somebody_they_only_claim_to_be() {
    let app = usual().await;
    let ann = app.user("ann").await;
    let (name, secret) = ann.cookie().split_once('=').expect("a cookie");
    let (owner, _) = secret.split_once('.').expect("an owner and a secret");
    let stranger = app.anonymous();
    for number in 0..99 {
        let forged = format!("{name}={owner}.{number:043}");
        let asked = stranger.get(LIST).header("cookie", &forged);
        asked.await.expect(401);
    }
    let answer = ann.get(LIST).await.expect(200);
    assert_eq!(number(&answer, "x-ratelimit-remaining"), 99);
}

#[tokio::test]
async fn made_up_cookies_are_not_looked_up_for_ever() {
    let rules = ["api: 100000/1m per user"];
    let app = ruled(&rules).await;
    let ann = app.user("ann").await;
    let (name, secret) = ann.cookie().split_once('=').expect("a cookie");
    let (owner, _) = secret.split_once('.').expect("an owner and a secret");
    let stranger = app.anonymous();
    let mut looked_up = 0;
    for number in 0..400 {
        let before = app.statements();
        let forged = format!("{name}={owner}.{number:043}");
        let status = stranger.get(LIST).header("cookie", &forged).await.status;
        assert!(matches!(status, 401 | 429));
        looked_up += u32::from(app.statements() > before);
    }
    assert_eq!(looked_up, 300);
    ann.get(LIST).await.expect(200);
}

#[tokio::test]
async fn logging_in_registering_and_resetting_have_limits_of_their_own() {
    let app = usual().await;
    app.user("ann").await;
    let client = app.anonymous();
    let statuses = async |path: &str, body: Value, requests: usize| {
        let mut admitted = 0;
        for _ in 0..requests {
            admitted += usize::from(client.post(path, body.clone()).await.status != 429);
        }
        admitted
    };
    let log_in = json!({ "email": "ann@example.org", "password": PASSWORD });
    assert_eq!(statuses("/api/v1/login", log_in, 40).await, 30);
    let forgot = json!({ "email": "nobody@example.org" });
    assert_eq!(statuses("/api/v1/password/forgot", forgot, 25).await, 20);
    app.advance(120);
    let register = json!({ "name": "", "email": "", "password": "" });
    assert_eq!(statuses("/api/v1/register", register, 25).await, 20);
    app.run_jobs().await;
}

#[tokio::test]
async fn importing_and_exporting_have_limits_of_their_own() {
    let app = usual().await;
    let ann = app.user("ann").await;
    assert_eq!(admitted(&ann, "/api/v1/export?format=json", 25).await, 20);
    ann.get(LIST).await.expect(200);
}

#[tokio::test]
async fn operators_add_limits_by_token_by_route_and_for_everyone() {
    let app = ruled(&[
        "each: 3/1m per token and route on GET /api/v1/tasks",
        "all: 12/1m per everyone on /api/v1/labels",
    ])
    .await;
    let ann = app.user("ann").await;
    let tasks = [
        ann.task(json!({ "title": "a" })).await,
        ann.task(json!({ "title": "b" })).await,
    ];
    let path = |task: &Value| format!("{LIST}/{}", task["id"].as_str().expect("an id"));
    assert_eq!(admitted(&ann, LIST, 5).await, 3);
    let one = admitted(&ann, &path(&tasks[0]), 2).await;
    assert_eq!(
        one + admitted(&ann, &path(&tasks[1]), 5).await,
        3,
        "a route, not a URL"
    );
    let token = ann.token(&["tasks:read"]).await;
    assert_eq!(admitted(&token, LIST, 5).await, 3);
    let ben = app.user("ben").await;
    let labels = admitted(&ann, "/api/v1/labels", 10).await;
    assert_eq!(labels + admitted(&ben, "/api/v1/labels", 10).await, 12);
}

#[tokio::test]
async fn every_url_of_the_api_counts() {
    let app = usual().await;
    let ann = app.user("ann").await;
    let document = app.anonymous().get("/api/openapi.json").await.expect(200);
    let document = document.json();
    let paths = document["paths"].as_object().expect("paths");
    for (path, operations) in paths {
        for method in operations.as_object().expect("operations").keys() {
            let path = path.replace("{id}", "019389f2-3a9a-7c7e-9f57-0e4d7d2b8c11");
            let method = method.to_uppercase();
            // A stream has no end to wait for.
            let is_stream = path == "/api/v1/events";
            let clients = [Some(app.anonymous()), (!is_stream).then(|| ann.clone())];
            for client in clients.into_iter().flatten() {
                let answer = client.ask(&method, &path).await;
                let counted = answer.headers.contains_key("ratelimit");
                assert!(counted, "{method} {path} is not limited");
            }
            // As if each were in a minute of its own.
            app.advance(7200);
        }
    }
    app.run_jobs().await;
}

#[test]
fn a_limit_that_cannot_be_read_is_named_with_all_others() {
    let variables = [
        ("DULY_LIMITS__API", "100"),
        ("DULY_LIMITS__LOGIN", "off"),
        ("DULY_LIMITS__MORE", "search: 5/1m, Bad: 1/1s"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let nowhere = Some(std::path::Path::new("/dev/null"));
    let faults = config::load(nowhere, variables.into_iter()).expect_err("two are wrong");
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[0].contains("limits.api") && faults[0].contains("100/1m"));
    assert!(faults[1].contains("limits.more") && faults[1].contains("small letters"));
}

/// The page "Limits", from its top to its bottom, beside a Duly with Redis.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_says_what_is() {
    const PAGE: &str = include_str!("../../../../docs/operator/limits.md");
    let redis = RedisServer::start();
    let mut duly = Process::new();
    duly.variables = vec![
        ("DULY_CACHE__URL", redis.url()),
        ("DULY_LIMITS__ENABLED", "true".into()),
    ];
    let settings = format!("[cache]\nurl = \"{}\"\n", redis.url());
    let mut said = Vec::new();
    for (language, text) in book::blocks(PAGE) {
        if language == "toml" {
            std::fs::write(duly.path().join("duly.toml"), settings.clone() + text).expect("a file");
            tokio::task::block_in_place(|| duly.serve(&[]));
            let mut ann = duly.connect().await;
            for (path, body) in [
                (
                    "register",
                    json!({ "name": "Ann", "email": EMAIL, "password": PASSWORD }),
                ),
                ("password/forgot", json!({ "email": EMAIL })),
            ] {
                let path = format!("/api/v1/{path}");
                ann.send("POST", &path, Some(body))
                    .await
                    .expect("an answer");
            }
            ann.send("GET", LIST, None).await.expect("an answer");
        } else {
            said.push(book::follow(&duly, text));
        }
    }
    let [shown, cleared] = said.as_slice() else {
        unreachable!("{said:?}")
    };
    for part in ["api ", "300 per 1m", "search ", "per token", "mail "] {
        assert!(shown.contains(part), "no {part:?} in: {shown}");
    }
    assert!(!shown.contains("writes"), "{shown}");
    assert_eq!(cleared.trim(), format!("Forgot 3 counts of {EMAIL}."));
}
