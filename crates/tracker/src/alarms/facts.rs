//! How the queues are doing, and what of it is wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use duly_queue::store::{Paused, WorkerRecord};
use duly_queue::{QueueName, SCHEDULER_LEASE};
use jiff::{SignedDuration, Timestamp};

use super::Alarm;
use crate::{Result, Tracker};

/// A worker that was not heard of for so long is dead: it speaks every few seconds.
const SILENT: SignedDuration = SignedDuration::from_secs(45);

/// While nobody leads for so long, nothing is started: a lead is taken over within 15 s.
const LEADERLESS: SignedDuration = SignedDuration::from_secs(60);

/// Failures are counted for so long.
const FAILURES_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// From when on something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A job that is due waits for longer.
    pub wait: Duration,
    /// So many jobs of a queue failed for good within ten minutes.
    pub failures: u64,
}

/// How the queues are doing.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// When each worker was last heard of.
    pub workers: Vec<Timestamp>,
    /// Until when the lead of whoever starts what is scheduled lasts or lasted; [`None`] when nobody ever had it.
    pub led_until: Option<Timestamp>,
    /// The due jobs that wait longest, by queue; without those of queues that are paused.
    pub oldest: BTreeMap<QueueName, Timestamp>,
    /// How many jobs failed for good within ten minutes, by queue.
    pub failures: BTreeMap<QueueName, u64>,
}

/// Looks how the queues are doing.
///
/// # Errors
/// Whatever the job store says.
pub async fn facts(tracker: &Tracker, now: Timestamp) -> Result<Facts> {
    let operations = tracker.queue.operations();
    let workers = operations.workers().await?.into_iter();
    let mut oldest = operations.oldest().await?;
    for pause in operations.pauses().await? {
        if let Paused::Queue(queue) = pause.what {
            oldest.remove(&queue);
        }
    }
    let since = now.checked_sub(FAILURES_WITHIN).unwrap_or(Timestamp::MIN);
    let totals = operations.totals(since).await?.into_iter();
    Ok(Facts {
        workers: workers
            .map(|WorkerRecord { heard_at, .. }| heard_at)
            .collect(),
        led_until: operations.led_until(SCHEDULER_LEASE).await?,
        oldest,
        failures: totals
            .map(|(queue, totals)| (queue, totals.failed))
            .collect(),
    })
}

/// What is wrong.
#[must_use]
pub fn judge(facts: &Facts, limits: &Limits, now: Timestamp) -> Vec<Alarm> {
    let mut wrong = Vec::new();
    let mut alarm = |name: String, since: Timestamp, detail: String| {
        wrong.push(Alarm {
            name,
            detail,
            since,
        });
    };
    let heard = facts.workers.iter().max().copied();
    if heard.is_none_or(|heard| now.duration_since(heard) > SILENT) {
        let detail =
            "No worker runs: mails and all other jobs wait. Start `duly serve` or `duly work`.";
        alarm("no_worker".into(), heard.unwrap_or(now), detail.into());
    }
    let led_until = facts.led_until;
    if led_until.is_none_or(|until| now.duration_since(until) > LEADERLESS) {
        let detail = "Nobody starts what is scheduled: no reminders are looked for. Start `duly serve`, \
                      or `duly serve --role scheduler`.";
        alarm(
            "no_scheduler".into(),
            led_until.unwrap_or(now),
            detail.into(),
        );
    }
    for (queue, since) in &facts.oldest {
        let waits = now.duration_since(*since);
        if Duration::try_from(waits).is_ok_and(|waits| waits > limits.wait) {
            let minutes = waits.as_mins();
            let detail = format!("A job of the queue {queue} has waited for {minutes} minutes.");
            alarm(format!("waiting:{queue}"), *since, detail);
        }
    }
    for (queue, &failed) in &facts.failures {
        if failed >= limits.failures {
            let detail = format!("{failed} jobs of the queue {queue} failed within ten minutes.");
            alarm(format!("failing:{queue}"), now, detail);
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        wait: Duration::from_secs(300),
        failures: 50,
    };

    fn now() -> Timestamp {
        "2026-11-23T10:00:00Z".parse().unwrap()
    }

    fn ago(seconds: i64) -> Timestamp {
        now() - SignedDuration::from_secs(seconds)
    }

    /// Everything is as it should be.
    fn fine() -> Facts {
        Facts {
            workers: vec![ago(600), ago(45)],
            led_until: Some(ago(60)),
            oldest: [(QueueName::REMINDERS, ago(300))].into(),
            failures: [(QueueName::DEFAULT, 49)].into(),
        }
    }

    fn names(facts: &Facts) -> Vec<String> {
        let wrong = judge(facts, &LIMITS, now()).into_iter();
        wrong.map(|alarm| alarm.name).collect()
    }

    #[test]
    fn nothing_is_wrong_up_to_the_limits() {
        assert!(names(&fine()).is_empty());
    }

    #[test]
    fn each_fact_beyond_its_limit_is_an_alarm() {
        let beyond = Facts {
            workers: vec![ago(46)],
            led_until: Some(ago(61)),
            oldest: [
                (QueueName::REMINDERS, ago(301)),
                (QueueName::URGENT, ago(299)),
            ]
            .into(),
            failures: [(QueueName::DEFAULT, 50)].into(),
        };
        let expected = [
            "no_worker",
            "no_scheduler",
            "waiting:reminders",
            "failing:default",
        ];
        assert_eq!(names(&beyond), expected);
        assert_eq!(judge(&beyond, &LIMITS, now())[2].since, ago(301));
    }

    #[test]
    fn who_was_never_heard_of_is_missed_too() {
        assert_eq!(names(&Facts::default()), ["no_worker", "no_scheduler"]);
    }
}
