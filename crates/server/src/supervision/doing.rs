//! What a process does, in one line.

use std::fmt;

use duly_queue::WorkerWatch;

/// What a process does, from when it is ready.
#[derive(Debug)]
pub(crate) struct Doing {
    /// Where it answers requests, if it does.
    pub(crate) serves: Option<String>,
    /// Its worker, if it has one.
    pub(crate) works: Option<WorkerWatch>,
}

impl Doing {
    /// Comes back when it really does it. People are not kept from the page because jobs cannot be taken.
    pub(super) async fn begins(&self) {
        if let (None, Some(worker)) = (&self.serves, &self.works) {
            worker.takes_jobs().await;
        }
    }
}

impl fmt::Display for Doing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.serves {
            Some(url) => write!(formatter, "serving on {url}")?,
            None if self.works.is_some() => formatter.write_str("working")?,
            None => formatter.write_str("planning")?,
        }
        match self.works.as_ref().map(WorkerWatch::busy) {
            Some((busy, slots)) => write!(formatter, "; {busy} of {slots} slots busy"),
            None => Ok(()),
        }
    }
}
