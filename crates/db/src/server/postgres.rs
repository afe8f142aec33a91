//! PostgreSQL: how values travel and what its errors mean.

use std::error::Error as StdError;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use sqlx::encode::IsNull;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{
    PgArgumentBuffer, PgArguments, PgColumn, PgDatabaseError, PgTypeInfo, PgValueRef,
};
use sqlx::{Arguments, Column, Encode, Postgres, Type, ValueRef};
use uuid::Uuid;

use super::text::{Placeholders, Translated, translate};
use crate::{Error, Query, Value};

type Failure = Box<dyn StdError + Send + Sync>;

/// Numbers of the built-in types (PostgreSQL's `pg_type.dat`); they never change.
mod oid {
    pub(super) const UNSPECIFIED: u32 = 0;
    pub(super) const BOOL: u32 = 16;
    pub(super) const BYTEA: u32 = 17;
    pub(super) const INT8: u32 = 20;
    pub(super) const INT2: u32 = 21;
    pub(super) const INT4: u32 = 23;
    pub(super) const TEXT: u32 = 25;
    pub(super) const FLOAT8: u32 = 701;
    pub(super) const DATE: u32 = 1082;
    pub(super) const TIMESTAMPTZ: u32 = 1184;
    pub(super) const NUMERIC: u32 = 1700;
    pub(super) const UUID: u32 = 2950;
}

/// Days and microseconds are counted from here.
const EPOCH_DAY: Date = Date::constant(2000, 1, 1);
const EPOCH_MICROSECOND: i64 = 946_684_800_000_000;

/// The statement and its values in PostgreSQL's form.
pub(super) fn prepare(query: &Query) -> Result<(String, PgArguments), Error> {
    let Translated { mut text, values } = translate(query, Placeholders::Numbered)?;
    // Prepared statements are kept by their text, and the server reads what is bound later as of
    // the types that were bound first: a NULL, whose type the server finds out, or an integer must
    // not lend its statement to a text.
    if !values.is_empty() {
        text.push_str("/*");
        text.extend(values.iter().map(|value| letter(value)));
        text.push_str("*/");
    }
    let mut arguments = PgArguments::default();
    for value in values {
        arguments
            .add(Bound(value))
            .map_err(|error| Error::Parameter(error.to_string()))?;
    }
    Ok((text, arguments))
}

/// One for each type a value is bound as.
fn letter(value: &Value) -> char {
    match value {
        Value::Null => '0',
        Value::Bool(_) => 'b',
        Value::Int(_) => 'i',
        Value::Float(_) => 'f',
        Value::Text(_) | Value::Json(_) => 't',
        Value::Bytes(_) => 'y',
        Value::Uuid(_) => 'u',
        Value::Date(_) => 'd',
        Value::Time(_) => 'z',
    }
}

struct Bound<'a>(&'a Value);

impl Type<Postgres> for Bound<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(oid::UNSPECIFIED))
    }
}

impl Encode<'_, Postgres> for Bound<'_> {
    fn produces(&self) -> Option<PgTypeInfo> {
        let number = match self.0 {
            Value::Null => oid::UNSPECIFIED,
            Value::Bool(_) => oid::BOOL,
            Value::Int(_) => oid::INT8,
            Value::Float(_) => oid::FLOAT8,
            Value::Text(_) | Value::Json(_) => oid::TEXT,
            Value::Bytes(_) => oid::BYTEA,
            Value::Uuid(_) => oid::UUID,
            Value::Date(_) => oid::DATE,
            Value::Time(_) => oid::TIMESTAMPTZ,
        };
        Some(PgTypeInfo::with_oid(Oid(number)))
    }

    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, Failure> {
        match self.0 {
            Value::Null => return Ok(IsNull::Yes),
            Value::Bool(truth) => buffer.push(u8::from(*truth)),
            Value::Int(number) => buffer.extend_from_slice(&number.to_be_bytes()),
            Value::Float(number) => buffer.extend_from_slice(&number.to_be_bytes()),
            Value::Text(text) => buffer.extend_from_slice(text.as_bytes()),
            Value::Json(json) => buffer.extend_from_slice(json.to_string().as_bytes()),
            Value::Bytes(bytes) => buffer.extend_from_slice(bytes),
            Value::Uuid(id) => buffer.extend_from_slice(id.as_bytes()),
            Value::Date(date) => {
                let days = date.since(EPOCH_DAY)?.get_days();
                buffer.extend_from_slice(&days.to_be_bytes());
            }
            Value::Time(time) => {
                let microseconds = time.as_microsecond() - EPOCH_MICROSECOND;
                buffer.extend_from_slice(&microseconds.to_be_bytes());
            }
        }
        Ok(IsNull::No)
    }
}

