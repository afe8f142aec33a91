//! MariaDB and MySQL: how values travel and what their errors mean.

use std::error::Error as StdError;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use sqlx::encode::IsNull;
use sqlx::mysql::{
    MySql, MySqlArguments, MySqlColumn, MySqlDatabaseError, MySqlTypeInfo, MySqlValueRef,
};
use sqlx::{Arguments, Column, Decode, Encode, Type, TypeInfo, ValueRef};

use super::text::{Placeholders, Translated, translate};
use crate::{Error, Query, Value};

type Failure = Box<dyn StdError + Send + Sync>;

/// The statement and its values in MySQL's form.
pub(super) fn prepare(query: &Query) -> Result<(String, MySqlArguments), Error> {
    let Translated { text, values } = translate(query, Placeholders::Positional)?;
    let mut arguments = MySqlArguments::default();
    for value in values {
        arguments
            .add(Bound(value))
            .map_err(|error| Error::Parameter(error.to_string()))?;
    }
    Ok((text, arguments))
}

struct Bound<'a>(&'a Value);

impl Type<MySql> for Bound<'_> {
    fn type_info() -> MySqlTypeInfo {
        <str as Type<MySql>>::type_info()
    }
}

impl Encode<'_, MySql> for Bound<'_> {
    fn produces(&self) -> Option<MySqlTypeInfo> {
        Some(match self.0 {
            Value::Bool(_) => <bool as Type<MySql>>::type_info(),
            Value::Int(_) => <i64 as Type<MySql>>::type_info(),
            Value::Float(_) => <f64 as Type<MySql>>::type_info(),
            Value::Bytes(_) | Value::Uuid(_) => <[u8] as Type<MySql>>::type_info(),
            Value::Null | Value::Text(_) | Value::Json(_) | Value::Date(_) | Value::Time(_) => {
                <str as Type<MySql>>::type_info()
            }
        })
    }

    fn encode_by_ref(&self, buffer: &mut Vec<u8>) -> Result<IsNull, Failure> {
        match self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Bool(truth) => Encode::<MySql>::encode_by_ref(truth, buffer),
            Value::Int(number) => Encode::<MySql>::encode_by_ref(number, buffer),
            Value::Float(number) => Encode::<MySql>::encode_by_ref(number, buffer),
            Value::Bytes(bytes) => text_or_bytes(bytes, buffer),
            Value::Uuid(id) => text_or_bytes(id.as_bytes(), buffer),
            Value::Text(text) => text_or_bytes(text.as_bytes(), buffer),
            Value::Json(json) => text_or_bytes(json.to_string().as_bytes(), buffer),
            Value::Date(date) => text_or_bytes(date.to_string().as_bytes(), buffer),
            Value::Time(time) => text_or_bytes(written(*time).as_bytes(), buffer),
        }
    }
}

fn text_or_bytes(bytes: &[u8], buffer: &mut Vec<u8>) -> Result<IsNull, Failure> {
    Encode::<MySql>::encode_by_ref(&bytes, buffer)
}

/// `2026-11-24 09:00:00.000000`, in UTC like every connection of ours. The form of RFC 3339 is
/// refused. Finer parts are cut off as on the other engines: towards 1970.
fn written(time: Timestamp) -> String {
    let cut = Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time);
    TimeZone::UTC
        .to_datetime(cut)
        .strftime("%Y-%m-%d %H:%M:%S.%6f")
        .to_string()
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Unsigned,
    Float,
    Decimal,
    Date,
    Time,
    Text,
    Bytes,
}

pub(super) fn kind(column: &MySqlColumn) -> Kind {
    let info = column.type_info();
    match info.name() {
        "FLOAT" | "DOUBLE" => Kind::Float,
        "DECIMAL" => Kind::Decimal,
        "DATE" => Kind::Date,
        "DATETIME" | "TIMESTAMP" => Kind::Time,
        name if name.ends_with("UNSIGNED") => Kind::Unsigned,
        name if name.ends_with("INT") || name == "BOOLEAN" => Kind::Int,
        _ if <str as Type<MySql>>::compatible(info) => Kind::Text,
        _ => Kind::Bytes,
    }
}

pub(super) fn value(kind: Kind, column: MySqlValueRef<'_>) -> Result<Value, Error> {
    if column.is_null() {
        return Ok(Value::Null);
    }
    Ok(match kind {
        Kind::Int => Value::Int(read(column)?),
        Kind::Unsigned => {
            let number: u64 = read(column)?;
            Value::Int(i64::try_from(number).map_err(unreadable)?)
        }
        Kind::Float => Value::Float(read(column)?),
        Kind::Decimal => {
            let digits: &[u8] = read(column)?;
            Value::Int(text(digits)?.parse().map_err(unreadable)?)
        }
        Kind::Date => {
            let bytes: &[u8] = read(column)?;
            Value::Date(parts(bytes)?.date())
        }
        Kind::Time => {
            let bytes: &[u8] = read(column)?;
            let time = TimeZone::UTC.to_timestamp(parts(bytes)?);
            Value::Time(time.map_err(unreadable)?)
        }
        Kind::Text => {
            let bytes: &[u8] = read(column)?;
            Value::Text(text(bytes)?.to_owned())
        }
        Kind::Bytes => {
            let bytes: &[u8] = read(column)?;
            Value::Bytes(bytes.to_vec())
        }
    })
}

fn read<'r, T: Decode<'r, MySql>>(column: MySqlValueRef<'r>) -> Result<T, Error> {
    T::decode(column).map_err(unreadable)
}

fn text(bytes: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(bytes).map_err(unreadable)
}

