//! Pages of a list, by keyset: where one page ended is where the next begins.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::Error;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub data: Vec<T>,
    /// What to send as `cursor` for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A list that is short enough to be answered whole.
    #[must_use]
    pub fn whole(data: Vec<T>) -> Self {
        Page {
            data,
            next_cursor: None,
        }
    }
}

/// Writes a position as an opaque cursor.
///
/// # Errors
/// [`Error::Internal`] when the position cannot be written as JSON, which no position of ours is.
pub fn encode_cursor<P: Serialize>(position: &P) -> Result<String, Error> {
    let json = serde_json::to_vec(position).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

/// Reads a cursor. It is not secret and not signed: every query is scoped to its owner, so the
/// worst a made-up cursor can do is to start a page elsewhere in the caller's own rows.
///
/// # Errors
/// [`Error::Invalid`] when it is not one of ours.
pub fn decode_cursor<P: DeserializeOwned>(cursor: &str) -> Result<P, Error> {
    let wrong = || Error::field("cursor", "invalid", "is not a cursor of this list");
    if cursor.len() > 2048 {
        return Err(wrong());
    }
    let json = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| wrong())?;
    serde_json::from_slice(&json).map_err(|_| wrong())
}
