//! E-mail addresses.

use duly_db::{FromValue, Value};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;

use crate::input::{FromText, Wrong};

/// The longest address that mail servers must accept, in bytes (RFC 5321 §4.5.3.1.3).
const LONGEST: usize = 254;
const LONGEST_LOCAL: usize = 64;
const LONGEST_LABEL: usize = 63;

/// An e-mail address as the person wrote it, but for the normal form of Unicode.
///
/// Quoted local parts, comments and address literals (RFC 5322) are refused: nobody has one, and
/// much that reads addresses gets them wrong.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, format = Email)]
pub struct Email(String);

impl Email {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which addresses are compared: one person cannot have two accounts by writing
    /// their address differently. Mail always goes to [`Email::as_str`] of the account, never to
    /// what somebody typed, so two addresses that fold to the same cannot take each other's links.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_lowercase().nfc().collect()
    }

    /// What stands before the `@`.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }
}

impl std::fmt::Display for Email {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromText for Email {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        let wrong = || Wrong::new("invalid", "must be an e-mail address");
        let text = text.trim();
        if text.is_empty() {
            return Err(Wrong::new("required", "is required"));
        }
        if text.len() > LONGEST {
            return Err(Wrong::new(
                "too_long",
                format!("must have at most {LONGEST} bytes"),
            ));
        }
        let (local, domain) = text.rsplit_once('@').ok_or_else(wrong)?;
        let local: String = local.nfc().collect();
        // Full-width letters and ideographic full stops become what a mail server will make of
        // them anyway (UTS #46).
        let domain: String = domain
            .nfkc()
            .map(|found| if found == '\u{3002}' { '.' } else { found })
            .collect();
        let domain: String = domain.to_lowercase().nfc().collect();
        let address = format!("{local}@{domain}");
        if !is_local_part(&local) || !is_domain(&domain) || address.len() > LONGEST {
            return Err(wrong());
        }
        Ok(Email(address))
    }
}

fn is_local_part(local: &str) -> bool {
    let length = 1..=LONGEST_LOCAL;
    length.contains(&local.len())
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local
            .chars()
            .all(|found| is_visible(found) && !"\"(),:;<>@[\\]".contains(found))
}

fn is_domain(domain: &str) -> bool {
    domain.split('.').all(|label| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|found| match found.is_ascii() {
                true => found.is_ascii_alphanumeric() || found == '-',
                false => is_visible(found),
            })
    })
}

/// No white space, no control character and nothing that is there but not seen.
fn is_visible(character: char) -> bool {
    let unseen = matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}'
        | '\u{e0000}'..='\u{e0fff}'
    );
    !unseen && !character.is_whitespace() && !character.is_control()
}

impl FromValue for Email {
    fn from_value(value: &Value) -> Result<Self, duly_db::Error> {
        String::from_value(value).map(Email)
    }
}

impl From<&Email> for Value {
    fn from(email: &Email) -> Self {
        Value::from(email.as_str())
    }
}
