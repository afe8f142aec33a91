//! Which jobs an administrator means: by their ids, or by what is known of them.

use duly_queue::store::{Filter, State};
use duly_queue::{JobId, QueueName};
use duly_tracker::input::{Field, FromText, Reader, Wrong};
use duly_tracker::{Error, Tracker};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

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
struct Word(String);

impl FromText for Word {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        duly_tracker::input::bounded_text(text, 1, 200, &[])?;
        Ok(Word(text.to_owned()))
    }
}

/// What [`ChosenJobs`] says, read.
pub(crate) enum Chosen {
    These(Vec<JobId>),
    Fitting(Filter),
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
            ..Filter::default()
        };
        match ids {
            Some(ids) if filter != Filter::default() => {
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
            None if filter == Filter::default() => {
                let message = "name jobs by `ids`, or describe them";
                reader.refuse("ids", "required", message);
                Chosen::These(Vec::new())
            }
            None => Chosen::Fitting(filter),
        }
    }
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
            Chosen::Fitting(filter) => Ok(tracker.queue.find(states, &filter, MOST).await?),
        }
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
            reader.refuse(
                name,
                "invalid",
                "must be an instant like 2026-11-30T09:00:00Z",
            );
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
