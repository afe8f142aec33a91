//! What is sent to another node, and what is not.

use serde_json::json;

use super::doubles::HANGS_UP;
use super::{Balancer, Doubles, Kind, Place, until};

const ALL: [u16; 3] = [0, 1, 2];

const LOOKS: [&str; 2] = ["GET", "HEAD"];
const CHANGES: [&str; 4] = ["POST", "PUT", "PATCH", "DELETE"];

async fn assert_no_change_is_sent_twice(kind: Kind) {
    let place = Place::new();
    let doubles = Doubles::listen(place, &ALL).await;
    let balancer = Balancer::start(kind, place).await;
    let mut browser = balancer.browser();
    for method in [&LOOKS[..], &CHANGES].concat() {
        // Nodes that hung up are left alone for a while.
        until("a node is asked again", async || {
            browser.get("/fine").await.status.is_success()
        })
        .await;
        let path = format!("{HANGS_UP}/{}", method.to_lowercase());
        let asked = browser.ask(method, &path, None).await;
        // HAProxy tells an HTTP/1.1 client that had asked before by closing the connection.
        let status = asked.map_or(502, |reply| reply.status.as_u16());
        let times = doubles.seen(method, &path).len();
        let expected = if LOOKS.contains(&method) {
            (200, 2)
        } else {
            (502, 1)
        };
        assert_eq!((status, times), expected, "{method}\n{}", balancer.log());
    }
}

async fn assert_a_node_that_is_not_there_costs_nothing(kind: Kind) {
    let place = Place::new();
    let doubles = Doubles::listen(place, &[2]).await;
    for method in [&LOOKS[..], &CHANGES].concat() {
        // One that does not know yet who is there.
        let balancer = Balancer::start(kind, place).await;
        let body = CHANGES
            .contains(&method)
            .then(|| json!({ "title": "x".repeat(100_000) }));
        let mut browser = balancer.browser();
        let asked = browser.ask(method, "/fine", body.as_ref()).await;
        let status = asked.expect("an answer").status;
        assert_eq!(status, 200, "{method}\n{}", balancer.log());
        let seen = doubles.seen(method, "/fine");
        assert_eq!(seen.len(), 1, "{method}");
        let sent = body.map_or(String::new(), |body| body.to_string());
        assert!(seen[0].body == sent, "{method}: the body is another");
    }
}

#[tokio::test]
async fn nginx_sends_no_change_twice() {
    assert_no_change_is_sent_twice(Kind::Nginx).await;
}

#[tokio::test]
async fn haproxy_sends_no_change_twice() {
    assert_no_change_is_sent_twice(Kind::HaProxy).await;
}

#[tokio::test]
async fn nginx_finds_the_node_that_is_there() {
    assert_a_node_that_is_not_there_costs_nothing(Kind::Nginx).await;
}

#[tokio::test]
async fn haproxy_finds_the_node_that_is_there() {
    assert_a_node_that_is_not_there_costs_nothing(Kind::HaProxy).await;
}
