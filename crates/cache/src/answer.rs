//! An answer: from memory, from the store, or made.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use duly_db::Version;
use jiff::Timestamp;

use crate::store::{Lost, Record, Turn};
use crate::{Cache, Entry, OwnerKey, View, Visit};

/// While another node loads, we look again after these pauses. By the last one its turn is over, so
/// that whoever hangs there does not hold us up for longer.
const PAUSES: [Duration; 6] = [
    Duration::from_millis(20),
    Duration::from_millis(40),
    Duration::from_millis(80),
    Duration::from_millis(160),
    Duration::from_millis(320),
    Duration::from_millis(400),
];

/// So many answers are being loaded that this one has to wait too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many answers are being made at the moment")]
pub struct Overloaded;

/// An answer, and whether no node serves an older one any more.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    entry: Arc<Entry>,
    is_said: bool,
}

/// An answer that has just been made.
#[derive(Debug)]
pub struct Loaded {
    /// The version of the owner's data it was made from; nothing when that is not known, and then
    /// it is not kept.
    pub version: Option<Version>,
    /// When the clock alone makes it wrong.
    pub until: Option<Timestamp>,
    /// Its entity tag, quotes included.
    pub tag: Box<str>,
    /// The body as it is sent.
    pub body: Bytes,
}

impl<R: Record> Cache<R> {
    /// The answer to somebody, from memory, from the store, or by `load`, which has to read at
    /// least [`Visit::version`].
    ///
    /// # Errors
    /// What `load` says, or [`Overloaded`].
    pub async fn answer<E: From<Overloaded>>(
        &self,
        visit: &Visit<R>,
        view: View,
        load: impl Future<Output = Result<Loaded, E>>,
    ) -> Result<Arc<Entry>, E> {
        if let Some(entry) = self.at_hand(visit, view) {
            self.show(visit, entry.version).await;
            return match self.0.due.take() || self.is_hit_to_be_checked() {
                true => self.checked(visit, view, entry, load).await,
                false => Ok(entry),
            };
        }
        let key = (visit.owner, view);
        let will_do = |made: &Made, _| self.will_do(visit, &made.entry);
        let made = self.made(visit, view, load);
        // Who has loaded it has said so for all who have waited, if they could.
        let Made { entry, is_said } = self.0.answers.join(key, will_do, made).await?;
        if !is_said {
            self.show(visit, entry.version).await;
        }
        Ok(entry)
    }

    /// The answer that is in the memory of this process, if it is new enough and not to be compared
    /// with the database: what [`Cache::answer`] would answer, for those who do not know yet how to
    /// load it.
    #[must_use]
    pub fn ready(&self, visit: &Visit<R>, view: View) -> Option<Arc<Entry>> {
        let (seen, entry) = visit.entry.as_ref()?;
        // They came just now.
        let is_fresh = entry.is_fresh(visit.came);
        let is_new = entry.version >= visit.version;
        let is_said = visit.floor.is_some_and(|floor| entry.version <= floor);
        let is_ready = *seen == view && is_new && is_said && is_fresh;
        let entry = is_ready.then(|| entry.clone())?;
        let is_due = self.is_hit_to_be_checked();
        if is_due {
            self.0.due.add();
        }
        (!is_due).then_some(entry)
    }

    fn is_hit_to_be_checked(&self) -> bool {
        let (hits, every) = (self.0.meter.hits.add(), self.0.limits.check);
        every > 0 && hits.is_multiple_of(every)
    }

    /// The answer that is in the memory of this process, if it is new enough.
    #[must_use]
    pub fn at_hand(&self, visit: &Visit<R>, view: View) -> Option<Arc<Entry>> {
        let seen = visit.entry.as_ref().filter(|(seen, _)| *seen == view);
        let seen = seen.map(|(_, entry)| entry.clone());
        seen.filter(|entry| self.will_do(visit, entry)).or_else(|| {
            // Somebody may have asked meanwhile.
            let found = self.0.tier.get(visit.owner, view, self.0.clock.now())?;
            (found.version >= visit.version).then_some(found)
        })
    }

    fn will_do(&self, visit: &Visit<R>, entry: &Entry) -> bool {
        entry.version >= visit.version && entry.is_fresh(self.0.clock.now())
    }

    /// The answer as it was made or stored.
    async fn made<E: From<Overloaded>>(
        &self,
        visit: &Visit<R>,
        view: View,
        load: impl Future<Output = Result<Loaded, E>>,
    ) -> Result<Made, E> {
        let (stored, is_our_turn) = self.turn(visit, view).await;
        if let Some(entry) = stored {
            self.0.meter.hits_in_store.add();
            // It was filled, and the floor has risen to it.
            return Ok(Made {
                entry: self.keep(visit.owner, view, entry),
                is_said: true,
            });
        }
        let permit = self.0.loads.begin().await?;
        self.0.meter.loads.add();
        let loaded = load.await?;
        drop(permit);
        let version = loaded.version.unwrap_or(visit.version);
        let entry = Entry::new(version, self.0.clock.now(), loaded.tag, loaded.body);
        let entry = entry.until(loaded.until);
        if loaded.version.is_none() || version < visit.version {
            return Ok(Made {
                entry: Arc::new(entry),
                is_said: false,
            });
        }
        let mut is_said = false;
        if is_our_turn {
            // Awaited, so that the floor covers what this caller is shown.
            let filled = self.0.store.fill(visit.owner, view, &entry).await;
            is_said = self.noted(&filled);
        }
        let entry = self.keep(visit.owner, view, entry);
        Ok(Made { entry, is_said })
    }

    /// Waits while another node loads, for a while; whether we may fill, or what has been filled.
    async fn turn(&self, visit: &Visit<R>, view: View) -> (Option<Entry>, bool) {
        for pause in PAUSES {
            let turn = self.0.store.turn(visit.owner, view, visit.version).await;
            self.noted(&turn);
            match turn {
                Ok(Turn::Stored(entry)) if self.will_do(visit, &entry) => {
                    return (Some(entry), false);
                }
                Ok(Turn::Others) => {
                    self.0.meter.waits.add();
                    tokio::time::sleep(pause).await;
                }
                Ok(Turn::Ours | Turn::Stored(_)) => return (None, true),
                Err(Lost(_)) => return (None, false),
            }
        }
        (None, true)
    }

    pub(crate) fn keep(&self, owner: OwnerKey, view: View, entry: Entry) -> Arc<Entry> {
        let entry = Arc::new(entry);
        self.0.tier.put(owner, view, entry.clone());
        entry
    }
}
