//! `duly doctor`

use super::{CommandError, Outcome};
use crate::config::Loaded;

pub(super) fn run(loaded: Result<Loaded, CommandError>) -> Outcome {
    loaded.map(|_| ())
}
