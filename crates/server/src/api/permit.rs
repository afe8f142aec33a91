//! Who asks, and whether they may: an argument of each handler that needs it. A handler without
//! such an argument is open to everybody.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};
use duly_cache::{Credential, View};
use duly_tracker::secret::Secret;
use duly_tracker::sessions::{Asked, Principal, Shown, Visitor};
use duly_tracker::tokens::Ability;
use duly_tracker::{Error, SessionId};

use super::problem::Problem;
use crate::app::Context;
use crate::http::{cookie, seen};
use crate::limits::Toll;

/// What an API token must be good for, as a type. A log-in in the browser is good for everything.
pub(crate) trait Needs: Send {
    /// The ability.
    const ABILITY: Ability;
}

macro_rules! needs {
    ($($(#[$doc:meta])* $type:ident)*) => {
        $($(#[$doc])* #[derive(Debug)] pub(crate) struct $type; impl Needs for $type {
            const ABILITY: Ability = Ability::$type;
        })*
    };
}

needs! {
    /// To see tasks and their activity, labels, statistics and receipts.
    TasksRead
    /// To make, change and delete tasks.
    TasksWrite
    /// To see the account.
    AccountRead
}

/// Proof that somebody is logged in, or holds a token with this ability.
#[derive(Debug)]
pub(crate) struct Permit<A> {
    /// Who.
    pub(crate) principal: Principal,
    needs: PhantomData<A>,
}

impl<A: Needs> FromRequestParts<Arc<Context>> for Permit<A> {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        context: &Arc<Context>,
    ) -> Result<Self, Problem> {
        let principal = principal(context, parts).await?;
        principal.require(A::ABILITY)?;
        Ok(Permit {
            principal,
            needs: PhantomData,
        })
    }
}

/// Like [`Permit`], for an answer that the cache keeps: it has looked for the answer as well.
#[derive(Debug)]
pub(crate) struct Viewer<A> {
    /// Who, and how new what they are shown has to be.
    pub(crate) visitor: Arc<Visitor>,
    /// What they ask for.
    pub(crate) view: View,
    needs: PhantomData<A>,
}

impl<A: Needs> FromRequestParts<Arc<Context>> for Viewer<A> {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        context: &Arc<Context>,
    ) -> Result<Self, Problem> {
        let view = view_of(&parts.uri);
        let visitor = match parts.extensions.remove::<Arc<Visitor>>() {
            Some(visitor) => visitor,
            None => {
                let toll = parts.extensions.get();
                let known = visitor(context, &parts.headers, toll, Some(view), true);
                Arc::new(known.await?)
            }
        };
        visitor.principal.require(A::ABILITY)?;
        Ok(Viewer {
            visitor,
            view,
            needs: PhantomData,
        })
    }
}

impl<A: Needs> Viewer<A> {
    /// Somebody who has just logged in and is about to ask for that, from their own browser.
    ///
    /// # Errors
    /// As for the request itself.
    pub(crate) async fn expected(
        context: &Context,
        secret: &Secret,
        path: &str,
        query: &str,
    ) -> Result<Self, Error> {
        let view = View::of(REPRESENTATION, &[path, query]);
        let asked = Asked {
            view: Some(view),
            ..Asked::nothing()
        };
        let shown = Shown::Session(secret.clone());
        let visitor = shown.look(&context.tracker, asked).await?;
        visitor.principal.require(A::ABILITY)?;
        Ok(Viewer {
            visitor: Arc::new(visitor),
            view,
            needs: PhantomData,
        })
    }
}

/// What a URL asks for.
pub(super) fn view_of(uri: &Uri) -> View {
    let query = uri.query().unwrap_or_default();
    View::of(REPRESENTATION, &[uri.path(), query])
}

/// Answers that a release has kept are of no use to one that writes them differently.
const REPRESENTATION: &str = env!("CARGO_PKG_VERSION");

/// Proof that somebody is logged in in the browser. API tokens may neither change the account nor
/// make further tokens, whatever their abilities.
#[derive(Debug)]
pub(crate) struct SessionOnly {
    /// Who.
    pub(crate) principal: Principal,
    /// By which session.
    pub(crate) session: SessionId,
}

