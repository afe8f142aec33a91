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
    /// What is written does not raise the floor.
    FloorNotRaised,
    /// A raise that finds no floor makes one, instead of felling the fences.
    RaiseMakesFloor,
    /// An answer's rows are read in another state than its label.
    LabelOfAnotherState,
    /// Who was looked up is kept whether the fence stands or not.
    NoFence,
    /// Who somebody is may be read from a replica.
    LookUpOnReplica,
    /// What a replica says of somebody while the primary is away is kept, and the relay takes a
    /// replica's word for what was committed.
    ReplicaBelieved,
    /// What is in a process's memory is served without asking for the floor.
    TierWithoutFloor,
    /// Records are kept by owner only.
    RecordOfAnother,
    /// After a failover what the backup holds is found again, and the relay does not tell it again
    /// what it has told before.
    NothingToldAgain,
    /// The note of how far Redis was told can be evicted, and the floors stay.
    NoteOnItsOwn,
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

/// One configuration.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) name: &'static str,
    pub(crate) mistake: Option<Mistake>,
    pub(crate) failover: Failover,
    pub(crate) faults: Faults,
    /// Who reads: the client, the node, how many times.
    pub(crate) readers: Vec<(Client, usize, u8)>,
    /// Who writes: the node, and what.
    pub(crate) writers: Vec<(usize, Kind)>,
    /// The nodes whose relays run.
    pub(crate) relays: &'static [usize],
    /// Whether everybody and everything is known at the beginning, or nothing.
    pub(crate) is_warm: bool,
}

impl Setup {
    pub(crate) fn has(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }
}
