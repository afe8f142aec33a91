//! What goes wrong, and what goes on in the background.

use crate::explorer::{Next, Step};
use crate::place::Place;
use crate::relaying;
use crate::setup::{Failover, Mistake, Setup};
use crate::world::{Link, NODES, Relay, Telling, World, Writing};

/// What may happen without anybody asking.
pub(crate) fn steps(setup: &Setup, world: &World, next: &mut Next) {
    let mut after = world.clone();
    if after.database.apply() {
        next.push(Step::Other("the replica applies a commit"), after);
    }
    forgets(setup, world, next);
    replaces(setup, world, next);
    if world.faults.outages > 0 && !world.database.is_away {
        let mut after = world.clone();
        after.faults.outages -= 1;
        after.database.is_away = true;
        next.push(Step::Other("the primary cannot be reached"), after);
    }
    if world.database.is_away {
        let mut after = world.clone();
        after.database.is_away = false;
        next.push(Step::Other("the primary is back"), after);
    }
    for node in 0..NODES {
        breaks(world, node, next);
    }
}

fn forgets(setup: &Setup, world: &World, next: &mut Next) {
    for place in 0..world.places.len() {
        if world.faults.evictions > 0 && !world.places[place].knows_nothing() {
            let mut after = world.clone();
            after.faults.evictions -= 1;
            after.places[place].evict();
            next.push(Step::Other("the owner is evicted"), after);
        }
    }
    if setup.has(Mistake::NoteOnItsOwn) && world.places[0].note.is_some() {
        let mut after = world.clone();
        after.places[0].note = None;
        next.push(Step::Other("the note is evicted"), after);
    }
    if world.faults.evicted_epochs > 0 && world.places[0].epoch.is_some() {
        let mut after = world.clone();
        after.faults.evicted_epochs -= 1;
        after.places[0].epoch = None;
        next.push(Step::Other("the epoch's key is evicted"), after);
    }
}

fn replaces(setup: &Setup, world: &World, next: &mut Next) {
    if world.faults.failovers == 0 {
        return;
    }
    // Of what is another epoch's nothing is found.
    let backup: Place = match setup.failover {
        Failover::Unseen => world.places[0].clone(),
        Failover::Epoch | Failover::SplitBrain => world.places[0].in_another_epoch(),
    };
    if backup != world.backup {
        let mut after = world.clone();
        after.backup = backup;
        next.push(Step::Other("the backup receives"), after);
    }
    let after = relaying::fails_over(setup, world);
    next.push(Step::Other("the backup takes over"), after);
}

fn breaks(world: &World, node: usize, next: &mut Next) {
    let link = world.nodes[node].link;
    let is_left = world.is_split && link.is_some_and(|Link { place, .. }| place == 0);
    if link.is_some() && (world.faults.broken_links > 0 || is_left) {
        let mut after = world.clone();
        after.faults.broken_links -= u8::from(!is_left);
        after.set_link(node, None);
        next.push(Step::Node(node, "loses its link"), after);
    }
    if world.faults.restarts > 0 {
        next.push(
            Step::Node(node, "is killed and started again"),
            restarted(world, node),
        );
    }
}

fn restarted(world: &World, node: usize) -> World {
    let mut after = world.clone();
    after.faults.restarts -= 1;
    after.set_link(node, None);
    after.nodes[node].tier = None;
    after.nodes[node].relay = Relay {
        cursor: world.database.newest().data,
        has_told: false,
        phase: Telling::Waits,
    };
    for writer in &mut after.writers {
        if writer.node == node && writer.phase != Writing::Commits {
            writer.phase = Writing::Done;
        }
    }
    for reader in &mut after.readers {
        if reader.node == node {
            reader.give_up();
        }
    }
    after
}
