//! How a job is written in Redis.
//!
//! Its state is one text of parts with NUL between (no text of ours has one): what changes first, so that scripts
//! can leave the rest in one piece. Its data lies apart, and is sent only with jobs that are taken or looked at.
//!
//! ```text
//! state     [w|r][0|1]attempt fence run_at position started_at worker
//!           tries retry_until priority base queue kind lane unique
//! data      pushed_at tags payload [trace_parent]
//! attempts  of each: fence number started_at ended_at outcome worker error\1log
//! ```
//!
//! `w` waits and `r` runs; the digit says whether something is to be given back in the end. `base` is the fence
//! with which it was pushed: with one, attempts at it are recorded in SQL. A lane or a unique key has `=` before it.

use jiff::Timestamp;
use uuid::Uuid;

use crate::store::{AttemptOutcome, AttemptRecord, Fence, JobRecord, State, WorkerId};
use crate::{JobId, JobLog, Priority, QueueName};

/// Up to where a number is exact in Redis: it is in microseconds, and the year 2255.
const EXACT: i64 = 1 << 53;

/// An instant as scripts count.
pub(super) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond().clamp(-EXACT, EXACT)
}

fn instant(text: &str) -> Option<Timestamp> {
    Timestamp::from_microsecond(text.parse().ok()?).ok()
}

pub(super) fn written_id(id: Uuid) -> String {
    id.simple().to_string()
}

pub(super) fn id(text: &str) -> Option<JobId> {
    Uuid::try_parse(text).ok().map(JobId)
}

pub(super) fn written_priority(priority: Priority) -> &'static str {
    match priority {
        Priority::High => "-1",
        Priority::Normal => "0",
        Priority::Low => "1",
    }
}

/// A text that may be missing.
pub(super) fn optional(text: Option<&str>) -> String {
    text.map_or(String::new(), |text| format!("={text}"))
}

fn read_optional(text: &str) -> Option<String> {
    text.strip_prefix('=').map(str::to_owned)
}

/// What does not change of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fixed {
    pub(crate) tries: u32,
    pub(crate) retry_until: Option<Timestamp>,
    pub(crate) priority: Priority,
    pub(crate) base: i64,
    pub(crate) queue: QueueName,
    pub(crate) kind: String,
    pub(crate) lane: Option<String>,
    pub(crate) unique: Option<String>,
}

impl Fixed {
    pub(super) fn packed(&self) -> String {
        let until = self.retry_until.map(|until| micros(until).to_string());
        [
            &self.tries.to_string(),
            &until.unwrap_or_default(),
            written_priority(self.priority),
            &self.base.to_string(),
            self.queue.as_str(),
            &self.kind,
            &optional(self.lane.as_deref()),
            &optional(self.unique.as_deref()),
        ]
        .join("\0")
    }
}

/// A job that waits or runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Live {
    pub(crate) is_running: bool,
    pub(crate) attempt: u32,
    pub(crate) fence: Fence,
    pub(crate) run_at: Timestamp,
    pub(crate) position: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) worker: Option<WorkerId>,
    pub(crate) fixed: Fixed,
}

impl Live {
    pub(super) fn read(state: &str) -> Option<Self> {
        let mut parts = state.splitn(14, '\0');
        let mut next = || parts.next();
        let first = next()?;
        let (fence, run_at, position) = (next()?, next()?, next()?);
        let (started_at, worker) = (next()?, next()?);
        let fixed = Fixed {
            tries: next()?.parse().ok()?,
            retry_until: instant(next()?),
            priority: match next()? {
                "-1" => Priority::High,
                "1" => Priority::Low,
                _ => Priority::Normal,
            },
            base: next()?.parse().ok()?,
            queue: QueueName::from(next()?.to_owned()),
            kind: next()?.to_owned(),
            lane: read_optional(next()?),
            unique: read_optional(next()?),
        };
        Some(Live {
            is_running: first.starts_with('r'),
            attempt: first.get(2..)?.parse().ok()?,
            fence: Fence(fence.parse().ok()?),
            run_at: instant(run_at)?,
            position: instant(position)?,
            started_at: instant(started_at),
            worker: Uuid::try_parse(worker).ok().map(WorkerId),
            fixed,
        })
    }
}

/// What a job is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) pushed_at: Timestamp,
    /// As JSON.
    pub(crate) tags: String,
    pub(crate) payload: String,
    /// As in [`crate::store::NewJob::trace_parent`].
    pub(crate) trace_parent: Option<String>,
}

impl Body {
    pub(super) fn packed(&self) -> String {
        let pushed_at = micros(self.pushed_at);
        let mut packed = format!("{pushed_at}\0{}\0{}", self.tags, self.payload);
        if let Some(trace_parent) = &self.trace_parent {
            packed.push('\0');
            packed.push_str(trace_parent);
        }
        packed
    }

