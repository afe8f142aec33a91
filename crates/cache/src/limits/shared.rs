//! Counts that several nodes keep together.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;

use super::window::Window;
use super::{Count, Decision, Policy};
use crate::store::Lost;

/// How a count stands after a request was added to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// What was counted in the window before.
    pub previous: u32,
    /// What has been counted in this one, the request included.
    pub current: u32,
}

impl Reading {
    /// What the policy says to the request, which is not counted yet.
    pub(super) fn decide(self, policy: &Policy, now: i64) -> Decision {
        let before = self.current.saturating_sub(1);
        let window = Window::aligned(now, policy.window_length(), self.previous, before);
        window.decide(policy.limit, now)
    }

    /// What remains once it is.
    pub(super) fn remaining(self, policy: &Policy, now: i64) -> u32 {
        let window = Window::aligned(now, policy.window_length(), self.previous, self.current);
        window.remaining(policy.limit, now)
    }
}

/// What somebody has used of a limit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Used {
    /// Which policy.
    pub policy: String,
    /// Who is counted.
    pub key: String,
    /// What was counted in the window in which the last request came.
    pub count: u32,
}

/// Where several nodes count together. Windows are those that begin when time is a multiple of
/// their length, so that nodes agree on them.
#[async_trait]
pub trait Shared: Debug + Send + Sync {
    /// Counts a request by all policies, by one round trip.
    async fn add(&self, counts: &[Count<'_>]) -> Result<Vec<Reading>, Lost>;

    /// Takes back what was counted.
    async fn take_back(&self, counts: &[Count<'_>]) -> Result<(), Lost>;

    /// Forgets counts.
    async fn forget(&self, counts: &[Count<'_>]) -> Result<(), Lost>;

    /// What everybody has used lately, in no order. Looks at every key there is.
    async fn used(&self) -> Result<Vec<Used>, Lost>;

    /// Forgets the counts that are meant, and answers those. Looks at every key there is.
    async fn clear(
        &self,
        is_meant: &(dyn for<'used> Fn(&'used Used) -> bool + Sync),
    ) -> Result<Vec<Used>, Lost>;
}

/// For how long a count is kept: until it says nothing about the next window either.
pub(crate) fn lifetime(policy: &Policy) -> Duration {
    policy.window.saturating_mul(2) + Duration::from_secs(1)
}
