//! What a request does with the cache: who asks, and what is the answer.

use std::sync::Arc;
use std::time::Duration;

use duly_db::caller::note_untold;
use duly_db::versions::{Kind, Raised, Watcher};
use duly_db::{SharedClock, Version};
use jiff::Timestamp;

use crate::answer::Made;
use crate::check::Due;
use crate::counters::{Counters, Meter};
use crate::flight::Flights;
use crate::limits::{Count, Limiter, Standing};
use crate::loads::Loads;
use crate::owner::OwnerKeys;
use crate::status::Status;
use crate::store::{Credential, Found, Known, Lost, Raise, Record, Store};
use crate::tier::Tier;
use crate::{Entry, OwnerKey, View};

/// How much a cache may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of answers in the memory of this process.
    pub memory: u64,
    /// Loads at the same time.
    pub loads: usize,
    /// How long a request waits for its turn to load.
    pub wait: Duration,
    /// One of so many answers from memory is made anew and compared; 0: none.
    pub check: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            memory: 64 * 1024 * 1024,
            loads: 24,
            wait: Duration::from_millis(250),
            check: 4096,
        }
    }
}

/// What a request asks of the store at once.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asking<'asking> {
    /// What will be asked for.
    pub view: Option<View>,
    /// What the request counts for.
    pub counts: &'asking [Count<'asking>],
    /// What whoever asks says that they have seen: a write of which a node could not tell the others
    /// is known only to its client until the relay has told them.
    pub at_least: Option<Version>,
}

/// Somebody has asked too often.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("too many requests")]
pub struct Refused(pub Standing);

/// Somebody who asks, and how new what they are answered has to be.
#[derive(Debug)]
pub struct Visit<R> {
    /// Who it is.
    pub record: Arc<R>,
    /// What they are answered has to be of this version at least.
    pub version: Version,
    /// When they came.
    pub came: Timestamp,
    /// What the limits say to it.
    pub standing: Standing,
    pub(crate) owner: OwnerKey,
    /// Everybody serves this version at least; nothing when that is not known.
    pub(crate) floor: Option<Version>,
    /// What was at hand of what they will ask for.
    pub(crate) entry: Option<(View, Arc<Entry>)>,
}

/// Somebody who was looked up.
#[derive(Debug)]
pub(crate) struct Introduced<R> {
    known: Known<R>,
    /// Whether there is a floor now that is not older.
    is_kept: bool,
}

impl<R> Clone for Introduced<R> {
    fn clone(&self) -> Self {
        Introduced {
            known: self.known.clone(),
            is_kept: self.is_kept,
        }
    }
}

/// Knows who asks and what the answer is, and is never older than what anybody has seen or
/// written. Clones share it.
#[derive(Debug)]
pub struct Cache<R>(pub(crate) Arc<Inner<R>>);

impl<R> Clone for Cache<R> {
    fn clone(&self) -> Self {
        Cache(self.0.clone())
    }
}

#[derive(Debug)]
pub(crate) struct Inner<R> {
    pub(crate) store: Arc<dyn Store<R>>,
    pub(crate) keys: OwnerKeys,
    pub(crate) tier: Tier,
    /// Look-ups of who somebody is.
    pub(crate) callers: Flights<[u8; 32], Introduced<R>>,
    pub(crate) answers: Flights<(OwnerKey, View), Made>,
    pub(crate) loads: Loads,
    pub(crate) limits: Limits,
    pub(crate) limiter: Limiter,
    pub(crate) clock: SharedClock,
    since: Timestamp,
    pub(crate) meter: Meter,
    /// Answers that were not served because they are to be compared first.
    pub(crate) due: Due,
}

