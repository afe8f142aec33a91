//! How Duly is reached: HTTP, the web page, the commands of `duly`.

pub mod alarms;
pub mod api;
pub mod app;
pub mod commands;
pub mod config;
pub mod demo;
mod docs;
mod error_reports;
pub mod http;
pub mod limits;
mod logging;
mod mail_links;
pub mod node;
mod operations;
mod outgoing;
pub mod output;
mod process;
mod sealing;
pub mod start;
mod supervision;
mod traces;
mod web;
