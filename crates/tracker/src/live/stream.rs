//! What one listener is told, one event after the other.

use std::future::pending;

use duly_db::Version;
use tokio::time::{Instant, sleep_until};

use super::changes::Reading;
use super::hub::{Listener, News};
use super::{Event, Refused};
use crate::sessions::{Asked, Shown, Visitor};
use crate::tokens::Ability;
use crate::{Error, Result, Tracker};

/// How soon it is asked again whether somebody may still listen when that could not be answered.
const AGAIN: std::time::Duration = std::time::Duration::from_millis(500);

/// Why somebody cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Too many do.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// They may not, or it cannot be found out.
    #[error(transparent)]
    Error(#[from] Error),
}

/// The events of one owner for one listener. Neither opening it nor listening counts as a use of the
/// session or the token, so that a page that is left open does not stay logged in for ever.
#[derive(Debug)]
pub struct Stream {
    tracker: Tracker,
    shown: Shown,
    visitor: Visitor,
    listener: Listener,
    reading: Reading,
    /// What is told first.
    first: Option<Event>,
    /// The version that was told last.
    told: Version,
    /// The doubts that are settled.
    doubts: u64,
    /// Whether the last look has answered that they may listen.
    is_sure: bool,
    look: Instant,
    beat: Instant,
    /// Nothing is told before.
    quiet_until: Instant,
    is_over: bool,
}

impl Stream {
    /// Listens on behalf of whoever shows this, from the version on that they have been told last.
    ///
    /// # Errors
    /// When they may not see tasks, or when too many listen.
    pub async fn open(
        tracker: &Tracker,
        shown: Shown,
        resumed: Option<Version>,
    ) -> std::result::Result<Self, OpenError> {
        let owner = look(tracker, &shown).await?.principal.user;
        let mut listener = tracker.live.listen(owner)?;
        let doubts = listener.news().doubts;
        // The version is looked up after it has been listened: nothing falls between the two.
        let reading = Reading::from(owner, tracker.clock.now());
        let visitor = look(tracker, &shown).await?;
        let told = visitor.principal.version;
        let first = match resumed {
            Some(version) if version != told => Event::Resync(told),
            _ => Event::Hello(told),
        };
        let (now, limits) = (Instant::now(), tracker.live.limits());
        Ok(Stream {
            tracker: tracker.clone(),
            shown,
            visitor,
            listener,
            reading,
            first: Some(first),
            told,
            doubts,
            is_sure: true,
            look: now + limits.look,
            beat: now + limits.beat,
            quiet_until: now,
            is_over: false,
        })
    }

    /// The next event, as soon as there is one; nothing after the last.
    pub async fn next(&mut self) -> Option<Event> {
        let event = match self.first.take() {
            Some(first) => first,
            None => self.wait().await?,
        };
        self.is_over = event == Event::End;
        self.beat = Instant::now() + self.tracker.live.limits().beat;
        Some(event)
    }

    async fn wait(&mut self) -> Option<Event> {
        loop {
            let news = self.listener.news();
            if self.is_over || news.is_closed {
                return None;
            }
            let now = Instant::now();
            let is_doubted = news.doubts != self.doubts;
            // What a look has found may have come too soon to be told then.
            let mut newest = news.version.max(self.visitor.principal.version);
            if is_doubted || now >= self.look {
                match self.look_again(news, is_doubted).await {
                    Ok(version) => newest = newest.max(version),
                    Err(()) => return Some(Event::End),
                }
            }
            let is_newer = self.is_sure && newest > self.told;
            if is_newer && now >= self.quiet_until {
                return Some(self.tell(newest).await);
            }
            if now >= self.beat {
                return Some(Event::Beat);
            }
            let quiet_until = self.quiet_until;
            let quiet = async {
                match is_newer {
                    true => sleep_until(quiet_until).await,
                    false => pending().await,
                }
            };
            tokio::select! {
                () = self.listener.changed() => {}
                () = sleep_until(self.look.min(self.beat)) => {}
                () = quiet => {}
            }
        }
    }

    /// Whether they may still listen; the version that came with the answer, as far as it was asked
    /// for.
    async fn look_again(
        &mut self,
        news: News,
        is_doubted: bool,
    ) -> std::result::Result<Version, ()> {
        let live = &self.tracker.live;
        let is_vouched = !is_doubted && self.is_sure && live.vouches();
        self.look = Instant::now() + live.limits().look;
        if is_vouched && self.visitor.is_valid(self.tracker.clock.now()) {
            return Ok(news.version);
        }
        match look(&self.tracker, &self.shown).await {
            Ok(visitor) => {
                self.doubts = news.doubts;
                self.is_sure = true;
                self.visitor = visitor;
                Ok(self.visitor.principal.version)
            }
            Err(Error::Unauthenticated | Error::Forbidden(_)) => Err(()),
            Err(error) => {
                // Nothing is told until it is known.
                tracing::debug!(%error, "whether somebody may listen could not be looked up");
                self.doubts = news.doubts;
                self.is_sure = false;
                self.look = Instant::now() + AGAIN;
                Ok(news.version)
            }
        }
    }

    async fn tell(&mut self, newest: Version) -> Event {
        let (tracker, told) = (&self.tracker, self.told);
        let owner = self.visitor.principal.user;
        let mut conn = tracker.db.read(owner.0, newest);
        let now = tracker.clock.now();
        let known = self.reading.on(&mut conn, now, (told, newest)).await;
        self.told = newest;
        self.quiet_until = Instant::now() + tracker.live.limits().pause;
        match known {
            Ok(Some(changes)) => Event::Change(newest, changes),
            Ok(None) => Event::Resync(newest),
            Err(error) => {
                tracing::debug!(%error, "what has changed could not be looked up");
                Event::Resync(newest)
            }
        }
    }
}

async fn look(tracker: &Tracker, shown: &Shown) -> Result<Visitor> {
    let visitor = shown.look(tracker, Asked::nothing()).await?;
    visitor.principal.require(Ability::TasksRead)?;
    Ok(visitor)
}
