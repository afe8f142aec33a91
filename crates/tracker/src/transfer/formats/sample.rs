//! Tasks made up for tests.

use jiff::Timestamp;
use jiff::civil::{date, time};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use uuid::Uuid;

use crate::TaskId;
use crate::input::FromText;
use crate::tasks::{Label, Labels, Priority, Status, Task};
use crate::transfer::formats::{Format, read};
use crate::transfer::parsed::{Moment, Parsed};

pub(in crate::transfer) fn moment() -> Moment {
    Moment {
        now: "2026-11-23T07:00:00Z".parse().unwrap(),
        zone: TimeZone::get("Europe/Berlin").unwrap(),
    }
}

/// A file, read in a format.
pub(in crate::transfer) fn parsed(format: Format, file: &str) -> crate::Result<Parsed> {
    read(file.as_bytes(), Some(format), &moment()).map(|(_, parsed)| parsed)
}

fn instant() -> impl Strategy<Value = Timestamp> {
    // The years 1700 to 9990, in microseconds.
    (-8_520_336_000_000_000_i64..253_087_000_000_000_000)
        .prop_map(|micros| Timestamp::from_microsecond(micros).unwrap())
}

fn title() -> impl Strategy<Value = String> {
    "\\PC{1,60}"
        .prop_map(|text| text.trim().to_owned())
        .prop_filter("blank", |text| !text.is_empty())
}

fn labels() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[^\\pC\\s,#]{1,12}", 0..5).prop_map(|labels| {
        let labels = labels
            .iter()
            .filter_map(|label| Label::from_text(label).ok());
        Labels::new(labels).unwrap().into_vec()
    })
}

prop_compose! {
    /// Any task that can exist outside the trash.
    pub(in crate::transfer) fn task()(
        id in any::<u128>(),
        title in title(),
        description in "(\\PC|[\\n\\r\\t]){0,120}",
        status in prop::sample::select(vec![Status::Pending, Status::InProgress, Status::Completed]),
        due in prop::option::of((1_i16..=9999, 1_i8..=12, 1_i8..=28)),
        clock in prop::option::of((0_i8..24, 0_i8..60)),
        priority in prop::sample::select(
            vec![Priority::None, Priority::Low, Priority::Medium, Priority::High]),
        labels in labels(),
        times in (instant(), instant(), instant()),
        snoozed in prop::option::of(1_i8..=28),
        muted in any::<bool>(),
    ) -> Task {
        let due_date = due.map(|(year, month, day)| date(year, month, day));
        Task {
            id: TaskId(Uuid::from_u128(id.max(1))),
            title,
            description,
            status,
            due_date,
            due_time: due_date.and(clock).map(|(hour, minute)| time(hour, minute, 0, 0)),
            priority,
            labels,
            completed_at: (!status.is_open()).then_some(times.0),
            created_at: times.1,
            updated_at: times.2,
            version: 1,
            snoozed_until: snoozed.map(|day| date(2026, 12, day)),
            muted,
            deleted_at: None,
        }
    }
}
