//! Everything between a connection and a handler: what is true of every request and every answer.

pub mod accept;
pub mod address;
mod again;
mod answer;
pub mod compress;
pub mod cookie;
mod headers;
pub(crate) mod health;
pub mod json;
pub mod listener;
pub mod origin;
mod patience;
pub mod query;
mod request_id;
pub(crate) mod seen;
mod threads;

pub(crate) use again::ReadBody;
pub(crate) use answer::WHO_ASKS;
pub use answer::{ClientAddress, answer};
pub use headers::SecurityHeaders;
pub(crate) use request_id::REQUEST_ID;
pub use threads::Threads;
