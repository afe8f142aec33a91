//! Where things lie in Redis. All keys of an installation have one hash tag, and so one slot of a Cluster: every
//! step may touch any of them.

use crate::QueueName;

/// What is there once, in the order in which scripts know it.
const FIXED: [&str; 11] = [
    "data", "jobs", "leases", "unique", "attempts", "ended", "places", "lanes", "rates", "relayed",
    "running",
];

/// The keys of an installation.
#[derive(Debug)]
pub(super) struct Keys {
    tag: String,
    fixed: Vec<String>,
}

impl Keys {
    pub(super) fn of(installation: &str) -> Self {
        let tag = format!("{{duly:queue:{installation}}}");
        let fixed = FIXED.iter().map(|name| format!("{tag}:{name}")).collect();
        Keys { tag, fixed }
    }

    /// The data of each job, which does not change.
    pub(super) fn data(&self) -> String {
        self.named("data")
    }

    /// The state of each job.
    pub(super) fn jobs(&self) -> String {
        self.named("jobs")
    }

    /// Who runs, by when the lease is over.
    pub(super) fn leases(&self) -> String {
        self.named("leases")
    }

    /// Who holds each unique key.
    pub(super) fn unique(&self) -> String {
        self.named("unique")
    }

    /// The attempts at jobs that are not done.
    pub(super) fn attempts(&self) -> String {
        self.named("attempts")
    }

    /// What SQL has to record.
    pub(super) fn ended(&self) -> String {
        self.named("ended")
    }

    /// In which queues which kinds have waited.
    pub(super) fn places(&self) -> String {
        self.named("places")
    }

    /// Which rows of the outbox have been taken in.
    pub(super) fn relayed(&self) -> String {
        self.named("relayed")
    }

    /// How many jobs of each queue run.
    pub(super) fn running(&self) -> String {
        self.named("running")
    }

    /// Where it is said that there is something to do.
    pub(super) fn channel(&self) -> String {
        self.named("wake")
    }

    /// The waiting jobs of a queue, by when they are due.
    pub(super) fn waiting(&self, queue: &QueueName) -> String {
        self.named(&format!("waiting:{queue}"))
    }

    fn named(&self, name: &str) -> String {
        format!("{}:{name}", self.tag)
    }

    /// What every script is given, and the keys of these places.
    pub(super) fn with<'a>(&'a self, places: &'a [Place]) -> Vec<&'a [u8]> {
        let fixed = self.fixed.iter().map(String::as_bytes);
        let of_places = places.iter().flat_map(|place| &place.keys);
        fixed.chain(of_places.map(String::as_bytes)).collect()
    }
}

/// A kind of job in a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) queue: QueueName,
    pub(super) kind: String,
    /// As scripts and the set of places call it.
    pub(super) name: String,
    keys: [String; 3],
}

impl Place {
    pub(super) fn new(keys: &Keys, queue: &QueueName, kind: &str) -> Self {
        let name = format!("{queue}\0{kind}");
        let of_place = |what: &str| keys.named(&format!("{what}:{name}"));
        let (ready, later) = (of_place("ready"), of_place("later"));
        Place {
            queue: queue.clone(),
            kind: kind.to_owned(),
            keys: [ready, later, keys.waiting(queue)],
            name,
        }
    }

    pub(super) fn read(keys: &Keys, name: &str) -> Option<Self> {
        let (queue, kind) = name.split_once('\0')?;
        Some(Self::new(keys, &QueueName::from(queue.to_owned()), kind))
    }

    pub(super) fn is(&self, queue: &QueueName, kind: &str) -> bool {
        self.queue == *queue && self.kind == kind
    }
}

/// Which of these a place is, as scripts count; it is added if it is new.
pub(super) fn place_in(
    places: &mut Vec<Place>,
    keys: &Keys,
    queue: &QueueName,
    kind: &str,
) -> usize {
    let known = places.iter().position(|place| place.is(queue, kind));
    match known {
        Some(index) => index + 1,
        None => {
            places.push(Place::new(keys, queue, kind));
            places.len()
        }
    }
}
