//! Everything there is at one moment.

use std::fmt;

use duly_cache::store::Fence;
use duly_db::Version;
use duly_db::versions::{Kind, Versions};

use crate::place::{Answer, Caller, Place};
use crate::setup::{Client, Faults, Mistake, REVOKED, STAYS, Setup};

pub(crate) const NODES: usize = 2;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) database: Database,
    /// Where floors are kept: in Redis, and after a failover in another one.
    pub(crate) places: [Place; 2],
    /// What the backup of the first one has received.
    pub(crate) backup: Place,
    /// Where a new link leads to.
    pub(crate) leads_to: usize,
    /// How many epochs there have been.
    pub(crate) eras: u8,
    /// Both servers take changes.
    pub(crate) is_split: bool,
    pub(crate) nodes: [Node; NODES],
    pub(crate) readers: Vec<Reader>,
    pub(crate) writers: Vec<Writer>,
    pub(crate) faults: Faults,
    /// What was acknowledged, by any node.
    pub(crate) acknowledged: Versions,
    /// What each node has acknowledged itself.
    pub(crate) acknowledged_by: [Versions; NODES],
    /// What each client was shown.
    pub(crate) shown: [Version; 2],
    /// What each client was told that it has seen, and says.
    pub(crate) told: [Version; 2],
}

