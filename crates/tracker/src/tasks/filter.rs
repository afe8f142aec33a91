//! Which tasks a list shows and in which order.

use duly_db::dialect::contains_pattern;
use jiff::civil::{Date, DateTime};

use super::condition::Condition;
use super::text::{Label, folded};
use super::{DueDate, Priority, Status};
use crate::Result;
use crate::id::UserId;
use crate::input::{FromText, Reader, Wrong, bounded_text};

/// Days relative to the owner's today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Open, and the day or the time on it has passed.
    Overdue,
    /// Due today.
    Today,
    /// Due tomorrow.
    Tomorrow,
    /// Due today or on one of the six days after.
    Week,
}

/// The order of a list. Ties are in the order of ids, so every order is total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// What is compared.
    pub by: SortBy,
    /// Largest first.
    pub descending: bool,
}

/// What a list can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// Day and time due; without a date last, on a day without a time after those with one.
    DueDate,
    /// When it was written down.
    CreatedAt,
    /// When it was changed last.
    UpdatedAt,
    /// How much it matters.
    Priority,
    /// Its title, without regard to case.
    Title,
}

/// One field of a task, for `fields=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskField(pub(super) &'static str);

const FIELDS: [&str; 15] = [
    "id",
    "title",
    "description",
    "status",
    "due_date",
    "due_time",
    "priority",
    "labels",
    "completed_at",
    "created_at",
    "updated_at",
    "version",
    "snoozed_until",
    "muted",
    "deleted_at",
];

/// Which tasks a list shows and in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskFilter {
    /// Only these; all when empty.
    pub status: Vec<Status>,
    /// Days relative to today.
    pub due: Option<Due>,
    /// The first day due.
    pub due_from: Option<Date>,
    /// The last day due.
    pub due_to: Option<Date>,
    /// Only these; all when empty.
    pub priority: Vec<Priority>,
    /// Must carry all of these, in folded form.
    pub labels: Vec<String>,
    /// Each word must stand in the title or the description.
    pub words: Vec<String>,
    /// Only what is in the trash, or only what is not.
    pub trash: bool,
    /// The order.
    pub sort: Sort,
    /// The most rows on a page, 1 to 200.
    pub limit: u32,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// Only these fields; all when empty.
    pub fields: Vec<TaskField>,
}

impl Default for TaskFilter {
    fn default() -> Self {
        TaskFilter {
            status: Vec::new(),
            due: None,
            due_from: None,
            due_to: None,
            priority: Vec::new(),
            labels: Vec::new(),
            words: Vec::new(),
            trash: false,
            sort: Sort {
                by: SortBy::DueDate,
                descending: false,
            },
            limit: 50,
            cursor: None,
            fields: Vec::new(),
        }
    }
}

impl TaskFilter {
    /// What there is still to do.
    #[must_use]
    pub fn active() -> Self {
        TaskFilter {
            status: vec![Status::Pending, Status::InProgress],
            ..Self::default()
        }
    }

    /// What there is still to do today and on the six days after.
    #[must_use]
    pub fn due_this_week() -> Self {
        TaskFilter {
            due: Some(Due::Week),
            ..Self::active()
        }
    }

    /// Reads the parameters of a request.
    ///
    /// # Errors
    /// Every wrong parameter at once, unknown and repeated ones too.
    pub fn parse<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self> {
        let mut filter = TaskFilter::default();
        let mut reader = Reader::new();
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in parameters {
            if seen.contains(&name) {
                reader.refuse(
                    name,
                    "repeated",
                    "must be given once; separate values by commas",
                );
                continue;
            }
            seen.push(name);
            if let Err(wrong) = filter.set(name, value) {
                reader.refuse(name, wrong.code, wrong.message);
            }
        }
        if let (Some(from), Some(to)) = (filter.due_from, filter.due_to)
            && from > to
        {
            reader.refuse("due_to", "out_of_range", "must not lie before due_from");
        }
        reader.finish()?;
        Ok(filter)
    }

    fn set(&mut self, name: &str, value: &str) -> std::result::Result<(), Wrong> {
        match name {
            "status" => self.status = list(value)?,
            "due" => self.due = Some(Due::from_text(value)?),
            "due_from" => self.due_from = Some(DueDate::from_text(value)?.0),
            "due_to" => self.due_to = Some(DueDate::from_text(value)?.0),
            "priority" => self.priority = list(value)?,
            "label" => {
                let labels: Vec<Label> = list(value)?;
                self.labels = labels.iter().map(|label| folded(label.as_str())).collect();
            }
            "q" => {
                bounded_text(value, 0, 200, &[])?;
                self.words = folded(value)
                    .split_whitespace()
                    .map(str::to_owned)
                    .collect();
            }
            "trash" => {
                self.trash = value
                    .parse()
                    .map_err(|_| Wrong::new("unknown_value", "must be true or false"))?;
            }
            "sort" => self.sort = Sort::from_text(value)?,
            "limit" => {
                self.limit = value
                    .parse()
                    .ok()
                    .filter(|limit| (1..=200).contains(limit))
                    .ok_or_else(|| Wrong::new("out_of_range", "must be a number from 1 to 200"))?;
            }
            "cursor" => self.cursor = Some(value.to_owned()),
            "fields" => self.fields = list(value)?,
            _ => {
                return Err(Wrong::new(
                    "unknown_parameter",
                    "is not a parameter of this list",
                ));
            }
        }
        Ok(())
    }

