//! What stands in the log, and what must not

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::Process;
use crate::traces::{By, Collector};

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

/// Everything that it has printed, line by line, all of which programs can read.
fn lines(duly: &Process) -> Vec<Value> {
    let all = duly.printed.clone() + &duly.log();
    all.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect()
}

/// Registers, asks three times for a list, has a job send a mail, and answers the lines and whose account it is.
async fn live(collector: &Collector) -> (Vec<Value>, Value) {
    let mut duly = Process::new();
    duly.variables = vec![
        ("DULY_LOG__LEVEL", "debug".into()),
        ("DULY_LOG__FORMAT", "json".into()),
        ("DULY_WORKER__POLL", "100ms".into()),
    ];
    collector.collect(&mut duly);
    duly.serve(&[]);
    let mut client = duly.connect().await;
    let body = json!({ "name": "Ann", "email": "ann@example.org", "password": PASSWORD });
    let account = client.send("POST", "/api/v1/register", Some(body)).await;
    for _ in 0..3 {
        let list = client.send("GET", "/api/v1/tasks?q=nothing", None).await;
        list.expect("it runs");
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    while !duly.log().contains(MAILED) {
        assert!(Instant::now() < deadline, "{}", duly.log());
        tokio::task::yield_now().await;
    }
    assert!(duly.stop());
    (lines(&duly), account.expect("it runs"))
}

/// What a job says that has sent a mail.
const MAILED: &str = "the mail was written to a file";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_line_says_what_it_belongs_to() {
    let collector = Collector::start(By::Http).await;
    let (lines, account) = live(&collector).await;
    for line in &lines {
        for name in ["timestamp", "level", "target", "message"] {
            assert!(line[name].is_string(), "{line}");
        }
    }
    let ready = lines.iter().find(|line| line["target"] == "duly");
    let ready = ready.expect("it says where it is")["message"].as_str();
    assert!(ready.is_some_and(|it| it.contains("Make the first administrator")));
    let access =
        |line: &&Value| line["target"] == "duly::access" && line["route"] == "/api/v1/tasks";
    let lists: Vec<&Value> = lines.iter().filter(access).collect();
    assert_eq!(lists.len(), 3, "{lists:#?}");
    let mut requests = BTreeSet::new();
    for line in lists {
        assert_eq!(line["message"], "GET /api/v1/tasks 200");
        assert_eq!(
            (&line["method"], &line["status"]),
            (&json!("GET"), &json!(200))
        );
        assert_eq!(line["client.address"], "127.0.0.1");
        assert_eq!(line["user_id"], account["id"]);
        assert!(line["duration_ms"].is_f64(), "{line}");
        requests.insert(line["request_id"].to_string());
        assert_traced(line, &collector);
    }
    assert_eq!(requests.len(), 3, "each has an id of its own");
    let is_mail = |line: &&Value| {
        line["message"]
            .as_str()
            .is_some_and(|it| it.contains(MAILED))
    };
    let mail = lines.iter().find(is_mail).expect("a mail");
    assert_eq!(mail["job.name"], "send_email_confirmation");
    assert_eq!(
        (&mail["queue"], &mail["attempt"]),
        (&json!("urgent"), &json!(1))
    );
    assert!(mail["job.id"].is_string());
    assert_traced(mail, &collector);
}

/// Whether the span that a line names was told, in the trace that it names.
#[track_caller]
fn assert_traced(line: &Value, collector: &Collector) {
    let text = |name: &str| {
        line[name]
            .as_str()
            .unwrap_or_else(|| panic!("no {name}: {line}"))
    };
    let spans = collector.trace(text("trace_id"));
    assert!(
        spans.iter().any(|span| span.id == text("span_id")),
        "{line}"
    );
}