/// The primary and a replica. What it holds of a version is that version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Database {
    commits: Vec<Versions>,
    /// Which commit the replica has come to.
    applied: usize,
    pub(crate) is_away: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Node {
    pub(crate) link: Option<Link>,
    /// The answer in the memory of the process.
    pub(crate) tier: Option<Answer>,
    /// Who the clients are, where that is remembered by [`Mistake::CallerWithoutFloor`].
    pub(crate) callers: [Option<Caller>; 2],
    pub(crate) relay: Relay,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Link {
    pub(crate) place: usize,
    /// The epoch in which it was opened.
    pub(crate) era: u8,
    /// Until then it answers nothing.
    pub(crate) is_caught_up: bool,
    /// The note that was found when it was opened.
    pub(crate) note: Option<Version>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Relay {
    /// Up to where it has told what was committed.
    pub(crate) cursor: Version,
    /// Whether it has told the link there is.
    pub(crate) has_told: bool,
    pub(crate) phase: Telling,
}

/// What the relay is about to do. `is_same` says whether the link is still the one it began with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Telling {
    Waits,
    Reads { is_same: bool },
    Raises { read: Versions, is_same: bool },
    Notes { is_same: bool },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Reader {
    pub(crate) client: Client,
    pub(crate) node: usize,
    pub(crate) left: u8,
    pub(crate) phase: Reading,
}

/// What a reader is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Reading {
    Looks,
    PutsUpFence,
    LooksUp {
        fence: Option<Fence>,
    },
    Introduces {
        fence: Fence,
        caller: Caller,
        read: Versions,
    },
    /// `floor`: everybody serves this version at least, as far as that is known.
    Asks {
        need: Version,
        floor: Option<Version>,
    },
    Loads {
        need: Version,
        floor: Option<Version>,
    },
    Fills {
        answer: Answer,
        floor: Option<Version>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Writer {
    pub(crate) node: usize,
    pub(crate) is_auth: bool,
    pub(crate) phase: Writing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Writing {
    Commits,
    Raises(Versions),
    Done,
}

fn versions(data: i64, auth: i64) -> Versions {
    Versions {
        data: Version::of(data),
        auth,
    }
}

impl World {
    /// What is committed at the beginning.
    pub(crate) fn first() -> Versions {
        versions(1, 1)
    }

    pub(crate) fn new(setup: &Setup) -> Self {
        let place = Place::new(Self::first(), setup.is_warm);
        let node = Node {
            link: Some(Link {
                place: 0,
                era: 0,
                is_caught_up: true,
                note: None,
            }),
            callers: [STAYS, REVOKED].map(|client| {
                let rights = Self::first().auth;
                let is_remembered = setup.has(Mistake::CallerWithoutFloor);
                is_remembered.then_some(Caller { client, rights })
            }),
            tier: setup.is_warm.then(|| Answer::of(Self::first().data)),
            relay: Relay {
                cursor: Self::first().data,
                has_told: true,
                phase: Telling::Waits,
            },
        };
        World {
            database: Database {
                commits: vec![Self::first()],
                applied: 0,
                is_away: false,
            },
            places: [place, Place::default()],
            backup: Place::default(),
            leads_to: 0,
            eras: 0,
            is_split: false,
            nodes: [node.clone(), node],
            readers: setup.cast.readers.iter().map(Reader::new).collect(),
            writers: setup.cast.writers.iter().map(Writer::new).collect(),
            faults: setup.faults,
            acknowledged: Self::first(),
            acknowledged_by: [Self::first(); NODES],
            shown: [Self::first().data; 2],
            told: [Self::first().data; 2],
        }
    }

    /// The link by which a node may read.
    pub(crate) fn usable(&self, node: usize) -> Option<Link> {
        self.nodes[node].link.filter(|link| link.is_caught_up)
    }

    /// Gives a node another link, or takes away the one it has.
    pub(crate) fn set_link(&mut self, node: usize, link: Option<Link>) {
        let node = &mut self.nodes[node];
        node.link = link;
        node.relay.has_told = false;
        match &mut node.relay.phase {
            Telling::Waits => {}
            Telling::Reads { is_same }
            | Telling::Raises { is_same, .. }
            | Telling::Notes { is_same } => *is_same = false,
        }
    }
}

impl Database {
    /// What the primary holds.
    pub(crate) fn newest(&self) -> Versions {
        self.commits[self.commits.len() - 1]
    }

    /// What the replica holds.
    pub(crate) fn replica(&self) -> Versions {
        self.commits[self.applied]
    }

    pub(crate) fn commit(&mut self, is_auth: bool) -> Versions {
        let Versions { data, auth } = self.newest();
        self.commits
            .push(versions(data.number() + 1, auth + i64::from(is_auth)));
        self.newest()
    }

    /// Has the replica apply one more commit, if there is one.
    pub(crate) fn apply(&mut self) -> bool {
        let is_behind = self.applied + 1 < self.commits.len();
        self.applied += usize::from(is_behind);
        is_behind
    }

    /// Whether the session of a client exists in such a state.
    pub(crate) fn admits(client: Client, state: Versions) -> bool {
        client == STAYS || state.auth == World::first().auth
    }
}

impl Reader {
    fn new(&(client, node, left): &(Client, usize, u8)) -> Self {
        Reader {
            client,
            node,
            left,
            phase: Reading::Looks,
        }
    }

    /// Goes away with the node.
    pub(crate) fn give_up(&mut self) {
        if self.phase != Reading::Looks {
            self.left -= 1;
            self.phase = Reading::Looks;
        }
    }
}

impl Writer {
    fn new(&(node, kind): &(usize, Kind)) -> Self {
        Writer {
            node,
            is_auth: kind == Kind::Auth,
            phase: Writing::Commits,
        }
    }
}

impl fmt::Display for World {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (newest, replica) = (self.database.newest(), self.database.replica());
        write!(
            formatter,
            "primary {}, rights {}; replica {}",
            newest.data.number(),
            newest.auth,
            replica.data.number()
        )?;
        for (name, place) in ["Redis", "other Redis"].iter().zip(&self.places) {
            write!(formatter, "; {name}: {place}")?;
        }
        for node in &self.nodes {
            let tier = node.tier.map(|answer| answer.label.number());
            write!(formatter, "; node: tier {tier:?}")?;
            match node.link {
                None => write!(formatter, " without link")?,
                Some(link) if !link.is_caught_up => write!(formatter, " not caught up")?,
                Some(link) if link.place > 0 => write!(formatter, " at the other Redis")?,
                Some(_) => {}
            }
        }
        Ok(())
    }
}