impl<R: Record> Cache<R> {
    /// Uses the store, and the limiter for what is counted beside it.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store<R>>,
        keys: OwnerKeys,
        limits: Limits,
        limiter: Limiter,
        clock: SharedClock,
    ) -> Self {
        Cache(Arc::new(Inner {
            store,
            keys,
            tier: Tier::new(limits.memory),
            callers: Flights::default(),
            answers: Flights::default(),
            loads: Loads::new(limits),
            limits,
            limiter,
            since: clock.now(),
            clock,
            meter: Meter::default(),
            due: Due::default(),
        }))
    }

    /// The key of an owner, for cookies and tokens.
    #[must_use]
    pub fn keys(&self) -> &OwnerKeys {
        &self.0.keys
    }

    /// What has been done since the start.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.0.meter.read(self.0.tier.size())
    }

    /// How it is doing.
    #[must_use]
    pub fn status(&self) -> Status {
        Status {
            store: self.0.store.status(),
            since: self.0.since,
            memory_limit_bytes: self.0.limits.memory,
            counters: self.counters(),
        }
    }

    /// Who asks. When nobody knows, `load` reads it **from the primary**, with the versions of the
    /// same state, and says when it could not. One look does for all that is asked.
    ///
    /// # Errors
    /// What `load` says, and then nothing is counted, or [`Refused`].
    pub async fn visit<E: From<Refused>>(
        &self,
        credential: &Credential,
        asking: Asking<'_>,
        load: impl Future<Output = Result<Known<R>, E>>,
    ) -> Result<Visit<R>, E> {
        let Asking { view, counts, .. } = asking;
        let limiter = &self.0.limiter;
        if let Some(refused) = limiter.refused_just_now(counts) {
            return Err(Refused(refused).into());
        }
        let now = self.0.clock.now();
        let here = |view| self.0.tier.get(credential.owner, view, now);
        let mut at_hand = view.and_then(|view| Some((view, here(view)?)));
        let wanted = view.filter(|_| at_hand.is_none());
        let looked = self.0.store.look(credential, wanted, counts).await;
        let is_there = self.noted(&looked);
        let standing = match &looked {
            Ok(Found {
                counted: Some(readings),
                ..
            }) => limiter.judge(counts, readings).await,
            _ => limiter.hit_here(counts),
        };
        if !standing.allowed() {
            return Err(Refused(standing).into());
        }
        let mut found = None;
        if let Ok(Found {
            floor: Some(floor),
            record,
            entry,
            ..
        }) = looked
        {
            if let Some((view, entry)) = view.zip(entry) {
                at_hand = Some((view, self.keep(credential.owner, view, entry)));
            }
            let record = record.filter(|record| record.is_valid(now));
            found = record.map(|record| (record, floor, Some(floor)));
        }
        let (record, version, floor) = match found {
            Some(found) => found,
            // What is seldom needed is kept off the stack, here and below: the future of a request is
            // moved several times, and its size is what that costs.
            None => match Box::pin(self.known(credential, is_there, load)).await {
                Ok(Introduced { known, is_kept }) => {
                    let version = known.versions.data;
                    (known.record, version, is_kept.then_some(version))
                }
                Err(error) => {
                    // Nobody may use up the limit of somebody they only claim to be.
                    Box::pin(limiter.undo(counts)).await;
                    return Err(error);
                }
            },
        };
        Ok(Visit {
            record,
            version: asking.at_least.map_or(version, |seen| seen.max(version)),
            came: now,
            standing,
            owner: credential.owner,
            floor,
            entry: at_hand,
        })
    }

    /// Who it is, looked up once for all who ask meanwhile.
    async fn known<E>(
        &self,
        credential: &Credential,
        is_there: bool,
        load: impl Future<Output = Result<Known<R>, E>>,
    ) -> Result<Introduced<R>, E> {
        // Who comes while one is being looked up may have been let in meanwhile, or shut out.
        let will_do = |_: &Introduced<R>, begun_after| begun_after;
        let introduced = self.introduced(credential, is_there, load);
        let flights = &self.0.callers;
        flights.join(credential.hash, will_do, introduced).await
    }

    async fn introduced<E>(
        &self,
        credential: &Credential,
        is_there: bool,
        load: impl Future<Output = Result<Known<R>, E>>,
    ) -> Result<Introduced<R>, E> {
        let store = &self.0.store;
        let fence = match is_there {
            true => store.fence(credential).await.ok().flatten(),
            false => None,
        };
        self.0.meter.callers_loaded.add();
        let known = load.await?;
        let mut is_kept = false;
        if let Some(fence) = fence.filter(|_| known.is_newest) {
            let kept = store.introduce(credential, fence, &known).await;
            self.noted(&kept);
            is_kept = kept.unwrap_or(false);
        }
        Ok(Introduced { known, is_kept })
    }

    /// Before somebody is shown what is of this version: whoever serves them next must not show them anything
    /// older, though nobody may have said yet that it was committed, because its writer has died. When that
    /// cannot be said now, they are told what they have seen.
    pub(crate) async fn show(&self, visit: &Visit<R>, version: Version) {
        let is_said = visit.floor.is_some_and(|floor| version <= floor);
        let raise = (visit.owner, Raise::Data(version));
        if !is_said && self.raise(&[raise]).await.is_err() {
            note_untold(version);
        }
    }

    /// Invalidates what has become known of owners.
    pub(crate) async fn raise(&self, raises: &[(OwnerKey, Raise)]) -> Result<(), Lost> {
        let raised = self.0.store.raise(raises).await;
        self.noted(&raised);
        raised
    }

    /// For the relay.
    pub(crate) fn store(&self) -> &dyn Store<R> {
        &*self.0.store
    }

    pub(crate) fn noted<T>(&self, answer: &Result<T, Lost>) -> bool {
        if let Err(Lost(reason)) = answer {
            self.0.meter.lost.add();
            tracing::debug!(reason, "the cache did not answer");
        }
        answer.is_ok()
    }
}

#[async_trait::async_trait]
impl<R: Record> Watcher for Cache<R> {
    /// Raises the floors before the writer hears that it is done. When that fails the relay does
    /// it, half a second later at the latest, and until then the writer says what they have seen.
    async fn committed(&self, raised: &[Raised]) {
        let raises: Vec<(OwnerKey, Raise)> = raised
            .iter()
            .map(|raised| {
                let raise = match raised.kind {
                    Kind::Data => Raise::Data(raised.version),
                    Kind::Auth => Raise::Auth,
                };
                (self.0.keys.of(raised.owner), raise)
            })
            .collect();
        if self.raise(&raises).await.is_err() {
            let newest = raised.iter().map(|raised| raised.version).max();
            newest.into_iter().for_each(note_untold);
        }
    }
}
