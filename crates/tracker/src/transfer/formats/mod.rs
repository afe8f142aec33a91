//! The formats: how each is recognised and read, and what each can be written as.

use serde::Serialize;
use utoipa::ToSchema;

use crate::input::{FromText, Wrong};

/// What a file can be read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// The JSON that Taskwarrior's `task export` writes.
    Taskwarrior,
    /// A todo.txt file.
    Todotxt,
    /// The to-dos of an iCalendar file.
    Ics,
    /// Todoist's CSV template.
    Todoist,
    /// Duly's own JSON.
    Duly,
}

impl Format {
    /// The name used in the API, on the command line and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::Taskwarrior => "taskwarrior",
            Format::Todotxt => "todotxt",
            Format::Ics => "ics",
            Format::Todoist => "todoist",
            Format::Duly => "duly",
        }
    }
}

impl FromText for Format {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        [Format::Taskwarrior, Format::Todotxt, Format::Ics, Format::Todoist, Format::Duly]
            .into_iter()
            .find(|format| format.name() == text)
            .ok_or_else(|| {
                Wrong::new("unknown_value", "must be one of taskwarrior todotxt ics todoist duly")
            })
    }
}
