//! Duly as its clients see it, by URL.
#![expect(unreachable_pub, reason = "one binary, several files")]

mod account;
mod support;
mod tasks;
