//! Reading a JSON body strictly: no duplicate keys, no deep nesting, nothing after the value, and
//! unknown members named with their path.

use std::fmt;

use duly_tracker::input::FieldError;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

/// How deep lists and objects may be nested. No body of ours needs more than four.
const DEPTH: usize = 32;

/// Why a body was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It is not JSON, or not unambiguous JSON.
    Malformed(String),
    /// A member is unknown or of the wrong type.
    Member(FieldError),
}

/// Reads one JSON object into a type that refuses unknown members.
///
/// # Errors
/// What is wrong with the body.
pub fn read<T: de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Refused> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: DEPTH }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| Refused::Malformed(error.to_string()))?;
    T::deserialize(Given(value)).map_err(|error| {
        let field = if error.path.is_empty() {
            "body".into()
        } else {
            error.path
        };
        Refused::Member(FieldError {
            field,
            code: error.code,
            message: error.message,
        })
    })
}

/// Builds a value and refuses what `serde_json` would let pass.
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: de::Error>(&self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Strict { depth }),
            None => Err(E::custom(format!("nested deeper than {DEPTH} levels"))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.deeper()?)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(self.deeper()?)?;
            if map.contains_key(&name) {
                return Err(de::Error::custom(format!(
                    "the member {name:?} is given twice"
                )));
            }
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }
}

/// What is wrong with a member, and where it stands.
#[derive(Debug)]
struct MemberError {
    path: String,
    code: &'static str,
    message: String,
}

impl MemberError {
    fn under(mut self, step: &str) -> Self {
        let joint = if self.path.is_empty() || self.path.starts_with('[') {
            ""
        } else {
            "."
        };
        self.path = format!("{step}{joint}{}", self.path);
        self
    }
}

impl fmt::Display for MemberError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for MemberError {}

impl de::Error for MemberError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        MemberError {
            path: String::new(),
            code: "invalid",
            message: message.to_string(),
        }
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let message = match found {
            de::Unexpected::Map => format!("must be {expected}, not an object"),
            other => format!("must be {expected}, not {other}"),
        };
        MemberError {
            path: String::new(),
            code: "invalid_type",
            message,
        }
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        let message = format!(
            "is not a member of this request; known are {}",
            known.join(", ")
        );
        MemberError {
            path: name.to_owned(),
            code: "unknown_field",
            message,
        }
    }
}

/// A value to be read into a type, keeping the path to whatever is wrong.
struct Given(Value);

impl<'de> Deserializer<'de> for Given {
    type Error = MemberError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, MemberError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(value) => match (value.as_u64(), value.as_i64(), value.as_f64()) {
                (Some(value), _, _) => visitor.visit_u64(value),
                (_, Some(value), _) => visitor.visit_i64(value),
                (_, _, value) => visitor.visit_f64(value.unwrap_or(f64::NAN)),
            },
            Value::String(value) => visitor.visit_string(value),
            Value::Array(items) => visitor.visit_seq(Items {
                items: items.into_iter(),
                index: 0,
            }),
            Value::Object(members) => visitor.visit_map(Members {
                members: members.into_iter(),
                value: None,
            }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, MemberError> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            value => visitor.visit_some(Given(value)),
        }
    }

    /// Derived code would read a list as a struct; a body of ours is never that.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, MemberError> {
        match self.0 {
            Value::Object(_) => self.deserialize_any(visitor),
            _ => Err(MemberError {
                path: String::new(),
                code: "invalid_type",
                message: "must be a JSON object".into(),
            }),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Items {
    items: std::vec::IntoIter<Value>,
    index: usize,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = MemberError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, MemberError> {
        let Some(item) = self.items.next() else {
            return Ok(None);
        };
        let step = format!("[{}]", self.index);
        self.index += 1;
        seed.deserialize(Given(item))
            .map(Some)
            .map_err(|error| error.under(&step))
    }
}

struct Members {
    members: serde_json::map::IntoIter,
    value: Option<(String, Value)>,
}

impl<'de> MapAccess<'de> for Members {
    type Error = MemberError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, MemberError> {
        let Some((name, value)) = self.members.next() else {
            return Ok(None);
        };
        self.value = Some((name.clone(), value));
        seed.deserialize(Given(Value::String(name))).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, MemberError> {
        let (name, value) = self
            .value
            .take()
            .ok_or_else(|| de::Error::custom("a value without its name"))?;
        seed.deserialize(Given(value))
            .map_err(|error| error.under(&name))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read matters")]
    struct Outer {
        inner: Option<Inner>,
        list: Option<Vec<Inner>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read matters")]
    struct Inner {
        text: String,
    }

    fn refused(text: &str) -> String {
        match read::<Outer>(text.as_bytes()).expect_err("refused") {
            Refused::Malformed(message) => format!("malformed: {message}"),
            Refused::Member(error) => format!("{} {}", error.field, error.code),
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_path() {
        assert_eq!(refused(r#"{"other":1}"#), "other unknown_field");
        assert_eq!(
            refused(r#"{"inner":{"other":1}}"#),
            "inner.other unknown_field"
        );
        assert_eq!(
            refused(r#"{"list":[{"text":""},{"text":1}]}"#),
            "list[1].text invalid_type"
        );
        assert_eq!(refused(r#"{"inner":[]}"#), "inner invalid_type");
        assert_eq!(refused("[]"), "body invalid_type");
        assert_eq!(refused("null"), "body invalid_type");
    }

    #[test]
    fn ambiguous_and_broken_json_is_malformed() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let cases = [
            r#"{"inner":null,"inner":null}"#,
            r#"{"inner":{"text":"","text":""}}"#,
            r#"{} {}"#,
            r#"{"inner":1e400}"#,
            r#"{"inner":NaN}"#,
            r#"{"inner":"\ud800"}"#,
            "",
            &deep,
        ];
        for case in cases {
            assert!(refused(case).starts_with("malformed"), "{case:.40}");
        }
        assert!(matches!(
            read::<Outer>(b"{\"inner\":\"\xff\"}"),
            Err(Refused::Malformed(_))
        ));
    }

    #[test]
    fn a_good_body_is_read() {
        assert!(read::<Outer>(br#" {"inner":{"text":"a"},"list":null} "#).is_ok());
    }
}
