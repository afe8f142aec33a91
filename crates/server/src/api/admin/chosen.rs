//! Which jobs an administrator means: by their ids, or by what is known of them.

use duly_queue::store::{Fate, Filter, State};
use duly_queue::{JobId, QueueName};
use duly_tracker::input::{Field, FromText, Reader, Wrong};
use duly_tracker::{Error, Tracker};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::records::JobState;

/// So many jobs are changed by one request at most.
const MOST: u32 = 1000;

/// Which jobs: either `ids`, or all that fit the rest, up to 1000 at a time.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChosenJobs {
    /// These, at most 1000.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    ids: Field<Vec<Job>>,
    /// Those of a queue.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    queue: Field<Word>,
    /// Those of a kind.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    kind: Field<Word>,
    /// Those with a tag.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    tag: Field<Word>,
    /// Failures that look alike.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    fingerprint: Field<Word>,
    /// Those with this text in their data or error.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    text: Field<Word>,
    /// Those of an owner.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    owner: Field<Word>,
    /// Those in one state, of those that can be changed so.
    #[serde(default)]
    #[schema(value_type = Option<JobState>)]
    state: Field<InState>,
    /// Those pushed at this instant or later.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Field<Instant>,
    /// Those pushed before this instant.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Field<Instant>,
}

#[derive(Debug)]
struct Job(JobId);

impl FromText for Job {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        let wrong = |_| Wrong::new("invalid", "must be the id of a job");
        Uuid::parse_str(text)
            .map(|id| Job(JobId(id)))
            .map_err(wrong)
    }
}

#[derive(Debug)]
pub(super) struct Word(pub(super) String);

impl FromText for Word {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        duly_tracker::input::bounded_text(text, 1, 200, &[])?;
        Ok(Word(text.to_owned()))
    }
}

#[derive(Debug)]
pub(super) struct InState(State);

impl InState {
    /// The name of the state.
    pub(super) fn word(&self) -> &'static str {
        match self.0 {
            State::Ready => "ready",
            State::Scheduled => "scheduled",
            State::Running => "running",
            State::Failed => "failed",
            State::Done => "done",
            State::Cancelled => "cancelled",
        }
    }
}

impl FromText for InState {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        let message = "must be ready, scheduled, running, failed, done or cancelled";
        let state = state_of(text).ok_or_else(|| Wrong::new("invalid", message));
        state.map(InState)
    }
}

#[derive(Debug)]
struct Instant(Timestamp);

impl FromText for Instant {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        let wrong = |_| Wrong::new("invalid", NO_INSTANT);
        text.parse().map(Instant).map_err(wrong)
    }
}

const NO_INSTANT: &str = "must be an instant like 2026-11-30T09:00:00Z";

/// The state of this name.
pub(super) fn state_of(text: &str) -> Option<State> {
    Some(match text {
        "ready" => State::Ready,
        "scheduled" => State::Scheduled,
        "running" => State::Running,
        "failed" => State::Failed,
        "done" => State::Done,
        "cancelled" => State::Cancelled,
        _ => return None,
    })
}

/// What [`ChosenJobs`] says, read.
pub(crate) enum Chosen {
    These(Vec<JobId>),
    Fitting(Filter, Option<State>),
}

impl ChosenJobs {
    pub(crate) fn read(self, reader: &mut Reader) -> Chosen {
        let is_wrong = matches!(self.ids, Field::Wrong(_));
        let ids = reader.optional("ids", self.ids);
        let mut word = |name, field| reader.optional(name, field).map(|Word(word)| word);
        let filter = Filter {
            queue: word("queue", self.queue).map(QueueName::from),
            kind: word("kind", self.kind),
            tag: word("tag", self.tag),
            fingerprint: word("fingerprint", self.fingerprint),
            text: word("text", self.text),
            lane: word("owner", self.owner),
            since: reader.optional("since", self.since).map(|Instant(at)| at),
            until: reader.optional("until", self.until).map(|Instant(at)| at),
        };
        let state = reader.optional("state", self.state).map(|InState(it)| it);
        let describes = filter != Filter::default() || state.is_some();
        match ids {
            Some(ids) if describes => {
                reader.refuse("ids", "conflict", "name jobs or describe them, not both");
                Chosen::These(ids.into_iter().map(|Job(id)| id).collect())
            }
            Some(ids) => {
                if ids.len() > usize::try_from(MOST).unwrap_or(usize::MAX) {
                    reader.refuse("ids", "too_many", format!("must be at most {MOST}"));
                }
                Chosen::These(ids.into_iter().map(|Job(id)| id).collect())
            }
            None if is_wrong => Chosen::These(Vec::new()),
            None if !describes => {
                let message = "name jobs by `ids`, or describe them";
                reader.refuse("ids", "required", message);
                Chosen::These(Vec::new())
            }
            None => Chosen::Fitting(filter, state),
        }
    }
}

/// How many jobs would be changed.
pub(crate) struct Count {
    pub(crate) jobs: usize,
    /// There are more than can be changed at a time.
    pub(crate) more: bool,
}

impl Chosen {
    /// The jobs that are in one of these states.
    pub(crate) async fn find(
        self,
        tracker: &Tracker,
        states: &[State],
    ) -> Result<Vec<JobId>, Error> {
        match self {
            Chosen::These(ids) => Ok(ids),
            Chosen::Fitting(filter, state) => {
                let states = narrowed(states, state)?;
                Ok(tracker.queue.find(&states, &filter, MOST).await?)
            }
        }
    }

    /// How many of them are in one of these states.
    pub(crate) async fn count(self, tracker: &Tracker, states: &[State]) -> Result<Count, Error> {
        match self {
            Chosen::These(ids) => {
                let fates = tracker.queue.operations().fates(&ids).await?;
                let wanted = match states.contains(&State::Failed) {
                    true => Fate::Failed,
                    false => Fate::Open,
                };
                Ok(Count {
                    jobs: fates.values().filter(|fate| **fate == wanted).count(),
                    more: false,
                })
            }
            Chosen::Fitting(filter, state) => {
                let states = narrowed(states, state)?;
                let found = tracker.queue.find(&states, &filter, MOST + 1).await?;
                let most = usize::try_from(MOST).unwrap_or(usize::MAX);
                Ok(Count {
                    jobs: found.len().min(most),
                    more: found.len() > most,
                })
            }
        }
    }
}

/// Those of the states that are meant.
fn narrowed(states: &[State], state: Option<State>) -> Result<Vec<State>, Error> {
    match state {
        Some(state) if states.contains(&state) => Ok(vec![state]),
        Some(_) => {
            let message = "of jobs in this state nothing can be changed so";
            Err(Error::field("state", "conflict", message))
        }
        None => Ok(states.to_vec()),
    }
}

/// Parameters of a list of jobs.
pub(crate) fn filter(reader: &mut Reader, given: [Option<&str>; 8]) -> Filter {
    let [queue, kind, tag, owner, text, fingerprint, since, until] = given;
    let own = |text: Option<&str>| text.map(str::to_owned);
    let mut time = |name: &str, text: Option<&str>| {
        let text = text?;
        let time: Option<Timestamp> = text.parse().ok();
        if time.is_none() {
            reader.refuse(name, "invalid", NO_INSTANT);
        }
        time
    };
    Filter {
        queue: own(queue).map(QueueName::from),
        kind: own(kind),
        tag: own(tag),
        lane: own(owner),
        text: own(text),
        fingerprint: own(fingerprint),
        since: time("since", since),
        until: time("until", until),
    }
}