    /// Whether an index gives the page row by row, in order and with few rows in between.
    pub(super) fn is_usual(&self) -> bool {
        self.sort.by == SortBy::DueDate
            && !self.trash
            && self.priority.is_empty()
            && self.labels.is_empty()
            && self.words.is_empty()
    }

    /// The condition on the owner's rows, without the cursor.
    pub(super) fn condition(&self, owner: UserId, now: DateTime) -> Condition {
        let mut condition = Condition::new(owner);
        condition.fixed(if self.trash {
            "deleted_at IS NOT NULL"
        } else {
            "deleted_at IS NULL"
        });
        self.add_status(&mut condition);
        self.add_due(&mut condition, now);
        if !self.priority.is_empty() {
            condition.one_of("priority", self.priority.iter().copied());
        }
        for label in &self.labels {
            condition.with(
                "id IN (SELECT task_id FROM task_labels WHERE user_id = ?1 AND label_folded = {})",
                label,
            );
        }
        for word in &self.words {
            condition.with(
                "(title_folded LIKE {} ESCAPE '!' OR description_folded LIKE {} ESCAPE '!')",
                contains_pattern(word),
            );
        }
        condition
    }

    fn add_status(&self, condition: &mut Condition) {
        let only_open = self.due == Some(Due::Overdue)
            || (!self.status.is_empty() && self.status.iter().all(|status| status.is_open()));
        if self.trash {
            if !self.status.is_empty() {
                condition.one_of("status", self.status.iter().copied());
            }
            return;
        }
        // is_open leads the index of the usual lists.
        if only_open {
            condition.fixed("is_open = TRUE");
        } else if self.status == [Status::Completed] {
            condition.fixed("is_open = FALSE");
        }
        let every_open = [Status::Pending, Status::InProgress]
            .iter()
            .all(|one| self.status.contains(one));
        let told_by_is_open = only_open && every_open;
        if !self.status.is_empty() && !told_by_is_open {
            condition.one_of("status", self.status.iter().copied());
        }
    }

    fn add_due(&self, condition: &mut Condition, now: DateTime) {
        let today = now.date();
        let in_days = |days: i64| {
            today
                .saturating_add(jiff::Span::new().days(days))
                .min(super::LATEST_DUE_DATE)
        };
        match self.due {
            None => {}
            Some(Due::Overdue) => {
                condition.with("due_date <= {}", today);
                let minute = i64::from(now.hour()) * 60 + i64::from(now.minute());
                condition.with_two("(due_date < {} OR due_minute < {})", today, minute);
            }
            Some(Due::Today) => condition.with("due_date = {}", today),
            Some(Due::Tomorrow) => condition.with("due_date = {}", in_days(1)),
            Some(Due::Week) => {
                condition.with("due_date >= {}", today);
                condition.with("due_date <= {}", in_days(6));
            }
        }
        if let Some(from) = self.due_from {
            condition.with("due_date >= {}", from);
        }
        if self.due_from.is_some() || self.due_to.is_some() {
            // Without a date is in no range.
            let to = self.due_to.unwrap_or(super::LATEST_DUE_DATE);
            condition.with("due_date <= {}", to);
        }
    }
}

fn list<T: FromText>(value: &str) -> std::result::Result<Vec<T>, Wrong> {
    value.split(',').map(T::from_text).collect()
}

impl FromText for Due {
    fn from_text(text: &str) -> std::result::Result<Self, Wrong> {
        match text {
            "overdue" => Ok(Due::Overdue),
            "today" => Ok(Due::Today),
            "tomorrow" => Ok(Due::Tomorrow),
            "week" => Ok(Due::Week),
            _ => Err(Wrong::new(
                "unknown_value",
                "must be overdue, today, tomorrow or week",
            )),
        }
    }
}

impl FromText for Sort {
    fn from_text(text: &str) -> std::result::Result<Self, Wrong> {
        let (descending, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text),
        };
        let by = match name {
            "due_date" => SortBy::DueDate,
            "created_at" => SortBy::CreatedAt,
            "updated_at" => SortBy::UpdatedAt,
            "priority" => SortBy::Priority,
            "title" => SortBy::Title,
            _ => {
                let message = "must be due_date, created_at, updated_at, priority or title, \
                               with - before it for the reverse order";
                return Err(Wrong::new("unknown_value", message));
            }
        };
        Ok(Sort { by, descending })
    }
}

impl FromText for TaskField {
    fn from_text(text: &str) -> std::result::Result<Self, Wrong> {
        let known = FIELDS.iter().find(|name| **name == text);
        known.map(|name| TaskField(name)).ok_or_else(|| {
            Wrong::new(
                "unknown_value",
                format!("must be some of {}", FIELDS.join(", ")),
            )
        })
    }
}
