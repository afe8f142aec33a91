//! Three nodes on one database.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use duly_db::Engine;
use duly_db::testing::Cluster;
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::block_in_place;

use super::{Browser, NAME, Place};
use crate::support::Process;

/// Whoever looks after the processes kills what has not ended by then.
const END: Duration = Duration::from_secs(30);

pub struct House {
    pub nodes: Vec<Process>,
    /// Where their database is.
    pub database: String,
    /// What they share, on SQLite or a server.
    _folder: TempDir,
    _cluster: Option<Cluster>,
}

impl House {
    /// Starts the three nodes of a place, on the engine that the tests run on.
    pub fn start(place: Place) -> Self {
        Self::start_with(place, &[])
    }

    /// The same with further variables.
    pub fn start_with(place: Place, further: &[(&'static str, String)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = ["--durable", "--without-replicas"];
        let cluster = [Engine::Postgres, Engine::MariaDb]
            .into_iter()
            .find_map(|engine| Cluster::start(engine, &options));
        let database = match &cluster {
            Some(cluster) => cluster.url("primary"),
            None => format!("sqlite:{}", folder.path().join("duly.db").display()),
        };
        let nodes = (0..3).map(|number| {
            let mut duly = Process::new();
            duly.variables = vec![
                ("DULY_HTTP__LISTEN", place.node(number).to_string()),
                ("DULY_HTTP__PUBLIC_URL", format!("https://{NAME}")),
                // The browser as well: nobody may be believed for being one of ours.
                ("DULY_HTTP__TRUSTED_PROXIES", "127.0.0.0/8".into()),
                ("DULY_HTTP__DRAIN_DELAY", "5s".into()),
                ("DULY_DATABASE__URL", database.clone()),
                ("DULY_CACHE__URL", "sql".into()),
                ("DULY_LOG__LEVEL", "error,duly::access=info".into()),
            ];
            duly.variables.extend_from_slice(further);
            duly.serve(&[]);
            duly
        });
        House {
            nodes: nodes.collect(),
            database,
            _folder: folder,
            _cluster: cluster,
        }
    }

    /// How many requests a node has answered.
    pub fn answered(&self, node: usize) -> usize {
        let log = self.nodes[node].log();
        log.lines().filter(|line| line.contains("/api/v1/")).count()
    }

    /// Tells a node to stop, waits for its end and starts it again. Answers how long the end took.
    pub fn restart(&mut self, node: usize) -> Duration {
        let duly = &mut self.nodes[node];
        let begun = Instant::now();
        duly.signal(Signal::TERM);
        assert!(block_in_place(|| duly.wait()), "{}", duly.log());
        let took = begun.elapsed();
        assert!(took < END, "{took:?}");
        block_in_place(|| duly.serve(&[]));
        took
    }
}

/// Ann registers.
pub async fn register(browser: &mut Browser) {
    let body = json!({ "name": "Ann", "email": "ann@example.org",
        "password": "correct horse battery" });
    let asked = browser.ask("POST", "/api/v1/register", Some(&body)).await;
    asked.expect("an answer").json();
}

/// How often there is a task of each title.
pub async fn titles(browser: &mut Browser) -> HashMap<String, u32> {
    let (mut found, mut cursor) = (HashMap::new(), String::new());
    loop {
        let path = format!("/api/v1/tasks?limit=200&fields=title&sort=created_at{cursor}");
        let page = browser.get(&path).await.json();
        for task in page["data"].as_array().expect("a list") {
            let title = task["title"].as_str().expect("text").to_owned();
            *found.entry(title).or_default() += 1;
        }
        match &page["next_cursor"] {
            Value::String(next) => cursor = format!("&cursor={next}"),
            _ => return found,
        }
    }
}
