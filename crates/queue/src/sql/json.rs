//! Values that are kept as JSON.

use duly_db::Row;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Result;

pub(super) fn written(value: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string(value);
    Ok(text.map_err(|error| duly_db::Error::Other(error.to_string()))?)
}

pub(super) fn read<T: DeserializeOwned>(row: &Row, column: &str) -> duly_db::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text)
        .map_err(|error| duly_db::Error::Decode(format!("column \"{column}\": {error}")))
}
