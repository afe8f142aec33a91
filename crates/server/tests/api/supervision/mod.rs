//! Duly kept running by systemd and Supervisor, as the files in `deploy/` and the page "Keep Duly running" say.
//! Needs both: `scripts/need systemd supervisor`.

mod lending;
mod place;
mod supervisor;
mod systemd;
mod telling;
mod unit;

use std::time::Duration;

use place::Place;
use unit::Unit;

const PAGE: &str = include_str!("../../../../../docs/operator/processes.md");

/// Duly has ended by then, by whichever command; whoever kills it has to wait longer.
const END: Duration = Duration::from_secs(30);

/// Whatever does not happen within this time does not happen.
const LONG: Duration = Duration::from_secs(60);
