//! Days on which the clocks do something, and the ends of the calendar.

use duly_tracker::reminders::times::{
    Position, daily_due, instant, latest_daily, next_daily, next_run,
};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, date, time};
use jiff::tz::{TimeZone, TimeZoneDatabase};

fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).unwrap()
}

fn ts(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Zone, time on the wall, instant. Lord Howe moves by half an hour; Cairo and Havana skip their
/// midnights; Casablanca goes back and forward again around Ramadan.
const WALL: [(&str, &str, &str); 13] = [
    ("Europe/Berlin", "2026-03-29 09:00", "2026-03-29T07:00:00Z"),
    ("Europe/Berlin", "2026-03-29 02:00", "2026-03-29T01:00:00Z"),
    ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29T01:00:00Z"),
    ("Europe/Berlin", "2026-03-29 03:00", "2026-03-29T01:00:00Z"),
    ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25T00:30:00Z"),
    (
        "America/New_York",
        "2026-11-01 01:30",
        "2026-11-01T05:30:00Z",
    ),
    (
        "Australia/Lord_Howe",
        "2026-10-04 02:15",
        "2026-10-03T15:30:00Z",
    ),
    (
        "Australia/Lord_Howe",
        "2026-04-05 01:45",
        "2026-04-04T14:45:00Z",
    ),
    ("Africa/Cairo", "2026-04-24 00:00", "2026-04-23T22:00:00Z"),
    ("America/Havana", "2026-03-08 00:30", "2026-03-08T05:00:00Z"),
    (
        "Africa/Casablanca",
        "2026-02-15 02:30",
        "2026-02-15T01:30:00Z",
    ),
    (
        "Africa/Casablanca",
        "2026-03-22 02:30",
        "2026-03-22T02:00:00Z",
    ),
    ("UTC", "2028-02-29 23:59", "2028-02-29T23:59:00Z"),
];

#[test]
fn a_skipped_time_is_the_end_of_the_gap_and_a_repeated_one_the_first() {
    for (name, wall, expected) in WALL {
        let wall: DateTime = wall.parse().unwrap();
        let found = instant(wall.date(), wall.time(), &zone(name)).unwrap();
        assert_eq!(found, ts(expected), "{name} {wall}");
    }
}

#[test]
fn a_day_that_does_not_exist_has_no_run() {
    let apia = zone("Pacific/Apia");
    let skipped = date(2011, 12, 30);
    for hour in 0..24 {
        assert_eq!(instant(skipped, time(hour, 0, 0, 0), &apia), None);
    }
    let before = next_daily(ts("2011-12-29T00:00:00Z"), &apia, 540).unwrap();
    assert_eq!(
        (before.day, before.at),
        (date(2011, 12, 29), ts("2011-12-29T19:00:00Z"))
    );
    let after = next_daily(before.at, &apia, 540).unwrap();
    assert_eq!(
        (after.day, after.at),
        (date(2011, 12, 31), ts("2011-12-30T19:00:00Z"))
    );
    let latest = latest_daily(ts("2011-12-30T18:59:00Z"), &apia, 540).unwrap();
    assert_eq!(latest, before);
}

#[test]
fn the_next_run_is_strictly_later_and_the_latest_is_not() {
    let berlin = zone("Europe/Berlin");
    let nine = ts("2026-11-23T08:00:00Z");
    assert_eq!(
        next_daily(nine, &berlin, 540).unwrap().day,
        date(2026, 11, 24)
    );
    assert_eq!(
        latest_daily(nine, &berlin, 540).unwrap().day,
        date(2026, 11, 23)
    );
    let before = ts("2026-11-23T07:59:59.999999Z");
    assert_eq!(next_daily(before, &berlin, 540).unwrap().at, nine);
    assert_eq!(
        latest_daily(before, &berlin, 540).unwrap().day,
        date(2026, 11, 22)
    );
}

#[test]
fn the_ends_of_the_calendar_are_survived() {
    for name in ["UTC", "Pacific/Kiritimati", "Etc/GMT+12"] {
        for now in [
            Timestamp::MIN,
            Timestamp::MAX,
            ts("0001-01-01T00:00:00Z"),
            ts("9999-12-30T12:00:00Z"),
            Timestamp::UNIX_EPOCH,
        ] {
            for minute in [0, 540, 1439, 1440, -1, i64::MAX] {
                let zone = zone(name);
                let _ = (
                    next_daily(now, &zone, minute),
                    latest_daily(now, &zone, minute),
                );
                let position = Position {
                    now,
                    zone,
                    minute,
                    last_day: date(2026, 1, 1),
                    earliest_timed: None,
                };
                let _ = (daily_due(&position), next_run(&position));
            }
        }
    }
    assert_eq!(next_daily(Timestamp::MAX, &TimeZone::UTC, 540), None);
}

fn position(now: &str, last_day: Date) -> Position {
    Position {
        now: ts(now),
        zone: zone("Europe/Berlin"),
        minute: 540,
        last_day,
        earliest_timed: None,
    }
}

#[test]
fn the_next_run_of_a_user() {
    let done_today = position("2026-11-23T12:00:00Z", date(2026, 11, 23));
    assert_eq!(next_run(&done_today), ts("2026-11-24T08:00:00Z"));
    let not_done = position("2026-11-23T12:00:00Z", date(2026, 11, 22));
    assert_eq!(
        next_run(&not_done),
        ts("2026-11-23T08:00:00Z"),
        "overdue: at once"
    );
    let down_for_days = position("2026-11-23T12:00:00Z", date(2026, 11, 2));
    assert_eq!(
        daily_due(&down_for_days).unwrap().day,
        date(2026, 11, 23),
        "only the newest"
    );
    let timed = Position {
        earliest_timed: Some(ts("2026-11-23T17:00:00Z")),
        ..position("2026-11-23T12:00:00Z", date(2026, 11, 23))
    };
    assert_eq!(next_run(&timed), ts("2026-11-23T17:00:00Z"));
    let timed_later = Position {
        earliest_timed: Some(ts("2026-11-24T17:00:00Z")),
        ..position("2026-11-23T12:00:00Z", date(2026, 11, 23))
    };
    assert_eq!(next_run(&timed_later), ts("2026-11-24T08:00:00Z"));
}

#[test]
fn who_travels_west_over_the_date_line_has_no_second_run_on_the_same_day() {
    // 24 November has been lived through in Kiritimati; in Honolulu it is the 23rd.
    let honolulu = Position {
        zone: zone("Pacific/Honolulu"),
        ..position("2026-11-24T00:00:00Z", date(2026, 11, 24))
    };
    assert_eq!(daily_due(&honolulu), None);
    assert_eq!(next_run(&honolulu), ts("2026-11-25T19:00:00Z"));
}

#[test]
fn a_last_day_far_in_the_future_is_not_believed() {
    let confused = position("2026-11-23T12:00:00Z", date(2036, 11, 23));
    assert_eq!(daily_due(&confused).unwrap().day, date(2026, 11, 23));
}
