//! Which mails a person wants, and when none.

use duly_db::{FromValue, Row, Value};
use jiff::civil::{Time, Weekday as CivilWeekday};
use serde::Serialize;
use utoipa::ToSchema;

use super::ReminderTime;
use crate::input::{FromJson, FromText, Wrong};
use crate::names::names;
use crate::tasks::Priority;

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Weekday {
    /// The first day of the week (ISO 8601).
    Monday,
    /// The second.
    Tuesday,
    /// The third.
    Wednesday,
    /// The fourth.
    Thursday,
    /// The fifth.
    Friday,
    /// The sixth.
    Saturday,
    /// The last.
    Sunday,
}

names!(Weekday, "monday" => Monday, "tuesday" => Tuesday, "wednesday" => Wednesday,
    "thursday" => Thursday, "friday" => Friday, "saturday" => Saturday, "sunday" => Sunday);

impl Weekday {
    /// The same, as calendars know it.
    #[must_use]
    pub fn civil(self) -> CivilWeekday {
        match self {
            Weekday::Monday => CivilWeekday::Monday,
            Weekday::Tuesday => CivilWeekday::Tuesday,
            Weekday::Wednesday => CivilWeekday::Wednesday,
            Weekday::Thursday => CivilWeekday::Thursday,
            Weekday::Friday => CivilWeekday::Friday,
            Weekday::Saturday => CivilWeekday::Saturday,
            Weekday::Sunday => CivilWeekday::Sunday,
        }
    }
}

impl FromText for Weekday {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        Weekday::from_value(&Value::from(text))
            .map_err(|_| Wrong::new("unknown_value", "must be a day from monday to sunday"))
    }
}

/// The mail about a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Digest {
    /// Whether to send it.
    pub is_on: bool,
    /// On which day.
    pub day: Weekday,
    /// At which hour of that day, 0 to 23, in the person's time zone.
    #[schema(minimum = 0, maximum = 23)]
    pub hour: u8,
}

impl Digest {
    /// Monday at nine.
    #[must_use]
    pub fn monday_at_nine() -> Self {
        Digest {
            is_on: true,
            day: Weekday::Monday,
            hour: 9,
        }
    }
}

impl Digest {
    pub(crate) fn from_row(row: &Row) -> Result<Self, duly_db::Error> {
        Ok(Digest {
            is_on: row.get("digest")?,
            day: row.get("digest_day")?,
            hour: row.get("digest_hour")?,
        })
    }
}

impl FromJson for Digest {
    fn from_json(value: &serde_json::Value) -> Result<Self, Wrong> {
        let wrong = || {
            let message = "must be like {\"is_on\": true, \"day\": \"monday\", \"hour\": 9}";
            Wrong::new("invalid", message)
        };
        let [is_on, day, hour] = members(value, ["is_on", "day", "hour"]).ok_or_else(wrong)?;
        let hour = hour.as_u64().and_then(|hour| u8::try_from(hour).ok());
        Ok(Digest {
            is_on: is_on.as_bool().ok_or_else(wrong)?,
            day: Weekday::from_json(day)?,
            hour: hour.filter(|hour| *hour < 24).ok_or_else(wrong)?,
        })
    }
}

/// A time of the day in which nothing is sent; it may go past midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct QuietHours {
    /// When it begins, in the person's time zone.
    pub from: ReminderTime,
    /// When it is over.
    pub to: ReminderTime,
}

impl QuietHours {
    /// Whether the clocks show a time within it.
    #[must_use]
    pub fn contain(&self, time: Time) -> bool {
        let (from, to) = (self.from.time(), self.to.time());
        match from < to {
            true => from <= time && time < to,
            false => from <= time || time < to,
        }
    }
}

impl QuietHours {
    pub(crate) fn from_row(row: &Row) -> Result<Option<Self>, duly_db::Error> {
        let from: Option<ReminderTime> = row.get("quiet_from")?;
        let to: Option<ReminderTime> = row.get("quiet_to")?;
        Ok(from.zip(to).map(|(from, to)| QuietHours { from, to }))
    }
}

impl FromJson for QuietHours {
    fn from_json(value: &serde_json::Value) -> Result<Self, Wrong> {
        let wrong = || {
            Wrong::new(
                "invalid",
                "must be like {\"from\": \"22:00\", \"to\": \"07:00\"}",
            )
        };
        let [from, to] = members(value, ["from", "to"]).ok_or_else(wrong)?;
        let hours = QuietHours {
            from: ReminderTime::from_json(from)?,
            to: ReminderTime::from_json(to)?,
        };
        match hours.from == hours.to {
            true => Err(Wrong::new(
                "invalid",
                "must begin and end at different times",
            )),
            false => Ok(hours),
        }
    }
}

