//! What one request counts for.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::{Method, Request, Uri};
use duly_cache::Credential;
use duly_cache::limits::{Count, Limiter, Standing, network_of};
use uuid::Uuid;

use super::{API, Part, Rule, Rules, STRANGERS};

/// Whoever asks for one of these is nobody yet, even with a cookie.
const OPEN: [&str; 6] = [
    "/api/v1/email/confirm",
    "/api/v1/login",
    "/api/v1/logout",
    "/api/v1/password/forgot",
    "/api/v1/password/reset",
    "/api/v1/register",
];

/// What a request counts for, and what the limits have said so far. It is paid once: when a
/// handler is run again because others were in its way, that costs its client nothing.
#[derive(Debug)]
pub(crate) struct Toll {
    rules: Rules,
    method: Method,
    uri: Uri,
    client: IpAddr,
    is_paid: AtomicBool,
    standing: Mutex<Option<Standing>>,
}

impl Toll {
    /// Nothing for a request that is not limited.
    pub(crate) fn of<B>(rules: &Rules, request: &Request<B>, client: IpAddr) -> Option<Self> {
        let path = request.uri().path();
        (!rules.0.is_empty() && path.starts_with(API)).then(|| Toll {
            rules: rules.clone(),
            method: request.method().clone(),
            uri: request.uri().clone(),
            client,
            is_paid: AtomicBool::new(false),
            standing: Mutex::default(),
        })
    }

    /// Counts what does not depend on who asks, which for some requests is all. Answers whether
    /// it is admitted.
    pub(crate) async fn enter(&self, limiter: &Limiter) -> bool {
        let is_open = OPEN.contains(&self.uri.path());
        let counts: Vec<Count<'_>> = self
            .rules()
            .filter(|rule| is_open || !is_personal(rule))
            .map(|rule| self.count(rule, None))
            .collect();
        counts.is_empty() || self.pay(limiter, &counts).await
    }

    /// Counts a request of nobody, or of somebody they are not. Answers whether it is admitted.
    pub(crate) async fn pay_as_nobody(&self, limiter: &Limiter) -> bool {
        self.is_paid.store(false, Ordering::Relaxed);
        let counts = self.personal(None);
        counts.is_empty() || self.pay(limiter, &counts).await
    }

    /// What the request counts for when it is sent by these.
    pub(crate) fn counts<'toll>(&'toll self, credential: &Credential) -> Vec<Count<'toll>> {
        self.personal(Some(credential))
    }

    /// What it counts for when nobody knows them.
    pub(crate) fn stranger(&self) -> Count<'_> {
        Count {
            policy: &STRANGERS,
            key: Cow::Owned(self.network()),
        }
    }

    /// Notes what the limits have said.
    pub(crate) fn note(&self, said: Standing) {
        match &mut *self.standing() {
            Some(known) => known.0.extend(said.0),
            nothing => *nothing = Some(said),
        }
    }

    /// All that the limits have said, once.
    pub(crate) fn take_said(&self) -> Option<Standing> {
        self.standing().take().filter(|said| !said.0.is_empty())
    }

    async fn pay(&self, limiter: &Limiter, counts: &[Count<'_>]) -> bool {
        let said = limiter.hit(counts).await;
        let is_admitted = said.allowed();
        match is_admitted {
            true => self.note(said),
            // What refuses is told alone.
            false => *self.standing() = Some(said),
        }
        is_admitted
    }

    fn personal<'toll>(&'toll self, credential: Option<&Credential>) -> Vec<Count<'toll>> {
        if OPEN.contains(&self.uri.path()) || self.is_paid.swap(true, Ordering::Relaxed) {
            return Vec::new();
        }
        self.rules()
            .filter(|rule| is_personal(rule))
            .map(|rule| self.count(rule, credential))
            .collect()
    }

    fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.of(&self.method, self.uri.path())
    }

    fn count<'toll>(&'toll self, rule: &'toll Rule, by: Option<&Credential>) -> Count<'toll> {
        let mut key = match (rule.per.part, by) {
            (Part::User, Some(by)) => Cow::Owned(by.owner.to_string()),
            (Part::Token, Some(by)) => Cow::Owned(format!("{} {}", by.owner, short(&by.hash))),
            (Part::Everyone, _) => Cow::Borrowed("everyone"),
            (Part::User | Part::Token | Part::Network, _) => Cow::Owned(self.network()),
        };
        if rule.per.route {
            let key = key.to_mut();
            key.push(' ');
            key.push_str(self.method.as_str());
            key.push(' ');
            key.push_str(&template(self.uri.path()));
        }
        Count {
            policy: &rule.policy,
            key,
        }
    }

    fn network(&self) -> String {
        network_of(self.client).to_string()
    }

    fn standing(&self) -> MutexGuard<'_, Option<Standing>> {
        // Nothing in there panics.
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_personal(rule: &Rule) -> bool {
    matches!(rule.per.part, Part::User | Part::Token)
}

/// Enough of a hash to tell the log-ins and tokens of one person apart.
fn short(hash: &[u8; 32]) -> String {
    let (first, _) = hash.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
    format!("{:016x}", u64::from_be_bytes(*first))
}

/// The path with its ids made the same.
fn template(path: &str) -> String {
    let parts = path.split('/').map(|part| match Uuid::try_parse(part) {
        Ok(_) => "{id}",
        Err(_) => part,
    });
    parts.collect::<Vec<_>>().join("/")
}
