//! `duly serve`

use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use duly_db::Location;
use duly_queue::{QueueName, Scheduler, SchedulerHandle, Worker, WorkerHandle, WorkerOptions};
use duly_tracker::{Tracker, jobs, sessions, users};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{CommandError, Outcome};
use crate::app::App;
use crate::config::Config;
use crate::http::listener;
use crate::{demo, output, start};

/// How often it is written down which sessions and tokens were used.
const SEEN_INTERVAL: Duration = Duration::from_secs(10);

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
    fn includes(self, part: Role) -> bool {
        self == Role::All || self == part
    }
}

pub(super) async fn run(arguments: Arguments, mut config: Config) -> Outcome {
    raise_file_limit();
    let role = arguments.role;
    if arguments.demo {
        // Everybody knows the demo's password, and whoever comes first to the real database
        // becomes its administrator.
        let demo = config.database.folder().join("demo.db");
        config.database.options.location = Location::File(demo);
    }
    // An address that is taken is found out before the database is touched.
    let listener = match role.includes(Role::Web) {
        true => Some(listen(&mut config).await?),
        false => None,
    };
    let tracker = start::tracker(&config).await?;
    start::relay(&tracker, &config).await?;
    let stop = stop_signal()?;
    if arguments.demo {
        demo::fill(&tracker).await?;
        output::say(format!(
            "Log in to the demo with {} / {} (its data is in {})",
            demo::EMAIL,
            demo::PASSWORD,
            config.database.place()
        ));
    }
    let worker = role
        .includes(Role::Worker)
        .then(|| start_worker(&tracker, &config));
    let scheduler = role
        .includes(Role::Scheduler)
        .then(|| start_scheduler(&tracker));
    match listener {
        Some(listener) => {
            announce(&tracker, &config).await?;
            serve(listener, &tracker, config, stop).await;
        }
        None => {
            let version = env!("CARGO_PKG_VERSION");
            output::say(format!("Duly {version} runs without answering requests"));
            stop.cancelled().await;
        }
    }
    finish(tracker, scheduler, worker).await;
    Ok(())
}

async fn listen(config: &mut Config) -> Result<TcpListener, CommandError> {
    let address = config.http.listen;
    let bound = TcpListener::bind(address).await.map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::AddrInUse => "; another program listens there (set http.listen)",
            std::io::ErrorKind::PermissionDenied => "; ports below 1024 need a privilege",
            _ => "",
        };
        CommandError::Failed(format!("cannot listen on {address}: {error}{hint}"))
    })?;
    // With port 0 the system chooses one; links must name it.
    let chosen = bound.local_addr().map_err(|error| super::failed(&error))?;
    if config.http.public_url == format!("http://{address}") {
        config.http.public_url = format!("http://{chosen}");
    }
    Ok(bound)
}

/// Cancelled by SIGTERM or SIGINT; a second one ends the process at once.
fn stop_signal() -> Result<CancellationToken, CommandError> {
    let stop = CancellationToken::new();
    let (mut terminate, mut interrupt) = signal(SignalKind::terminate())
        .and_then(|terminate| Ok((terminate, signal(SignalKind::interrupt())?)))
        .map_err(|error| super::failed(&error))?;
    let told = stop.clone();
    tokio::spawn(async move {
        for first in [true, false] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if first {
                tracing::info!("stopping: answering what is under way");
                told.cancel();
            } else {
                std::process::exit(1);
            }
        }
    });
    Ok(stop)
}

fn start_worker(tracker: &Tracker, config: &Config) -> WorkerHandle {
    let options = WorkerOptions {
        slots: config.worker.slots,
        queues: vec![
            QueueName::URGENT,
            QueueName::DEFAULT,
            QueueName::REMINDERS,
            QueueName::MAINTENANCE,
        ],
        poll: config.worker.poll,
    };
    Worker::start(
        tracker.queue.clone(),
        Arc::new(jobs::registry()),
        tracker.clone(),
        options,
    )
}

fn start_scheduler(tracker: &Tracker) -> SchedulerHandle {
    Scheduler::new(tracker.queue.clone(), jobs::schedules(&tracker.queue)).start()
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
        output::say(format!(
            "Make the first administrator (valid once, for a day): {link}"
        ));
    }
    let version = env!("CARGO_PKG_VERSION");
    output::say(format!("Duly {version} runs on {}", config.http.public_url));
    Ok(())
}

async fn serve(listener: TcpListener, tracker: &Tracker, config: Config, stop: CancellationToken) {
    let app = App::new(tracker.clone(), config.http);
    let served = tokio::spawn(listener::serve(listener, app, stop));
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
            }
        }
        () = seen => {}
    }
}

async fn write_seen(tracker: &Tracker) {
    if let Err(error) = sessions::flush_seen(tracker).await {
        tracing::warn!(%error, "it could not be written down which sessions were used");
    }
}

async fn finish(
    tracker: Tracker,
    scheduler: Option<SchedulerHandle>,
    worker: Option<WorkerHandle>,
) {
    if let Some(scheduler) = scheduler {
        scheduler.stop().await;
    }
    if let Some(worker) = worker {
        worker.drain(Duration::from_secs(10)).await;
    }
    write_seen(&tracker).await;
    tracker.db.close().await;
}
