//! What the JSON formats share: rows with their lines, and values that stay small.

use std::fmt;
use std::io::BufRead;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::de::IoRead;
use serde_json::value::RawValue;

use super::reading::{Place, Placed, unreadable};
use crate::{Error, Result};

/// One row as it stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element<'a> {
    /// Where it starts; the first line is 1.
    pub(super) line: usize,
    pub(super) json: &'a str,
}

/// A file that is read as JSON.
type Json<'a, R> = serde_json::Deserializer<IoRead<Placed<'a, R>>>;

/// Reads what is left of a file, of which the given line comes next, as one JSON value. `parse`
/// reads the value and the list in it, and `take` is given the elements of that.
///
/// # Errors
/// When the file is no such JSON; what `take` says.
pub(super) fn read<R: BufRead, T>(
    line: usize,
    source: R,
    take: &mut dyn FnMut(Element<'_>) -> Result<()>,
    parse: impl FnOnce(&mut Json<'_, R>, &mut RawList<'_>) -> serde_json::Result<T>,
) -> Result<T> {
    let place = Place::at(line);
    let mut json = serde_json::Deserializer::from_reader(Placed {
        source,
        place: &place,
    });
    let mut list = RawList {
        place: &place,
        take,
        ended: None,
    };
    let read = parse(&mut json, &mut list).and_then(|value| json.end().map(|()| value));
    match list.ended {
        Some(error) => Err(error),
        None => read.map_err(invalid),
    }
}

/// The file as a whole is no JSON; the message names line and column.
fn invalid(error: serde_json::Error) -> Error {
    if error.is_io() {
        return unreadable(&error.into());
    }
    let message = format!("is no JSON of this format: {error}");
    Error::field("file", "invalid_file", message)
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

/// A list whose elements are taken as they come and not looked into: a wrong one refuses itself
/// only.
pub(super) struct RawList<'a> {
    place: &'a Place,
    take: &'a mut dyn FnMut(Element<'_>) -> Result<()>,
    /// Why no more elements are taken.
    ended: Option<Error>,
}

impl<'de> DeserializeSeed<'de> for &mut RawList<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> std::result::Result<(), D::Error> {
        source.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut RawList<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of tasks")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<(), A::Error> {
        while list.next_element_seed(RawElement(self))?.is_some() {}
        Ok(())
    }
}

struct RawElement<'a, 'b>(&'a mut RawList<'b>);

impl<'de> DeserializeSeed<'de> for RawElement<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> std::result::Result<(), D::Error> {
        // The first character of the element has been looked at, and nothing behind it.
        let line = self.0.place.begin_row();
        let raw = Box::<RawValue>::deserialize(source)?;
        let json = raw.get();
        (self.0.take)(Element { line, json }).map_err(|error| {
            self.0.ended = Some(error);
            D::Error::custom("no more elements are taken")
        })
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