/// The number of a column's type.
pub(super) fn kind(column: &PgColumn) -> u32 {
    column.type_info().oid().map_or(0, |oid| oid.0)
}

/// Reads one column in the binary form all prepared statements answer in.
pub(super) fn value(kind: u32, column: &PgValueRef<'_>) -> Result<Value, Error> {
    if column.is_null() {
        return Ok(Value::Null);
    }
    let bytes = column.as_bytes().map_err(unreadable)?;
    Ok(match kind {
        oid::BOOL => Value::Bool(bytes != [0]),
        oid::INT8 => Value::Int(i64::from_be_bytes(sized(bytes)?)),
        oid::INT4 => Value::Int(i64::from(i32::from_be_bytes(sized(bytes)?))),
        oid::INT2 => Value::Int(i64::from(i16::from_be_bytes(sized(bytes)?))),
        oid::FLOAT8 => Value::Float(f64::from_be_bytes(sized(bytes)?)),
        oid::NUMERIC => Value::Int(whole_number(bytes)?),
        oid::BYTEA => Value::Bytes(bytes.to_vec()),
        oid::UUID => Value::Uuid(Uuid::from_bytes(sized(bytes)?)),
        oid::DATE => Value::Date(date(i32::from_be_bytes(sized(bytes)?))?),
        oid::TIMESTAMPTZ => Value::Time(instant(i64::from_be_bytes(sized(bytes)?))?),
        _ => Value::Text(std::str::from_utf8(bytes).map_err(unreadable)?.to_owned()),
    })
}

fn sized<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Error> {
    bytes.try_into().map_err(unreadable)
}

fn date(days: i32) -> Result<Date, Error> {
    let distance = SignedDuration::from_hours(24 * i64::from(days));
    EPOCH_DAY.checked_add(distance).map_err(unreadable)
}

fn instant(microseconds: i64) -> Result<Timestamp, Error> {
    let since_1970 = microseconds.checked_add(EPOCH_MICROSECOND);
    let since_1970 = since_1970.ok_or_else(|| unreadable("an instant out of range"))?;
    Timestamp::from_microsecond(since_1970).map_err(unreadable)
}

/// A `numeric` without a fraction, which is what `SUM` of integers is: how many digits to the base
/// 10,000 follow, the power of the first, the sign, the scale, then the digits.
fn whole_number(bytes: &[u8]) -> Result<i64, Error> {
    let mut words = bytes.chunks_exact(2).map(|pair| match pair {
        [high, low] => i16::from_be_bytes([*high, *low]),
        _ => 0,
    });
    let mut header = [0; 4];
    for word in &mut header {
        *word = words.next().ok_or_else(|| unreadable("a short number"))?;
    }
    let [count, weight, sign, _scale] = header;
    let too_large = || unreadable("a number out of range");
    // The smallest number has no positive counterpart, so all are read as negative ones.
    let mut negative: i64 = 0;
    for position in 0..=weight {
        let digit = if position < count { words.next() } else { None };
        negative = negative
            .checked_mul(10_000)
            .and_then(|total| total.checked_sub(i64::from(digit.unwrap_or(0))))
            .ok_or_else(too_large)?;
    }
    match (words.next(), sign) {
        (Some(_), _) => Err(unreadable("a number with a fraction")),
        (None, 0) => negative.checked_neg().ok_or_else(too_large),
        (None, _) => Ok(negative),
    }
}

