//! A request that writes: it commits, raises the floor, and only then is acknowledged.

use duly_cache::store::Raise;
use duly_db::versions::Versions;

use crate::explorer::{Next, Step};
use crate::setup::{Mistake, Setup};
use crate::world::{World, Writer, Writing};

/// What a writer may do.
pub(crate) fn steps(setup: &Setup, world: &World, writer: usize, next: &mut Next) {
    let me = &world.writers[writer];
    match me.phase {
        Writing::Commits if world.database.is_away => {}
        Writing::Commits => {
            let mut after = world.clone();
            let made = after.database.commit(me.is_auth);
            if setup.has(Mistake::AcknowledgedFirst) {
                acknowledge(&mut after, writer, made);
            }
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
    acknowledge(&mut after, writer, made);
    let Some(link) = world.nodes[me.node].link else {
        return next.push(
            Step::Writer(writer, "has no link and is acknowledged"),
            after,
        );
    };
    after.places[link.place].raise(setup, raise);
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
        after.set_link(node, None);
        acknowledge(&mut after, writer, made);
        next.push(
            Step::Writer(writer, "fails to raise and is acknowledged"),
            after,
        );
    }
}

fn acknowledge(world: &mut World, writer: usize, made: Versions) {
    let Writer { node, is_auth, .. } = world.writers[writer];
    world.writers[writer].phase = Writing::Done;
    for known in [&mut world.acknowledged, &mut world.acknowledged_by[node]] {
        known.data = known.data.max(made.data);
        if is_auth {
            known.auth = known.auth.max(made.auth);
        }
    }
}