impl FromRequestParts<Arc<Context>> for SessionOnly {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        context: &Arc<Context>,
    ) -> Result<Self, Problem> {
        let principal = principal(context, parts).await?;
        let session = principal.require_session()?;
        Ok(SessionOnly { principal, session })
    }
}

/// Proof that an administrator is logged in in the browser. Everybody else who is logged in is
/// answered 403, whatever they ask for: the URLs are in the documentation, so there is nothing to
/// hide behind a 404.
#[derive(Debug)]
pub(crate) struct Admin {
    /// Who.
    pub(crate) principal: Principal,
}

impl FromRequestParts<Arc<Context>> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        context: &Arc<Context>,
    ) -> Result<Self, Problem> {
        let principal = principal(context, parts).await?;
        principal.require_administrator()?;
        Ok(Admin { principal })
    }
}

/// Who listens, by what they show again and again. It does not count as a use, so that a page that
/// is left open does not stay logged in for ever.
#[derive(Debug)]
pub(crate) struct Listener(pub(crate) Shown);

impl FromRequestParts<Arc<Context>> for Listener {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        context: &Arc<Context>,
    ) -> Result<Self, Problem> {
        visitor(context, &parts.headers, parts.extensions.get(), None, false).await?;
        Ok(Listener(shown(context, &parts.headers)?))
    }
}

async fn principal(context: &Context, parts: &Parts) -> Result<Principal, Problem> {
    let toll = parts.extensions.get();
    let known = visitor(context, &parts.headers, toll, None, true);
    Ok(known.await?.principal)
}

/// Who asks, unless they ask too often.
pub(super) async fn visitor(
    context: &Context,
    headers: &HeaderMap,
    toll: Option<&Arc<Toll>>,
    view: Option<View>,
    is_use: bool,
) -> Result<Visitor, Problem> {
    let limiter = &context.tracker.limiter;
    match known(context, headers, view, toll, is_use).await {
        Ok(mut visitor) => {
            if let Some(toll) = toll {
                toll.note(std::mem::take(&mut visitor.visit.standing));
            }
            Ok(visitor)
        }
        Err(Error::Unauthenticated) => match toll {
            Some(toll) if !Box::pin(toll.pay_as_nobody(limiter)).await => {
                Err(Problem::too_many(toll.take_said().unwrap_or_default()))
            }
            _ => Err(Error::Unauthenticated.into()),
        },
        Err(error) => Err(error.into()),
    }
}

/// Whose the cookie or the token is.
async fn known(
    context: &Context,
    headers: &HeaderMap,
    view: Option<View>,
    toll: Option<&Arc<Toll>>,
    is_use: bool,
) -> Result<Visitor, Error> {
    let counts =
        |credential: &Credential| toll.map_or_else(Vec::new, |toll| toll.counts(credential));
    let stranger = toll.map(|toll| || toll.stranger());
    let asked = Asked {
        view,
        at_least: seen::by_client(headers),
        counts: &counts,
        stranger: match &stranger {
            Some(stranger) => Some(stranger),
            None => None,
        },
    };
    let shown = shown(context, headers)?;
    let known = match is_use {
        true => shown.visit(&context.tracker, asked).await,
        false => shown.look(&context.tracker, asked).await,
    };
    if let Ok(visitor) = &known {
        let user = visitor.principal.user.0;
        tracing::Span::current().record("user.id", tracing::field::display(user));
    }
    known
}

/// By what they say who they are. A token that is sent counts even when it is worthless: falling
/// back to the cookie would hide the mistake.
fn shown(context: &Context, headers: &HeaderMap) -> Result<Shown, Error> {
    let shown = match headers.get(header::AUTHORIZATION) {
        Some(line) => {
            let token = line.to_str().ok().and_then(bearer);
            token.map(|token| Shown::Token(Secret::received(token)))
        }
        None => session_secret(context, headers).map(Shown::Session),
    };
    shown.ok_or(Error::Unauthenticated)
}

/// The secret of the session in the cookie, if there is one.
pub(crate) fn session_secret(context: &Context, headers: &HeaderMap) -> Option<Secret> {
    cookie::session(headers, context.https()).map(Secret::received)
}

/// `Bearer` and a token (RFC 6750).
fn bearer(line: &str) -> Option<&str> {
    let (scheme, token) = line.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
