//! Making, listing and ending tokens.

use duly_db::random::new_id;
use duly_db::versions::{self, Kind};
use jiff::Timestamp;
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;

use super::{Abilities, Ability, ApiToken, format, store};
use crate::id::{TokenId, UserId};
use crate::idempotency::{self, Begun, Idempotent, Recorded};
use crate::input::{Field, FromText, Reader, Wrong, bounded_text};
use crate::page::Page;
use crate::secret::Secret;
use crate::{Error, Result, Tracker};

/// A person can have so many tokens.
const MOST_TOKENS: usize = 100;

/// What a person calls a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenName(String);

impl FromText for TokenName {
    fn from_text(text: &str) -> std::result::Result<Self, Wrong> {
        let name: String = text.trim().nfc().collect();
        bounded_text(&name, 1, 100, &[])?;
        Ok(TokenName(name))
    }
}

/// An instant, as RFC 3339.
#[derive(Debug, Clone, Copy)]
struct Instant(Timestamp);

impl FromText for Instant {
    fn from_text(text: &str) -> std::result::Result<Self, Wrong> {
        let wrong = || Wrong::new("invalid", "must be a time such as 2027-01-31T09:00:00Z");
        let given: Timestamp = text.parse().map_err(|_| wrong())?;
        Timestamp::from_microsecond(given.as_microsecond())
            .map(Instant)
            .map_err(|_| wrong())
    }
}

/// The body of a request for a new token.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTokenInput {
    /// What the person calls it.
    #[schema(value_type = String, min_length = 1, max_length = 100, required = true)]
    #[serde(default)]
    name: Field<TokenName>,
    /// What it is good for.
    #[schema(value_type = Vec<Ability>, min_items = 1, required = true)]
    #[serde(default)]
    abilities: Field<Abilities>,
    /// When it ends; never when left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default)]
    expires_at: Field<Instant>,
}

/// A new token, checked.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What the person calls it.
    pub name: TokenName,
    /// What it is good for.
    pub abilities: Abilities,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

impl NewTokenInput {
    /// Checks the fields; an end must lie after `now`.
    ///
    /// # Errors
    /// Every wrong field at once.
    pub fn parse(self, now: Timestamp) -> Result<NewToken> {
        let mut reader = Reader::new();
        let name = reader.required("name", self.name);
        let abilities = reader.required("abilities", self.abilities);
        let expires_at = reader.nullable("expires_at", self.expires_at).flatten();
        let expires_at = expires_at.map(|instant| instant.0);
        if expires_at.is_some_and(|end| end <= now) {
            reader.refuse("expires_at", "in_the_past", "must lie in the future");
        }
        reader.finish()?;
        match (name, abilities) {
            (Some(name), Some(abilities)) => Ok(NewToken {
                name,
                abilities,
                expires_at,
            }),
            _ => Err(Error::Internal("a checked token".into())),
        }
    }
}

/// Makes a token. Its text is answered here and nowhere else; what is kept does not give it back,
/// and so the answer to the same request sent again is the token without its text.
///
/// # Errors
/// [`Error::Invalid`], field `name`, when the person has too many tokens; the idempotency errors
/// of [`idempotency::begin`].
pub async fn create(
    tracker: &Tracker,
    user: UserId,
    new: NewToken,
    idempotent: Option<Idempotent>,
) -> Result<Recorded<(ApiToken, Secret)>> {
    let now = tracker.clock.now();
    let random = tracker.random.as_ref();
    let token = ApiToken {
        id: TokenId(new_id(random, now)),
        name: new.name.0,
        abilities: new.abilities,
        created_at: now,
        expires_at: new.expires_at,
        last_used_at: None,
    };
    let owner = tracker.cache.keys().of(user.0);
    let text = format::write(owner, &Secret::new(random));
    let mut tx = tracker.db.begin();
    let _flight = match idempotency::begin(tracker, &mut tx, user, idempotent.as_ref()).await? {
        Begun::Replay(earlier) => return Ok(Recorded::Replayed(earlier)),
        Begun::First(flight) => flight,
    };
    if store::all(&mut tx, user).await?.len() >= MOST_TOKENS {
        let message = format!("is one too many: there are {MOST_TOKENS} tokens already");
        return Err(Error::field("name", "too_many", message));
    }
    store::insert(&mut tx, user, text.hash(), &token).await?;
    if let Some(idempotent) = &idempotent {
        let location = Some(format!("/api/v1/tokens/{}", token.id));
        idempotency::record(tracker, &mut tx, user, idempotent, 201, location, &token)?;
    }
    versions::raise(&mut tx, user.0, Kind::Auth);
    tx.commit().await?;
    Ok(Recorded::Fresh((token, text)))
}

/// All tokens of a person, newest first, those that have expired included.
///
/// # Errors
/// When the database fails.
pub async fn list(tracker: &Tracker, user: UserId) -> Result<Page<ApiToken>> {
    let mut data = store::all(&mut tracker.db.read_fresh(), user).await?;
    for token in &mut data {
        token.last_used_at = token.last_used_at.max(tracker.seen.token(token.id));
    }
    Ok(Page::whole(data))
}

/// One token of a person.
///
/// # Errors
/// [`Error::NotFound`] when the person has no such token.
pub async fn get(tracker: &Tracker, user: UserId, id: TokenId) -> Result<ApiToken> {
    let all = list(tracker, user).await?;
    all.data
        .into_iter()
        .find(|token| token.id == id)
        .ok_or(Error::NotFound("token"))
}

/// Ends a token; it is refused from the next request on.
///
/// # Errors
/// [`Error::NotFound`] when the person has no such token.
pub async fn revoke(tracker: &Tracker, user: UserId, id: TokenId) -> Result<()> {
    let mut tx = tracker.db.begin();
    if !store::delete(&mut tx, user, id).await? {
        return Err(Error::NotFound("token"));
    }
    versions::raise(&mut tx, user.0, Kind::Auth);
    tx.commit().await?;
    Ok(())
}

/// Ends all tokens of a person.
///
/// # Errors
/// When the database fails.
pub async fn revoke_all(tracker: &Tracker, user: UserId) -> Result<()> {
    let mut tx = tracker.db.begin();
    if store::end_all(&mut tx, user).await? == 0 {
        return Ok(());
    }
    versions::raise(&mut tx, user.0, Kind::Auth);
    tx.commit().await?;
    Ok(())
}
