//! What a person sets for themselves: zone, language, hour of the reminders.

use duly_db::{FromValue, Value};
use jiff::civil::Time;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use crate::input::{FromText, Wrong};

/// The name of a time zone in the IANA database, in its own spelling: `Europe/Berlin`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, example = "Europe/Berlin")]
pub struct TimeZoneName(String);

impl TimeZoneName {
    /// Coordinated Universal Time.
    #[must_use]
    pub fn utc() -> Self {
        TimeZoneName("UTC".into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The rules of the zone: the machine's, which may be newer than ours, else ours, so that a
    /// machine without the old names of zones cannot take anybody's days away.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        jiff::tz::db()
            .get(&self.0)
            .or_else(|_| TimeZoneDatabase::bundled().get(&self.0))
            .unwrap_or(TimeZone::UTC)
    }
}

impl FromText for TimeZoneName {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        // Only our copy of the database is asked: the machine's also has names that are not
        // zones (`posixrules`, `localtime`), and an account must work on another machine too.
        let zone = TimeZoneDatabase::bundled().get(text).ok();
        zone.filter(|zone| !zone.is_unknown())
            .and_then(|zone| zone.iana_name().map(|name| TimeZoneName(name.to_owned())))
            .ok_or_else(|| {
                Wrong::new(
                    "unknown_time_zone",
                    "must be a time zone such as Europe/Berlin",
                )
            })
    }
}

impl FromValue for TimeZoneName {
    fn from_value(value: &Value) -> Result<Self, duly_db::Error> {
        String::from_value(value).map(TimeZoneName)
    }
}

impl From<&TimeZoneName> for Value {
    fn from(name: &TimeZoneName) -> Self {
        Value::from(name.as_str())
    }
}

/// A language, as a tag of BCP 47: `en`, `pt-BR`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, example = "en")]
pub struct Locale(String);

impl Locale {
    /// The language of an account that has said nothing about it.
    #[must_use]
    pub fn english() -> Self {
        Locale("en".into())
    }

    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromText for Locale {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        let mut parts = text.split('-');
        let language = parts.next().unwrap_or_default();
        let is_tag = (2..=3).contains(&language.len())
            && language.bytes().all(|byte| byte.is_ascii_lowercase())
            && text.len() <= 35
            && parts.all(|part| {
                (2..=8).contains(&part.len())
                    && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
            });
        match is_tag {
            true => Ok(Locale(text.to_owned())),
            false => Err(Wrong::new(
                "invalid",
                "must be a language tag such as en or pt-BR",
            )),
        }
    }
}

impl FromValue for Locale {
    fn from_value(value: &Value) -> Result<Self, duly_db::Error> {
        String::from_value(value).map(Locale)
    }
}

impl From<&Locale> for Value {
    fn from(locale: &Locale) -> Self {
        Value::from(locale.as_str())
    }
}

/// A time of day to the minute, `HH:MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, example = "09:00")]
pub struct ReminderTime(Time);

impl ReminderTime {
    /// Nine in the morning.
    #[must_use]
    pub fn nine() -> Self {
        ReminderTime(jiff::civil::time(9, 0, 0, 0))
    }

    /// The time.
    #[must_use]
    pub fn time(self) -> Time {
        self.0
    }
}

impl std::fmt::Display for ReminderTime {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

impl Serialize for ReminderTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromText for ReminderTime {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        let two_digits = |part: &str| -> Option<i8> {
            let plain = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| part.parse().ok()).flatten()
        };
        text.split_once(':')
            .and_then(|(hour, minute)| Some((two_digits(hour)?, two_digits(minute)?)))
            .and_then(|(hour, minute)| Time::new(hour, minute, 0, 0).ok())
            .map(ReminderTime)
            .ok_or_else(|| Wrong::new("invalid", "must be a time of day such as 09:00"))
    }
}

/// Kept as minutes after midnight.
impl From<ReminderTime> for Value {
    fn from(time: ReminderTime) -> Self {
        Value::Int(i64::from(time.0.hour()) * 60 + i64::from(time.0.minute()))
    }
}

impl FromValue for ReminderTime {
    fn from_value(value: &Value) -> Result<Self, duly_db::Error> {
        let wrong = || duly_db::Error::Decode(format!("{value:?} is not a minute of a day"));
        let minutes = i16::from_value(value)?;
        let hour = i8::try_from(minutes.div_euclid(60)).map_err(|_| wrong())?;
        let minute = i8::try_from(minutes.rem_euclid(60)).map_err(|_| wrong())?;
        Time::new(hour, minute, 0, 0)
            .map(ReminderTime)
            .map_err(|_| wrong())
    }
}
