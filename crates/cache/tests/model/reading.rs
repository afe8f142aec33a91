//! A request that reads: who asks, how new the answer has to be, and the answer.

use duly_cache::store::{Fence, Raise};
use duly_db::Version;
use duly_db::versions::Versions;

use crate::explorer::{Next, Step};
use crate::place::{Answer, Caller};
use crate::setup::{Client, Mistake, Setup};
use crate::world::{Database, Link, Reading, World};

/// Who asks and how new the answer has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Visit {
    pub(crate) caller: Caller,
    pub(crate) need: Version,
}

/// What the store of a node says of a client, if it knows them.
pub(crate) fn look(setup: &Setup, world: &World, node: usize, client: Client) -> Option<Visit> {
    if let Some(caller) = world.nodes[node].callers[usize::from(client)] {
        let need = World::first().data;
        return Some(Visit { caller, need });
    }
    let link = world.usable(node)?;
    let place = &world.places[link.place];
    if !place.is_of(link.era) {
        return None;
    }
    Some(Visit {
        caller: place.record(setup, client)?,
        need: place.floor()?,
    })
}

/// A state of the database that may answer a look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) state: Versions,
    /// Whether what it says may be kept.
    pub(crate) is_believed: bool,
}

/// What may answer a look-up of who somebody is, or the relay.
pub(crate) fn sources(setup: &Setup, database: &Database) -> Vec<Source> {
    let (newest, replica) = (database.newest(), database.replica());
    let source = |state, is_believed| Source { state, is_believed };
    if database.is_away {
        return vec![source(replica, setup.has(Mistake::ReplicaBelieved))];
    }
    match setup.has(Mistake::LookUpOnReplica) && replica != newest {
        true => vec![source(newest, true), source(replica, true)],
        false => vec![source(newest, true)],
    }
}

/// Who it is in a state of the database; nothing when there is no such session.
pub(crate) fn known(client: Client, state: Versions) -> Option<Visit> {
    let rights = state.auth;
    Database::admits(client, state).then_some(Visit {
        caller: Caller { client, rights },
        need: state.data,
    })
}

/// The answer in the memory of a process, if it may be served.
pub(crate) fn at_hand(setup: &Setup, world: &World, node: usize, need: Version) -> Option<Answer> {
    let is_trusted = setup.has(Mistake::TierWithoutFloor);
    let tier = world.nodes[node].tier;
    tier.filter(|answer| is_trusted || answer.label >= need)
}

/// The answer in the store, if it may be served.
pub(crate) fn stored(world: &World, node: usize, need: Version) -> Option<Answer> {
    let place = &world.places[world.usable(node)?.place];
    let floor = place.floor()?;
    place
        .answer
        .filter(|answer| answer.label >= need.max(floor))
}

/// What the database may answer that is new enough.
pub(crate) fn loads(setup: &Setup, database: &Database, need: Version) -> Vec<Answer> {
    let (newest, replica) = (database.newest().data, database.replica().data);
    let from_replica = Answer {
        label: match setup.has(Mistake::LabelOfAnotherState) {
            true => newest,
            false => replica,
        },
        content: replica,
    };
    let mut answers = Vec::new();
    if !database.is_away {
        answers.push(Answer::of(newest));
    }
    if from_replica.label >= need && (replica != newest || database.is_away) {
        answers.push(from_replica);
    }
    answers
}

/// What a reader may do.
pub(crate) fn steps(setup: &Setup, world: &World, reader: usize, next: &mut Next) {
    let me = &world.readers[reader];
    match me.phase {
        Reading::Looks if me.left == 0 => {}
        Reading::Looks => looks(setup, world, reader, next),
        Reading::PutsUpFence => puts_up_fence(setup, world, reader, next),
        Reading::LooksUp { fence } => looks_up(setup, world, reader, fence, next),
        Reading::Introduces {
            fence,
            caller,
            read,
        } => {
            let mut after = world.clone();
            let mut floor = None;
            if let Some(Link { place, era, .. }) = world.usable(me.node) {
                let place = &mut after.places[place];
                let is_kept = place.introduce(setup, era, (fence, caller), read);
                floor = is_kept.then_some(read.data);
            }
            let need = read.data;
            after.readers[reader].phase = Reading::Asks { need, floor };
            next.push(Step::Reader(reader, "introduces its client"), after);
        }
        Reading::Asks { need, floor } => asks(setup, world, reader, (need, floor), next),
        Reading::Loads { need, floor } => {
            for answer in loads(setup, &world.database, need) {
                let what = match answer == Answer::of(world.database.newest().data) {
                    true => "loads from the primary",
                    false => "loads from the replica",
                };
                let after = going_on(world, reader, Reading::Fills { answer, floor });
                next.push(Step::Reader(reader, what), after);
            }
        }
        Reading::Fills { answer, floor } => {
            let after = match world.usable(me.node) {
                Some(Link { place, .. }) => {
                    let mut after = served(world, reader, answer);
                    after.places[place].fill(setup, answer);
                    after
                }
                None => shown(setup, world, reader, answer, floor),
            };
            next.push(Step::Reader(reader, "fills and is served"), after);
        }
    }
}

