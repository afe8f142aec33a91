//! People who write, and look at any node whether they see at least what they have seen.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use duly_db::Random as _;
use duly_db::random::SeededRandom;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::place::{Node, Place};
use super::until;
use crate::support::{Answer, Client};

/// So many requests are under way at once.
const WORKERS: u64 = 6;

/// How many of a hundred requests write.
const WRITES: u8 = 10;

const LIST: &str = "/api/v1/tasks?status=pending&sort=title";

pub struct Crowd {
    workers: JoinSet<Vec<String>>,
    progress: Arc<Progress>,
}

#[derive(Default)]
struct Progress {
    reads: AtomicU64,
    is_over: AtomicBool,
    has_found: AtomicBool,
}

/// What came of it.
pub struct Findings {
    pub reads: u64,
    /// What somebody was shown, and what they had seen before.
    pub stale: Vec<String>,
}

/// Somebody with one task, whose title counts its changes, in one browser.
struct Person {
    name: String,
    client: Client,
    path: String,
    /// The newest they have seen, or were told was written.
    seen: AtomicI64,
    /// What they were told to say, if they do what they are told.
    version: Mutex<Option<String>>,
    is_obedient: bool,
    /// They make one change after the other.
    written: tokio::sync::Mutex<i64>,
}

impl Person {
    async fn new(place: &Place, name: String) -> Self {
        let client = place.app.user(&name).await;
        let task = client.task(json!({ "title": format!("{name}/0") })).await;
        let id = task["id"].as_str().expect("an id");
        Person {
            path: format!("/api/v1/tasks/{id}"),
            name,
            client,
            seen: AtomicI64::new(0),
            version: Mutex::default(),
            // What they say hides mistakes for a while.
            is_obedient: place.is_right(),
            written: tokio::sync::Mutex::default(),
        }
    }

    async fn ask(
        &self,
        node: &Node,
        method: &'static str,
        path: &str,
        body: Option<Value>,
    ) -> Option<Answer> {
        let (client, path) = (self.client.clone(), path.to_owned());
        let version = self
            .version
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        node.run(move |app| {
            let mut ask = client.at(app).ask(method, &path);
            if let Some(version) = version {
                ask = ask.header("duly-version", &version);
            }
            if let Some(body) = body {
                ask = ask.json(&body);
            }
            Box::pin(async move { ask.await })
        })
        .await
    }

    async fn write(&self, node: &Node) {
        let mut written = self.written.lock().await;
        *written += 1;
        let title = format!("{}/{}", self.name, *written);
        let asked = self.ask(node, "PATCH", &self.path, Some(json!({ "title": title })));
        // Of a node that was killed, nobody knows whether it has written.
        let Some(answer) = asked.await else { return };
        if answer.status == 503 {
            return;
        }
        let answer = answer.expect(200);
        self.note(&answer);
        self.seen.fetch_max(*written, Ordering::SeqCst);
    }

    /// Remembers what they are told to say.
    fn note(&self, answer: &Answer) {
        let told = answer.headers.get("duly-version");
        if let Some(version) = told.filter(|_| self.is_obedient) {
            let version = version.to_str().expect("a number").to_owned();
            let mut said = self.version.lock().unwrap_or_else(PoisonError::into_inner);
            let number = |text: &str| text.parse::<i64>().expect("a number");
            if said
                .as_deref()
                .is_none_or(|old| number(old) < number(&version))
            {
                *said = Some(version);
            }
        }
    }

    /// Answers what is wrong with what they are shown.
    async fn look(&self, node: &Node, is_list: bool) -> Option<Option<String>> {
        let seen = self.seen.load(Ordering::SeqCst);
        let path = if is_list { LIST } else { &self.path };
        let answer = self.ask(node, "GET", path, None).await?;
        if answer.status == 503 {
            return None;
        }
        self.note(&answer);
        let shown = match answer.status {
            200 if is_list => answer.json()["data"][0]["title"].clone(),
            200 => answer.json()["title"].clone(),
            other => return Some(Some(format!("{}: {other}", self.name))),
        };
        let number = shown.as_str().and_then(|title| {
            let (name, number) = title.split_once('/')?;
            (name == self.name).then(|| number.parse::<i64>().ok())?
        });
        match number {
            Some(number) if number >= seen => {
                self.seen.fetch_max(number, Ordering::SeqCst);
                Some(None)
            }
            _ => Some(Some(format!(
                "{} had seen {seen} and is shown {shown}",
                self.name
            ))),
        }
    }
}

impl Crowd {
    pub async fn start(place: &Place, people: usize) -> Self {
        let mut crowd = Vec::new();
        for number in 0..people {
            crowd.push(Person::new(place, format!("p{number}")).await);
        }
        let (people, progress) = (Arc::new(crowd), Arc::new(Progress::default()));
        let mut workers = JoinSet::new();
        for seed in 0..WORKERS {
            let (people, nodes) = (people.clone(), place.nodes.clone());
            workers.spawn(work(people, nodes, seed, progress.clone()));
        }
        Crowd { workers, progress }
    }

    pub fn reads(&self) -> u64 {
        self.progress.reads.load(Ordering::Relaxed)
    }

    pub fn has_found(&self) -> bool {
        self.progress.has_found.load(Ordering::Relaxed)
    }

    /// Waits until so many more reads were checked, or something is found.
    pub async fn go_on(&self, reads: u64) {
        let mut goal = self.reads();
        let end = goal + reads;
        while goal < end {
            goal = end.min(goal + 500);
            until("people go on", || self.reads() >= goal || self.has_found()).await;
        }
    }

    pub async fn end(mut self) -> Findings {
        self.progress.is_over.store(true, Ordering::Relaxed);
        let mut stale = Vec::new();
        while let Some(found) = self.workers.join_next().await {
            stale.extend(found.expect("no panic"));
        }
        Findings {
            reads: self.reads(),
            stale,
        }
    }
}

async fn work(
    people: Arc<Vec<Person>>,
    nodes: Arc<[Node; 3]>,
    seed: u64,
    progress: Arc<Progress>,
) -> Vec<String> {
    let (random, mut stale) = (SeededRandom::new(seed), Vec::new());
    while !progress.is_over.load(Ordering::Relaxed) {
        let mut chance = [0; 4];
        random.fill(&mut chance);
        let [who, at, what, which] = chance;
        let person = &people[usize::from(who) % people.len()];
        let node = &nodes[usize::from(at) % nodes.len()];
        if what % 100 < WRITES {
            person.write(node).await;
            continue;
        }
        match person.look(node, which.is_multiple_of(2)).await {
            Some(None) => {}
            Some(Some(wrong)) => {
                progress.has_found.store(true, Ordering::Relaxed);
                stale.push(wrong);
            }
            // A node that is not there just now.
            None => {
                tokio::task::yield_now().await;
                continue;
            }
        }
        progress.reads.fetch_add(1, Ordering::Relaxed);
    }
    stale
}
