//! `duly serve`

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use duly_db::Location;
use duly_queue::balance::{Balancer, BalancerHandle};
use duly_queue::{
    BatchKeeper, BatchKeeperHandle, Breaker, BreakerHandle, QueueName, Scheduler, SchedulerHandle,
    Worker, WorkerHandle, WorkerOptions,
};
use duly_tracker::{Tracker, jobs, sessions, users};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::task::AbortOnDropHandle;

use super::{CommandError, Outcome};
use crate::alarms::Watch;
use crate::app::App;
use crate::config::Config;
use crate::http::Threads;
use crate::http::listener::{self, Entrance};
use crate::node::{Node, Stop};
use crate::operations::Operations;
use crate::supervision::{Doing, LentSockets, from_lent, tell};
use crate::traces::{self, JobTraces};
use crate::{demo, logging, process, start, web};

/// How often it is written down which sessions and tokens were used.
const SEEN_INTERVAL: Duration = Duration::from_secs(10);

/// Jobs that run when the process is told to stop have this long to end.
const JOBS_TIMEOUT: Duration = Duration::from_secs(10);

/// What is left to do at the very end may take this long, with a database that does not answer.
const LAST_TIMEOUT: Duration = Duration::from_secs(3);

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Which part of the work to do, to split it over several processes.
    #[arg(long, value_enum, default_value = "all")]
    role: Role,
    /// Fill a demo account, in a database of its own beside the real one, and print how to log in.
    #[arg(long)]
    demo: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Role {
    /// Everything.
    All,
    /// Answer requests.
    Web,
    /// Run jobs: mails, maintenance.
    Worker,
    /// Start what happens at certain times.
    Scheduler,
}

impl Role {
    /// As it is written.
    fn name(self) -> &'static str {
        match self {
            Role::All => "all",
            Role::Web => "web",
            Role::Worker => "worker",
            Role::Scheduler => "scheduler",
        }
    }

    fn includes(self, part: Role) -> bool {
        self == Role::All || self == part
    }
}

pub(super) async fn run(arguments: Arguments, mut config: Config, lent: LentSockets) -> Outcome {
    raise_file_limit();
    let role = arguments.role;
    if arguments.demo {
        // Everybody knows the demo's password, and whoever comes first to the real database
        // becomes its administrator.
        let demo = config.database.folder().join("demo.db");
        config.database.options.location = Location::File(demo);
    }
    // An address that is taken is found out before the database is touched.
    let (entrance, for_operators) = entrances(role, &mut config, lent).await?;
    let (node, stop) = (Node::starting(config.http.clone()), Stop::default());
    let operations = Operations::new(node.clone(), role.name());
    let _seen = operations.serve(&config.operations, for_operators).await;
    let threads = entrance.as_ref().map(|_| Threads::start()).transpose();
    let threads = threads.map_err(|error| super::failed(&error))?;
    let runtimes = threads.as_ref().map(Threads::runtimes).unwrap_or_default();
    let served = entrance.zip(threads).map(|(entrance, threads)| {
        let served = listener::serve(entrance, node.clone(), threads, stop.clone());
        tokio::spawn(served)
    });
    let telling = tell(node.clone(), stop.told.clone(), runtimes.clone());
    let tracker = start::tracker_for(&config, &runtimes).await?;
    start::relay(&tracker, &config).await?;
    heed_signals(stop.clone())?;
    if arguments.demo {
        show(&tracker, &config).await?;
    }
    let worker = role
        .includes(Role::Worker)
        .then(|| start_worker(&tracker, worker_options(&config), &operations));
    let scheduler = role
        .includes(Role::Scheduler)
        .then(|| start_scheduler(&tracker, &config));
    let mut next_offer = Duration::MAX;
    if served.is_some() {
        next_offer = web::offer(&tracker).await;
        let (http, limits) = (config.http.clone(), config.limits.clone());
        let balance = config.worker.balance.clone();
        node.start(App::new(tracker.clone(), http, limits, balance));
        announce(&tracker, &config).await?;
    } else {
        node.work(tracker.clone());
        let version = env!("CARGO_PKG_VERSION");
        let ready = format!("Duly {version} runs without answering requests");
        logging::say(&config.log, ready);
    }
    telling.ready(Doing {
        serves: served.is_some().then(|| config.http.public_url.clone()),
        works: worker.as_ref().map(WorkerHandle::watch),
    });
    let watch = Watch::new(tracker.clone(), config.alarms.clone());
    let watching = AbortOnDropHandle::new(tokio::spawn(watch.run()));
    // Others do the jobs from the moment on in which this process is told to stop.
    tokio::join!(
        answer(served, &tracker, next_offer, &stop),
        work(scheduler, worker, &node, &stop)
    );
    drop(watching);
    finish(tracker).await;
    Ok(())
}

