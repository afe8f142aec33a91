//! What a token is good for.

use duly_db::{FromValue, Value};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::input::{FromJson, FromText, Wrong};

/// One thing a token is good for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
pub enum Ability {
    /// To see tasks, labels, statistics and receipts, and to export.
    #[serde(rename = "tasks:read")]
    TasksRead,
    /// To change tasks, and to import.
    #[serde(rename = "tasks:write")]
    TasksWrite,
    /// To see the account.
    #[serde(rename = "account:read")]
    AccountRead,
    /// All of these, and what will be added.
    #[serde(rename = "*")]
    Everything,
}

impl Ability {
    /// Every ability.
    pub const ALL: [Ability; 4] = [
        Ability::TasksRead,
        Ability::TasksWrite,
        Ability::AccountRead,
        Ability::Everything,
    ];

    /// The name used in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Ability::TasksRead => "tasks:read",
            Ability::TasksWrite => "tasks:write",
            Ability::AccountRead => "account:read",
            Ability::Everything => "*",
        }
    }
}

impl FromText for Ability {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        Ability::ALL
            .into_iter()
            .find(|ability| ability.name() == text)
            .ok_or_else(|| {
                Wrong::new(
                    "unknown_value",
                    "must be one of tasks:read tasks:write account:read *",
                )
            })
    }
}

/// What a token is good for: at least one thing, none twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Vec<Ability>)]
pub struct Abilities(Vec<Ability>);

impl Abilities {
    /// Whether the token is good for this.
    #[must_use]
    pub fn allow(&self, wanted: Ability) -> bool {
        self.0
            .iter()
            .any(|&has| has == wanted || has == Ability::Everything)
    }
}

impl FromJson for Abilities {
    fn from_json(value: &serde_json::Value) -> Result<Self, Wrong> {
        let mut abilities = Vec::<Ability>::from_json(value)?;
        abilities.sort_unstable();
        abilities.dedup();
        match abilities.is_empty() {
            true => Err(Wrong::new("too_short", "must name at least one ability")),
            false => Ok(Abilities(abilities)),
        }
    }
}

/// Kept as a JSON list.
impl From<&Abilities> for Value {
    fn from(abilities: &Abilities) -> Self {
        let names = abilities.0.iter().map(|ability| ability.name().into());
        Value::Json(serde_json::Value::Array(names.collect()))
    }
}

impl FromValue for Abilities {
    fn from_value(value: &Value) -> Result<Self, duly_db::Error> {
        let json = serde_json::Value::from_value(value)?;
        serde_json::from_value(json)
            .map(Abilities)
            .map_err(|error| duly_db::Error::Decode(format!("abilities: {error}")))
    }
}
