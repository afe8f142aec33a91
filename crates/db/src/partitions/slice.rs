//! Months and years, what their partitions are called and where they begin.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Kind, PartitionedTable, Period};
use crate::{Engine, Error, FromValue, Result, Value};

/// One month or one year, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slice {
    period: Period,
    /// Months or years since the year 0.
    number: i32,
}

impl Slice {
    /// The one an instant lies in.
    pub(super) fn of(period: Period, instant: Timestamp) -> Self {
        Slice::of_day(period, TimeZone::UTC.to_datetime(instant).date())
    }

    fn of_day(period: Period, day: Date) -> Self {
        let year = i32::from(day.year());
        let number = match period {
            Period::Month => year * 12 + i32::from(day.month()) - 1,
            Period::Year => year,
        };
        Slice { period, number }
    }

    pub(super) fn plus(self, count: i32) -> Self {
        Slice {
            number: self.number + count,
            ..self
        }
    }

    /// The first day.
    fn day(self) -> Result<Date> {
        let (year, month) = match self.period {
            Period::Month => (self.number.div_euclid(12), self.number.rem_euclid(12) + 1),
            Period::Year => (self.number, 1),
        };
        let wrong = || Error::Other(format!("no calendar has the year {year}"));
        let year = i16::try_from(year).map_err(|_| wrong())?;
        let month = i8::try_from(month).map_err(|_| wrong())?;
        Date::new(year, month, 1).map_err(|_| wrong())
    }

    /// What the partition is called: `activity_2026_11`, `tasks_2026`.
    pub(super) fn name(self, table: &str) -> Result<String> {
        let day = self.day()?;
        Ok(match self.period {
            Period::Month => format!("{table}_{:04}_{:02}", day.year(), day.month()),
            Period::Year => format!("{table}_{:04}", day.year()),
        })
    }

    /// The one that has this partition; `None` for the partition of the rest.
    pub(super) fn named(table: &PartitionedTable, partition: &str) -> Option<Self> {
        let rest = partition.strip_prefix(table.name)?.strip_prefix('_')?;
        let (year, month) = match table.period {
            Period::Month => rest.split_once('_')?,
            Period::Year => (rest, "1"),
        };
        let day = Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()?;
        Some(Slice::of_day(table.period, day))
    }

    /// Where it begins, as the columns of this kind say it.
    pub(super) fn start(self, kind: Kind) -> Result<Value> {
        let day = self.day()?;
        let instant = TimeZone::UTC
            .to_timestamp(day.to_datetime(jiff::civil::Time::midnight()))
            .map_err(|error| Error::Other(error.to_string()))?;
        Ok(bound(kind, instant))
    }
}

/// The smallest value of this kind that belongs to an instant or later.
pub(super) fn bound(kind: Kind, instant: Timestamp) -> Value {
    match kind {
        Kind::Day => Value::Text(TimeZone::UTC.to_datetime(instant).date().to_string()),
        Kind::Instant => Value::Time(instant),
        Kind::Minute => Value::Int(instant.as_second().div_euclid(60)),
        Kind::Id => {
            let millis = u64::try_from(instant.as_millisecond()).unwrap_or(0);
            Value::Uuid(uuid::Uuid::from_u128(u128::from(millis) << 80))
        }
    }
}

/// The slice a column's value lies in; `None` when it says nothing about a time.
pub(super) fn slice_of(table: &PartitionedTable, value: &Value) -> Option<Slice> {
    let period = table.period;
    match table.kind {
        Kind::Day => {
            let text = String::from_value(value).ok()?;
            let day: Date = text.get(..10)?.parse().ok()?;
            Some(Slice::of_day(period, day))
        }
        Kind::Instant => Some(Slice::of(period, Timestamp::from_value(value).ok()?)),
        Kind::Minute => {
            let minute = i64::from_value(value).ok()?;
            let instant = Timestamp::from_second(minute.checked_mul(60)?).ok()?;
            Some(Slice::of(period, instant))
        }
        Kind::Id => {
            let id = uuid::Uuid::from_value(value).ok()?.as_u128();
            let millis = i64::try_from(id >> 80).ok()?;
            Some(Slice::of(period, Timestamp::from_millisecond(millis).ok()?))
        }
    }
}

