//! A request that writes: it commits, raises the floor, and only then is acknowledged.

use duly_cache::store::Raise;
use duly_db::versions::Versions;

use crate::explorer::{Next, Step};
use crate::setup::Setup;
use crate::world::{NODES, World, Writing};

/// What a writer may do.
pub(crate) fn steps(setup: &Setup, world: &World, writer: usize, next: &mut Next) {
    let me = &world.writers[writer];
    match me.phase {
        Writing::Commits if world.database.is_away => {}
        Writing::Commits => {
            let mut after = world.clone();
            let made = after.database.commit(me.is_auth);
            after.writers[writer].phase = Writing::Raises(made);
            next.push(Step::Writer(writer, "commits"), after);
        }
        Writing::Raises(made) => {
            raises(setup, world, writer, made, next);
            goes_wrong(world, writer, made, next);
        }
        Writing::Done => {}
    }
}

fn raises(setup: &Setup, world: &World, writer: usize, made: Versions, next: &mut Next) {
    let me = &world.writers[writer];
    let raise = match me.is_auth {
        true => Raise::Auth,
        false => Raise::Data(made.data),
    };
    let mut after = world.clone();
    after.writers[writer].phase = Writing::Done;
    let Some(link) = world.nodes[me.node].link else {
        acknowledge(&mut after, me.node, writer, made);
        return next.push(Step::Writer(writer, "has no link and is acknowledged"), after);
    };
    after.places[link.place].raise(setup, raise);
    for node in 0..NODES {
        acknowledge(&mut after, node, writer, made);
    }
    next.push(Step::Writer(writer, "raises and is acknowledged"), after);
}

fn goes_wrong(world: &World, writer: usize, made: Versions, next: &mut Next) {
    let node = world.writers[writer].node;
    if world.faults.killed_writers > 0 {
        let mut after = world.clone();
        after.faults.killed_writers -= 1;
        after.writers[writer].phase = Writing::Done;
        next.push(Step::Writer(writer, "is killed before it raises"), after);
    }
    if world.faults.failed_raises > 0 && world.nodes[node].link.is_some() {
        let mut after = world.clone();
        after.faults.failed_raises -= 1;
        after.writers[writer].phase = Writing::Done;
        after.set_link(node, None);
        // The other node has not heard of it; the relays see to that.
        acknowledge(&mut after, node, writer, made);
        next.push(Step::Writer(writer, "fails to raise and is acknowledged"), after);
    }
}

fn acknowledge(world: &mut World, node: usize, writer: usize, made: Versions) {
    let is_auth = world.writers[writer].is_auth;
    let known = &mut world.acknowledged[node];
    known.data = known.data.max(made.data);
    if is_auth {
        known.auth = known.auth.max(made.auth);
    }
}