/// The binary form of a date or an instant: its length, the year (least byte first), month and
/// day; then, where they are not zero, hour, minute and second; then the microseconds
/// (MySQL's protocol, "Binary Protocol Value").
fn parts(bytes: &[u8]) -> Result<DateTime, Error> {
    let wrong = || unreadable("a date of an unknown form");
    let (low, high, month, day, rest) = match bytes {
        [_length, low, high, month, day, rest @ ..] => (*low, *high, *month, *day, rest),
        _ => return Err(wrong()),
    };
    let (hour, minute, second, fraction) = match rest {
        [] => (0, 0, 0, 0),
        [hour, minute, second] => (*hour, *minute, *second, 0),
        [hour, minute, second, a, b, c, d] => (
            *hour,
            *minute,
            *second,
            u32::from_le_bytes([*a, *b, *c, *d]),
        ),
        _ => return Err(wrong()),
    };
    let small = |byte: u8| i8::try_from(byte).map_err(unreadable);
    let year = i16::from_le_bytes([low, high]);
    let nanosecond = i32::try_from(fraction)
        .map_err(unreadable)?
        .checked_mul(1000);
    let date = Date::new(year, small(month)?, small(day)?).map_err(unreadable)?;
    let time = jiff::civil::Time::new(
        small(hour)?,
        small(minute)?,
        small(second)?,
        nanosecond.ok_or_else(wrong)?,
    );
    Ok(date.to_datetime(time.map_err(unreadable)?))
}

fn unreadable(reason: impl ToString) -> Error {
    Error::Decode(reason.to_string())
}

/// What an error of the server means, by its number (MariaDB and MySQL agree on these but for
/// the time-outs of statements).
pub(super) fn meaning(error: &MySqlDatabaseError, statement: &str) -> Error {
    let message = error.message().to_owned();
    match error.number() {
        1062 => Error::Unique {
            constraint: constraint_name(&message, statement),
        },
        1048 | 1364 | 1451 | 1452 | 3819 | 4025 => Error::Constraint(message),
        // The last: the table is younger than the view of the transaction.
        1020 | 1213 | 1412 => Error::Conflict,
        1317 | 1969 | 3024 => Error::Timeout,
        1040 | 1203 | 1205 => Error::Busy,
        1021 | 1114 | 1290 | 1792 | 1836 => Error::ReadOnly(message),
        1053 | 1927 | 2006 | 2013 => Error::Unavailable(message),
        1049 => Error::Misconfigured(format!(
            "{message}; make it as an administrator: CREATE DATABASE duly CHARACTER SET utf8mb4 \
             COLLATE utf8mb4_bin"
        )),
        1045 | 1698 => Error::Misconfigured(format!(
            "{message}; put the user and the password in the address right, or let the user in: \
             CREATE USER duly@'…' IDENTIFIED BY '…'"
        )),
        1044 | 1142 => Error::Misconfigured(format!(
            "{message}; run as an administrator: GRANT ALL ON duly.* TO duly@'…'"
        )),
        _ => Error::Other(message),
    }
}

/// `Duplicate entry 'a' for key 'users_email_key'`; MySQL writes the table before the name, and
/// both call a primary key just so.
fn constraint_name(message: &str, statement: &str) -> String {
    let quoted = message.strip_suffix('\'').unwrap_or(message);
    let key = quoted.rsplit('\'').next().unwrap_or_default();
    match key.rsplit('.').next().unwrap_or(key) {
        "PRIMARY" => format!("{}_pkey", table_of(statement)),
        name => name.to_owned(),
    }
}

fn table_of(statement: &str) -> &str {
    let mut words = statement.split_whitespace();
    let after =
        words.find(|word| word.eq_ignore_ascii_case("into") || word.eq_ignore_ascii_case("update"));
    let table = after.and_then(|_| words.next()).unwrap_or_default();
    table.split('(').next().unwrap_or(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_have_the_names_they_have_on_other_engines() {
        let insert = "INSERT INTO users (id, email) VALUES (?, ?)";
        let name = |message| constraint_name(message, insert);
        let mariadb = "Duplicate entry 'it's' for key 'users_email_key'";
        assert_eq!(name(mariadb), "users_email_key");
        let mysql = "Duplicate entry 'a' for key 'users.users_email_key'";
        assert_eq!(name(mysql), "users_email_key");
        assert_eq!(name("Duplicate entry 'a' for key 'PRIMARY'"), "users_pkey");
        assert_eq!(
            name("Duplicate entry 'a' for key 'users.PRIMARY'"),
            "users_pkey"
        );
        for statement in [
            "INSERT INTO users(id) VALUES (?)",
            "update users SET id = ?",
        ] {
            let name = constraint_name("Duplicate entry 'a' for key 'PRIMARY'", statement);
            assert_eq!(name, "users_pkey", "{statement}");
        }
    }

    #[test]
    fn dates_are_read_in_every_length_they_come_in() {
        let read = |bytes: &[u8]| parts(bytes).unwrap().to_string();
        assert_eq!(read(&[4, 0x0f, 0x27, 12, 31]), "9999-12-31T00:00:00");
        assert_eq!(
            read(&[7, 0xea, 0x07, 11, 23, 9, 5, 1]),
            "2026-11-23T09:05:01"
        );
        assert_eq!(
            read(&[11, 0xea, 0x07, 11, 23, 9, 5, 1, 0x40, 0xe2, 0x01, 0]),
            "2026-11-23T09:05:01.123456"
        );
        for wrong in [&[0][..], &[4, 0, 0, 0, 0], &[5, 0xea, 0x07, 11, 23, 9]] {
            assert!(parts(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn instants_are_written_in_the_form_both_servers_take() {
        let time: Timestamp = "2026-11-23T09:05:01.000007Z".parse().unwrap();
        assert_eq!(written(time), "2026-11-23 09:05:01.000007");
    }
}
