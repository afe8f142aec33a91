//! Many who read and write in any order: nobody is answered what was forgotten before they asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use duly_cache::values::{Key, Values};
use duly_db::Random as _;
use duly_db::random::SeededRandom;
use jiff::SignedDuration;

use super::{HOUR, MINUTE, World, everywhere};

everywhere! { nobody_is_answered_what_was_forgotten_before_they_asked }

const GROUPS: [&str; 2] = ["one", "two"];

struct Model {
    world: World,
    random: Arc<SeededRandom>,
    /// What is in the database: a number for each group, which only rises.
    numbers: [AtomicI64; 2],
    /// What somebody has been told was written.
    acknowledged: [AtomicI64; 2],
    reads: AtomicUsize,
    loads: AtomicUsize,
}

fn all(numbers: &[AtomicI64; 2]) -> [i64; 2] {
    [0, 1].map(|group| numbers[group].load(Ordering::Relaxed))
}

impl Model {
    fn chance(&self, most: usize) -> usize {
        let mut byte = [0];
        self.random.fill(&mut byte);
        usize::from(byte[0]) % most
    }

    fn node(&self) -> &Values {
        &self.world.nodes[self.chance(2)]
    }

    async fn wait(&self) {
        for _ in 0..self.chance(20) {
            tokio::task::yield_now().await;
        }
    }

    async fn act(self: Arc<Self>) {
        self.wait().await;
        match self.chance(10) {
            0 => self.write().await,
            1 => self.world.clock.advance(SignedDuration::from_secs(20)),
            _ => self.read().await,
        }
    }

    async fn write(&self) {
        let group = self.chance(2);
        let number = self.numbers[group].fetch_add(1, Ordering::Relaxed) + 1;
        self.wait().await;
        self.node().forget(&[GROUPS[group]]).await.unwrap();
        self.acknowledged[group].fetch_max(number, Ordering::Relaxed);
    }

    async fn read(self: &Arc<Self>) {
        let groups = [&[0][..], &[1], &[0, 1]][self.chance(3)];
        let name = format!("{groups:?}");
        let key = groups
            .iter()
            .fold(Key::named(name), |key, group| key.of(GROUPS[*group]));
        let least = all(&self.acknowledged);
        let load = self.clone().load();
        let found = match self.chance(2) {
            0 => self.node().remember(&key, MINUTE, load).await,
            _ => self.node().flexible(&key, MINUTE, HOUR, load).await,
        };
        let Ok(found) = found else { return };
        self.reads.fetch_add(1, Ordering::Relaxed);
        for group in groups {
            assert!(
                found[*group] >= least[*group],
                "{key:?}: {found:?}, not {least:?}"
            );
        }
    }

    async fn load(self: Arc<Self>) -> Result<[i64; 2], &'static str> {
        self.loads.fetch_add(1, Ordering::Relaxed);
        let read = all(&self.numbers);
        self.wait().await;
        match self.chance(10) {
            0 => Err("it fails now and then"),
            _ => Ok(read),
        }
    }
}

async fn nobody_is_answered_what_was_forgotten_before_they_asked(world: World) {
    let model = Arc::new(Model {
        world,
        random: SeededRandom::new(7),
        numbers: Default::default(),
        acknowledged: Default::default(),
        reads: AtomicUsize::new(0),
        loads: AtomicUsize::new(0),
    });
    for _ in 0..100 {
        let mut acts = tokio::task::JoinSet::new();
        for _ in 0..50 {
            acts.spawn(model.clone().act());
        }
        acts.join_all().await;
    }
    let (reads, loads) = (&model.reads, &model.loads);
    let (reads, loads) = (reads.load(Ordering::Relaxed), loads.load(Ordering::Relaxed));
    assert!(
        reads > 3_000 && loads < reads / 2,
        "{reads} reads, {loads} loads"
    );
}