/// Fills the demo, and says how to log in.
async fn show(tracker: &Tracker, config: &Config) -> Outcome {
    demo::fill(tracker).await?;
    logging::say(
        &config.log,
        format!(
            "Log in to the demo with {} / {} (its data is in {})",
            demo::EMAIL,
            demo::PASSWORD,
            config.database.place()
        ),
    );
    Ok(())
}

/// Where requests come in, if this part of the work answers any, and the socket that is lent for operators.
async fn entrances(
    role: Role,
    config: &mut Config,
    lent: LentSockets,
) -> Result<(Option<Entrance>, Option<std::net::TcpListener>), CommandError> {
    if !role.includes(Role::Web) {
        let operations = lent.only_for_operators().map_err(CommandError::Wrong)?;
        return Ok((None, operations));
    }
    let entrance = enter(config, lent.requests).await?;
    Ok((Some(entrance), lent.operations))
}

/// The socket that is lent, else one of our own.
async fn enter(
    config: &mut Config,
    lent: Option<std::net::TcpListener>,
) -> Result<Entrance, CommandError> {
    let entrance = match lent {
        Some(lent) => Entrance::Lent(from_lent(lent).map_err(|error| super::failed(&error))?),
        None => Entrance::Own(listen(config.http.listen).await?),
    };
    let (Entrance::Own(socket) | Entrance::Lent(socket)) = &entrance;
    // With port 0 the system chooses one, and who lends a socket chooses all of it; links must name it.
    let chosen = socket.local_addr().map_err(|error| super::failed(&error))?;
    if config.http.public_url == format!("http://{}", config.http.listen) {
        config.http.public_url = format!("http://{chosen}");
    }
    Ok(entrance)
}

async fn listen(address: SocketAddr) -> Result<TcpListener, CommandError> {
    TcpListener::bind(address).await.map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::AddrInUse => "; another program listens there (set http.listen)",
            std::io::ErrorKind::PermissionDenied => "; ports below 1024 need a privilege",
            _ => "",
        };
        CommandError::Failed(format!("cannot listen on {address}: {error}{hint}"))
    })
}

/// SIGTERM, which comes from whoever looks after several nodes, gives balancers the time to notice.
/// SIGINT comes from a keyboard and does not; nor does the second signal of either kind. The next
/// one ends the process at once.
pub(super) fn heed_signals(stop: Stop) -> Outcome {
    let (mut terminate, mut interrupt) = signal(SignalKind::terminate())
        .and_then(|terminate| Ok((terminate, signal(SignalKind::interrupt())?)))
        .map_err(|error| super::failed(&error))?;
    tokio::spawn(async move {
        loop {
            let is_calm = tokio::select! {
                _ = terminate.recv() => !stop.told.is_cancelled(),
                _ = interrupt.recv() => false,
            };
            if is_calm {
                tracing::info!("stopping: balancers are told, and requests still answered");
                stop.told.cancel();
            } else if stop.at_once.is_cancelled() {
                std::process::exit(1);
            } else {
                tracing::info!("stopping: answering what is under way");
                stop.now();
            }
        }
    });
    Ok(())
}

