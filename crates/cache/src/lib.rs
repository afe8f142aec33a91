//! What may be answered without asking SQL.
//!
//! Today that is one thing: whether somebody has asked too often ([`limits`]), which has to be
//! known before any work is done for them. Answers kept by the version of the data they were
//! made from (see `duly_db::versions`) belong here as well; they will come with a second place to
//! keep counts and answers, shared by several nodes.

pub mod limits;
