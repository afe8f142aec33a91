//! When a schedule fires.

use std::fmt::{Display, Formatter};
use std::time::Duration;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// How often a schedule fires.
#[derive(Debug, Clone, PartialEq)]
pub enum Cadence {
    /// Once each day of a time zone. A time the clocks skip falls as much later as they skip; of
    /// a time they show twice the first counts (RFC 5545, section 3.3.5, takes both the same
    /// way).
    Daily {
        /// The local time.
        at: Time,
        /// Where.
        zone: TimeZone,
    },
    /// At every multiple of this since 1970 UTC, so that all nodes agree on the slots.
    Every(Duration),
}

/// What becomes of firings that were missed because no scheduler ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatchUp {
    /// They fall out: the next one is made at its time. One that is at most five minutes late
    /// still counts as in time, so that a restart misses none.
    Skip,
    /// The last of them is made up for, once, however many there were.
    Once,
}

/// How late a firing may be and still count as in time.
const IN_TIME: Duration = Duration::from_secs(300);

impl CatchUp {
    /// Whether a firing that is this late is still to be made.
    pub(super) fn allows(self, late: Duration) -> bool {
        match self {
            CatchUp::Skip => late <= IN_TIME,
            CatchUp::Once => true,
        }
    }
}

impl Cadence {
    /// Whether it can be kept at all.
    pub(super) fn is_possible(&self) -> bool {
        match self {
            Cadence::Daily { .. } => true,
            Cadence::Every(period) => !period.is_zero() && micros(*period) > 0,
        }
    }

    /// The newest slot that is not later than `now`.
    pub(super) fn last(&self, now: Timestamp) -> Timestamp {
        match self {
            Cadence::Every(period) => multiple(now, *period, 0),
            Cadence::Daily { at, zone } => {
                let today = zone.to_datetime(now).date();
                let days = [0, -1, -2]
                    .into_iter()
                    .filter_map(|offset| slot(today, offset, *at, zone));
                days.filter(|slot| *slot <= now)
                    .max()
                    .unwrap_or(Timestamp::MIN)
            }
        }
    }

    /// The first slot that is later than `now`.
    pub(super) fn next(&self, now: Timestamp) -> Timestamp {
        match self {
            Cadence::Every(period) => multiple(now, *period, 1),
            Cadence::Daily { at, zone } => {
                let today = zone.to_datetime(now).date();
                let days = [0, 1, 2]
                    .into_iter()
                    .filter_map(|offset| slot(today, offset, *at, zone));
                days.filter(|slot| *slot > now)
                    .min()
                    .unwrap_or(Timestamp::MAX)
            }
        }
    }
}

impl Cadence {
    /// How many slots lie between two of them.
    pub(super) fn slots_between(&self, first: Timestamp, last: Timestamp) -> u64 {
        let steps = match self {
            Cadence::Every(period) => {
                (last.as_microsecond().saturating_sub(first.as_microsecond())) / micros(*period)
            }
            Cadence::Daily { zone, .. } => {
                let days = zone.to_datetime(last).date() - zone.to_datetime(first).date();
                i64::from(days.get_days())
            }
        };
        u64::try_from(steps.saturating_sub(1)).unwrap_or(0)
    }

    /// The name of the zone whose clocks it follows.
    #[must_use]
    pub fn zone(&self) -> &str {
        match self {
            Cadence::Daily { zone, .. } => zone.iana_name().unwrap_or("UTC"),
            Cadence::Every(_) => "UTC",
        }
    }
}

/// For people: `every 10 s`, `every 5 min`, `every 2 h`, `daily at 02:30`.
impl Display for Cadence {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Cadence::Daily { at, .. } => {
                write!(formatter, "daily at {:02}:{:02}", at.hour(), at.minute())
            }
            Cadence::Every(period) => match period.as_secs() {
                seconds if seconds % 3600 == 0 => write!(formatter, "every {} h", seconds / 3600),
                seconds if seconds % 60 == 0 => write!(formatter, "every {} min", seconds / 60),
                seconds => write!(formatter, "every {seconds} s"),
            },
        }
    }
}

/// The slot of the day `offset` days from `today`.
fn slot(today: Date, offset: i64, at: Time, zone: &TimeZone) -> Option<Timestamp> {
    let day = today.checked_add(offset.days()).ok()?;
    zone.to_ambiguous_timestamp(day.to_datetime(at))
        .compatible()
        .ok()
}

