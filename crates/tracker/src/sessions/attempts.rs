//! How often somebody may guess.
//!
//! Three counters hold a log-in back: one for a network and an account together, one for the
//! account from everywhere, one for the network. What they refuse is not counted, so a lock ends by
//! itself; and because anybody can make the account's counter full, it does not hold back a network
//! from which somebody is logged in to that account already. A password reset clears it too.
//!
//! The counters know nothing of which accounts exist, and their names are folded addresses.

use std::net::IpAddr;
use std::time::Duration;

use duly_cache::limits::{Limiter, Policy, network_of};

use super::{ClientInfo, store};
use crate::id::UserId;
use crate::users::Email;
use crate::{Error, Result, Tracker};

/// What the operator's numbers are counted in.
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// Mails to one mailbox, and mails asked for from one network, in an hour.
const MAILS: Policy = Policy {
    name: "mail",
    limit: 5,
    window: Duration::from_secs(3600),
};
const MAILS_ASKED_FOR: Policy = Policy {
    name: "mail_address",
    limit: 50,
    window: Duration::from_secs(3600),
};

fn pair(tracker: &Tracker) -> Policy {
    let limit = tracker.settings.login_attempts.per_pair;
    Policy {
        name: "login_pair",
        limit,
        window: WINDOW,
    }
}

fn account(tracker: &Tracker) -> Policy {
    let limit = tracker.settings.login_attempts.per_account;
    Policy {
        name: "login_account",
        limit,
        window: WINDOW,
    }
}

fn address(tracker: &Tracker) -> Policy {
    let limit = tracker.settings.login_attempts.per_address;
    Policy {
        name: "login_address",
        limit,
        window: WINDOW,
    }
}

/// An attempt that has been counted as a failure, until it turns out to be something else.
#[derive(Debug)]
pub(crate) struct Attempt {
    limiter: Limiter,
    counted: Vec<(Policy, String)>,
    pair: Option<(Policy, String)>,
}

impl Attempt {
    fn new(tracker: &Tracker) -> Self {
        Attempt {
            limiter: tracker.limiter.clone(),
            counted: Vec::new(),
            pair: None,
        }
    }

    /// Counts; what was counted before is given back when this counter is full.
    fn count(&mut self, policy: Policy, key: &str) -> Result<()> {
        let decision = self.limiter.hit(&policy, key);
        if decision.allowed {
            self.counted.push((policy, key.to_owned()));
            return Ok(());
        }
        self.give_back();
        Err(Error::RateLimited {
            retry_after: decision.retry_after,
        })
    }

    fn give_back(&mut self) {
        for (policy, key) in self.counted.drain(..) {
            self.limiter.undo(&policy, &key);
        }
    }

    /// It was no guess: nothing was compared.
    pub(crate) fn void(mut self) {
        self.give_back();
    }

    /// It was right. Earlier mistakes from the same place to the same account are forgotten.
    pub(crate) fn succeeded(mut self) {
        self.give_back();
        if let Some((policy, key)) = &self.pair {
            self.limiter.forget(policy, key);
        }
    }
}

/// Counts an attempt to log in.
pub(super) async fn log_in(
    tracker: &Tracker,
    email: &Email,
    client: &ClientInfo,
) -> Result<Attempt> {
    let (network, folded) = (network_of(client.ip), email.folded());
    let both = format!("{network} {folded}");
    let mut attempt = Attempt::new(tracker);
    attempt.count(address(tracker), &network.to_string())?;
    attempt.count(pair(tracker), &both)?;
    attempt.pair = Some((pair(tracker), both));
    let decision = tracker.limiter.hit(&account(tracker), &folded);
    if decision.allowed {
        attempt.counted.push((account(tracker), folded));
    } else if !is_at_home(tracker, &folded, network).await? {
        attempt.void();
        return Err(Error::RateLimited {
            retry_after: decision.retry_after,
        });
    }
    Ok(attempt)
}

/// Whether somebody is logged in to the account from the network.
async fn is_at_home(tracker: &Tracker, folded: &str, from: IpAddr) -> Result<bool> {
    let now = tracker.clock.now();
    let addresses = store::addresses(&mut tracker.db.read_fresh(), folded, now).await?;
    Ok(addresses
        .into_iter()
        .any(|address| network_of(address) == from))
}

/// Counts an attempt to prove the current password within a session.
pub(crate) fn current_password(tracker: &Tracker, user: UserId) -> Result<Attempt> {
    let limit = tracker.settings.login_attempts.per_pair;
    let policy = Policy {
        name: "current_password",
        limit,
        window: WINDOW,
    };
    let mut attempt = Attempt::new(tracker);
    attempt.count(policy, &user.to_string())?;
    attempt.pair = Some((policy, user.to_string()));
    Ok(attempt)
}

/// Counts a registration. Each costs a hash, and each tells whether an address has an account.
pub(crate) fn registration(tracker: &Tracker, client: &ClientInfo) -> Result<()> {
    let limit = tracker.settings.login_attempts.per_address;
    let policy = Policy {
        name: "registration",
        limit,
        window: WINDOW,
    };
    Attempt::new(tracker).count(policy, &network_of(client.ip).to_string())
}

/// Counts a mail that somebody asked for; `false` when there have been enough.
pub(crate) fn mail(tracker: &Tracker, mailbox: &str, client: Option<&ClientInfo>) -> bool {
    let mut attempt = Attempt::new(tracker);
    let asked = client.map_or(Ok(()), |client| {
        attempt.count(MAILS_ASKED_FOR, &network_of(client.ip).to_string())
    });
    asked.and_then(|()| attempt.count(MAILS, mailbox)).is_ok()
}

/// Forgets the mistakes made with an account: those from a client's network, and what they add up
/// to from everywhere.
pub(crate) fn forgive(tracker: &Tracker, email: &Email, client: &ClientInfo) {
    let folded = email.folded();
    let both = format!("{} {folded}", network_of(client.ip));
    tracker.limiter.forget(&pair(tracker), &both);
    tracker.limiter.forget(&account(tracker), &folded);
}
