//! `[worker]`

use std::time::Duration;

use duly_queue::balance::{Mode, QueueSettings, Settings};
use duly_queue::{BreakerSettings, QueueName};

use super::reader::Reader;
use super::value;

/// `[worker]`
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// How many jobs run at once.
    pub slots: usize,
    /// How often to look for jobs.
    pub poll: Duration,
    /// How slots are given to queues.
    pub balance: Settings,
    /// When a kind of jobs is paused because it fails.
    pub breaker: BreakerSettings,
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<WorkerSettings> {
    let slots = reader.number("slots", 1, 1024);
    let poll = reader.duration("poll");
    let mode = reader.text("balance", "auto, simple or off", |text| match text {
        "auto" => Some(Mode::Auto),
        "simple" => Some(Mode::Simple),
        "off" => Some(Mode::Off),
        _ => None,
    });
    let queues = reader.judged_list("queues", queue);
    let cooldown = reader.duration("cooldown");
    let breaker = breaker(reader);
    Some(WorkerSettings {
        slots: slots?,
        poll: poll?,
        balance: Settings {
            mode: mode?,
            queues: queues?.into_iter().collect(),
            cooldown: cooldown?,
            ..Settings::default()
        },
        breaker: breaker?,
    })
}

fn breaker(reader: &mut Reader<'_>) -> Option<BreakerSettings> {
    let failures = reader.number("breaker_failures", 0, 1_000_000);
    let percent = reader.number("breaker_percent", 1, 100);
    let window = reader.duration("breaker_window");
    let pause = reader.duration("breaker_pause");
    Some(BreakerSettings {
        failures: failures?,
        percent: percent?,
        window: window?,
        pause: pause?,
    })
}

/// Reads `urgent min=2 max=10 weight=4 target=5s`.
fn queue(text: &str) -> Result<(QueueName, QueueSettings), String> {
    let wrong = || format!("must be like \"urgent min=2 max=10 weight=4 target=5s\", not {text:?}");
    let mut words = text.split_whitespace();
    let queue = QueueName::from(words.next().ok_or_else(wrong)?.to_owned());
    if !QueueName::by_priority().contains(&queue) {
        return Err(format!("knows no queue {queue}"));
    }
    let mut settings = QueueSettings::default_of(&queue);
    for word in words {
        let (name, given) = word.split_once('=').ok_or_else(wrong)?;
        let number = || given.parse::<u32>().map_err(|_| wrong());
        match name {
            "min" => settings.min = number()?,
            "max" => settings.max = Some(number()?),
            "weight" => settings.weight = number()?,
            "target" => settings.target = value::duration(given).ok_or_else(wrong)?,
            _ => return Err(wrong()),
        }
    }
    match settings.max.is_some_and(|max| max < settings.min) {
        true => Err(format!("has a max below its min: {text:?}")),
        false => Ok((queue, settings)),
    }
}
