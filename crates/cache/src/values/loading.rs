//! Finding a value, and who loads it when there is none.

use std::collections::HashSet;
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::backing::{Loader, Turn};
use super::key::{Key, Mark, Vector};
use super::stored::{Stored, Value};
use super::{LONGEST_REMEMBERED, Values};
use crate::flight::Moment;
use crate::store::Lost;

/// While another node loads, we look again after these pauses.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// Whoever loads says so again after this, well before the turn is over.
const AGAIN: Duration = Duration::from_millis(500);

/// A value with what is kept of it.
type Kept<T> = (Arc<Stored>, Arc<T>);

/// How old a value may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ages {
    /// It need not be loaded anew.
    pub(super) fresh: Duration,
    /// It may still be answered.
    pub(super) stale: Duration,
}

impl Ages {
    pub(super) fn new(fresh: Duration, stale: Duration) -> Self {
        let stale = stale.min(LONGEST_REMEMBERED);
        Ages {
            fresh: fresh.min(stale),
            stale,
        }
    }

    pub(super) fn both(age: Duration) -> Self {
        Self::new(age, age)
    }
}

/// What a look has found.
pub(super) struct Looked<T> {
    /// What a value has to be made from; nothing when nobody knows, or nobody has loaded any since
    /// the last was forgotten.
    pub(super) wanted: Option<Vector>,
    /// One that is.
    pub(super) found: Option<Kept<T>>,
}

impl Values {
    /// The value that is kept, if it is no older than that.
    pub(super) async fn look<T: Value>(&self, key: &Key, age: Duration) -> Looked<T> {
        let looked = self.try_look(key, age).await;
        looked.unwrap_or_else(|Lost(reason)| {
            tracing::debug!(reason, "a value could not be looked for");
            Looked {
                wanted: None,
                found: None,
            }
        })
    }

    async fn try_look<T: Value>(&self, key: &Key, age: Duration) -> Result<Looked<T>, Lost> {
        let inner = &self.0;
        let name = self.place(key);
        let here = inner.tier.get(&name);
        let mut here = here.filter(|stored| stored.is_within(age, self.now()));
        let mut wanted = key.vector(&[]);
        let mut found = right(here.as_ref(), wanted.as_ref());
        // Without groups nobody can have made it wrong.
        if found.is_none() {
            if inner.untold.has(&key.groups) {
                return Err(Lost(
                    "others have not been told yet what was forgotten".into(),
                ));
            }
            let wants = here.is_none() || key.groups.is_empty();
            let looked = inner.backing.look(&name, &key.groups, wants).await?;
            wanted = key.vector(&looked.marks);
            if let Some(stored) = looked.stored
                && stored.is_within(age, self.now())
            {
                here = Some(self.keep(&name, stored));
            }
            found = right(here.as_ref(), wanted.as_ref());
        }
        Ok(Looked { wanted, found })
    }

    /// The value by a load of ours, or by one that began after we had come, or by one of what is
    /// `wanted`.
    pub(super) async fn loaded<T: Value, E>(
        &self,
        come: Moment,
        key: &Key,
        wanted: Option<Vector>,
        ages: Ages,
        load: impl Future<Output = Result<T, E>>,
    ) -> Result<Arc<T>, E> {
        let take = |stored: &Arc<Stored>, begun_after: bool| {
            let is_right = begun_after || right::<T>(Some(stored), wanted.as_ref()).is_some();
            let will_do = is_right && stored.is_within(ages.stale, self.now());
            will_do.then(|| stored.value()).flatten()
        };
        let made = self.made(key, ages.stale, ages, load);
        let flights = &self.0.flights;
        flights.join_since(come, key.clone(), take, made).await
    }

