//! What `make bench` measures of bulk work: `due_reminders URL JOBS` finds every user whose reminders
//! are due, as the scheduler does, and runs so many of the jobs that come of it, as a worker does.
//! Prints one JSON object.

#![expect(
    clippy::print_stdout,
    reason = "a program that prints what it measured"
)]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use duly_server::{config, start};
use duly_tracker::{jobs, reminders};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("usage: due_reminders URL JOBS")?;
    let most: usize = arguments.next().ok_or("how many jobs?")?.parse()?;
    let settings = [("DULY_DATABASE__URL".to_owned(), url)].into_iter();
    let loaded = config::load(Some(Path::new("/dev/null")), settings);
    let config = loaded.map_err(|faults| format!("{faults:?}"))?.config;
    let tracker = start::tracker(&config).await?;

    let started = Instant::now();
    let dispatched = reminders::dispatch_due(&tracker).await?;
    let dispatching = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let planned = tracker
        .queue
        .run_due(&jobs::registry(), &tracker, most)
        .await?;
    println!(
        "{{\"dispatched\":{dispatched},\"dispatching\":{dispatching:.3},\"run\":{},\
         \"running\":{:.3},\"peak_megabytes\":{:.1}}}",
        planned.done,
        started.elapsed().as_secs_f64(),
        peak_megabytes()?
    );
    Ok(())
}

/// The most memory this process has had resident.
fn peak_megabytes() -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: f64 = line
        .ok_or("no VmHWM")?
        .trim()
        .trim_end_matches(" kB")
        .parse()?;
    Ok(kilobytes / 1024.0)
}
