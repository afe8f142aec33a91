//! `/admin`: how the installation is doing, and what is done about it, for administrators

mod balance;
mod batches;
mod chosen;
mod count;
mod database;
mod figures;
mod filters;
mod jobs;
mod queues;
mod receipts;
mod records;
mod schedules;
mod tags;

pub(crate) use balance::*;
pub(crate) use batches::*;
pub(crate) use count::*;
pub(crate) use database::*;
pub(crate) use filters::*;
pub(crate) use jobs::*;
pub(crate) use queues::*;
pub(crate) use receipts::*;
pub(crate) use schedules::*;
pub(crate) use tags::*;