fn unreadable(reason: impl ToString) -> Error {
    Error::Decode(reason.to_string())
}

/// What an error of the server means, by its SQLSTATE (PostgreSQL manual, appendix A).
pub(super) fn meaning(error: &PgDatabaseError) -> Error {
    let message = error.message().to_owned();
    match error.code() {
        "23505" => Error::Unique {
            constraint: error.constraint().unwrap_or_default().to_owned(),
        },
        "40001" | "40P01" => Error::Conflict,
        "25P03" => Error::IdleTransaction,
        "57014" => Error::Timeout,
        "55P03" | "53300" => Error::Busy,
        "25006" | "53100" => Error::ReadOnly(message),
        "3D000" => Error::Misconfigured(format!(
            "{message}; make it as an administrator: CREATE DATABASE duly OWNER duly ENCODING \
             'UTF8' TEMPLATE template0"
        )),
        "28000" | "28P01" => Error::Misconfigured(format!(
            "{message}; put the user and the password in the address right, or let the user in \
             (CREATE ROLE duly LOGIN PASSWORD '…', pg_hba.conf)"
        )),
        "42501" => Error::Misconfigured(format!(
            "{message}; run as an administrator, in this database: GRANT ALL ON SCHEMA public TO \
             duly"
        )),
        "3F000" => Error::Misconfigured(message),
        "42P05" | "26000" => Error::Misconfigured(format!(
            "{message}: a pooler hands statements of one connection to several servers; \
             use its session mode"
        )),
        code if code.starts_with("23") => Error::Constraint(message),
        code if code.starts_with("08") || code.starts_with("57P") => Error::Unavailable(message),
        _ => Error::Other(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query;

    #[test]
    fn a_statement_has_a_text_for_the_types_of_its_values() {
        let text = |value: Value| {
            let insert = query("INSERT INTO t (a, b) VALUES (?1, ?2)").bind(1_i64);
            prepare(&insert.bind(value)).unwrap().0
        };
        let plain = "INSERT INTO t (a, b) VALUES ($1, $2)";
        assert_eq!(text(2_i64.into()), format!("{plain}/*ii*/"));
        assert_eq!(text(3_i64.into()), format!("{plain}/*ii*/"));
        assert_eq!(text(Value::Null), format!("{plain}/*i0*/"));
        assert_eq!(text("x".into()), format!("{plain}/*it*/"));
        assert_eq!(prepare(&query("SELECT 1")).unwrap().0, "SELECT 1");
    }

    #[test]
    fn whole_numbers_are_read_and_fractions_refused() {
        let number = |words: &[i16]| {
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
            whole_number(&bytes)
        };
        assert_eq!(number(&[0, 0, 0, 0]).unwrap(), 0);
        assert_eq!(number(&[2, 1, 0, 0, 12, 345]).unwrap(), 120_345);
        assert_eq!(
            number(&[1, 1, 0, 0, 5]).unwrap(),
            50_000,
            "zeros are left out"
        );
        assert_eq!(number(&[1, 0, 0x4000, 0, 7]).unwrap(), -7);
        let most = [5, 4, 0, 0, 922, 3372, 368, 5477, 5807];
        assert_eq!(number(&most).unwrap(), i64::MAX);
        let least = [5, 4, 0x4000, 0, 922, 3372, 368, 5477, 5808];
        assert_eq!(number(&least).unwrap(), i64::MIN);
        assert!(number(&[5, 4, 0, 0, 922, 3372, 368, 5477, 5808]).is_err());
        assert!(number(&[2, 0, 0, 2, 1, 5000]).is_err(), "1.5");
        assert!(number(&[1]).is_err());
    }
}
