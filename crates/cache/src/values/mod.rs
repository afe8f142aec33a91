//! Values that belong to no single owner, and locks: what Laravel's `Cache` is used for.
//!
//! | | Laravel | Here |
//! |---|---|---|
//! | [`Values::remember`] | Looks, and if nothing is there computes and puts it. All who miss at the same time compute; what was forgotten during a computation is put all the same, and stays for its whole time. | One load for all who miss, in all nodes together. What was forgotten during its load is not kept. |
//! | [`Values::flexible`] | A value has a fresh and a stale time; in the stale one it is answered and one request computes anew after its response. After that time everybody computes. | The same two times. One node refreshes, in the background, and after the stale time one loads for all. What was forgotten is never answered as stale. |
//! | Tags: [`Key::of`], [`Values::forget`] | A set for each tag with the name of every entry, which grows until it is pruned. Flushing deletes entry by entry, and misses what is put meanwhile. Entries can be read only with the same tags in the same order. | A mark for each group, and each value carries those it was made under. Forgetting takes the mark away: one command, however many values there are. What had begun to load before is wrong as well. Nothing grows. |
//! | – ([`Key::at`]) | Nothing like it. | The versions that the database has of everything a value is made from: a version vector. Nobody has to forget anything, so nothing gets lost. |
//! | [`Values::lock`], [`Values::block`] | Set if absent, with an owner; released by whom that owner is. Nothing tells a holder whose time is over from the next. | The same, by one script, and a token that only rises, for whatever is written under the lock. |
//! | The cache cannot be reached | The exception ends the request. | Everybody loads for themselves, at most one at a time in a process. Locks cannot be taken: one that two may hold is worse than none. |
//! | `forever` | For ever. | A day at most: nothing that anybody has overlooked lasts longer. |
//!
//! A hit costs one round trip to Redis, which asks for the marks of the groups and brings the value
//! unless it is in memory; none where a value has no groups and is in memory, and none in a single
//! process.
//!
//! ```
//! # use std::sync::Arc;
//! # use std::time::Duration;
//! # use duly_cache::values::{Key, Process, Values};
//! # use duly_db::{clock::SystemClock, random::SystemRandom};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let clock = Arc::new(SystemClock);
//! # let backing = Arc::new(Process::new(clock.clone()));
//! # let values = Values::new(backing, "1.0", 1 << 20, clock, Arc::new(SystemRandom));
//! # async fn read() -> Result<u32, std::convert::Infallible> { Ok(7) }
//! let rates = Key::named("rates of today").of("rates");
//! let found = values.remember(&rates, Duration::from_secs(60), read()).await?;
//! values.forget(&["rates"]).await?;
//! # assert_eq!(*found, 7);
//! # Ok(())
//! # }
//! ```
//!
//! What can still be older than what was forgotten: a value of a Cluster of which a shard has
//! failed over and lost that, and one that another node finds while the node that forgot it cannot
//! reach Redis; it tells it as soon as it can, unless it ends before. Both for the value's time at
//! most. Versions ([`Key::at`]) are right also then.

mod backing;
mod key;
mod loading;
mod locks;
mod process;
mod sql;
mod stored;
mod untold;

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use duly_db::{SharedClock, SharedRandom};
use jiff::Timestamp;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

pub use backing::{Backing, Found, Loader, Turn};
pub use key::{Key, Mark, Vector};
pub use locks::{LONGEST_LOCK, Lock};
pub use process::Process;
pub use stored::{Stored, Value};

use crate::flight::Flights;
use crate::store::Lost;
use loading::Ages;
use untold::Untold;

/// Nothing is kept for longer than this, whatever is asked for.
pub const LONGEST_REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// Values that are kept until time or somebody says that they are wrong, and locks. Clones share
/// them.
#[derive(Debug, Clone)]
pub struct Values(Arc<Inner>);

