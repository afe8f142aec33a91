//! iCalendar to-dos (RFC 5545).
//!
//! Read by our own code, because libraries take the file as text and whole: lines may be folded
//! in the middle of a character, which is not text before it is unfolded, and one damaged to-do
//! would refuse all others without saying on which line it stands.

mod lines;
mod read;
mod todo;
mod write;

pub(super) use read::read;
pub(in crate::transfer) use write::{FOOTER, HEADER, write};

#[cfg(test)]
mod tests;