/// The members of an object that has these and no others.
fn members<'a, const N: usize>(
    value: &'a serde_json::Value,
    names: [&str; N],
) -> Option<[&'a serde_json::Value; N]> {
    let object = value.as_object().filter(|object| object.len() == N)?;
    let found: Vec<_> = names.iter().filter_map(|name| object.get(*name)).collect();
    found.try_into().ok()
}

/// How many mails of Duly's own accord somebody gets a day at most, 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = u32, minimum = 1, maximum = 100)]
pub struct MailsADay(pub u32);

impl FromJson for MailsADay {
    fn from_json(value: &serde_json::Value) -> Result<Self, Wrong> {
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        number
            .filter(|number| (1..=100).contains(number))
            .map(MailsADay)
            .ok_or_else(|| Wrong::new("out_of_range", "must be a number from 1 to 100"))
    }
}

impl FromValue for MailsADay {
    fn from_value(value: &Value) -> Result<Self, duly_db::Error> {
        u32::from_value(value).map(MailsADay)
    }
}

impl From<MailsADay> for Value {
    fn from(number: MailsADay) -> Self {
        Value::Int(i64::from(number.0))
    }
}

/// Of which tasks a second mail is sent when they are still open an hour after their time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Escalation {
    /// Of none.
    Off,
    /// Of those with high priority.
    High,
    /// Of all.
    All,
}

names!(Escalation, "off" => Off, "high" => High, "all" => All);

impl Escalation {
    /// Whether it is wanted of a task.
    #[must_use]
    pub fn is_wanted(self, priority: Priority) -> bool {
        match self {
            Escalation::Off => false,
            Escalation::High => priority == Priority::High,
            Escalation::All => true,
        }
    }
}

impl FromText for Escalation {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        Escalation::from_value(&Value::from(text))
            .map_err(|_| Wrong::new("unknown_value", "must be one of off high all"))
    }
}

/// That mails to somebody came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MailStopped {
    /// Since when none is sent.
    #[schema(value_type = String, format = DateTime)]
    pub since: jiff::Timestamp,
    /// Why.
    pub reason: String,
}

impl MailStopped {
    pub(crate) fn from_row(row: &Row) -> Result<Option<Self>, duly_db::Error> {
        let since: Option<jiff::Timestamp> = row.get("mail_stopped_at")?;
        let reason: Option<String> = row.get("mail_stopped_reason")?;
        Ok(since.map(|since| MailStopped {
            since,
            reason: reason.unwrap_or_default(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;
    use serde_json::json;

    use super::*;

    #[test]
    fn quiet_hours_may_go_past_midnight() {
        let hours = |from: &str, to: &str| {
            QuietHours::from_json(&json!({ "from": from, "to": to })).unwrap()
        };
        let night = hours("22:00", "07:00");
        assert!(night.contain(time(22, 0, 0, 0)) && night.contain(time(6, 59, 59, 0)));
        assert!(!night.contain(time(7, 0, 0, 0)) && !night.contain(time(21, 59, 0, 0)));
        let noon = hours("12:00", "13:00");
        assert!(noon.contain(time(12, 30, 0, 0)) && !noon.contain(time(13, 0, 0, 0)));
    }

    #[test]
    fn what_is_wrong_is_told() {
        for wrong in [
            json!({ "from": "22:00" }),
            json!({ "from": "22:00", "to": "22:00" }),
            json!({ "from": "22:00", "to": "07:00", "more": 1 }),
            json!("22:00-07:00"),
            json!({ "from": "25:00", "to": "07:00" }),
        ] {
            assert!(QuietHours::from_json(&wrong).is_err(), "{wrong}");
        }
        for wrong in [
            json!({ "is_on": true, "day": "moonday", "hour": 9 }),
            json!({ "is_on": true, "day": "monday", "hour": 24 }),
            json!({ "is_on": 1, "day": "monday", "hour": 9 }),
            json!({ "is_on": true, "day": "monday" }),
        ] {
            assert!(Digest::from_json(&wrong).is_err(), "{wrong}");
        }
        for wrong in [json!(0), json!(101), json!(-1), json!("5"), json!(1.5)] {
            assert!(MailsADay::from_json(&wrong).is_err(), "{wrong}");
        }
    }
}
