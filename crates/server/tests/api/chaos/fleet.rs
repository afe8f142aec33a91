//! Workers and schedulers as processes of their own, and what each worker is at.

use std::cell::Cell;
use std::process::Child;
use std::time::Duration;

use duly_db::{Db, query};
use duly_queue::store::{Filter, JobRecord, Listing, State, WorkerId};
use duly_tracker::NotificationId;
use duly_tracker::testing::TestTracker;
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::PATIENCE;
use super::moments::{self, thaw};
use super::sink::Sink;
use crate::support::Process;

/// So long a worker is led at most: its lease is 15 s, and may have been renewed 5 s before.
const LEAD: Duration = Duration::from_secs(5);

/// Where a worker is, as far as it can be seen from outside, in the order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// It holds a job and has done nothing with it.
    Claimed,
    /// It has written down that it sends, and does not talk to the mail server.
    Rendered,
    /// It talks to the mail server.
    Sending,
    /// It has written down that the mail is sent, and not that the job is done.
    Recorded,
}

pub struct Fleet<'a> {
    app: &'a TestTracker,
    /// The same database, for who does not wait for locks.
    impatient: Db,
    sink: Sink,
    home: Process,
    workers: Vec<Option<Child>>,
    schedulers: Vec<Child>,
    /// How many times a worker was led for so long that others may have taken its job over.
    outlived: Cell<usize>,
}

fn process(child: &Child) -> Pid {
    Pid::from_child(child)
}

