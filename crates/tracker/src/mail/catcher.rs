//! A mail server made of a list, for tests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Mail, SendError};

/// Keeps every mail, or refuses the next ones as told.
#[derive(Debug, Default)]
pub struct MailCatcher {
    caught: Mutex<Caught>,
}

#[derive(Debug, Default)]
struct Caught {
    mails: Vec<Mail>,
    refusals: VecDeque<SendError>,
}

impl MailCatcher {
    /// One that has caught nothing yet.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(MailCatcher::default())
    }

    /// The mails caught so far, oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.caught().mails.clone()
    }

    /// The mails caught so far, which are forgotten.
    #[must_use]
    pub fn take_mails(&self) -> Vec<Mail> {
        std::mem::take(&mut self.caught().mails)
    }

    /// Refuses one of the next mails; several refusals are used up in order.
    pub fn refuse_next(&self, error: SendError) {
        self.caught().refusals.push_back(error);
    }

    /// Forgets the refusals that have not been used up.
    pub fn accept_again(&self) {
        self.caught().refusals.clear();
    }

    pub(super) fn take(&self, mail: &Mail) -> Result<(), SendError> {
        let mut caught = self.caught();
        if let Some(error) = caught.refusals.pop_front() {
            return Err(error);
        }
        caught.mails.push(mail.clone());
        Ok(())
    }

    fn caught(&self) -> MutexGuard<'_, Caught> {
        self.caught.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