fn looks(setup: &Setup, world: &World, reader: usize, next: &mut Next) {
    let (client, node) = (world.readers[reader].client, world.readers[reader].node);
    let Some(Link { place, era, .. }) = world.usable(node) else {
        let after = going_on(world, reader, Reading::LooksUp { fence: None });
        return next.push(Step::Reader(reader, "looks, and the store is lost"), after);
    };
    let (what, phase) = match look(setup, world, node, client) {
        Some(Visit { need, .. }) => {
            let floor = Some(need);
            ("looks and is known", Reading::Asks { need, floor })
        }
        None => ("looks and is not known", Reading::PutsUpFence),
    };
    let mut after = going_on(world, reader, phase);
    if world.nodes[node].tier.is_none()
        && let Some(answer) = world.places[place].answer
        && world.places[place].floor().is_some()
        && world.places[place].is_of(era)
    {
        keep(&mut after, node, answer);
    }
    next.push(Step::Reader(reader, what), after);
}

fn puts_up_fence(setup: &Setup, world: &World, reader: usize, next: &mut Next) {
    let mut after = world.clone();
    let me = &world.readers[reader];
    let nth = u64::from(me.left);
    let fence = world.usable(me.node).map(|Link { place, era, .. }| {
        let fence = Fence(nth * 10 + u64::try_from(reader).unwrap());
        after.places[place].fence(setup, era, me.client, fence);
        fence
    });
    after.readers[reader].phase = Reading::LooksUp { fence };
    next.push(Step::Reader(reader, "puts up a fence"), after);
}

fn looks_up(setup: &Setup, world: &World, reader: usize, fence: Option<Fence>, next: &mut Next) {
    for source in sources(setup, &world.database) {
        let Some(Visit { caller, need }) = known(world.readers[reader].client, source.state) else {
            next.push(Step::Reader(reader, "is refused"), done(world, reader));
            continue;
        };
        let phase = match fence.filter(|_| source.is_believed) {
            Some(fence) => Reading::Introduces {
                fence,
                caller,
                read: source.state,
            },
            None => Reading::Asks { need, floor: None },
        };
        let what = match source.state == world.database.newest() {
            true => "looks up its client at the primary",
            false => "looks up its client at the replica",
        };
        next.push(Step::Reader(reader, what), going_on(world, reader, phase));
    }
}

fn asks(
    setup: &Setup,
    world: &World,
    reader: usize,
    (need, floor): (Version, Option<Version>),
    next: &mut Next,
) {
    let node = world.readers[reader].node;
    let (what, after) = if let Some(answer) = at_hand(setup, world, node, need) {
        let after = shown(setup, world, reader, answer, floor);
        ("is served from the tier", after)
    } else if let Some(answer) = stored(world, node, need) {
        ("is served from the store", served(world, reader, answer))
    } else {
        let loads = going_on(world, reader, Reading::Loads { need, floor });
        ("has the turn to load", loads)
    };
    next.push(Step::Reader(reader, what), after);
}

fn going_on(world: &World, reader: usize, phase: Reading) -> World {
    let mut after = world.clone();
    after.readers[reader].phase = phase;
    after
}

/// Before somebody is shown what may not be known to everybody, that is said; or they are told.
fn shown(
    setup: &Setup,
    world: &World,
    reader: usize,
    answer: Answer,
    floor: Option<Version>,
) -> World {
    let mut after = served(world, reader, answer);
    let is_said = floor.is_some_and(|floor| answer.label <= floor);
    if is_said || setup.has(Mistake::ShownUnsaid) {
        return after;
    }
    let (client, node) = (world.readers[reader].client, world.readers[reader].node);
    match world.nodes[node].link {
        Some(link) => after.places[link.place].raise(setup, Raise::Data(answer.label)),
        None => {
            let told = &mut after.told[usize::from(client)];
            *told = answer.label.max(*told);
        }
    }
    after
}

fn served(world: &World, reader: usize, answer: Answer) -> World {
    let mut after = done(world, reader);
    let (client, node) = (world.readers[reader].client, world.readers[reader].node);
    let shown = &mut after.shown[usize::from(client)];
    *shown = answer.content.max(*shown);
    keep(&mut after, node, answer);
    after
}

fn done(world: &World, reader: usize) -> World {
    let mut after = world.clone();
    let me = &mut after.readers[reader];
    me.left -= 1;
    me.phase = Reading::Looks;
    after
}

fn keep(world: &mut World, node: usize, answer: Answer) {
    let tier = &mut world.nodes[node].tier;
    if tier.is_none_or(|here| here.label <= answer.label) {
        *tier = Some(answer);
    }
}
