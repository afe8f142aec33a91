//! How Duly is reached: HTTP, the web page, the commands of `duly`.

pub mod alarms;
pub mod api;
pub mod app;
pub mod commands;
pub mod config;
pub mod demo;
mod docs;
pub mod http;
pub mod limits;
mod mail_links;
pub mod node;
mod operations;
pub mod output;
mod process;
mod sealing;
pub mod start;
mod supervision;
mod web;
