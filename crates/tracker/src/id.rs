//! One id type per table, so that a session id never fits where a user id goes.

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, utoipa::ToSchema,
        )]
        #[serde(transparent)]
        #[schema(value_type = String, format = Uuid)]
        pub struct $name(pub uuid::Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<$name> for duly_db::Value {
            fn from(id: $name) -> Self {
                duly_db::Value::Uuid(id.0)
            }
        }

        impl duly_db::FromValue for $name {
            fn from_value(value: &duly_db::Value) -> Result<Self, duly_db::Error> {
                uuid::Uuid::from_value(value).map(Self)
            }
        }
    };
}

id_type!(
    /// A person with an account.
    UserId
);
id_type!(
    /// A task.
    TaskId
);
id_type!(
    /// A log-in on one device.
    SessionId
);
id_type!(
    /// An API token.
    TokenId
);
id_type!(
    /// An entry of the notifications ledger.
    NotificationId
);
id_type!(
    /// An entry of the activity log.
    ActivityId
);

impl UserId {
    /// How jobs that concern somebody are marked, for those who look for them.
    pub(crate) fn tag(self) -> String {
        format!("user:{self}")
    }
}

impl TaskId {
    /// How jobs that concern a task are marked, for those who look for them.
    pub(crate) fn tag(self) -> String {
        format!("task:{self}")
    }
}
