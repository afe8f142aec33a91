//! `[worker]`

use std::time::Duration;

use duly_queue::balance::Mode;

use super::reader::Reader;

/// `[worker]`
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// How many jobs run at once.
    pub slots: usize,
    /// How often to look for jobs.
    pub poll: Duration,
    /// How slots are given to queues.
    pub balance: Mode,
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<WorkerSettings> {
    let slots = reader.number("slots", 1, 1024);
    let poll = reader.duration("poll");
    let balance = reader.text("balance", "auto, simple or off", |text| match text {
        "auto" => Some(Mode::Auto),
        "simple" => Some(Mode::Simple),
        "off" => Some(Mode::Off),
        _ => None,
    });
    Some(WorkerSettings {
        slots: slots?,
        poll: poll?,
        balance: balance?,
    })
}
