//! What is explored: who takes part, what may go wrong, and what is done wrong on purpose.

use duly_db::versions::Kind;

/// Whose requests they are. Both act for the one owner there is, each by a session of their own.
/// The second one's ends with the first change of rights.
pub(crate) type Client = u8;

pub(crate) const STAYS: Client = 0;
pub(crate) const REVOKED: Client = 1;

/// A mistake in the protocol, which has to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// A writer is acknowledged before the floor is raised.
    AcknowledgedFirst,
    /// A write deletes the answer that is kept instead of raising the floor.
    AnswerDeleted,
    /// A change of rights raises the floor only, and who was known stays known.
    RightsStay,
    /// What is invalidated while there is no floor leaves the fences standing.
    FencesStay,
    /// What is shown while there is no floor leaves the fences standing.
    FillLeavesFences,
    /// Who was looked up is kept whether the fence stands or not.
    NoFence,
    /// Who somebody is may be read from a replica.
    LookUpOnReplica,
    /// What a replica says of somebody while the primary is away is kept, and the relay takes a
    /// replica's word for what was committed.
    ReplicaBelieved,
    /// An answer's rows are read in another state than its label.
    LabelOfAnotherState,
    /// What is in a process's memory is served without asking for the floor.
    TierWithoutFloor,
    /// A process remembers who somebody is, and does not ask the store.
    CallerWithoutFloor,
    /// Records are kept by owner only.
    RecordOfAnother,
    /// The relay sets the floor to what it has read, even when it has risen since.
    RelayLowersFloor,
    /// The relay goes on from what it has read before the store has been told.
    CursorFirst,
    /// A new link is asked before it has been told what was committed.
    LinkBelievedAtOnce,
    /// Nobody looks at the note of how far the store was told.
    NoteIgnored,
    /// That note can be evicted, and the floors stay.
    NoteOnItsOwn,
    /// A shard of a Cluster that may have failed over is not told again.
    NothingToldAgain,
    /// Somebody is shown what nobody has said yet that it was committed, and it is left at that.
    ShownUnsaid,
}

/// What a failover does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failover {
    /// The links break. The backup has another epoch, in which nothing is known.
    Epoch,
    /// As before, but the old server goes on, and each node finds the new one when it does.
    SplitBrain,
    /// A shard of a Cluster: the links stay, and what the backup holds is found. It may lack the
    /// last raises.
    Unseen,
}

/// How often each thing may go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Faults {
    /// Everything about the owner is evicted.
    pub(crate) evictions: u8,
    /// A writer dies between its commit and its raise.
    pub(crate) killed_writers: u8,
    /// A writer's raise does not get through; it gives up the link and tells its client anyway.
    pub(crate) failed_raises: u8,
    /// A node's link breaks.
    pub(crate) broken_links: u8,
    /// A node is killed and started again.
    pub(crate) restarts: u8,
    /// The key of the epoch is evicted.
    pub(crate) evicted_epochs: u8,
    /// The backup takes over.
    pub(crate) failovers: u8,
    /// The primary database cannot be reached for a while.
    pub(crate) outages: u8,
}

impl Faults {
    pub(crate) const NONE: Faults = Faults {
        evictions: 0,
        killed_writers: 0,
        failed_raises: 0,
        broken_links: 0,
        restarts: 0,
        evicted_epochs: 0,
        failovers: 0,
        outages: 0,
    };
}

/// Who acts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cast {
    /// Who reads: the client, the node, how many times.
    pub(crate) readers: &'static [(Client, usize, u8)],
    /// Who writes: the node, and what.
    pub(crate) writers: &'static [(usize, Kind)],
}

impl Cast {
    /// A change of data, seen from both nodes.
    pub(crate) const DATA: Cast = Cast {
        readers: &[(STAYS, 0, 1), (STAYS, 1, 1)],
        writers: &[(0, Kind::Data)],
    };

    /// A change of data, seen from the other node.
    pub(crate) const ONE_READER: Cast = Cast {
        readers: &[(STAYS, 1, 1)],
        writers: &[(0, Kind::Data)],
    };

    /// Two changes of data at once.
    pub(crate) const RACE: Cast = Cast {
        readers: &[(STAYS, 1, 1)],
        writers: &[(0, Kind::Data), (1, Kind::Data)],
    };

    /// A change of rights, by which somebody loses theirs.
    pub(crate) const RIGHTS: Cast = Cast {
        readers: &[(REVOKED, 0, 1)],
        writers: &[(1, Kind::Auth)],
    };

    /// Both kinds of changes.
    pub(crate) const BOTH_CHANGES: Cast = Cast {
        readers: &[(STAYS, 0, 1)],
        writers: &[(0, Kind::Data), (1, Kind::Auth)],
    };

    /// Both kinds of changes, and both clients.
    pub(crate) const BOTH: Cast = Cast {
        readers: &[(STAYS, 0, 1), (REVOKED, 1, 1)],
        writers: &[(0, Kind::Data), (1, Kind::Auth)],
    };
}

/// One configuration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) mistake: Option<Mistake>,
    pub(crate) failover: Failover,
    pub(crate) faults: Faults,
    pub(crate) cast: Cast,
    /// Whether everybody and everything is known at the beginning, or nothing.
    pub(crate) is_warm: bool,
}

impl Setup {
    /// Everybody is known, and no mistake is made.
    pub(crate) fn new(faults: Faults, cast: Cast) -> Self {
        Setup {
            mistake: None,
            failover: Failover::Epoch,
            faults,
            cast,
            is_warm: true,
        }
    }

    pub(crate) fn has(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }
}
