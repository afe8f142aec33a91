//! Duly in this process, on a database of its own, with a clock that stands still.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use duly_db::testing::open_again;
use duly_queue::Queue;
use duly_queue::balance::Settings as BalanceSettings;
use duly_server::app::App;
use duly_server::config::{self, Http};
use duly_server::limits::Rules;
use duly_tracker::idempotency::InFlight;
use duly_tracker::input::FromText as _;
use duly_tracker::testing::TestTracker;
use duly_tracker::users::{Email, Role, admin};
use duly_tracker::{Settings, Tracker};
use jiff::SignedDuration;
use serde_json::json;

use super::Client;

/// The password of everybody.
pub const PASSWORD: &str = "correct horse battery";

/// Duly for one test. When it is dropped, no job may be left over.
pub struct TestApp {
    pub app: Arc<App>,
    pub tracker: TestTracker,
    http: Http,
    limits: Rules,
    next_address: AtomicU32,
}

impl Deref for TestApp {
    type Target = TestTracker;

    fn deref(&self) -> &TestTracker {
        &self.tracker
    }
}

impl TestApp {
    pub async fn new() -> Self {
        Self::with(|_| {}, |_| {}).await
    }

    pub async fn with(settings: impl FnOnce(&mut Settings), http: impl FnOnce(&mut Http)) -> Self {
        // Tests ask more often than people.
        Self::limited(settings, http, |_| Rules::default()).await
    }

    /// With limits, which are given as they are by default.
    pub async fn limited(
        settings: impl FnOnce(&mut Settings),
        http: impl FnOnce(&mut Http),
        limits: impl FnOnce(Rules) -> Rules,
    ) -> Self {
        Self::made(TestTracker::with(settings).await, http, limits)
    }

    /// On the database of this tracker.
    pub fn at(tracker: TestTracker) -> Self {
        Self::made(tracker, |_| {}, |_| Rules::default())
    }

    fn made(
        tracker: TestTracker,
        http: impl FnOnce(&mut Http),
        limits: impl FnOnce(Rules) -> Rules,
    ) -> Self {
        let defaults = config::load(Some(Path::new("/dev/null")), std::iter::empty());
        let config = defaults.expect("the defaults are valid").config;
        let (mut section, limits) = (config.http, limits(config.limits));
        section.public_url = tracker.settings.public_url.clone();
        http(&mut section);
        let app = App::new(
            (*tracker).clone(),
            section.clone(),
            limits.clone(),
            BalanceSettings::default(),
        );
        TestApp {
            app,
            tracker,
            http: section,
            limits,
            next_address: AtomicU32::new(1),
        }
    }

    /// Another node on the same database.
    pub fn another_node(&self) -> Arc<App> {
        let mut tracker = (*self.tracker).clone();
        tracker.in_flight = InFlight::default();
        App::new(
            tracker,
            self.http.clone(),
            self.limits.clone(),
            BalanceSettings::default(),
        )
    }

    /// A node with a tracker of its own.
    pub fn node(&self, tracker: Tracker) -> Arc<App> {
        App::new(
            tracker,
            self.http.clone(),
            self.limits.clone(),
            BalanceSettings::default(),
        )
    }

    /// Somebody at an address of their own, without session and token.
    pub fn anonymous(&self) -> Client {
        let number = self.next_address.fetch_add(1, Ordering::Relaxed);
        let [_, a, b, c] = number.to_be_bytes();
        Client::new(self.app.clone(), IpAddr::V4(Ipv4Addr::new(10, a, b, c)))
    }

    /// Somebody who has registered, is logged in, and lives in Berlin.
    pub async fn user(&self, name: &str) -> Client {
        let client = self.anonymous();
        let body = json!({
            "name": name,
            "email": format!("{name}@example.org"),
            "password": PASSWORD,
            "time_zone": "Europe/Berlin",
        });
        let answer = client.post("/api/v1/register", body).await.expect(201);
        self.run_jobs().await;
        let _ = self.mails.take_mails();
        client.with_session_of(&answer)
    }

    /// Another session of somebody.
    pub async fn log_in(&self, name: &str) -> Client {
        let client = self.anonymous();
        let body = json!({ "email": format!("{name}@example.org"), "password": PASSWORD });
        let answer = client.post("/api/v1/login", body).await.expect(200);
        client.with_session_of(&answer)
    }

    /// Makes somebody an administrator.
    pub async fn promote(&self, name: &str) {
        let email = format!("{name}@example.org");
        let email = Email::from_text(&email).expect("a valid address");
        admin::promote(&self.tracker, &email, Role::Admin)
            .await
            .expect("somebody who has registered");
    }

    pub fn advance(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// How many statements it takes to learn who somebody is who was here before.
    pub fn looks(&self) -> u64 {
        u64::from(self.tracker.db.is_shared())
    }

    /// How many statements the database has run.
    pub fn statements(&self) -> u64 {
        self.tracker.db.counters().statements
    }

    /// The token in the newest mail's link to a page.
    pub fn mailed_token(&self, page: &str) -> String {
        let mails = self.mails.mails();
        let text = &mails.last().expect("a mail").text;
        let (_, rest) = text.split_once(&format!("/{page}?token=")).expect("a link");
        rest.split_whitespace().next().expect("a token").to_owned()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let url = self.tracker.database.url().to_owned();
        let (clock, random) = (self.tracker.clock.clone(), self.tracker.random.clone());
        // Not in the test's runtime: it is waiting for this very function.
        let counts = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(async {
                let db = open_again(&url).await.expect("the test's database");
                let counts = Queue::new(db.clone(), clock, random).counts().await;
                db.close().await;
                counts.expect("the store works")
            })
        });
        for (name, count) in counts.join().expect("no panic") {
            let left = count.ready + count.running + count.failed;
            assert_eq!(
                left, 0,
                "jobs are left in {name:?}: {count:?}; call run_jobs()"
            );
        }
    }
}
