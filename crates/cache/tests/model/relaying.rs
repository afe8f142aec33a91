//! A node's link to the store, and its relay, which tells it what was committed.

use duly_cache::store::Raise;
use duly_db::versions::Versions;

use crate::explorer::{Next, Step};
use crate::reading::sources;
use crate::setup::{Failover, Mistake, Setup};
use crate::world::{Link, Telling, World};

/// What the link and the relay of a node may do.
pub(crate) fn steps(setup: &Setup, world: &World, node: usize, next: &mut Next) {
    opens(setup, world, node, next);
    match world.nodes[node].relay.phase {
        Telling::Waits if has_nothing_to_do(world, node) => {}
        Telling::Waits => begins(setup, world, node, next),
        Telling::Reads { is_same } => reads(setup, world, node, is_same, next),
        Telling::Raises { read, is_same } => raises(setup, world, node, (read, is_same), next),
        Telling::Notes { is_same } => {
            let mut after = world.clone();
            after.nodes[node].relay.phase = Telling::Waits;
            if is_same {
                notes(&mut after, node);
            }
            next.push(Step::Relay(node, "notes that all is told"), after);
        }
    }
}

/// Whether the store of a node has been told everything, and knows it.
pub(crate) fn has_settled(world: &World, node: usize) -> bool {
    world.nodes[node].link.is_some() && has_nothing_to_do(world, node)
}

/// The relay tells it again and again; here, only when that changes something.
fn has_nothing_to_do(world: &World, node: usize) -> bool {
    let relay = &world.nodes[node].relay;
    let has_told = world.nodes[node].link.is_none_or(|link| {
        let place = &world.places[link.place];
        let is_noted = place.note == Some(relay.cursor);
        relay.has_told && is_noted && place.epoch == Some(link.era)
    });
    relay.phase == Telling::Waits && has_told && relay.cursor >= world.database.newest().data
}

fn opens(setup: &Setup, world: &World, node: usize, next: &mut Next) {
    if world.nodes[node].link.is_some() {
        return;
    }
    let mut after = world.clone();
    let place = world.leads_to;
    let era = match world.places[place].epoch {
        Some(era) => era,
        None => {
            after.eras += 1;
            after.places[place].epoch = Some(after.eras);
            after.eras
        }
    };
    let note = after.places[place].note;
    let link = Link {
        place,
        era,
        is_caught_up: setup.has(Mistake::LinkBelievedAtOnce),
        note: note.filter(|_| !setup.has(Mistake::NoteIgnored)),
    };
    after.set_link(node, Some(link));
    next.push(Step::Relay(node, "finds a new link"), after);
}

fn begins(setup: &Setup, world: &World, node: usize, next: &mut Next) {
    let mut after = world.clone();
    let me = &mut after.nodes[node];
    match me.link {
        // Nothing can come between that would matter.
        Some(_) if me.relay.has_told => return reads(setup, world, node, true, next),
        Some(link) => {
            let cursor = me.relay.cursor;
            me.relay.cursor = link.note.map_or(cursor, |note| note.min(cursor));
            me.relay.phase = Telling::Reads { is_same: true };
        }
        None => me.relay.phase = Telling::Reads { is_same: false },
    }
    next.push(Step::Relay(node, "begins to tell"), after);
}

fn reads(setup: &Setup, world: &World, node: usize, is_same: bool, next: &mut Next) {
    for source in sources(setup, &world.database) {
        // Nor does it conclude anything from what a replica says.
        if !source.is_believed {
            continue;
        }
        let mut after = world.clone();
        let (read, relay) = (source.state, &mut after.nodes[node].relay);
        relay.phase = Telling::Raises { read, is_same };
        if setup.has(Mistake::CursorFirst) {
            relay.cursor = relay.cursor.max(read.data);
        }
        next.push(Step::Relay(node, "reads what was committed"), after);
    }
}

fn raises(
    setup: &Setup,
    world: &World,
    node: usize,
    (read, is_same): (Versions, bool),
    next: &mut Next,
) {
    let mut after = world.clone();
    let relay = &mut after.nodes[node].relay;
    relay.phase = Telling::Waits;
    if read.data > relay.cursor {
        let Some(link) = world.nodes[node].link else {
            return next.push(Step::Relay(node, "cannot tell it"), after);
        };
        relay.cursor = read.data;
        after.places[link.place].raise(setup, Raise::Both(read));
    }
    match world.nodes[node].link {
        Some(link) if is_same && link.is_caught_up => notes(&mut after, node),
        Some(_) if is_same => after.nodes[node].relay.phase = Telling::Notes { is_same },
        _ => {}
    }
    next.push(Step::Relay(node, "raises what was committed"), after);
}

/// Gives up a link of another epoch than the others'.
fn notes(world: &mut World, node: usize) {
    let Some(link) = world.nodes[node].link else {
        return;
    };
    if *world.places[link.place].epoch.get_or_insert(link.era) != link.era {
        return world.set_link(node, None);
    }
    let me = &mut world.nodes[node];
    me.relay.has_told = true;
    me.link = Some(Link {
        is_caught_up: true,
        note: None,
        ..link
    });
    world.places[link.place].note = Some(me.relay.cursor);
}

/// The backup takes over.
pub(crate) fn fails_over(setup: &Setup, world: &World) -> World {
    let mut after = world.clone();
    after.faults.failovers -= 1;
    let backup = std::mem::take(&mut after.backup);
    match setup.failover {
        Failover::Epoch => {
            after.places = [Default::default(), backup.in_another_epoch()];
            after.leads_to = 1;
            for node in 0..after.nodes.len() {
                after.set_link(node, None);
            }
        }
        Failover::SplitBrain => {
            after.places[1] = backup.in_another_epoch();
            after.leads_to = 1;
            after.is_split = true;
        }
        Failover::Unseen => {
            // The note lies on another shard.
            let note = after.places[0].note;
            after.places[0] = backup;
            after.places[0].note = note;
            if !setup.has(Mistake::NothingToldAgain) {
                for node in &mut after.nodes {
                    node.relay.cursor = World::first().data;
                }
            }
        }
    }
    after
}