fn micros(period: Duration) -> i64 {
    i64::try_from(period.as_micros()).unwrap_or(i64::MAX)
}

/// The multiple of `period` at or before `now`, or one that many later.
fn multiple(now: Timestamp, period: Duration, later: i64) -> Timestamp {
    let period = micros(period);
    let number = now
        .as_microsecond()
        .div_euclid(period)
        .saturating_add(later);
    Timestamp::from_microsecond(number.saturating_mul(period)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn daily(at: &str, zone: &str) -> Cadence {
        Cadence::Daily {
            at: at.parse().unwrap(),
            zone: TimeZone::get(zone).unwrap(),
        }
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Every slot between two instants.
    fn slots(cadence: &Cadence, from: &str, until: &str) -> Vec<String> {
        let mut slots = Vec::new();
        let mut now = time(from);
        loop {
            now = cadence.next(now);
            if now > time(until) {
                return slots;
            }
            assert_eq!(cadence.last(now), now, "a slot is its own last slot");
            slots.push(now.to_string());
        }
    }

    #[test]
    fn a_daily_slot_keeps_its_local_time_over_a_change_of_the_clocks() {
        let nine = daily("09:00", "Europe/Berlin");
        let spring = slots(&nine, "2026-03-28T00:00:00Z", "2026-03-30T23:00:00Z");
        assert_eq!(
            spring,
            [
                "2026-03-28T08:00:00Z",
                "2026-03-29T07:00:00Z",
                "2026-03-30T07:00:00Z"
            ]
        );
    }

    #[test]
    fn a_time_that_is_skipped_fires_once_and_later() {
        let half_past_two = daily("02:30", "Europe/Berlin");
        let spring = slots(
            &half_past_two,
            "2026-03-28T12:00:00Z",
            "2026-03-30T12:00:00Z",
        );
        assert_eq!(spring, ["2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"]);
    }

    #[test]
    fn a_time_that_comes_twice_fires_once() {
        let half_past_two = daily("02:30", "Europe/Berlin");
        let autumn = slots(
            &half_past_two,
            "2026-10-24T12:00:00Z",
            "2026-10-26T12:00:00Z",
        );
        assert_eq!(autumn, ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    }

    #[test]
    fn a_day_that_does_not_exist_has_no_slot_of_its_own() {
        // Samoa had no 30 December 2011.
        let noon = daily("12:00", "Pacific/Apia");
        let slots = slots(&noon, "2011-12-29T12:00:00Z", "2012-01-01T12:00:00Z");
        assert_eq!(
            slots,
            [
                "2011-12-29T22:00:00Z",
                "2011-12-30T22:00:00Z",
                "2011-12-31T22:00:00Z"
            ]
        );
    }

    #[test]
    fn slots_that_passed_are_counted() {
        let nine = daily("09:00", "Europe/Berlin");
        let (first, last) = (time("2026-10-23T07:00:00Z"), time("2026-10-26T08:00:00Z"));
        assert_eq!(nine.slots_between(first, last), 2);
        let quarter = Cadence::Every(Duration::from_secs(900));
        let (first, last) = (time("2026-11-23T10:00:00Z"), time("2026-11-23T11:00:00Z"));
        assert_eq!(quarter.slots_between(first, last), 3);
        assert_eq!(quarter.slots_between(first, first), 0);
    }

    #[test]
    fn people_can_read_it() {
        let every = |seconds| Cadence::Every(Duration::from_secs(seconds)).to_string();
        assert_eq!(
            [every(10), every(300), every(7200)],
            ["every 10 s", "every 5 min", "every 2 h"]
        );
        let daily = daily("02:30", "Europe/Berlin");
        assert_eq!(
            (daily.to_string().as_str(), daily.zone()),
            ("daily at 02:30", "Europe/Berlin")
        );
    }

    #[test]
    fn periods_are_counted_from_1970() {
        let quarter = Cadence::Every(Duration::from_secs(900));
        let now = time("2026-11-23T10:07:00Z");
        assert_eq!(quarter.last(now), time("2026-11-23T10:00:00Z"));
        assert_eq!(quarter.next(now), time("2026-11-23T10:15:00Z"));
    }
}
