//! Tries every order of every step, shortest first.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use crate::properties::{self, ALL, Property};
use crate::setup::Setup;
use crate::world::{NODES, World};
use crate::{faults, reading, relaying, writing};

/// Who does what.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Reader(usize, &'static str),
    Writer(usize, &'static str),
    Relay(usize, &'static str),
    Node(usize, &'static str),
    Other(&'static str),
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Reader(number, what) => write!(formatter, "reader {number} {what}"),
            Step::Writer(number, what) => write!(formatter, "writer {number} {what}"),
            Step::Relay(node, what) => write!(formatter, "relay of node {node} {what}"),
            Step::Node(node, what) => write!(formatter, "node {node} {what}"),
            Step::Other(what) => formatter.write_str(what),
        }
    }
}

/// The steps that may come next, and what there is afterwards.
#[derive(Default)]
pub(crate) struct Next(Vec<(Step, Box<World>)>);

impl Next {
    pub(crate) fn push(&mut self, step: Step, world: World) {
        self.0.push((step, Box::new(world)));
    }

    fn of(setup: &Setup, world: &World) -> Vec<(Step, Box<World>)> {
        let mut next = Next::default();
        for reader in 0..world.readers.len() {
            reading::steps(setup, world, reader, &mut next);
        }
        for writer in 0..world.writers.len() {
            writing::steps(setup, world, writer, &mut next);
        }
        for node in 0..NODES {
            relaying::steps(setup, world, node, &mut next);
        }
        faults::steps(setup, world, &mut next);
        next.0
    }
}

/// What was found.
pub(crate) struct Found {
    pub(crate) states: usize,
    /// The shortest way to break each property that can be broken.
    pub(crate) broken: BTreeMap<Property, Trace>,
}

/// A sequence of steps, and what there is after each.
pub(crate) struct Trace(Vec<(Step, Box<World>)>);

impl fmt::Display for Trace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (step, world) in &self.0 {
            writeln!(formatter, "      {step}\n          [{world}]")?;
        }
        Ok(())
    }
}

/// Explores all states, or until one is found in which every property of `wanted` was broken, if
/// there are any.
pub(crate) fn explore(setup: &Setup, wanted: &[Property]) -> Found {
    let mut ways = Ways(Vec::new());
    let mut seen: HashSet<u128, BuildHasherDefault<Taken>> = HashSet::default();
    let mut broken: BTreeMap<Property, usize> = BTreeMap::new();
    let first = Box::new(World::new(setup));
    seen.insert(fingerprint(&first));
    ways.0.push((0, 0));
    let mut frontier = vec![(0, first)];
    while !frontier.is_empty() {
        let mut reached = Vec::new();
        for (way, world) in frontier {
            if broken.len() < ALL.len() {
                for property in properties::broken(setup, &world) {
                    broken.entry(property).or_insert(way);
                }
            }
            for (choice, (_, after)) in Next::of(setup, &world).into_iter().enumerate() {
                if seen.insert(fingerprint(&after)) {
                    reached.push((ways.0.len(), after));
                    ways.0
                        .push((u32::try_from(way).unwrap(), u16::try_from(choice).unwrap()));
                }
            }
        }
        frontier = reached;
        if !wanted.is_empty() && wanted.iter().all(|property| broken.contains_key(property)) {
            break;
        }
    }
    let trace = |(property, way)| (property, ways.trace(setup, way));
    Found {
        states: ways.0.len(),
        broken: broken.into_iter().map(trace).collect(),
    }
}

/// For each state from which other one it was reached first, and by which of its steps.
struct Ways(Vec<(u32, u16)>);

impl Ways {
    fn trace(&self, setup: &Setup, mut way: usize) -> Trace {
        let mut choices = Vec::new();
        while way != 0 {
            let (before, choice) = self.0[way];
            choices.push(usize::from(choice));
            way = usize::try_from(before).unwrap();
        }
        let mut world = Box::new(World::new(setup));
        let mut steps = Vec::new();
        for choice in choices.into_iter().rev() {
            let (step, after) = Next::of(setup, &world).swap_remove(choice);
            steps.push((step, after.clone()));
            world = after;
        }
        Trace(steps)
    }
}

/// States are told apart by 128 bits: among ten million two share them with a probability of one in
/// 10^24.
fn fingerprint(world: &World) -> u128 {
    let mut mixer = Mixer(0x243f_6a88_85a3_08d3_1319_8a2e_0370_7344);
    world.hash(&mut mixer);
    mixer.mix(0);
    mixer.0 ^ (mixer.0 >> 64)
}

struct Mixer(u128);

impl Mixer {
    fn mix(&mut self, word: u64) {
        let mixed =
            (self.0 ^ u128::from(word)).wrapping_mul(0xda94_2042_e4dd_58b5_2360_ed05_1fc6_5da5);
        self.0 = mixed ^ (mixed >> 67);
    }
}

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.mix(u64::from(*byte));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.mix(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.mix(number);
    }

    fn write_i64(&mut self, number: i64) {
        self.mix(number.cast_unsigned());
    }

    fn write_usize(&mut self, number: usize) {
        self.mix(u64::try_from(number).unwrap());
    }

    fn write_isize(&mut self, number: isize) {
        self.mix(u64::try_from(number).unwrap());
    }

    fn finish(&self) -> u64 {
        unreachable!("all of it is used")
    }
}

/// Takes a fingerprint for what it is: a hash.
#[derive(Default)]
struct Taken(u64);

impl Hasher for Taken {
    fn write(&mut self, _: &[u8]) {
        unreachable!("only fingerprints are kept")
    }

    fn write_u128(&mut self, number: u128) {
        self.0 = u64::try_from(number & u128::from(u64::MAX)).unwrap();
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
