//! The values that travel between Rust and every engine.

use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::Error;

/// One bound parameter or one column of a row.
///
/// Engines that lack a type store it as follows: on SQLite a `Bool` is an integer, a `Uuid` a
/// 16-byte blob, a `Date` and a `Json` text, and a `Time` an integer of microseconds since 1970 UTC.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// A truth value.
    Bool(bool),
    /// A signed 64-bit integer.
    Int(i64),
    /// A finite double.
    Float(f64),
    /// Text without NUL characters.
    Text(String),
    /// Raw bytes.
    Bytes(Vec<u8>),
    /// An id.
    Uuid(Uuid),
    /// A calendar date from the year 1 on; `9999-12-31` stands for "none" in keyset columns.
    Date(Date),
    /// An instant from the year 1 on, kept to the microsecond.
    Time(Timestamp),
    /// A JSON document.
    Json(serde_json::Value),
}

/// 0001-01-01T00:00:00Z, in microseconds since 1970.
const FIRST_MICROSECOND: i64 = -62_135_596_800_000_000;

impl Value {
    /// Why no engine should be given this value, if so: some refuse it, others keep something
    /// else than what was meant.
    pub(crate) fn unstorable(&self) -> Option<&'static str> {
        match self {
            Value::Text(text) if text.as_bytes().contains(&0) => {
                Some("text with a NUL character cannot be stored")
            }
            Value::Float(number) if number.is_nan() => Some("NaN is not a number"),
            Value::Float(number) if number.is_infinite() => Some("the number is infinite"),
            Value::Date(date) if date.year() < 1 => Some("the year is before 0001"),
            Value::Time(time) if time.as_microsecond() < FIRST_MICROSECOND => {
                Some("the year is before 0001")
            }
            _ => None,
        }
    }

    /// What this is, without what it says: answers may hold secrets, and errors are logged.
    fn kind(&self) -> &'static str {
        match self {
            Value::Null => "NULL",
            Value::Bool(_) => "a truth value",
            Value::Int(_) => "an integer",
            Value::Float(_) => "a double",
            Value::Text(_) => "text",
            Value::Bytes(_) => "bytes",
            Value::Uuid(_) => "an id",
            Value::Date(_) => "a date",
            Value::Time(_) => "an instant",
            Value::Json(_) => "JSON",
        }
    }
}

/// A Rust type that can be read from a column.
pub trait FromValue: Sized {
    /// Converts the column, or says which type was found instead.
    ///
    /// # Errors
    /// [`Error::Decode`] when the column holds another type or a value out of range.
    fn from_value(value: &Value) -> Result<Self, Error>;
}

fn mismatch<T>(value: &Value) -> Error {
    let (wanted, found) = (std::any::type_name::<T>(), value.kind());
    Error::Decode(format!(
        "expected {wanted}, found {found} that does not fit"
    ))
}

macro_rules! into_value {
    ($($type:ty => $variant:ident),* $(,)?) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self { Value::$variant(value.into()) }
        }
        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self { value.map_or(Value::Null, Value::from) }
        }
    )*};
}

into_value! {
    bool => Bool, i64 => Int, i32 => Int, u32 => Int, i16 => Int, u8 => Int, f64 => Float,
    String => Text, &str => Text, Vec<u8> => Bytes, &[u8] => Bytes,
    Uuid => Uuid, Date => Date, Timestamp => Time, serde_json::Value => Json,
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Value::Text(value.clone())
    }
}

/// Whatever it is.
impl FromValue for Value {
    fn from_value(value: &Value) -> Result<Self, Error> {
        Ok(value.clone())
    }
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Result<Self, Error> {
        match value {
            Value::Bool(truth) => Ok(*truth),
            Value::Int(number) => Ok(*number != 0),
            other => Err(mismatch::<Self>(other)),
        }
    }
}

impl FromValue for i64 {
    fn from_value(value: &Value) -> Result<Self, Error> {
        match value {
            Value::Int(number) => Ok(*number),
            Value::Bool(truth) => Ok(i64::from(*truth)),
            other => Err(mismatch::<Self>(other)),
        }
    }
}

macro_rules! from_smaller_integer {
    ($($type:ty),*) => {$(
        impl FromValue for $type {
            fn from_value(value: &Value) -> Result<Self, Error> {
                let wide = i64::from_value(value)?;
                <$type>::try_from(wide).map_err(|_| mismatch::<Self>(value))
            }
        }
    )*};
}

from_smaller_integer!(i32, u32, i16, u8, u64, usize);

impl FromValue for f64 {
    fn from_value(value: &Value) -> Result<Self, Error> {
        match value {
            Value::Float(number) => Ok(*number),
            other => Err(mismatch::<Self>(other)),
        }
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Result<Self, Error> {
        match value {
            Value::Text(text) => Ok(text.clone()),
            other => Err(mismatch::<Self>(other)),
        }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: &Value) -> Result<Self, Error> {
        match value {
            Value::Bytes(bytes) => Ok(bytes.clone()),
            other => Err(mismatch::<Self>(other)),
        }
    }
}

impl FromValue for Uuid {
    fn from_value(value: &Value) -> Result<Self, Error> {
        match value {
            Value::Uuid(id) => Ok(*id),
            Value::Bytes(bytes) => Uuid::from_slice(bytes).map_err(|_| mismatch::<Self>(value)),
            other => Err(mismatch::<Self>(other)),
        }
    }
}

impl FromValue for Date {
    fn from_value(value: &Value) -> Result<Self, Error> {
        match value {
            Value::Date(date) => Ok(*date),
            Value::Text(text) => text.parse().map_err(|_| mismatch::<Self>(value)),
            other => Err(mismatch::<Self>(other)),
        }
    }
}

impl FromValue for Timestamp {
    fn from_value(value: &Value) -> Result<Self, Error> {
        match value {
            Value::Time(time) => Ok(*time),
            Value::Int(micros) => {
                Timestamp::from_microsecond(*micros).map_err(|_| mismatch::<Self>(value))
            }
            other => Err(mismatch::<Self>(other)),
        }
    }
}

impl FromValue for serde_json::Value {
    fn from_value(value: &Value) -> Result<Self, Error> {
        match value {
            Value::Json(json) => Ok(json.clone()),
            Value::Text(text) => serde_json::from_str(text).map_err(|_| mismatch::<Self>(value)),
            other => Err(mismatch::<Self>(other)),
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Result<Self, Error> {
        match value {
            Value::Null => Ok(None),
            some => T::from_value(some).map(Some),
        }
    }
}