    pub(super) fn read(data: &str) -> Option<Self> {
        let mut parts = data.splitn(4, '\0');
        Some(Body {
            pushed_at: instant(parts.next()?)?,
            tags: parts.next()?.to_owned(),
            payload: parts.next()?.to_owned(),
            trace_parent: parts.next().map(str::to_owned),
        })
    }

    /// The data and the span that pushed it, when nothing else is wanted.
    pub(super) fn payload(mut data: String) -> Option<(String, Option<String>)> {
        let (pushed_at, rest) = data.split_once('\0')?;
        let (tags, _) = rest.split_once('\0')?;
        let mut payload = data.split_off(pushed_at.len() + tags.len() + 2);
        let trace_parent = payload.find('\0').map(|end| {
            let trace_parent = payload.split_off(end + 1);
            payload.truncate(end);
            trace_parent
        });
        Some((payload, trace_parent))
    }
}

/// The attempts at a job that have ended, oldest first.
pub(super) fn attempts(text: &str) -> Vec<(Fence, AttemptRecord)> {
    let parts: Vec<&str> = text.split('\0').collect();
    parts.chunks_exact(7).filter_map(attempt).collect()
}

fn attempt(parts: &[&str]) -> Option<(Fence, AttemptRecord)> {
    let [fence, number, started_at, ended_at, outcome, worker, error] = parts else {
        return None;
    };
    let outcome = AttemptOutcome::named(outcome)?;
    // Logs are JSON, which has no such character; earlier releases wrote the error alone.
    let (error, log) = error.rsplit_once('\u{1}').unwrap_or((error, ""));
    let attempt = AttemptRecord {
        number: number.parse().ok()?,
        started_at: instant(started_at)?,
        ended_at: instant(ended_at),
        error: (outcome != AttemptOutcome::Released).then(|| error.to_owned()),
        outcome: Some(outcome),
        worker: Uuid::try_parse(worker).ok().map(WorkerId),
        log: JobLog::unpacked(Some(log)),
    };
    Some((Fence(fence.parse().ok()?), attempt))
}

/// What operators see of it.
pub(super) fn record(id: JobId, live: Live, body: Body, now: Timestamp) -> JobRecord {
    let state = match live.is_running {
        true => State::Running,
        false if live.run_at <= now => State::Ready,
        false => State::Scheduled,
    };
    JobRecord {
        id,
        queue: live.fixed.queue,
        kind: live.fixed.kind,
        state,
        payload: body.payload,
        tags: serde_json::from_str(&body.tags).unwrap_or_default(),
        priority: live.fixed.priority,
        lane: live.fixed.lane,
        attempts: live.attempt,
        tries: live.fixed.tries,
        pushed_at: body.pushed_at,
        run_at: Some(live.run_at),
        started_at: live.started_at,
        ended_at: None,
        worker: live.worker,
        error: None,
        fingerprint: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_as_scripts_write_it() {
        let fixed = Fixed {
            tries: 3,
            retry_until: None,
            priority: Priority::High,
            base: 0,
            queue: QueueName::URGENT,
            kind: "task".to_owned(),
            lane: Some(String::new()),
            unique: Some("a\u{1f}b".to_owned()),
        };
        let state = format!("w12\x003\x001795391119000001\x00-5\0\0\0{}", fixed.packed());
        let live = Live::read(&state).unwrap();
        assert_eq!((live.attempt, live.fence), (2, Fence(3)));
        assert_eq!(live.run_at.as_microsecond(), 1_795_391_119_000_001);
        assert_eq!((live.started_at, live.worker), (None, None));
        assert_eq!(live.fixed, fixed);
    }

    #[test]
    fn attempts_are_read_as_scripts_and_earlier_releases_write_them() {
        let log = r#"{"lines":[{"after_ms":3,"level":"warn","target":"mail","text":"slow"}]}"#;
        let worker = Uuid::nil().simple();
        let before = format!("1\x001\x0010\x0020\0retried\0{worker}\0no luck\0");
        let now = format!("2\x002\x0030\x0040\0failed\0{worker}\0a\x01b\x01{log}\0");
        let read = attempts(&format!("{before}{now}"));
        let errors: Vec<_> = read.iter().map(|(_, it)| it.error.as_deref()).collect();
        assert_eq!(errors, [Some("no luck"), Some("a\u{1}b")]);
        assert!(read[0].1.log.is_empty());
        assert_eq!(read[1].1.log.lines[0].text, "slow");
    }

    #[test]
    fn data_is_read_whole_and_alone() {
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        for trace_parent in [None, Some(parent.to_owned())] {
            let body = Body {
                pushed_at: Timestamp::UNIX_EPOCH,
                tags: "[\"é\"]".to_owned(),
                payload: "{\"a\":1}".to_owned(),
                trace_parent,
            };
            assert_eq!(Body::read(&body.packed()), Some(body.clone()));
            let alone = Body::payload(body.packed());
            assert_eq!(alone, Some((body.payload, body.trace_parent)));
        }
    }
}