impl<'a> Fleet<'a> {
    pub async fn new(
        app: &'a TestTracker,
        sink: Sink,
        variables: Vec<(&'static str, String)>,
    ) -> Self {
        let impatient = super::impatient(app).await;
        let mut home = Process::new();
        home.variables = variables;
        let url = app.database.url().to_owned();
        home.variables.push(("DULY_DATABASE__URL", url));
        let workers = sink.ports.iter().map(|_| None).collect();
        Fleet {
            app,
            impatient,
            sink,
            home,
            workers,
            schedulers: Vec::new(),
            outlived: Cell::new(0),
        }
    }

    pub fn start_worker(&mut self, number: usize) {
        let url = format!("smtp://127.0.0.1:{}?tls=none", self.sink.ports[number]);
        self.home
            .variables
            .retain(|(name, _)| *name != "DULY_MAIL__URL");
        self.home.variables.push(("DULY_MAIL__URL", url));
        let child = self.home.spawn_logging(&["work", "--slots", "1"]);
        self.sink.is_process(number, process(&child));
        self.workers[number] = Some(child);
    }

    pub fn start_scheduler(&mut self) {
        let child = self.home.spawn_logging(&["serve", "--role", "scheduler"]);
        self.schedulers.push(child);
    }

    fn freeze(&self, pid: Pid) {
        let status = moments::freeze(pid);
        let log = || self.home.log();
        assert!(status.stopped(), "it ended with {status:?}: {}", log());
    }

    fn pid(&self, number: usize) -> Pid {
        process(self.workers[number].as_ref().expect("it runs"))
    }

    /// Freezes a scheduler, but not while it keeps all others from writing.
    pub async fn freeze_scheduler(&self, number: usize) {
        let pid = process(&self.schedulers[number]);
        super::until(async || {
            self.freeze(pid);
            let is_free = self.may_write().await;
            if !is_free {
                thaw(pid);
            }
            is_free
        })
        .await;
    }

    /// Whether nobody who is frozen holds the one lock of SQLite.
    async fn may_write(&self) -> bool {
        let mut tx = self.impatient.begin();
        let nothing = "UPDATE instance SET value = value WHERE name = 'nothing'";
        tx.execute(query(nothing)).await.is_ok() && tx.commit().await.is_ok()
    }

    pub fn wake_scheduler(&self, number: usize) {
        thaw(process(&self.schedulers[number]));
    }

    pub fn wake(&self, number: usize) {
        thaw(self.pid(number));
    }

    /// Notes that the sink has killed it.
    pub fn bury(&mut self, number: usize) {
        let mut child = self.workers[number].take().expect("it ran");
        assert!(!child.wait().expect("it ends").success(), "it was killed");
    }

    pub fn kill(&mut self, number: usize) {
        kill_process(self.pid(number), Signal::KILL).expect("it runs");
        self.bury(number);
    }

    /// Freezes a worker at a place, and answers the promise it is at. From the moment on in which it is known it gets
    /// on by moments, as long as it is not past the place.
    pub async fn freeze_at(&self, number: usize, place: Place) -> NotificationId {
        let mut ticks = ticks();
        let caught = async {
            while self.worker_of(number).await.is_none() {
                ticks.tick().await;
            }
            loop {
                // Only what comes after that has to be done by moments.
                if place == Place::Recorded {
                    self.sink.hold(number).await;
                }
                self.freeze(self.pid(number));
                self.sink.release();
                match self.promise_of(number).await {
                    Some(promise) if self.led_to(number, place, promise).await => return promise,
                    Some(_) => {}
                    None => moments::thaw_for_a_moment(self.pid(number)),
                }
            }
        };
        self.sink.answer_only(Some(number));
        let caught = tokio::time::timeout(PATIENCE, caught).await;
        self.sink.answer_only(None);
        caught.unwrap_or_else(|_| panic!("no worker was seen {place:?}"))
    }

    /// Lets a worker that is frozen get on with a promise until it is at the place, where it is left frozen, or past it.
    ///
    /// It gets on by moments, and is looked at between two of them while it stands still: looking takes as long as
    /// the machine is busy, and a worker that went on meanwhile would be past the place.
    async fn led_to(&self, number: usize, wanted: Place, promise: NotificationId) -> bool {
        let begun = Instant::now();
        loop {
            let place = self.place_with(number, promise).await;
            let is_there = place == Some(wanted)
                && self.promise_of(number).await == Some(promise)
                && self.may_write().await;
            if is_there {
                return true;
            }
            if place == Some(Place::Recorded) {
                moments::thaw_for_a_moment(self.pid(number));
                return false;
            }
            if place > Some(wanted) || begun.elapsed() > LEAD {
                self.let_go(number, promise).await;
                self.outlived
                    .update(|outlived| outlived + usize::from(begun.elapsed() > LEAD * 2));
                return false;
            }
            moments::thaw_for_a_moment(self.pid(number));
            self.freeze(self.pid(number));
        }
    }

    /// Lets a worker that is frozen go on until the mail is written down: with a mail that is sent and not written down
    /// it must not outlive its lease.
    async fn let_go(&self, number: usize, promise: NotificationId) {
        self.wake(number);
        let mut ticks = ticks();
        // It may have given the job back.
        while self.place_with(number, promise).await != Some(Place::Recorded)
            && self.promise_of(number).await == Some(promise)
        {
            ticks.tick().await;
        }
    }

    /// How many mails may have been sent again because their worker was led for longer than its lease.
    pub fn outlived(&self) -> usize {
        self.outlived.get()
    }

    /// Where a worker is with a promise.
    async fn place_with(&self, number: usize, promise: NotificationId) -> Option<Place> {
        let (state, id) = standing(self.app, promise).await?;
        let is_taken = || self.sink.taken().contains_key(&format!("<{id}>"));
        Some(match state.as_str() {
            "queued" => Place::Claimed,
            "sending" if self.sink.is_connected(number) || is_taken() => Place::Sending,
            "sending" => Place::Rendered,
            _ => Place::Recorded,
        })
    }

    /// Whom the store knows a worker as, once it does.
    async fn worker_of(&self, number: usize) -> Option<WorkerId> {
        let operations = self.app.queue.operations();
        let pid = u32::try_from(self.pid(number).as_raw_nonzero().get()).expect("a number");
        let workers = operations.workers().await.ok()?;
        let worker = workers.iter().find(|worker| worker.process == pid)?;
        Some(worker.id)
    }

    /// Whether all have started: one that finds no database then ends, for whoever looks after it to start it again.
    pub async fn have_started(&self) -> bool {
        for number in 0..self.workers.len() {
            if self.worker_of(number).await.is_none() {
                return false;
            }
        }
        true
    }

    /// The promise that a worker is about to keep.
    pub async fn promise_of(&self, number: usize) -> Option<NotificationId> {
        let worker = self.worker_of(number).await?;
        let running = running(self.app).await.ok()?;
        let job = running.iter().find(|job| job.worker == Some(worker))?;
        let payload: serde_json::Value = serde_json::from_str(&job.payload).expect("JSON");
        payload["notification"].as_str()?.parse().ok()
    }

    /// Stops all in order.
    pub fn stop(mut self) {
        let workers = self.workers.iter_mut().filter_map(Option::take);
        for mut child in workers.chain(self.schedulers.drain(..)) {
            kill_process(process(&child), Signal::TERM).expect("it runs");
            assert!(
                child.wait().expect("it ends").success(),
                "it stops in order"
            );
        }
    }
}

impl Drop for Fleet<'_> {
    fn drop(&mut self) {
        let workers = self.workers.iter_mut().filter_map(Option::take);
        for mut child in workers.chain(self.schedulers.drain(..)) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// As often as a worker that is not frozen is looked at.
fn ticks() -> Interval {
    let mut ticks = tokio::time::interval(Duration::from_millis(3));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// The mails that are being sent. Whoever is frozen may hold a lock that is needed to know.
async fn running(app: &TestTracker) -> duly_queue::Result<Vec<JobRecord>> {
    let filter = Filter {
        kind: Some("send_reminder".into()),
        ..Filter::default()
    };
    let listing = Listing {
        state: State::Running,
        filter: &filter,
        limit: 100,
        after: None,
    };
    app.queue.operations().list(&listing).await
}

/// How far a promise has come; nothing while that cannot be read.
pub async fn state_of(app: &TestTracker, promise: NotificationId) -> Option<String> {
    standing(app, promise).await.map(|(state, _)| state)
}

/// How far a promise has come, and the `Message-ID` of its mail. Whoever is frozen may have been about to say up to
/// where it reads, and hold up others who say so.
async fn standing(app: &TestTracker, promise: NotificationId) -> Option<(String, String)> {
    let select = "SELECT state, message_id FROM notifications WHERE id = ?1";
    let row = app
        .db
        .read_fresh()
        .optional_row(query(select).bind(promise))
        .await;
    let row = row.ok()?.expect("it was promised");
    let text = |name| row.get(name).expect("text");
    Some((text("state"), text("message_id")))
}
