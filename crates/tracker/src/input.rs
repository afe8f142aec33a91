//! Reading what a caller sent, field by field, so that every wrong field is named at once.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::Error;

/// One wrong field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Which field, as a path: `title`, `ids[3]`, `change.due_date`.
    pub field: String,
    /// Stable and for programs: `required`, `too_long`, `invalid` …
    pub code: &'static str,
    /// For people.
    pub message: String,
}

/// What is wrong with one value, before it is known which field holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// As in [`FieldError::code`].
    pub code: &'static str,
    /// As in [`FieldError::message`].
    pub message: String,
}

impl Wrong {
    /// A value that is not acceptable.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Wrong {
            code,
            message: message.into(),
        }
    }
}

/// A type that can be made from one JSON value of a request, or say what is wrong with it.
pub trait FromJson: Sized {
    /// Reads the value, which is never null.
    ///
    /// # Errors
    /// What is wrong with it.
    fn from_json(value: &serde_json::Value) -> Result<Self, Wrong>;
}

/// A type that can be made from text, in JSON, a query parameter or a file.
pub trait FromText: Sized {
    /// Reads the text.
    ///
    /// # Errors
    /// What is wrong with it.
    fn from_text(text: &str) -> Result<Self, Wrong>;
}

impl<T: FromText> FromJson for T {
    fn from_json(value: &serde_json::Value) -> Result<Self, Wrong> {
        match value {
            serde_json::Value::String(text) => T::from_text(text),
            _ => Err(Wrong::new("invalid_type", "must be a string")),
        }
    }
}

impl FromJson for bool {
    fn from_json(value: &serde_json::Value) -> Result<Self, Wrong> {
        value
            .as_bool()
            .ok_or_else(|| Wrong::new("invalid_type", "must be true or false"))
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: &serde_json::Value) -> Result<Self, Wrong> {
        let list = value
            .as_array()
            .ok_or_else(|| Wrong::new("invalid_type", "must be a list"))?;
        list.iter()
            .enumerate()
            .map(|(index, item)| {
                let read = match item {
                    serde_json::Value::Null => Err(Wrong::new("invalid_type", "must not be null")),
                    given => T::from_json(given),
                };
                read.map_err(|wrong| Wrong::new(wrong.code, format!("[{index}] {}", wrong.message)))
            })
            .collect()
    }
}

/// A field of a request body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Field<T> {
    /// The body does not name it.
    #[default]
    Missing,
    /// The body sets it to null.
    Null,
    /// The body gives an acceptable value.
    Given(T),
    /// The body gives an unacceptable value.
    Wrong(Wrong),
}

impl<'de, T: FromJson> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::Null => Field::Null,
            value => match T::from_json(&value) {
                Ok(given) => Field::Given(given),
                Err(wrong) => Field::Wrong(wrong),
            },
        })
    }
}

/// Collects what is wrong with the fields of one request.
#[derive(Debug, Default)]
pub struct Reader {
    prefix: &'static str,
    errors: Vec<FieldError>,
}

impl Reader {
    /// A reader that names fields as they are.
    #[must_use]
    pub fn new() -> Self {
        Reader::default()
    }

    /// A reader that puts a path before each field, for example `change.`.
    #[must_use]
    pub fn under(prefix: &'static str) -> Self {
        Reader {
            prefix,
            errors: Vec::new(),
        }
    }

    /// Notes that a field is wrong.
    pub fn refuse(&mut self, field: &str, code: &'static str, message: impl Into<String>) {
        let field = format!("{}{field}", self.prefix);
        self.errors.push(FieldError {
            field,
            code,
            message: message.into(),
        });
    }

    /// A field that must be there.
    pub fn required<T>(&mut self, name: &str, field: Field<T>) -> Option<T> {
        match field {
            Field::Given(value) => return Some(value),
            Field::Missing | Field::Null => self.refuse(name, "required", "is required"),
            Field::Wrong(wrong) => self.refuse(name, wrong.code, wrong.message),
        }
        None
    }

    /// A field that may be left out, but not be null.
    pub fn optional<T>(&mut self, name: &str, field: Field<T>) -> Option<T> {
        match field {
            Field::Given(value) => return Some(value),
            Field::Missing => {}
            Field::Null => self.refuse(name, "not_null", "must not be null"),
            Field::Wrong(wrong) => self.refuse(name, wrong.code, wrong.message),
        }
        None
    }

    /// A field that may be left out (`None`) or be set to null (`Some(None)`).
    pub fn nullable<T>(&mut self, name: &str, field: Field<T>) -> Option<Option<T>> {
        match field {
            Field::Given(value) => return Some(Some(value)),
            Field::Missing => {}
            Field::Null => return Some(None),
            Field::Wrong(wrong) => self.refuse(name, wrong.code, wrong.message),
        }
        None
    }

    /// Ends the reading: every wrong field, if there is one.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all of them.
    pub fn finish(self) -> Result<(), Error> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(self.errors))
        }
    }
}

/// Text of `shortest` to `longest` characters without control characters other than those in
/// `allowed`. NUL is refused everywhere, because PostgreSQL cannot store it.
///
/// # Errors
/// `too_short`, `too_long` or `invalid_character`.
pub fn bounded_text(
    text: &str,
    shortest: usize,
    longest: usize,
    allowed: &[char],
) -> Result<(), Wrong> {
    let length = text.chars().count();
    if length < shortest {
        let message = match shortest {
            1 => "must not be empty".to_owned(),
            _ => format!("must have at least {shortest} characters"),
        };
        return Err(Wrong::new("too_short", message));
    }
    if length > longest {
        return Err(Wrong::new(
            "too_long",
            format!("must have at most {longest} characters"),
        ));
    }
    match text
        .chars()
        .find(|found| found.is_control() && !allowed.contains(found))
    {
        Some(found) => Err(Wrong::new(
            "invalid_character",
            format!(
                "must not contain the control character U+{:04X}",
                u32::from(found)
            ),
        )),
        None => Ok(()),
    }
}
