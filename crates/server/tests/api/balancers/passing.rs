//! What passes through, and what does not.

use http_body_util::BodyExt as _;
use tokio::net::TcpStream;

use super::browser::OWN_ADDRESS;
use super::doubles::{EVENTS, FIRST, SECOND};
use super::house::register;
use super::{Balancer, Browser, Doubles, House, Kind, LONG, NAME, Place, until};
use crate::support::send_raw;

const FORGED_ADDRESS: &str = "203.0.113.7";
const FORGED_ID: &str = "5f0c3b8e-1d2a-4c6b-9e7f-0a1b2c3d4e5f";

const DOCUMENT: &str = "/api/openapi.json";

#[test]
fn the_shipped_files_are_right() {
    for kind in [Kind::Nginx, Kind::HaProxy, Kind::Cdn] {
        let checked = Balancer::prepared(kind, Place::new()).check();
        let said = String::from_utf8_lossy(&checked.stderr);
        assert!(checked.status.success(), "{kind:?}: {said}");
    }
}

async fn assert_people_reach_every_node(kind: Kind) {
    let place = Place::new();
    let house = House::start(place);
    let balancer = Balancer::start(kind, place).await;
    let mut ann = balancer.browser();
    ann.headers = vec![
        ("x-forwarded-for", FORGED_ADDRESS.into()),
        ("x-request-id", FORGED_ID.into()),
    ];
    register(&mut ann).await;
    for _ in 0..12 {
        ann.get("/api/v1/me").await.json();
    }
    for node in 0..3 {
        assert!(house.answered(node) > 1, "node {node} is not asked");
    }
    assert_address_is_true(&mut ann).await;
    assert_id_leads_through_the_logs(&mut ann, &house, &balancer).await;
    assert_answers_pass_as_they_are(&mut ann).await;
    assert_plain_leads_to_encrypted(place).await;
}

async fn assert_address_is_true(ann: &mut Browser) {
    let sessions = ann.get("/api/v1/sessions").await.json();
    assert_eq!(sessions["data"][0]["ip"], OWN_ADDRESS.to_string());
}

async fn assert_id_leads_through_the_logs(ann: &mut Browser, house: &House, balancer: &Balancer) {
    let reply = ann.get("/api/v1/me").await;
    let id = reply.header("x-request-id");
    assert_ne!(id, FORGED_ID);
    until("the balancer logs it", async || balancer.log().contains(id)).await;
    let logs = house.nodes.iter().map(|node| node.log());
    assert!(logs.into_iter().any(|log| log.contains(id)), "{id}");
}

async fn assert_answers_pass_as_they_are(ann: &mut Browser) {
    let bare = ann.get(DOCUMENT).await;
    assert_eq!(bare.headers.get("content-encoding"), None);
    ann.headers.push(("accept-encoding", "gzip".into()));
    let packed = ann.get(DOCUMENT).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.body.starts_with(&[0x1f, 0x8b]));
    assert!(packed.body.len() < bare.body.len() / 2);
}

async fn assert_plain_leads_to_encrypted(place: Place) {
    let [plain, _] = place.plain();
    let mut stream = TcpStream::connect(plain).await.expect("it listens");
    let request = format!("GET /x?y HTTP/1.1\r\nhost: {NAME}\r\nconnection: close\r\n\r\n");
    let answer = send_raw(&mut stream, request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 308 "), "{answer}");
    let location = format!("\r\nlocation: https://{NAME}/x?y\r\n");
    assert!(answer.to_lowercase().contains(&location), "{answer}");
}

async fn assert_events_are_not_held_back(kind: Kind) {
    let place = Place::new();
    let doubles = Doubles::listen(place, &[0, 1, 2]).await;
    let balancer = Balancer::start(kind, place).await;
    let mut browser = balancer.browser();
    let begun = browser.begin("GET", EVENTS, None).await;
    let mut events = begun.expect("an answer").into_body();
    let mut text = String::new();
    for (so_far, whole) in [(FIRST, false), (SECOND, true)] {
        let frame = tokio::time::timeout(LONG, events.frame()).await;
        let frame = frame.expect("it is passed on").expect("it goes on");
        let data = frame.expect("it is whole").into_data().expect("an event");
        text.push_str(std::str::from_utf8(&data).expect("text"));
        assert!(text.ends_with(so_far), "{text}");
        if !whole {
            doubles.send_second();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_reach_every_node_through_nginx() {
    assert_people_reach_every_node(Kind::Nginx).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_reach_every_node_through_haproxy() {
    assert_people_reach_every_node(Kind::HaProxy).await;
}

#[tokio::test]
async fn nginx_holds_no_event_back() {
    assert_events_are_not_held_back(Kind::Nginx).await;
}

#[tokio::test]
async fn haproxy_holds_no_event_back() {
    assert_events_are_not_held_back(Kind::HaProxy).await;
}
