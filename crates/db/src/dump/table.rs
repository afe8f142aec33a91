//! What a table is made of, in words that are the same on every engine.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::{FromValue, Result, Row, Value};

/// A table that is dumped and restored.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The columns of its primary key, in the order of the key; none of them is ever NULL.
    pub key: &'static [&'static str],
    /// All its columns.
    pub columns: &'static [(&'static str, Kind)],
}

/// What a column holds. Each engine stores it in a type of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A UUID.
    Id,
    /// Bytes.
    Bytes,
    /// Text, also JSON.
    Text,
    /// True or false.
    Truth,
    /// A signed 64-bit integer.
    Number,
    /// An instant, in microseconds since 1970 UTC.
    Instant,
    /// A calendar date.
    Date,
}

impl Kind {
    /// Reads a column into the one form it has on every engine.
    pub(super) fn read(self, row: &Row, column: &str) -> Result<Value> {
        fn of<T: FromValue + Into<Value>>(row: &Row, column: &str) -> Result<Value> {
            let value: Option<T> = row.get(column)?;
            Ok(value.map_or(Value::Null, Into::into))
        }
        match self {
            Kind::Id => of::<Uuid>(row, column),
            Kind::Bytes => of::<Vec<u8>>(row, column),
            Kind::Text => of::<String>(row, column),
            Kind::Truth => of::<bool>(row, column),
            Kind::Number => of::<i64>(row, column),
            Kind::Instant => of::<Timestamp>(row, column),
            Kind::Date => of::<Date>(row, column),
        }
    }

    /// Reads what [`written`] wrote; `None` when it is something else.
    pub(super) fn parse(self, json: Json) -> Option<Value> {
        Some(match (self, json) {
            (_, Json::Null) => Value::Null,
            (Kind::Text, Json::String(text)) => Value::Text(text),
            (Kind::Id, Json::String(text)) => Value::Uuid(text.parse().ok()?),
            (Kind::Bytes, Json::String(text)) => Value::Bytes(STANDARD.decode(text).ok()?),
            (Kind::Date, Json::String(text)) => Value::Date(text.parse().ok()?),
            (Kind::Truth, Json::Bool(truth)) => Value::Bool(truth),
            (Kind::Number, Json::Number(number)) => Value::Int(number.as_i64()?),
            (Kind::Instant, Json::Number(micros)) => {
                Value::Time(Timestamp::from_microsecond(micros.as_i64()?).ok()?)
            }
            _ => return None,
        })
    }
}

/// The form a value has in the file.
pub(super) fn written(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::Int(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Bytes(bytes) => STANDARD.encode(bytes).into(),
        Value::Uuid(id) => id.to_string().into(),
        Value::Date(date) => date.to_string().into(),
        Value::Time(time) => time.as_microsecond().into(),
        Value::Json(json) => json.clone(),
    }
}
