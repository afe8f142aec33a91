//! Work that only one may do at a time.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Values;
use super::backing::Backing;
use crate::store::Lost;

/// The pauses between tries to take a lock, of which chance takes up to a half, so that not all who
/// wait try at the same moment.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// No lock lasts longer, whatever is asked for.
pub const LONGEST_LOCK: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A lock that was taken. It ends with its time or when it is released, not when it is dropped.
#[derive(Debug)]
#[must_use = "nobody else can take the lock until it is released or its time is over"]
pub struct Lock {
    backing: Arc<dyn Backing>,
    name: String,
    owner: u64,
    token: i64,
}

impl Lock {
    /// Larger than that of any holder before. Whatever is written under the lock should carry it,
    /// and be refused where a larger one was seen: a holder who was held up may believe to hold the
    /// lock while somebody else does.
    #[must_use]
    pub fn token(&self) -> i64 {
        self.token
    }

    /// Has it last so much longer from now; false when it is over, and may be another's.
    ///
    /// # Errors
    /// [`Lost`]: nobody knows. It has to be taken for lost.
    pub async fn renew(&mut self, lasts: Duration) -> Result<bool, Lost> {
        let lasts = lasts.min(LONGEST_LOCK);
        self.backing.renew(&self.name, self.owner, lasts).await
    }

    /// Gives it back; false when it was over, and then nothing is done.
    ///
    /// # Errors
    /// [`Lost`]: it ends with its time.
    pub async fn release(self) -> Result<bool, Lost> {
        self.backing.release(&self.name, self.owner).await
    }
}

impl Values {
    /// Takes a lock for so long at most, unless somebody has it.
    ///
    /// What is promised: no two hold it at the same time, as long as Redis keeps what it is told
    /// and clocks run at the same pace. A Redis that is started anew, or another that takes over,
    /// has forgotten who holds it; then [`Lock::token`] tells the two apart. Tokens rise also over
    /// that, being made from the time of the server, unless its clock is, or was set, behind the
    /// last token.
    ///
    /// # Errors
    /// [`Lost`]: the nodes cannot agree on anything, so that nobody can take it.
    pub async fn lock(&self, name: &str, lasts: Duration) -> Result<Option<Lock>, Lost> {
        let owner = self.chance();
        let inner = &self.0;
        let above = inner.highest_token.load(Ordering::Relaxed);
        let lasts = lasts.min(LONGEST_LOCK);
        let taken = inner.backing.lock(name, owner, lasts, above).await?;
        Ok(taken.map(|token| {
            inner.highest_token.fetch_max(token, Ordering::Relaxed);
            Lock {
                backing: inner.backing.clone(),
                name: name.to_owned(),
                owner,
                token,
            }
        }))
    }

    /// The same, and waits for so long until it is free.
    ///
    /// # Errors
    /// As [`Values::lock`], at once.
    pub async fn block(
        &self,
        name: &str,
        lasts: Duration,
        wait: Duration,
    ) -> Result<Option<Lock>, Lost> {
        let (mut pause, mut left) = (FIRST_PAUSE, wait);
        loop {
            let taken = self.lock(name, lasts).await?;
            if taken.is_some() || left.is_zero() {
                return Ok(taken);
            }
            let part = u32::try_from(self.chance() % 100).unwrap_or_default();
            let some = (pause - pause / 200 * part).min(left);
            tokio::time::sleep(some).await;
            left -= some;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