/// How a worker runs, as the settings say it.
pub(super) fn worker_options(config: &Config) -> WorkerOptions {
    WorkerOptions {
        slots: config.worker.slots,
        queues: QueueName::by_priority(),
        poll: config.worker.poll,
        about: process::about(),
    }
}

pub(super) fn start_worker(
    tracker: &Tracker,
    options: WorkerOptions,
    operations: &Operations,
) -> WorkerHandle {
    let mut registry = jobs::registry().around(operations.jobs.clone());
    if traces::are_on() {
        registry = registry.around(JobTraces);
    }
    let registry = Arc::new(registry);
    Worker::start(tracker.queue.clone(), registry, tracker.clone(), options)
}

/// What one node does for all, whichever leads.
struct Leading {
    scheduler: SchedulerHandle,
    balancer: BalancerHandle,
    batches: BatchKeeperHandle,
    breaker: BreakerHandle,
}

/// Fires schedules, gives slots to queues, looks after batches, and pauses what fails.
fn start_scheduler(tracker: &Tracker, config: &Config) -> Leading {
    let queue = &tracker.queue;
    let scheduler = Scheduler::new(queue.clone(), jobs::schedules(queue)).start();
    let settings = config.worker.balance.clone();
    let balancer = Balancer::new(queue.clone(), jobs::registry().queues(), settings);
    Leading {
        scheduler,
        balancer: balancer.start(),
        batches: BatchKeeper::new(queue.clone()).start(),
        breaker: Breaker::new(queue.clone(), config.worker.breaker).start(),
    }
}

/// As many open files as the system lets us have; each connection is one.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}

/// Says what the operator has to know; last of all where Duly is.
async fn announce(tracker: &Tracker, config: &Config) -> Outcome {
    if config.mail.server.is_none() {
        let folder = start::outbox(config);
        let folder = folder.display();
        tracing::info!("no mail server is set (mail.url): mails are written to {folder}");
    }
    if let Some(link) = users::setup_link(tracker).await? {
        logging::say(
            &config.log,
            format!("Make the first administrator (valid once, for a day): {link}"),
        );
    }
    let version = env!("CARGO_PKG_VERSION");
    logging::say(
        &config.log,
        format!("Duly {version} runs on {}", config.http.public_url),
    );
    Ok(())
}

/// Answers requests until told to stop and done with it.
async fn answer(
    served: Option<JoinHandle<()>>,
    tracker: &Tracker,
    next_offer: Duration,
    stop: &Stop,
) {
    let Some(served) = served else {
        return;
    };
    let seen = async {
        let mut ticks = tokio::time::interval(SEEN_INTERVAL);
        loop {
            ticks.tick().await;
            write_seen(tracker).await;
        }
    };
    tokio::select! {
        ended = served => {
            if let Err(error) = ended {
                tracing::error!(%error, "the listener ended");
                stop.now();
            }
        }
        () = seen => {}
        () = web::keep_offering(tracker, next_offer) => {}
    }
}

/// Runs jobs until told to stop and done with it.
async fn work(leading: Option<Leading>, worker: Option<WorkerHandle>, node: &Node, stop: &Stop) {
    stop.told.cancelled().await;
    node.drain();
    if let Some(leading) = leading {
        tokio::join!(
            leading.scheduler.stop(),
            leading.balancer.stop(),
            leading.batches.stop(),
            leading.breaker.stop()
        );
    }
    if let Some(worker) = worker {
        worker.drain(JOBS_TIMEOUT).await;
    }
}

async fn write_seen(tracker: &Tracker) {
    if let Err(error) = sessions::flush_seen(tracker).await {
        tracing::warn!(%error, "it could not be written down which sessions were used");
    }
}

/// Lets go of the database, within a time limit: it may not answer any more.
pub(super) async fn finish(tracker: Tracker) {
    let last = async {
        write_seen(&tracker).await;
        tracker.db.close().await;
    };
    if tokio::time::timeout(LAST_TIMEOUT, last).await.is_err() {
        tracing::warn!("the database did not let go in time");
    }
}
