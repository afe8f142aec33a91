//! How often requests may come: named policies by user, token or network, for all of the API or a
//! part of it. The counting itself is [`duly_cache::limits`].

mod headers;
mod rule;
mod toll;

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use duly_cache::limits::Policy;

pub(crate) use headers::{NAMES, announce, say_nothing, seconds};
pub use rule::{Methods, On, Part, Per, Rule, Wrong};
pub(crate) use toll::Toll;

/// Where the API begins; nothing else is limited.
const API: &str = "/api/v1/";

/// Cookies and tokens that nobody knows, from one network.
static STRANGERS: Policy = Policy::new("strangers", 300, Duration::from_secs(60));

/// All limits that are in force, in the order in which they are named.
#[derive(Debug, Clone, Default)]
pub struct Rules(Arc<[Rule]>);

impl Rules {
    /// These.
    #[must_use]
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        Rules(rules.into_iter().collect())
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter()
    }

    /// Those that a request counts for.
    fn of<'rules>(&'rules self, method: &Method, path: &str) -> impl Iterator<Item = &'rules Rule> {
        self.0.iter().filter(|rule| rule.on.includes(method, path))
    }
}
