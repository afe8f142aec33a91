//! Enums that the API and the database know by name.

/// Gives each variant of an enum its name, by which the database keeps it as text.
macro_rules! names {
    ($type:ident, $($name:literal => $variant:ident),* $(,)?) => {
        impl $type {
            /// The name used in the API and in the database.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $($type::$variant => $name),* }
            }
        }
        impl From<$type> for duly_db::Value {
            fn from(value: $type) -> Self {
                duly_db::Value::from(value.name())
            }
        }
        impl duly_db::FromValue for $type {
            fn from_value(value: &duly_db::Value) -> Result<Self, duly_db::Error> {
                match String::from_value(value)?.as_str() {
                    $($name => Ok($type::$variant),)*
                    other => Err(duly_db::Error::Decode(format!(
                        concat!("no ", stringify!($type), " has the name {:?}"), other
                    ))),
                }
            }
        }
    };
}

pub(crate) use names;
