//! What the tests share.

mod answer;
pub mod book;
mod client;
mod mail_server;
mod process;
mod socket;
mod test_app;

pub use answer::Answer;
pub use client::{Ask, Client};
pub use mail_server::MailServer;
pub use process::{Connection, Process};
pub use socket::{TestServer, send_raw};
pub use test_app::{PASSWORD, TestApp};
