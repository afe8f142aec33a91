//! What was looked at, for people and for programs.

use std::fmt;

use serde::Serialize;

use super::super::{CommandError, Outcome, failed};
use crate::output;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    /// As it should be.
    Ok,
    /// Duly works, and something should be done.
    Warning,
    /// It has to be put right.
    Failed,
}

/// What was found. Nothing is wrong without a remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) status: Status,
    pub(super) message: String,
    /// What to do about it.
    pub(super) remedy: Option<String>,
}

pub(super) fn fine(message: impl Into<String>) -> Finding {
    Finding {
        status: Status::Ok,
        message: message.into(),
        remedy: None,
    }
}

pub(super) fn warn(message: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding {
        status: Status::Warning,
        message: message.into(),
        remedy: Some(remedy.into()),
    }
}

pub(super) fn fail(message: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding {
        status: Status::Failed,
        message: message.into(),
        remedy: Some(remedy.into()),
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        match &self.remedy {
            Some(remedy) => write!(formatter, "; {remedy}"),
            None => Ok(()),
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    name: String,
    #[serde(flatten)]
    finding: Finding,
}

/// Everything that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    version: &'static str,
    /// The worst of all.
    status: Status,
    checks: Vec<Check>,
    /// People see each check as soon as it is made; programs get all of them at the end.
    #[serde(skip)]
    is_for_programs: bool,
}

impl Report {
    pub(super) fn new(is_for_programs: bool) -> Self {
        Report {
            version: env!("CARGO_PKG_VERSION"),
            status: Status::Ok,
            checks: Vec::new(),
            is_for_programs,
        }
    }

    pub(super) fn add(&mut self, name: &str, finding: Finding) {
        if !self.is_for_programs {
            let mark = match finding.status {
                Status::Ok => "ok  ",
                Status::Warning => "warn",
                Status::Failed => "FAIL",
            };
            output::say(format!("{mark}  {name}: {finding}"));
        }
        self.status = self.status.max(finding.status);
        self.checks.push(Check {
            name: name.to_owned(),
            finding,
        });
    }

    pub(super) fn end(self) -> Outcome {
        if self.is_for_programs {
            let text = serde_json::to_string_pretty(&self).map_err(|error| failed(&error))?;
            output::say(text);
        }
        let is_failed = |check: &&Check| check.finding.status == Status::Failed;
        match self.checks.iter().filter(is_failed).count() {
            0 => Ok(()),
            1 => Err(CommandError::Failed("one thing has to be put right".into())),
            several => Err(CommandError::Failed(format!(
                "{several} things have to be put right"
            ))),
        }
    }
}
