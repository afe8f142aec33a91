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

use duly_cache::limits::{Count, Limiter, Policy, network_of};

use super::{ClientInfo, store};
use crate::id::UserId;
use crate::users::Email;
use crate::{Error, Result, Tracker};

/// What the operator's numbers are counted in.
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// Mails to one mailbox, and mails asked for from one network, in an hour.
const MAILS: Policy = Policy::strict("mail", 5, HOUR);
const MAILS_ASKED_FOR: Policy = Policy::strict("mail_address", 50, HOUR);
const HOUR: Duration = Duration::from_secs(3600);

fn pair(tracker: &Tracker) -> Policy {
    let limit = tracker.settings.login_attempts.per_pair;
    Policy::strict("login_pair", limit, WINDOW)
}

fn account(tracker: &Tracker) -> Policy {
    let limit = tracker.settings.login_attempts.per_account;
    Policy::strict("login_account", limit, WINDOW)
}

fn address(tracker: &Tracker) -> Policy {
    let limit = tracker.settings.login_attempts.per_address;
    Policy::strict("login_address", limit, WINDOW)
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
    async fn count(&mut self, policy: Policy, key: &str) -> Result<()> {
        let standing = self.limiter.hit(&[count(&policy, key)]).await;
        if standing.allowed() {
            self.counted.push((policy, key.to_owned()));
            return Ok(());
        }
        self.give_back().await;
        Err(Error::RateLimited(standing))
    }

    async fn give_back(&mut self) {
        let counted = std::mem::take(&mut self.counted);
        let counts: Vec<Count<'_>> = counted
            .iter()
            .map(|(policy, key)| count(policy, key))
            .collect();
        self.limiter.undo(&counts).await;
    }

    /// It was no guess: nothing was compared.
    pub(crate) async fn void(mut self) {
        self.give_back().await;
    }

    /// It was right. Earlier mistakes from the same place to the same account are forgotten.
    pub(crate) async fn succeeded(mut self) {
        self.give_back().await;
        if let Some((policy, key)) = &self.pair {
            self.limiter.forget(&[count(policy, key)]).await;
        }
    }
}

fn count<'policy>(policy: &'policy Policy, key: &'policy str) -> Count<'policy> {
    Count {
        policy,
        key: key.into(),
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
    attempt
        .count(address(tracker), &network.to_string())
        .await?;
    attempt.count(pair(tracker), &both).await?;
    attempt.pair = Some((pair(tracker), both));
    let whole = account(tracker);
    let standing = tracker.limiter.hit(&[count(&whole, &folded)]).await;
    if standing.allowed() {
        attempt.counted.push((whole, folded));
    } else if !is_at_home(tracker, &folded, network).await? {
        attempt.void().await;
        return Err(Error::RateLimited(standing));
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
pub(crate) async fn current_password(tracker: &Tracker, user: UserId) -> Result<Attempt> {
    let limit = tracker.settings.login_attempts.per_pair;
    let policy = Policy::strict("current_password", limit, WINDOW);
    let mut attempt = Attempt::new(tracker);
    attempt.count(policy.clone(), &user.to_string()).await?;
    attempt.pair = Some((policy, user.to_string()));
    Ok(attempt)
}

/// Counts a registration. Each costs a hash, and each tells whether an address has an account.
pub(crate) async fn registration(tracker: &Tracker, client: &ClientInfo) -> Result<()> {
    let limit = tracker.settings.login_attempts.per_address;
    let policy = Policy::strict("registration", limit, WINDOW);
    let network = network_of(client.ip).to_string();
    Attempt::new(tracker).count(policy, &network).await
}

/// Counts a mail that somebody asked for; `false` when there have been enough.
pub(crate) async fn mail(tracker: &Tracker, mailbox: &str, client: Option<&ClientInfo>) -> bool {
    let mut attempt = Attempt::new(tracker);
    if let Some(client) = client {
        let network = network_of(client.ip).to_string();
        if attempt.count(MAILS_ASKED_FOR, &network).await.is_err() {
            return false;
        }
    }
    attempt.count(MAILS, mailbox).await.is_ok()
}

/// Forgets the mistakes made with an account: those from a client's network, and what they add up
/// to from everywhere.
pub(crate) async fn forgive(tracker: &Tracker, email: &Email, client: &ClientInfo) {
    let folded = email.folded();
    let both = format!("{} {folded}", network_of(client.ip));
    let (pair, account) = (pair(tracker), account(tracker));
    let counts = [count(&pair, &both), count(&account, &folded)];
    tracker.limiter.forget(&counts).await;
}
