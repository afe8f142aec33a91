//! How a process is seen from outside: whether it lives, whether it is ready, and its figures, on a listener of its
//! own that only operators reach.

mod figures;
mod jobs;
mod listener;
mod text;
mod traffic;

use std::sync::Arc;

use duly_tracker::Tracker;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

pub(crate) use figures::Figures;
pub(crate) use jobs::JobFigures;
pub(crate) use traffic::{Traffic, method_of, route_of};

use crate::config;
use crate::node::Node;
use crate::supervision::from_lent;

/// What is told of this process.
#[derive(Debug)]
pub(crate) struct Operations {
    pub(crate) node: Arc<Node>,
    /// Which part of the work it does, as its figures are labelled.
    pub(crate) role: &'static str,
    pub(crate) jobs: JobFigures,
    figures: Figures,
}

impl Operations {
    pub(crate) fn new(node: Arc<Node>, role: &'static str) -> Arc<Self> {
        Arc::new(Operations {
            node,
            role,
            jobs: JobFigures::default(),
            figures: Figures::default(),
        })
    }

    /// Tells whoever asks, until the handle is dropped; nothing when the settings say so. An address that is taken
    /// keeps nobody from working: several processes may run on one machine. A socket that is lent is used instead of
    /// the address.
    pub(crate) async fn serve(
        self: &Arc<Self>,
        settings: &config::Operations,
        lent: Option<std::net::TcpListener>,
    ) -> Option<AbortOnDropHandle<()>> {
        let (bound, place) = match lent {
            Some(lent) => (from_lent(lent), "the socket that is lent".to_owned()),
            None => {
                let address = settings.listen?;
                (TcpListener::bind(address).await, address.to_string())
            }
        };
        match bound {
            Ok(bound) => {
                let served = listener::serve(bound, self.clone());
                Some(AbortOnDropHandle::new(tokio::spawn(served)))
            }
            Err(error) => {
                tracing::warn!(
                    %error,
                    "operators cannot look at this process: {place} cannot be listened on; \
                     give each process an address of its own (operations.listen)"
                );
                None
            }
        }
    }

    fn tracker(&self) -> Option<&Tracker> {
        self.node.tracker()
    }
}
