//! The attributes of one task, of which people can define their own.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// More than this are no task somebody wrote.
const MOST_ATTRIBUTES: usize = 200;
const MOST_ELEMENTS: usize = 1000;

/// All attributes by name; each stands once.
#[derive(Debug)]
pub(super) struct Attributes(pub(super) BTreeMap<String, Attribute>);

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Attribute {
    /// Text, or a number or truth value as text.
    Text(String),
    /// Texts or annotations.
    List(Vec<Attribute>),
    /// A remark with its time.
    Annotation { entry: String, description: String },
    /// Anything else.
    Nothing,
}

impl Attribute {
    /// The text, or the texts of the list.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Attribute::Text(text) => vec![text],
            Attribute::List(list) => list.iter().flat_map(Attribute::texts).collect(),
            Attribute::Annotation { .. } | Attribute::Nothing => Vec::new(),
        }
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_map(AttributesVisitor)
    }
}

struct AttributesVisitor;

impl<'de> Visitor<'de> for AttributesVisitor {
    type Value = Attributes;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a task")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Attributes, A::Error> {
        let mut attributes = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            if attributes.contains_key(&name) {
                return Err(A::Error::custom(format!("duplicate field `{name}`")));
            }
            if attributes.len() == MOST_ATTRIBUTES {
                let message = format!("it has more than {MOST_ATTRIBUTES} attributes");
                return Err(A::Error::custom(message));
            }
            attributes.insert(name, map.next_value()?);
        }
        Ok(Attributes(attributes))
    }
}

impl<'de> Deserialize<'de> for Attribute {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_any(AttributeVisitor { in_list: false })
    }
}

/// An element of a list, which is no list.
struct Element(Attribute);

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source
            .deserialize_any(AttributeVisitor { in_list: true })
            .map(Element)
    }
}

struct AttributeVisitor {
    in_list: bool,
}

impl<'de> Visitor<'de> for AttributeVisitor {
    type Value = Attribute;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the value of an attribute")
    }

    fn visit_str<E>(self, text: &str) -> Result<Attribute, E> {
        Ok(Attribute::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Attribute, E> {
        Ok(Attribute::Text(truth.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Attribute, E> {
        Ok(Attribute::Text(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Attribute, E> {
        Ok(Attribute::Text(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Attribute, E> {
        Ok(Attribute::Text(number.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Attribute, E> {
        Ok(Attribute::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Attribute, A::Error> {
        if self.in_list {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Attribute::Nothing);
        }
        let mut elements = Vec::new();
        while let Some(Element(element)) = list.next_element()? {
            if elements.len() == MOST_ELEMENTS {
                let message = format!("a list has more than {MOST_ELEMENTS} elements");
                return Err(A::Error::custom(message));
            }
            elements.push(element);
        }
        Ok(Attribute::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Attribute, A::Error> {
        let (mut entry, mut description) = (String::new(), None);
        while let Some(name) = map.next_key::<String>()? {
            match (self.in_list, name.as_str()) {
                (true, "entry") => entry = map.next_value()?,
                (true, "description") => description = Some(map.next_value()?),
                _ => map.next_value::<IgnoredAny>().map(|_| ())?,
            }
        }
        Ok(match description {
            Some(description) => Attribute::Annotation { entry, description },
            None => Attribute::Nothing,
        })
    }
}
