//! People who go on working whatever happens to the nodes.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Browser, until};

const PEOPLE: usize = 6;

/// One request of so many is a change.
const CHANGES: usize = 10;

const LIST: &str = "/api/v1/tasks?limit=20";

pub struct Load {
    people: Vec<JoinHandle<Account>>,
    sent: Arc<AtomicU64>,
    end: CancellationToken,
}

/// What became of the requests.
#[derive(Debug, Default)]
pub struct Account {
    pub sent: u64,
    /// Titles of tasks that were acknowledged.
    pub acknowledged: HashSet<String>,
    /// Why requests failed that only look.
    pub failed_reads: Vec<String>,
    /// Why changes failed.
    pub failed_changes: Vec<String>,
}

impl Load {
    /// Each of them works on a connection of their own, one request after the other.
    pub fn start(ann: &Browser) -> Self {
        let (sent, end) = (Arc::default(), CancellationToken::new());
        let people = (0..PEOPLE).map(|number| {
            let work = work(ann.another(), number, Arc::clone(&sent), end.clone());
            tokio::spawn(work)
        });
        Load {
            people: people.collect(),
            sent,
            end,
        }
    }

    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Waits until that many further requests were sent.
    pub async fn goes_on_for(&self, further: u64) {
        let enough = self.sent() + further;
        until("they go on", async || self.sent() >= enough).await;
    }

    /// Waits until that many requests were sent in all, and ends.
    pub async fn end_after(self, enough: u64) -> Account {
        while self.sent() < enough {
            self.goes_on_for(1).await;
        }
        self.end.cancel();
        let mut total = Account::default();
        for person in self.people {
            let account = person.await.expect("no panic");
            total.sent += account.sent;
            total.acknowledged.extend(account.acknowledged);
            total.failed_reads.extend(account.failed_reads);
            total.failed_changes.extend(account.failed_changes);
        }
        total
    }
}

async fn work(
    mut browser: Browser,
    person: usize,
    sent: Arc<AtomicU64>,
    end: CancellationToken,
) -> Account {
    let mut account = Account::default();
    for number in 0.. {
        if end.is_cancelled() {
            break;
        }
        // Not all at the same moment.
        if (number + person).is_multiple_of(CHANGES) {
            let title = format!("{person}/{number}");
            let body = json!({ "title": title });
            match ask(&mut browser, "POST", "/api/v1/tasks", Some(&body)).await {
                Ok(()) => assert!(account.acknowledged.insert(title)),
                Err(reason) => account.failed_changes.push(reason),
            }
        } else if let Err(reason) = ask(&mut browser, "GET", LIST, None).await {
            account.failed_reads.push(reason);
        }
        account.sent += 1;
        sent.fetch_add(1, Ordering::Relaxed);
    }
    account
}

async fn ask(
    browser: &mut Browser,
    method: &str,
    path: &str,
    body: Option<&serde_json::Value>,
) -> Result<(), String> {
    match browser.ask(method, path, body).await {
        Ok(reply) if reply.status.is_success() => Ok(()),
        Ok(reply) => {
            let said = String::from_utf8_lossy(&reply.body);
            Err(format!("{method} {}: {said}", reply.status))
        }
        Err(error) => Err(format!("{method}: {error:?}")),
    }
}