struct Inner {
    backing: Arc<dyn Backing>,
    release: String,
    tier: Cache<String, Arc<Stored>, Bytes>,
    flights: Flights<Key, Arc<Stored>>,
    /// What is loaded in the background.
    refreshing: Mutex<HashSet<Key>>,
    untold: Untold,
    /// The highest token of a lock that this process has seen.
    highest_token: AtomicI64,
    /// Tells this process from others.
    node: u64,
    clock: SharedClock,
    random: SharedRandom,
}

/// Room for so many values is made to begin with.
const VALUES: usize = 1_000;

#[derive(Clone)]
struct Bytes;

impl Weighter<String, Arc<Stored>> for Bytes {
    fn weight(&self, name: &String, stored: &Arc<Stored>) -> u64 {
        u64::try_from(name.len() + stored.size()).unwrap_or(u64::MAX)
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Values({:?})", self.backing)
    }
}

impl Values {
    /// Keeps up to so many bytes of values in the memory of this process. `release` changes with
    /// each release that writes values differently, so that none reads what another has kept;
    /// groups and locks are those of all.
    #[must_use]
    pub fn new(
        backing: Arc<dyn Backing>,
        release: impl Into<String>,
        memory: u64,
        clock: SharedClock,
        random: SharedRandom,
    ) -> Self {
        let mut values = Inner {
            backing,
            release: release.into(),
            tier: Cache::with_weighter(VALUES, memory, Bytes),
            flights: Flights::default(),
            refreshing: Mutex::default(),
            untold: Untold::default(),
            highest_token: AtomicI64::new(0),
            node: 0,
            clock,
            random,
        };
        values.node = chance(&values.random);
        Values(Arc::new(values))
    }

    /// The value, which is no older than `lifetime`; else by `load`, once for all who ask.
    ///
    /// # Errors
    /// What `load` says. Who has waited for a load that failed loads for themselves.
    pub async fn remember<T: Value, E>(
        &self,
        key: &Key,
        lifetime: Duration,
        load: impl Future<Output = Result<T, E>>,
    ) -> Result<Arc<T>, E> {
        let ages = Ages::both(lifetime);
        let come = self.0.flights.moment();
        let looked = self.look(key, ages.stale).await;
        match looked.found {
            Some((_, value)) => Ok(value),
            None => self.loaded(come, key, looked.wanted, ages, load).await,
        }
    }

    /// The value at once while it is no older than `stale`; once it is older than `fresh`, somebody
    /// loads another in the background. One that is older still, or was forgotten, is loaded while
    /// all who ask wait, as by [`Values::remember`].
    ///
    /// # Errors
    /// What `load` says, to those who wait. In the background it is logged, and the next who asks
    /// tries again.
    pub async fn flexible<T: Value, E: fmt::Display + Send + 'static>(
        &self,
        key: &Key,
        fresh: Duration,
        stale: Duration,
        load: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<Arc<T>, E> {
        let ages = Ages::new(fresh, stale);
        let come = self.0.flights.moment();
        let looked = self.look(key, ages.stale).await;
        let Some((stored, value)) = looked.found else {
            return self.loaded(come, key, looked.wanted, ages, load).await;
        };
        if !stored.is_within(ages.fresh, self.now()) {
            self.refresh(key, ages, load);
        }
        Ok(value)
    }

    /// Makes every value of these groups wrong, also those that are being loaded, in all nodes.
    /// Whoever changes what values are made from does this after the commit.
    ///
    /// # Errors
    /// [`Lost`]: other nodes may go on answering what they have. This one does not, and tells them
    /// as soon as it can, so that there is nothing left to do.
    pub async fn forget(&self, groups: &[&str]) -> Result<(), Lost> {
        let groups: Vec<String> = groups.iter().map(|group| (*group).to_owned()).collect();
        let told = self.0.backing.forget(&groups).await;
        if told.is_err() && self.0.untold.note(groups) {
            tokio::spawn(untold::tell(Arc::downgrade(&self.0)));
        }
        told
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    fn chance(&self) -> u64 {
        chance(&self.0.random)
    }
}

fn chance(random: &SharedRandom) -> u64 {
    let mut chance = [0; 8];
    random.fill(&mut chance);
    u64::from_be_bytes(chance)
}
