//! A connection for each runtime that asks. An answer that came in on another one's connection would
//! have to wake that thread first, which takes longer than Redis does.

use std::time::Duration;

use duly_redis::{Address, Wire};
use redis::{RedisError, RedisResult};
use tokio::runtime::{Handle, Id};

/// Connections to the same server, or to the same Cluster.
pub(super) struct Wires {
    /// Of the runtime that opened them, and of all that have none of their own.
    here: Wire,
    elsewhere: Vec<(Id, Wire)>,
}

impl Wires {
    /// Opens one on each of the runtimes, beside the one it is called on.
    pub(super) async fn open(
        address: &Address,
        answer: Duration,
        runtimes: &[Handle],
    ) -> RedisResult<Self> {
        let here = Wire::open(address, answer).await?;
        let mut elsewhere = Vec::with_capacity(runtimes.len());
        for runtime in runtimes {
            let address = address.clone();
            let opened = runtime.spawn(async move { Wire::open(&address, answer).await });
            let opened = opened.await.map_err(|_| ended())??;
            elsewhere.push((runtime.id(), opened));
        }
        Ok(Wires { here, elsewhere })
    }

    /// The one of the runtime that asks.
    pub(super) fn at_hand(&self) -> &Wire {
        let asking = Handle::try_current().ok().map(|runtime| runtime.id());
        let mut elsewhere = self.elsewhere.iter();
        let own = elsewhere.find(|(runtime, _)| Some(*runtime) == asking);
        own.map_or(&self.here, |(_, wire)| wire)
    }

    /// All of them.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Wire> {
        let elsewhere = self.elsewhere.iter_mut().map(|(_, wire)| wire);
        std::iter::once(&mut self.here).chain(elsewhere)
    }
}

/// A runtime that has ended has nobody who asks.
fn ended() -> RedisError {
    std::io::Error::other("a runtime has ended").into()
}