/// A bound as it stands in the text of a statement that takes no parameters.
pub(super) fn literal(engine: Engine, value: &Value) -> Result<String> {
    Ok(match (value, engine) {
        (Value::Text(text), _) => format!("'{text}'"),
        (Value::Int(number), _) => number.to_string(),
        (Value::Time(instant), Engine::Postgres) => {
            format!("'{}'", instant.strftime("%Y-%m-%d %H:%M:%S+00"))
        }
        (Value::Time(instant), _) => format!("'{}'", instant.strftime("%Y-%m-%d %H:%M:%S")),
        (Value::Uuid(id), Engine::Postgres) => format!("'{id}'"),
        (Value::Uuid(id), _) => format!("x'{}'", id.simple()),
        _ => return Err(Error::Other("a bound of an unknown kind".into())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(kind: Kind, period: Period) -> PartitionedTable {
        PartitionedTable {
            name: "events",
            column: "at",
            key: &["at"],
            kind,
            period,
            is_referenced: false,
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn months_and_years_have_names_that_are_read_back() {
        for (period, name) in [
            (Period::Month, "events_2026_11"),
            (Period::Year, "events_2026"),
        ] {
            let table = table(Kind::Instant, period);
            let slice = Slice::of(period, at("2026-11-30T23:59:59.999999Z"));
            assert_eq!(slice.name("events").unwrap(), name);
            assert_eq!(Slice::named(&table, name), Some(slice));
            assert_eq!(Slice::named(&table, "events_default"), None);
        }
        let december = Slice::of(Period::Month, at("2026-12-01T00:00:00Z"));
        assert_eq!(december.plus(1).name("events").unwrap(), "events_2027_01");
        assert_eq!(december.plus(-12).name("events").unwrap(), "events_2025_12");
    }

    #[test]
    fn each_kind_of_column_begins_a_month_with_its_smallest_value() {
        let november = Slice::of(Period::Month, at("2026-11-23T07:00:00Z"));
        let start = |kind, engine| literal(engine, &november.start(kind).unwrap()).unwrap();
        for engine in [Engine::Postgres, Engine::MariaDb, Engine::MySql] {
            assert_eq!(start(Kind::Day, engine), "'2026-11-01'");
            assert_eq!(start(Kind::Minute, engine), "29891520");
        }
        assert_eq!(
            start(Kind::Instant, Engine::Postgres),
            "'2026-11-01 00:00:00+00'"
        );
        assert_eq!(start(Kind::Instant, Engine::MySql), "'2026-11-01 00:00:00'");
        let year = Slice::of(Period::Year, at("2026-11-23T07:00:00Z"));
        let start = |engine| literal(engine, &year.start(Kind::Id).unwrap()).unwrap();
        assert_eq!(
            start(Engine::Postgres),
            "'019b76da-a800-0000-0000-000000000000'"
        );
        assert_eq!(
            start(Engine::MariaDb),
            "x'019b76daa80000000000000000000000'"
        );
    }

    #[test]
    fn values_say_which_slice_they_lie_in() {
        let november = Slice::of(Period::Month, at("2026-11-01T00:00:00Z"));
        for (kind, value) in [
            (Kind::Day, Value::Text("2026-11-30T18:00".into())),
            (Kind::Instant, Value::Time(at("2026-11-30T23:59:59Z"))),
            (Kind::Minute, Value::Int(29_891_520)),
            (Kind::Id, bound(Kind::Id, at("2026-11-15T00:00:00Z"))),
        ] {
            assert_eq!(
                slice_of(&table(kind, Period::Month), &value),
                Some(november),
                "{value:?}"
            );
        }
        let days = table(Kind::Day, Period::Month);
        assert_eq!(slice_of(&days, &Value::Text("soon".into())), None);
    }
}
