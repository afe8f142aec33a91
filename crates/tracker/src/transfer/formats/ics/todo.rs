//! One to-do: what its properties mean for a task.

use jiff::tz::TimeZone;

use super::lines::Property;
use crate::tasks::{Priority, Status};
use crate::transfer::draft::Draft;
use crate::transfer::formats::dates::Stamp;
use crate::transfer::parsed::Moment;

/// A to-do being read.
pub(super) struct Todo {
    draft: Draft,
    uid: Option<String>,
    recurrence_id: Option<String>,
    /// What tells this to-do from others when it has no UID.
    content: String,
    status: Option<Status>,
    is_cancelled: bool,
    percent: u8,
    /// How many components are open inside it, alarms for example.
    pub(super) inside: usize,
}

/// A to-do, read.
pub(super) enum Ended {
    Task(Draft),
    Cancelled(Draft),
}

impl Todo {
    pub(super) fn new(line: usize) -> Self {
        Todo {
            draft: Draft::new(line),
            uid: None,
            recurrence_id: None,
            content: String::new(),
            status: None,
            is_cancelled: false,
            percent: 0,
            inside: 0,
        }
    }

    /// A line of it could not be read.
    pub(super) fn damaged(&mut self, line: usize) {
        self.draft
            .refuse(format!("line {line} is not UTF-8 or has no name and value"));
    }

    /// Something around it ended before it did.
    pub(super) fn cut_off(&mut self) {
        self.draft.refuse("it has no end");
    }

    /// Takes what a property says. Where one stands twice the first counts.
    pub(super) fn property(&mut self, property: &Property<'_>, moment: &Moment) {
        match property.name.as_str() {
            "UID" if self.uid.is_none() => self.uid = given(property.text()),
            "RECURRENCE-ID" => self.recurrence_id = given(property.value.trim().to_owned()),
            "SUMMARY" if !self.draft.has_title() => self.draft.set_title(&property.text()),
            "DESCRIPTION" => self.draft.describe(&property.text()),
            "CATEGORIES" => {
                property.texts().for_each(|label| self.draft.label(&label));
            }
            "STATUS" => self.status(property.value.trim()),
            "PERCENT-COMPLETE" => self.percent = property.value.trim().parse().unwrap_or(0),
            "PRIORITY" => self.priority(property.value.trim()),
            "DUE" if !self.draft.is_due() => {
                if let Some(stamp) = self.stamp(property) {
                    let (date, time) = stamp.on_wall(moment);
                    self.draft.due(date, time);
                }
            }
            "COMPLETED" | "CREATED" | "LAST-MODIFIED" => self.time(property, moment),
            "RRULE" | "RDATE" => {
                self.draft
                    .note("it repeats: the rule stands in the description");
                self.draft.detail("repeats", property.value);
            }
            "DTSTART" => self.draft.detail("starts", property.value),
            "DURATION" => self.draft.detail("takes", property.value),
            "LOCATION" => self.draft.detail("location", &property.text()),
            "COMMENT" => self.draft.detail("comment", &property.text()),
            "URL" => self.draft.detail("address", property.value),
            "ATTACH" if property.parameter("ENCODING").is_none() => {
                self.draft.detail("attached", property.value);
            }
            "ATTACH" => self.draft.note("a file attached to it is left out"),
            _ => return,
        }
        self.content.push_str(property.value);
        self.content.push('\n');
    }

    fn status(&mut self, value: &str) {
        match value.to_ascii_uppercase().as_str() {
            "NEEDS-ACTION" => self.status = Some(Status::Pending),
            "IN-PROCESS" => self.status = Some(Status::InProgress),
            "COMPLETED" => self.status = Some(Status::Completed),
            "CANCELLED" => self.is_cancelled = true,
            _ => self
                .draft
                .note("its status is not one of the standard: it counts as pending"),
        }
    }

    /// 1 is the highest and 9 the lowest; 0 is none (RFC 5545, 3.8.1.9).
    fn priority(&mut self, value: &str) {
        self.draft.priority = match value.parse::<u8>() {
            Ok(0) => Priority::None,
            Ok(1..=4) => Priority::High,
            Ok(5) => Priority::Medium,
            Ok(6..=9) => Priority::Low,
            _ => {
                self.draft
                    .note("its priority is no number from 0 to 9: it has none");
                Priority::None
            }
        };
    }

    fn time(&mut self, property: &Property<'_>, moment: &Moment) {
        let instant = self.stamp(property).and_then(|stamp| stamp.instant(moment));
        match property.name.as_str() {
            "COMPLETED" => self.draft.completed_at = instant,
            "CREATED" => self.draft.created_at = instant,
            _ => self.draft.updated_at = instant,
        }
    }

    /// The date or time of a property; a time of another zone becomes an instant.
    fn stamp(&mut self, property: &Property<'_>) -> Option<Stamp> {
        let Some(stamp) = Stamp::read(property.value) else {
            let value: String = property.value.chars().take(40).collect();
            self.draft
                .refuse(format!("{} is no date or time: “{value}”", property.name));
            return None;
        };
        let (Stamp::Local(local), Some(name)) = (stamp, property.parameter("TZID")) else {
            return Some(stamp);
        };
        let Some(zone) = zone_named(name) else {
            self.draft.note(format!(
                "{} is read in your own zone: “{name}” is unknown",
                property.name
            ));
            return Some(stamp);
        };
        zone.to_timestamp(local).ok().map(Stamp::Instant)
    }

    /// The draft with its source id. `fingerprint` makes an id from content.
    pub(super) fn finish(mut self, fingerprint: impl FnOnce(&str) -> String) -> Ended {
        let inferred = match self.percent {
            _ if self.draft.completed_at.is_some() => Status::Completed,
            100.. => Status::Completed,
            1..=99 => Status::InProgress,
            0 => Status::Pending,
        };
        self.draft.status = self.status.unwrap_or(inferred);
        // Each changed occurrence of a repeating to-do has the UID of the whole.
        self.draft.source_id = Some(match (self.uid, self.recurrence_id) {
            (Some(uid), Some(occurrence)) => format!("{uid}/{occurrence}"),
            (Some(uid), None) => uid,
            (None, _) => fingerprint(&self.content),
        });
        if self.is_cancelled {
            Ended::Cancelled(self.draft)
        } else {
            Ended::Task(self.draft)
        }
    }
}

fn given(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// The zone of a TZID. Some programs put a path of their own before the name of the zone.
fn zone_named(name: &str) -> Option<TimeZone> {
    const LONGEST: usize = 100;
    let mut candidate = Some(name)
        .filter(|name| name.len() <= LONGEST)?
        .trim_start_matches('/');
    loop {
        if let Ok(zone) = TimeZone::get(candidate) {
            return Some(zone);
        }
        candidate = candidate.split_once('/')?.1;
    }
}
