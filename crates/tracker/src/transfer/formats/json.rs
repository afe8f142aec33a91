//! What the JSON formats share: rows with their lines, and values that stay small.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::position::Lines;
use crate::transfer::MOST_ROWS;
use crate::{Error, Result};

/// One row as it stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element<'a> {
    /// Where it starts; the first line is 1.
    pub(super) line: usize,
    pub(super) json: &'a str,
}

/// The elements of a list, not looked into: a wrong one refuses itself only.
///
/// # Errors
/// When the text is no JSON list or the list is too long.
pub(super) fn list(text: &str) -> Result<Vec<Element<'_>>> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let raw = RawList
        .deserialize(&mut deserializer)
        .map_err(|error| invalid(&error))?;
    deserializer.end().map_err(|error| invalid(&error))?;
    located(text, raw)
}

/// Gives raw elements, in the order of the text, the lines they start on.
///
/// # Errors
/// When there are too many.
pub(super) fn located<'a>(text: &'a str, raw: Vec<&'a RawValue>) -> Result<Vec<Element<'a>>> {
    let mut lines = Lines::of(text);
    let elements = raw.into_iter().map(|raw| {
        let start = raw
            .get()
            .as_ptr()
            .addr()
            .saturating_sub(text.as_ptr().addr());
        Element {
            line: lines.at(start),
            json: raw.get(),
        }
    });
    few_enough(elements.collect())
}

/// Refuses too many elements.
///
/// # Errors
/// When there are.
pub(super) fn few_enough(elements: Vec<Element<'_>>) -> Result<Vec<Element<'_>>> {
    if elements.len() > MOST_ROWS {
        let message = format!("has more than {MOST_ROWS} rows");
        return Err(Error::field("file", "too_many_rows", message));
    }
    Ok(elements)
}

/// The file as a whole is no JSON; the message names line and column.
pub(super) fn invalid(error: &serde_json::Error) -> Error {
    Error::field(
        "file",
        "invalid_file",
        format!("is no JSON of this format: {error}"),
    )
}

/// What is wrong with one element, without the position, which would count from its start.
pub(super) fn wrong(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    text.chars()
        .take(
            text.get(..end)
                .map_or(0, |kept| kept.chars().count())
                .min(200),
        )
        .collect()
}

/// A list whose elements are not looked into. It stops soon after [`MOST_ROWS`].
pub(super) struct RawList;

impl<'de> DeserializeSeed<'de> for RawList {
    type Value = Vec<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(
        self,
        source: D,
    ) -> std::result::Result<Self::Value, D::Error> {
        source.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for RawList {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of tasks")
    }

    fn visit_seq<A: SeqAccess<'de>>(
        self,
        mut list: A,
    ) -> std::result::Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            if elements.len() > MOST_ROWS {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                break;
            }
            elements.push(element);
        }
        Ok(elements)
    }
}

/// A list that is read up to a number of elements and refused beyond, so that a small file cannot
/// ask for much memory.
#[derive(Debug)]
pub(super) struct Short<T, const MOST: usize>(pub(super) Vec<T>);

impl<T, const MOST: usize> Default for Short<T, MOST> {
    fn default() -> Self {
        Short(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for Short<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> std::result::Result<Self, D::Error> {
        source.deserialize_seq(ShortVisitor(PhantomData))
    }
}

struct ShortVisitor<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for ShortVisitor<T, MOST> {
    type Value = Short<T, MOST>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a list of at most {MOST}")
    }

    fn visit_seq<A: SeqAccess<'de>>(
        self,
        mut list: A,
    ) -> std::result::Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            if elements.len() == MOST {
                return Err(A::Error::custom(format!(
                    "a list has more than {MOST} elements"
                )));
            }
            elements.push(element);
        }
        Ok(Short(elements))
    }
}
