//! What may be answered without asking SQL, and is never older than what somebody has seen or
//! written.
//!
//! Every answer that is kept carries the version of the owner's data it was made from
//! ([`duly_db::versions`]). The store keeps a **floor** for every owner: nothing older may be
//! served. Whoever writes raises the floor before they hear that it is done, which invalidates
//! everything of that owner at once, whatever it is called. A floor is made only by a look-up of
//! who somebody is that was read from the primary while its fence stood; whatever is invalidated
//! or shown while there is no floor fells the fence. A relay reads the table of versions and raises floors
//! again, so that even an invalidation that got lost is made up for in half a second.
//!
//! [`Cache::visit`] asks who it is and how new an answer has to be, [`Cache::answer`] for the
//! answer. The back ends: [`Memory`] for one process, [`Redis`] for many nodes, [`Sql`] for several
//! that share nothing but the database.
//!
//! [`values`] keeps what belongs to no single owner, and has locks: `remember`, `flexible`, groups.
//!
//! [`limits`] says whether somebody has asked too often, which has to be known before any work is
//! done for them.

mod answer;
mod cache;
mod check;
mod counters;
mod flight;
pub mod limits;
mod loads;
mod memory;
mod owner;
pub mod redis;
pub mod relay;
pub mod shelf;
mod sql;
pub mod status;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod tier;
pub mod values;
mod view;

pub use answer::{Loaded, Overloaded};
pub use cache::{Asking, Cache, Limits, Refused, Visit};
pub use counters::Counters;
pub use memory::Memory;
pub use owner::{NoOwnerKey, OwnerKey, OwnerKeys};
pub use redis::Redis;
pub use relay::Relay;
pub use sql::Sql;
pub use status::Status;
pub use store::{Credential, Known, Record, Store};
pub use values::Values;
pub use view::{Entry, LONGEST_KEPT, View};
