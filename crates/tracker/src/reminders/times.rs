//! When reminders fall due. Everything here is arithmetic: no clock, no database.
//!
//! A wall-clock time of a day becomes an instant like this: a time that the clocks skip is the
//! first instant after the gap; a time that they show twice is the first of the two; a day that
//! does not exist (Samoa skipped 30 December 2011) has no instants at all.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};

/// So many days hold each day of the week twice, also where one does not exist.
const LONGEST_WEEK: usize = 17;

/// One look at somebody's tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyRun {
    /// The local day it belongs to; each has one.
    pub day: Date,
    /// When it happens.
    pub at: Timestamp,
}

/// The next daily run strictly after `now`, at `minute` minutes after midnight in `zone`.
/// `None` only at the end of the calendar, in the year 9999.
#[must_use]
pub fn next_daily(now: Timestamp, zone: &TimeZone, minute: i64) -> Option<DailyRun> {
    days_from(local_day(now, zone).saturating_sub(1.day()))
        .filter_map(|day| daily_run(day, zone, minute))
        .find(|run| run.at > now)
}

/// The newest daily run at or before `now`; `None` only at the beginning of the calendar.
#[must_use]
pub fn latest_daily(now: Timestamp, zone: &TimeZone, minute: i64) -> Option<DailyRun> {
    days_back_from(local_day(now, zone).saturating_add(1.day()))
        .filter_map(|day| daily_run(day, zone, minute))
        .find(|run| run.at <= now)
}

/// The newest run at or before `now` of those that happen once a week.
#[must_use]
pub fn latest_weekly(
    now: Timestamp,
    zone: &TimeZone,
    weekday: Weekday,
    minute: i64,
) -> Option<DailyRun> {
    let tomorrow = local_day(now, zone).saturating_add(1.day());
    std::iter::successors(Some(tomorrow), |day| day.yesterday().ok())
        .take(LONGEST_WEEK)
        .filter(|day| day.weekday() == weekday)
        .filter_map(|day| daily_run(day, zone, minute))
        .find(|run| run.at <= now)
}

/// The next run after `now` of those that happen once a week.
#[must_use]
pub fn next_weekly(
    now: Timestamp,
    zone: &TimeZone,
    weekday: Weekday,
    minute: i64,
) -> Option<DailyRun> {
    let yesterday = local_day(now, zone).saturating_sub(1.day());
    std::iter::successors(Some(yesterday), |day| day.tomorrow().ok())
        .take(LONGEST_WEEK)
        .filter(|day| day.weekday() == weekday)
        .filter_map(|day| daily_run(day, zone, minute))
        .find(|run| run.at > now)
}

/// The first day of the week of a day (ISO 8601).
#[must_use]
pub fn monday_of(day: Date) -> Date {
    day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days())
}

/// What is known about a user when the next look at their tasks is worked out.
#[derive(Debug, Clone)]
pub struct Position {
    /// The time.
    pub now: Timestamp,
    /// The user's zone.
    pub zone: TimeZone,
    /// The user's hour, in minutes after midnight.
    pub minute: i64,
    /// The last local day whose daily run has happened.
    pub last_day: Date,
    /// The next instant after `now` at which an open task with a time of day is due.
    pub earliest_timed: Option<Timestamp>,
}

/// When the user's tasks have to be looked at next: the first daily run of a day after
/// `last_day`, which may be overdue, or an earlier task with a time of day. When no day is left
/// in the calendar, never.
#[must_use]
pub fn next_run(position: &Position) -> Timestamp {
    let timed = position.earliest_timed.unwrap_or(Timestamp::MAX);
    match daily_due(position) {
        Some(run) => run.at.min(timed),
        None => later_daily(position)
            .map_or(Timestamp::MAX, |run| run.at)
            .min(timed),
    }
}

/// The daily run that should have happened and has not: today's, or the newest one missed.
/// Earlier ones are never made up for.
#[must_use]
pub fn daily_due(position: &Position) -> Option<DailyRun> {
    let run = latest_daily(position.now, &position.zone, position.minute)?;
    (run.day > last_day(position)).then_some(run)
}

/// The first daily run after `now` of a day that has had none. Who moves west across the date
/// line lives through a day a second time, without a second run.
fn later_daily(position: &Position) -> Option<DailyRun> {
    let first = next_daily(position.now, &position.zone, position.minute)?;
    let last_day = last_day(position);
    days_from(first.day)
        .filter(|day| *day > last_day)
        .find_map(|day| daily_run(day, &position.zone, position.minute))
}

/// A machine whose clock once stood far in the future must not silence reminders until then.
fn last_day(position: &Position) -> Date {
    let today = local_day(position.now, &position.zone);
    if position.last_day > today.saturating_add(2.days()) {
        today.saturating_sub(1.day())
    } else {
        position.last_day
    }
}

/// When the daily run of a day happens; `None` when the day does not exist in the zone.
fn daily_run(day: Date, zone: &TimeZone, minute: i64) -> Option<DailyRun> {
    Some(DailyRun {
        day,
        at: instant(day, time_of_day(minute)?, zone)?,
    })
}

/// The instant at which the clocks of a zone show a time on a day. See the top of this file.
#[must_use]
pub fn instant(day: Date, time: Time, zone: &TimeZone) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(DateTime::from_parts(day, time));
    let AmbiguousOffset::Gap { after, .. } = ambiguous.offset() else {
        return ambiguous.earlier().ok();
    };
    let before_gap = ambiguous.earlier().ok()?;
    let end = zone
        .following(before_gap)
        .find(|change| change.offset() == after)?
        .timestamp();
    let last_moment = end.checked_sub(SignedDuration::from_micros(1)).ok()?;
    let day_exists = local_day(last_moment, zone) == day || local_day(end, zone) == day;
    day_exists.then_some(end)
}

/// The day it is in a zone.
#[must_use]
pub fn local_day(now: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(now).date()
}

fn time_of_day(minute: i64) -> Option<Time> {
    crate::tasks::DueTime::from_minute(minute).map(|time| time.0)
}

/// A few days, enough to pass one that does not exist and one that is lived through twice.
fn days_from(first: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |day| day.tomorrow().ok()).take(6)
}

fn days_back_from(last: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(last), |day| day.yesterday().ok()).take(6)
}
