//! Every time zone there is: one daily run per local day.
//!
//! The expectation is worked out another way than the code does it: by walking along the instants
//! and looking at the wall clock.

use std::collections::BTreeSet;

use duly_tracker::reminders::times::{instant, local_day, next_daily};
use duly_tracker::tasks::DueTime;
use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};

/// 00:00, 02:15, 09:00 and 23:59: times that changes of the clock hit, and the usual one.
const MINUTES: [i64; 4] = [0, 135, 540, 1439];

/// Around the day Samoa skipped, and the years in which these tests begin: walked day by day.
const YEARS: [(&str, &str); 2] = [
    ("2011-06-01T00:00:00Z", "2012-06-01T00:00:00Z"),
    ("2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z"),
];

/// Every zone with rules of its own in the given time; many names stand for the same rules.
fn zones(from: Timestamp, to: Timestamp) -> Vec<TimeZone> {
    let database = TimeZoneDatabase::bundled();
    let names: Vec<_> = database.available().collect();
    assert!(names.len() > 500, "the whole database is there");
    for name in ["Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca"] {
        assert!(names.iter().any(|known| known.as_str() == name), "{name}");
    }
    let mut known = BTreeSet::new();
    let zones = names
        .iter()
        .map(|name| database.get(name.as_str()).unwrap());
    zones
        .filter(|zone| known.insert(rules(zone, from, to)))
        .collect()
}

/// The offset in the beginning and every change of it: all there is to a zone in that time.
fn rules(zone: &TimeZone, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, i32)> {
    let margin = SignedDuration::from_hours(72);
    let (from, to) = (
        from.checked_sub(margin).unwrap(),
        to.checked_add(margin).unwrap(),
    );
    let changes = zone
        .following(from)
        .take_while(|change| change.timestamp() < to);
    let changes = changes.map(|change| (change.timestamp(), change.offset().seconds()));
    std::iter::once((from, zone.to_offset(from).seconds()))
        .chain(changes)
        .collect()
}

/// The days that exist, found by looking at the calendar on the wall four times a day.
fn days_on_the_wall(zone: &TimeZone, from: Timestamp, to: Timestamp) -> BTreeSet<Date> {
    let mut days = BTreeSet::new();
    let mut now = from;
    while now < to {
        days.insert(local_day(now, zone));
        now = now.checked_add(SignedDuration::from_hours(6)).unwrap();
    }
    days
}

fn check_runs(zone: &TimeZone, from: Timestamp, to: Timestamp, minute: i64) {
    let name = zone.iana_name();
    let expected = days_on_the_wall(zone, from, to);
    let mut seen = Vec::new();
    let mut now = from;
    while let Some(run) = next_daily(now, zone, minute).filter(|run| run.at < to) {
        assert!(run.at > now, "{name:?} {run:?}");
        if let Some(last) = seen.last() {
            assert!(run.day > *last, "{name:?} {run:?} comes a second time");
        }
        seen.push(run.day);
        now = run.at;
    }
    // The first and the last day are cut by the limits of the walk.
    let whole = |days: Vec<Date>| days[2..days.len() - 2].to_vec();
    let (first, last) = (expected.first().unwrap(), expected.last().unwrap());
    let inside: Vec<Date> = seen
        .into_iter()
        .filter(|day| day >= first && day <= last)
        .collect();
    let wanted: Vec<Date> = expected
        .iter()
        .copied()
        .filter(|day| day >= &inside[0])
        .collect();
    assert_eq!(
        whole(wanted.iter().copied().take(inside.len()).collect()),
        whole(inside.clone()),
        "{name:?} {minute}"
    );
    assert!(expected.len() - inside.len() <= 2, "{name:?} {minute}");
}

#[test]
fn exactly_one_daily_run_per_local_day_in_every_zone() {
    for (from, to) in YEARS {
        let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
        for zone in zones(from, to) {
            for minute in MINUTES {
                check_runs(&zone, from, to, minute);
            }
        }
    }
}

/// The years whose changes of the clock are looked at one by one.
const CHANGES: (&str, &str) = ("2011-06-01T00:00:00Z", "2041-01-01T00:00:00Z");

#[test]
fn around_every_change_of_every_clock_a_time_is_the_first_instant_the_wall_shows_it_or_more() {
    let (from, to) = (CHANGES.0.parse().unwrap(), CHANGES.1.parse().unwrap());
    let mut looked_at = 0;
    for zone in zones(from, to) {
        let changes = zone.following(from).map(|change| change.timestamp());
        for change in changes.take_while(|at| *at < to) {
            let day = local_day(change, &zone);
            for day in [day.yesterday().unwrap(), day] {
                for minute in [0, 30, 90, 120, 135, 150, 540, 1439] {
                    check_instant(day, minute, &zone, change);
                    looked_at += 1;
                }
            }
        }
    }
    assert!(looked_at > 40_000, "{looked_at}");
}

fn check_instant(day: Date, minute: i64, zone: &TimeZone, change: Timestamp) {
    let time = DueTime::from_minute(minute).unwrap().0;
    let name = zone.iana_name();
    let walked = first_seen(DateTime::from_parts(day, time), zone, change);
    match instant(day, time, zone) {
        Some(at) => assert_eq!(at, walked, "{name:?} {day} {time}"),
        None => assert!(
            local_day(walked, zone) > day,
            "{name:?} {day} {time} does exist"
        ),
    }
}

/// The first minute at which the wall clock shows a time or a later one: walked to.
fn first_seen(wanted: DateTime, zone: &TimeZone, change: Timestamp) -> Timestamp {
    let moment = SignedDuration::from_secs(1);
    let before = zone.to_offset(change.checked_sub(moment).unwrap());
    let farthest_east = before.max(zone.to_offset(change));
    let mut now = farthest_east.to_timestamp(wanted).unwrap();
    now = now.checked_sub(SignedDuration::from_mins(30)).unwrap();
    assert!(zone.to_datetime(now) < wanted, "the walk begins before");
    while zone.to_datetime(now) < wanted {
        now = now.checked_add(SignedDuration::from_mins(1)).unwrap();
    }
    now
}
