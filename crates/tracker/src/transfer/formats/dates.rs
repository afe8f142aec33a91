//! Dates as iCalendar and Taskwarrior write them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};

use crate::transfer::parsed::Moment;

/// A date or time as a file states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stamp {
    /// A day as a whole.
    Day(Date),
    /// A wall-clock time of no particular zone.
    Local(DateTime),
    /// An instant.
    Instant(Timestamp),
}

impl Stamp {
    /// Reads `20261124`, `20261124T180000` and `20261124T180000Z` (RFC 5545, 3.3.4 and 3.3.5), and
    /// the same with the separators of ISO 8601.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(utc) = text.strip_suffix(['Z', 'z']) {
            let Stamp::Local(local) = Stamp::read_local(utc)? else {
                return None;
            };
            return jiff::tz::TimeZone::UTC
                .to_timestamp(local)
                .ok()
                .map(Stamp::Instant);
        }
        // With an offset, as some programs write: 2026-11-24T18:00:00+01:00.
        Stamp::read_local(text).or_else(|| text.parse().ok().map(Stamp::Instant))
    }

    fn read_local(text: &str) -> Option<Self> {
        let (date, time) = match text.split_once(['T', 't']) {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let date = read_date(date)?;
        match time {
            None => Some(Stamp::Day(date)),
            Some(time) => Some(Stamp::Local(date.to_datetime(read_time(time)?))),
        }
    }

    /// The day and time on the owner's wall clock.
    pub(super) fn on_wall(self, moment: &Moment) -> (Date, Option<Time>) {
        match self {
            Stamp::Day(date) => (date, None),
            Stamp::Local(local) => (local.date(), Some(local.time())),
            Stamp::Instant(instant) => {
                let local = moment.local(instant);
                (local.date(), Some(local.time()))
            }
        }
    }

    /// The instant; a day stands for its first moment in the owner's zone.
    pub(super) fn instant(self, moment: &Moment) -> Option<Timestamp> {
        match self {
            Stamp::Day(date) => moment.instant(date.to_datetime(Time::midnight())),
            Stamp::Local(local) => moment.instant(local),
            Stamp::Instant(instant) => Some(instant),
        }
    }
}

/// `20261124` or `2026-11-24`. Years have four digits, so 10000 is refused.
pub(super) fn read_date(text: &str) -> Option<Date> {
    let digits: String = match text.len() {
        8 => text.to_owned(),
        10 => {
            let mut parts = text.split('-');
            let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
            if year.len() != 4 || month.len() != 2 || parts.next().is_some() {
                return None;
            }
            [year, month, day].concat()
        }
        _ => return None,
    };
    Date::new(
        number(&digits, 0, 4)?,
        narrow(&digits, 4)?,
        narrow(&digits, 6)?,
    )
    .ok()
}

/// `180000`, `1800`, `18:00:00` or `18:00`. A leap second counts as the one before it.
fn read_time(text: &str) -> Option<Time> {
    let digits = match text.len() {
        4 | 6 => text.to_owned(),
        5 | 8 => text.split(':').collect(),
        _ => return None,
    };
    if digits.len() != 4 && digits.len() != 6 {
        return None;
    }
    let second = if digits.len() == 6 {
        narrow(&digits, 4)?
    } else {
        0
    };
    Time::new(narrow(&digits, 0)?, narrow(&digits, 2)?, second.min(59), 0)
        .ok()
        .filter(|_| second <= 60)
}

fn number(digits: &str, from: usize, to: usize) -> Option<i16> {
    let part = digits.get(from..to)?;
    part.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| part.parse().ok())?
}

fn narrow(digits: &str, from: usize) -> Option<i8> {
    number(digits, from, from + 2).and_then(|number| i8::try_from(number).ok())
}

/// Whether a text that is no valid date was meant to be one.
pub(super) fn looks_like_date(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(4, '-').collect();
    let numeric = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(numeric)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, datetime};

    use super::*;

    #[test]
    fn days_times_and_instants_are_told_apart() {
        assert_eq!(
            Stamp::read("20261124"),
            Some(Stamp::Day(date(2026, 11, 24)))
        );
        assert_eq!(
            Stamp::read("2026-11-24"),
            Some(Stamp::Day(date(2026, 11, 24)))
        );
        let local = datetime(2026, 11, 24, 18, 0, 0, 0);
        assert_eq!(Stamp::read("20261124T180000"), Some(Stamp::Local(local)));
        assert_eq!(Stamp::read("2026-11-24T18:00"), Some(Stamp::Local(local)));
        let instant = Stamp::Instant("2026-11-24T18:00:00Z".parse().unwrap());
        assert_eq!(Stamp::read("20261124T180000Z"), Some(instant));
        assert_eq!(Stamp::read("2026-11-24T19:00:00+01:00"), Some(instant));
    }

    #[test]
    fn leap_seconds_are_read_and_nonsense_is_not() {
        let last = datetime(2016, 12, 31, 23, 59, 59, 0);
        assert_eq!(Stamp::read("20161231T235960"), Some(Stamp::Local(last)));
        for nonsense in [
            "",
            "T",
            "Z",
            "20260230",
            "20261124T",
            "20261124T2400",
            "100000101",
            "1000-0-1-1",
            "20261124T180061",
            "２０２６1124",
            "-0011124",
            "99991231T2359é",
            "2026-1124",
        ] {
            assert_eq!(Stamp::read(nonsense), None, "{nonsense}");
        }
        assert!(
            Stamp::read("00000101").is_some(),
            "year 0 is read here and refused as out of range"
        );
    }

    #[test]
    fn what_was_meant_as_a_date_is_recognised() {
        assert!(looks_like_date("2026-02-30") && looks_like_date("10000-01-01"));
        assert!(!looks_like_date("someday") && !looks_like_date("a-b-c"));
    }
}
