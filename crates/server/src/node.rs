//! This process as one node of several: whether it answers already, and whether it still does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use duly_db::status::{PrimaryState, ReplicaState};
use serde::Serialize;
use tokio::sync::SetOnce;
use tokio_util::sync::CancellationToken;

use duly_tracker::Tracker;

use crate::app::App;
use crate::config::Http;

/// A node, from before its database is open until its end.
#[derive(Debug)]
pub struct Node {
    /// `[http]` of the settings.
    pub http: Http,
    app: SetOnce<Arc<App>>,
    /// Of a node that answers no requests.
    worker: SetOnce<Tracker>,
    is_draining: AtomicBool,
}

/// Whether requests should be sent to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The database is being opened and brought up to date.
    Starting,
    /// Yes.
    Ready,
    /// No server of the database answers this node.
    Unreachable,
    /// It was told to stop, and goes on only so that nobody loses a request over it.
    Draining,
}

/// What a node says of itself. It names no server and holds no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// Whether requests should be sent to it.
    pub status: Stage,
    /// Its database.
    pub database: DatabaseReadiness,
    /// Whether it was told to stop.
    pub draining: bool,
}

/// What a node knows of its database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DatabaseReadiness {
    /// Whether a server of it answers; not known before the start is complete.
    pub reachable: Option<bool>,
    /// Whether it has every table this release needs.
    pub migrated: bool,
}

impl Node {
    /// A node that is not ready yet.
    #[must_use]
    pub fn starting(http: Http) -> Arc<Self> {
        Arc::new(Node {
            http,
            app: SetOnce::new(),
            worker: SetOnce::new(),
            is_draining: AtomicBool::new(false),
        })
    }

    /// A node that answers.
    #[must_use]
    pub fn started(app: Arc<App>) -> Arc<Self> {
        let node = Node::starting(app.context.http.clone());
        node.start(app);
        node
    }

    /// From now on requests are answered, those that wait for it too.
    pub fn start(&self, app: Arc<App>) {
        // Nobody starts it twice; if so, it is started.
        let _ = self.app.set(app);
        self.end_streams_if_draining();
    }

    /// From now on it works, without answering requests.
    pub fn work(&self, tracker: Tracker) {
        // Nobody starts it twice; if so, it works.
        let _ = self.worker.set(tracker);
    }

    /// What it works with, as soon as it does.
    pub fn tracker(&self) -> Option<&Tracker> {
        let answering = self.app().map(|app| &app.context.tracker);
        answering.or_else(|| self.worker.get())
    }

    /// What answers, if it does already.
    pub fn app(&self) -> Option<&Arc<App>> {
        self.app.get()
    }

    /// What answers, as soon as it does.
    pub async fn wait_for_app(&self) -> &Arc<App> {
        self.app.wait().await
    }

    /// From now on it asks for no more requests. Streams of events, which would go on for ever, end.
    pub fn drain(&self) {
        self.is_draining.store(true, Ordering::SeqCst);
        self.end_streams_if_draining();
    }

    /// Whichever of starting and draining comes last.
    fn end_streams_if_draining(&self) {
        if let Some(app) = self.app()
            && self.is_draining()
        {
            app.context.tracker.live.close();
        }
    }

    /// Whether it was told to stop.
    pub fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::SeqCst)
    }

    /// How it is doing. Asks nobody: what watches the database knows.
    pub fn readiness(&self) -> Readiness {
        let reachable = self.tracker().map(is_reachable);
        let draining = self.is_draining();
        let status = match reachable {
            _ if draining => Stage::Draining,
            None => Stage::Starting,
            Some(true) => Stage::Ready,
            Some(false) => Stage::Unreachable,
        };
        Readiness {
            status,
            database: DatabaseReadiness {
                reachable,
                // The last step of the start before there is an app.
                migrated: reachable.is_some(),
            },
            draining,
        }
    }
}

/// While one replica answers, people can read, and who changes something is told to try again. All
/// nodes have lost the same primary: were they to say that they are not ready, nobody would answer.
fn is_reachable(tracker: &Tracker) -> bool {
    let status = tracker.db.status();
    let is_serving = |state: ReplicaState| state == ReplicaState::Serving;
    status.primary.state == PrimaryState::Up
        || status
            .replicas
            .iter()
            .any(|replica| is_serving(replica.state))
}

/// How a node is told to stop.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// Cancelled: it is to stop, once balancers have had the time to notice.
    pub told: CancellationToken,
    /// Cancelled: there is nobody who has to notice, or no time for it.
    pub at_once: CancellationToken,
}

impl Stop {
    /// Told to stop, and that no balancer has to notice.
    pub fn now(&self) {
        self.told.cancel();
        self.at_once.cancel();
    }
}
