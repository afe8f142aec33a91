//! Who listens through a balancer hears of what is changed at whichever node, and goes on listening
//! at another node when theirs stops.

use std::time::{Duration, Instant};

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use rustix::process::Signal;
use serde_json::json;
use tokio::task::block_in_place;

use super::doubles::EVENTS;
use super::house::register;
use super::{Balancer, Browser, House, Kind, LONG, Place};

/// Less than the nodes go on for balancers to notice.
const AT_ONCE: Duration = Duration::from_secs(4);

/// A stream of events, and what has come of it.
struct Stream {
    body: Incoming,
    text: String,
}

impl Stream {
    async fn open(browser: &mut Browser) -> Self {
        let answer = browser.begin("GET", EVENTS, None).await.expect("an answer");
        assert_eq!(answer.status(), 200);
        Stream {
            body: answer.into_body(),
            text: String::new(),
        }
    }

    /// Whether there is more.
    async fn read(&mut self) -> bool {
        let frame = tokio::time::timeout(LONG, self.body.frame()).await;
        let Some(frame) = frame.expect("it is passed on") else {
            return false;
        };
        let data = frame.expect("it is whole").into_data().expect("an event");
        self.text
            .push_str(std::str::from_utf8(&data).expect("text"));
        true
    }

    async fn read_until(&mut self, expected: &str) {
        let begun = Instant::now();
        while !self.text.contains(expected) {
            assert!(self.read().await, "it ended: {}", self.text);
            assert!(begun.elapsed() < LONG, "{expected}: {}", self.text);
        }
    }

    fn last_id(&self) -> String {
        let mut ids = self
            .text
            .lines()
            .filter_map(|line| line.strip_prefix("id: "));
        ids.next_back().expect("an id").to_owned()
    }
}

async fn assert_is_told_and_goes_on(kind: Kind) {
    let place = Place::new();
    let mut house = House::start(place);
    let balancer = Balancer::start(kind, place).await;
    let mut ann = balancer.browser();
    register(&mut ann).await;
    let mut listener = ann.another();
    let mut stream = Stream::open(&mut listener).await;
    stream.read_until("event: hello").await;
    for number in 0..6 {
        let body = json!({ "title": format!("Task {number}") });
        let made = ann.ask("POST", "/api/v1/tasks", Some(&body)).await;
        let task = made.expect("an answer").json();
        stream.read_until(task["id"].as_str().expect("an id")).await;
    }
    let holds = |node: &usize| house.nodes[*node].log().contains(EVENTS);
    let holder = (0..3).find(holds).expect("one of them");
    house.nodes[holder].signal(Signal::TERM);
    let begun = Instant::now();
    while stream.read().await {}
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    let body = json!({ "title": "Meanwhile" });
    let made = ann.ask("POST", "/api/v1/tasks", Some(&body)).await;
    made.expect("an answer").json();
    listener.headers.push(("last-event-id", stream.last_id()));
    let mut again = Stream::open(&mut listener).await;
    again.read_until("event: resync").await;
    assert!(block_in_place(|| house.nodes[holder].wait()));
    let mut other = listener.another();
    let mut elsewhere = Stream::open(&mut other).await;
    elsewhere.read_until("event: resync").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_listens_through_nginx_is_told_and_goes_on() {
    assert_is_told_and_goes_on(Kind::Nginx).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_listens_through_haproxy_is_told_and_goes_on() {
    assert_is_told_and_goes_on(Kind::HaProxy).await;
}
