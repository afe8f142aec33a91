//! What has to hold, asked of every state.
//!
//! A read's result is never older than its need, and its need is known with its first answer: the
//! floor, or what its look-up has read. So it is enough to ask in every state what a read that
//! starts now could be shown; slow reads are in the states as readers.

use std::fmt;

use crate::place::Answer;
use crate::reading::{self, Visit};
use crate::relaying;
use crate::setup::{Client, REVOKED, STAYS, Setup};
use crate::world::{NODES, Reading, World, Writing};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Property {
    /// A: who reads after a write was acknowledged sees it.
    Acknowledged,
    /// H: who reads at the node that has acknowledged a write sees it, and there who has lost their
    /// rights is refused.
    Home,
    /// B: who reads at a node sees what its relay has told.
    Told,
    /// C: when all has settled nobody is shown anything old.
    Settled,
    /// D: who has lost their rights is refused once that was acknowledged.
    Revoked,
    /// M: what one client is shown never goes back.
    Forward,
    /// S: nor does it for a client that says what they were told to have seen.
    Said,
}

pub(crate) const ALL: [Property; 7] = [
    Property::Acknowledged,
    Property::Home,
    Property::Told,
    Property::Settled,
    Property::Revoked,
    Property::Forward,
    Property::Said,
];

impl fmt::Display for Property {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Property::Acknowledged => "A",
            Property::Home => "H",
            Property::Told => "B",
            Property::Settled => "C",
            Property::Revoked => "D",
            Property::Forward => "M",
            Property::Said => "S",
        })
    }
}

/// The properties that do not hold in a state.
pub(crate) fn broken(setup: &Setup, world: &World) -> Vec<Property> {
    let mut broken = Vec::new();
    let is_settled = has_settled(world);
    for node in 0..NODES {
        for client in [STAYS, REVOKED] {
            for visit in visits(setup, world, node, client) {
                judge_visit(world, (node, client), is_settled, visit, &mut broken);
                for answer in answers(setup, world, node, visit) {
                    judge_answer(world, (node, client), is_settled, answer, &mut broken);
                }
                let need = visit.need.max(world.told[usize::from(client)]);
                let answers = answers(setup, world, node, Visit { need, ..visit });
                if answers
                    .iter()
                    .any(|it| it.content < world.shown[usize::from(client)])
                {
                    broken.push(Property::Said);
                }
            }
        }
    }
    broken
}

fn judge_visit(
    world: &World,
    (node, client): (usize, Client),
    is_settled: bool,
    visit: Visit,
    broken: &mut Vec<Property>,
) {
    let first = World::first().auth;
    let is_too_old = |rights: i64| {
        let is_revoked = client == REVOKED && rights > first;
        visit.caller.rights < rights || is_revoked || visit.caller.client != client
    };
    if is_too_old(world.acknowledged.auth) {
        broken.push(Property::Revoked);
    }
    if is_too_old(world.acknowledged_by[node].auth) {
        broken.push(Property::Home);
    }
    if is_settled && is_too_old(world.database.newest().auth) {
        broken.push(Property::Settled);
    }
}

fn judge_answer(
    world: &World,
    (node, client): (usize, Client),
    is_settled: bool,
    answer: Answer,
    broken: &mut Vec<Property>,
) {
    let shown = answer.content;
    if shown < world.acknowledged.data {
        broken.push(Property::Acknowledged);
    }
    if shown < world.acknowledged_by[node].data {
        broken.push(Property::Home);
    }
    if shown < world.nodes[node].relay.cursor {
        broken.push(Property::Told);
    }
    if is_settled && shown < world.database.newest().data {
        broken.push(Property::Settled);
    }
    if shown < world.shown[usize::from(client)] {
        broken.push(Property::Forward);
    }
}

/// Who a client may be taken for; nothing when they are refused.
fn visits(setup: &Setup, world: &World, node: usize, client: Client) -> Vec<Visit> {
    if let Some(visit) = reading::look(setup, world, node, client) {
        return vec![visit];
    }
    let sources = reading::sources(setup, &world.database);
    let known = |source: reading::Source| reading::known(client, source.state);
    sources.into_iter().filter_map(known).collect()
}

/// Everything they may be shown, wherever it is found: any place may have forgotten it.
fn answers(setup: &Setup, world: &World, node: usize, visit: Visit) -> Vec<Answer> {
    let mut answers = reading::loads(setup, &world.database, visit.need);
    answers.extend(reading::at_hand(setup, world, node, visit.need));
    answers.extend(reading::stored(world, node, visit.need));
    answers
}

/// Nobody is doing anything, nor has anything left to do that would not begin with a request.
fn has_settled(world: &World) -> bool {
    let readers = || world.readers.iter();
    !world.database.is_away
        && world.database.replica() == world.database.newest()
        && world
            .writers
            .iter()
            .all(|writer| !matches!(writer.phase, Writing::Raises(_)))
        && readers().all(|reader| reader.phase == Reading::Looks)
        && (0..NODES).all(|node| relaying::has_settled(world, node))
}