    /// Loads a value in the background that is older than `fresh`, unless that is under way.
    pub(super) fn refresh<T: Value, E: fmt::Display + Send + 'static>(
        &self,
        key: &Key,
        ages: Ages,
        load: impl Future<Output = Result<T, E>> + Send + 'static,
    ) {
        if !self.refreshing().insert(key.clone()) {
            return;
        }
        let refresh = Refresh {
            values: self.clone(),
            key: key.clone(),
        };
        tokio::spawn(async move {
            let Refresh { values, key } = &refresh;
            let flights = &values.0.flights;
            let take = |stored: &Arc<Stored>, begun_after: bool| {
                (begun_after || stored.is_within(ages.fresh, values.now())).then_some(())
            };
            let made = async {
                let (stored, _) = values.made(key, ages.fresh, ages, load).await?;
                Ok((stored, ()))
            };
            let come = flights.moment();
            let joined: Result<(), E> = flights.join_since(come, key.clone(), take, made).await;
            if let Err(error) = joined {
                tracing::warn!(name = key.name, %error, "a value could not be loaded anew");
            }
        });
    }

    /// Makes the value, unless another node has, no longer ago than `age`, or is about to.
    async fn made<T: Value, E>(
        &self,
        key: &Key,
        age: Duration,
        ages: Ages,
        load: impl Future<Output = Result<T, E>>,
    ) -> Result<(Arc<Stored>, Arc<T>), E> {
        let name = self.place(key);
        // Only now, after whoever waits for us has come: what is made from this is right for them.
        let marks = match self.0.untold.has(&key.groups) {
            true => None,
            false => self.marks(key).await,
        };
        let Some(vector) = marks.and_then(|marks| key.vector(&marks)) else {
            let began = self.now();
            let value = Arc::new(load.await?);
            return Ok((
                Arc::new(Stored::new(began, Vector::default(), &value)),
                value,
            ));
        };
        let loader = Loader {
            name: &name,
            node: self.0.node,
            vector: &vector,
            oldest: earlier(self.now(), age),
        };
        let (found, is_ours) = self.turn(&loader).await;
        if let Some((stored, value)) = found {
            return Ok((self.keep(&name, stored), value));
        }
        let began = self.now();
        let value = match is_ours {
            true => self.in_our_turn(&loader, load).await?,
            false => load.await?,
        };
        let value = Arc::new(value);
        let stored = Stored::new(began, vector.clone(), &value);
        let is_kept = stored.is_written() && (!is_ours || self.fill(&loader, &stored, ages).await);
        Ok(match is_kept {
            true => (self.keep(&name, stored), value),
            false => (Arc::new(stored), value),
        })
    }

    async fn marks(&self, key: &Key) -> Option<Vec<Option<Mark>>> {
        match key.groups.is_empty() {
            true => Some(Vec::new()),
            false => self.0.backing.marks(&key.groups).await.ok(),
        }
    }

    /// Waits while another node loads; what it has loaded, or whether it is our turn.
    async fn turn<T: Value>(&self, loader: &Loader<'_>) -> (Option<(Stored, Arc<T>)>, bool) {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.0.backing.turn(loader).await {
                Ok(Turn::Ours) => return (None, true),
                Ok(Turn::Others) => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Ok(Turn::Stored(stored)) => {
                    let value = stored
                        .value()
                        .filter(|_| stored.vector.covers(loader.vector));
                    return (value.map(|value| (stored, value)), false);
                }
                Err(Lost(_)) => return (None, false),
            }
        }
    }

    /// Loads, and has the turn last until that is done; gives it up when it fails.
    async fn in_our_turn<T, E>(
        &self,
        loader: &Loader<'_>,
        load: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let backing = &self.0.backing;
        let again = async {
            loop {
                tokio::time::sleep(AGAIN).await;
                let _ = backing.turn(loader).await;
            }
        };
        let loaded = tokio::select! {
            biased;
            loaded = load => loaded,
            never = again => {
                let never: Infallible = never;
                match never {}
            }
        };
        if loaded.is_err() {
            let _ = backing.leave(loader).await;
        }
        loaded
    }

    /// Whether it may be kept here as well: not if the turn is over, since others have loaded.
    async fn fill(&self, loader: &Loader<'_>, stored: &Stored, ages: Ages) -> bool {
        let filled = self.0.backing.fill(loader, stored, ages.stale).await;
        filled.unwrap_or(true)
    }

    fn keep(&self, name: &str, stored: Stored) -> Arc<Stored> {
        let stored = Arc::new(stored);
        let here = self.0.tier.get(name);
        if here.is_none_or(|here| here.made <= stored.made) {
            self.0.tier.insert(name.to_owned(), stored.clone());
        }
        stored
    }

    /// Under which name it is kept.
    fn place(&self, key: &Key) -> String {
        format!("{}:{}", self.0.release, key.name)
    }

    fn refreshing(&self) -> MutexGuard<'_, HashSet<Key>> {
        let refreshing = self.0.refreshing.lock();
        refreshing.unwrap_or_else(PoisonError::into_inner)
    }
}

/// A load in the background, until it ends, in whatever way.
struct Refresh {
    values: Values,
    key: Key,
}

impl Drop for Refresh {
    fn drop(&mut self) {
        self.values.refreshing().remove(&self.key);
    }
}

/// The value, if it is made from what is wanted.
fn right<T: Value>(stored: Option<&Arc<Stored>>, wanted: Option<&Vector>) -> Option<Kept<T>> {
    let (stored, wanted) = stored.zip(wanted)?;
    let value = stored.vector.covers(wanted).then(|| stored.value())?;
    Some((stored.clone(), value?))
}

fn earlier(now: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    now.checked_sub(by).unwrap_or(Timestamp::MIN)
}
