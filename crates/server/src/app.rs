//! What every request needs, made once at start.

use std::sync::Arc;

use axum::Router;
use duly_db::random::new_id;
use duly_queue::balance::Settings;
use duly_tracker::Tracker;
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::api;
use crate::api::kept::KeptHeaders;
use crate::config::Http;
use crate::http::SecurityHeaders;
use crate::limits::Rules;
use crate::operations::Traffic;
use crate::web::Pages;

/// What handlers are given.
#[derive(Debug)]
pub struct Context {
    /// What Duly does.
    pub tracker: Tracker,
    /// `[http]` of the settings.
    pub http: Http,
    /// `[limits]` of the settings.
    pub limits: Rules,
    /// How slots are given to queues, as `[worker]` of the settings says it.
    pub balance: Settings,
    pub(crate) pages: Pages,
    pub(crate) security_headers: SecurityHeaders,
    pub(crate) kept_headers: KeptHeaders,
}

impl Context {
    /// Whether people reach Duly by TLS, so that cookies can insist on it.
    #[must_use]
    pub fn https(&self) -> bool {
        self.http.is_https()
    }
}

/// Everything that answers requests.
#[derive(Debug)]
pub struct App {
    /// What handlers are given.
    pub context: Arc<Context>,
    /// Changes under way; they come to their end even when their client has gone away.
    pub changes: TaskTracker,
    /// Where handlers run, while connections wait on threads of their own.
    pub(crate) runtime: Handle,
    pub(crate) router: Router,
    pub(crate) traffic: Traffic,
}

impl App {
    /// Puts the parts together. Runs in the Tokio runtime of all that takes longer.
    #[must_use]
    pub fn new(tracker: Tracker, http: Http, limits: Rules, balance: Settings) -> Arc<Self> {
        let assets_url = http.assets_url.as_deref();
        let security_headers = SecurityHeaders::new(assets_url, http.is_https());
        let context = Arc::new(Context {
            pages: Pages::new(assets_url),
            kept_headers: KeptHeaders::new(&security_headers),
            security_headers,
            tracker,
            http,
            limits,
            balance,
        });
        Arc::new(App {
            router: api::router(context.clone()),
            changes: TaskTracker::new(),
            runtime: Handle::current(),
            traffic: Traffic::default(),
            context,
        })
    }

    pub(crate) fn new_request_id(&self) -> Uuid {
        let tracker = &self.context.tracker;
        new_id(tracker.random.as_ref(), tracker.clock.now())
    }
}
