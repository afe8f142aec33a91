//! `/tokens`

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use duly_tracker::tokens::{self, ApiToken, NewTokenInput};
use duly_tracker::{Page, TokenId};
use serde::Serialize;
use utoipa::ToSchema;

use super::input::{Id, JsonBody, Parameters};
use super::permit::SessionOnly;
use super::reply::{self, Reply};
use crate::app::Context;

/// A new token, with its text, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewApiToken {
    #[serde(flatten)]
    about: ApiToken,
    /// What to send as `Authorization: Bearer …`.
    token: String,
}

/// Lists your API tokens, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/tokens",
    operation_id = "listTokens",
    tag = "tokens",
    responses((status = 200, description = "Your tokens, without their text.", body = Page<ApiToken>)),
    security(("session" = []))
)]
pub(crate) async fn list(
    State(context): State<Arc<Context>>,
    permit: SessionOnly,
    parameters: Parameters,
) -> Reply {
    parameters.only([])?;
    let page = tokens::list(&context.tracker, permit.principal.user).await?;
    Ok(reply::json(StatusCode::OK, &page)?)
}

/// Makes an API token. Its text is shown this once.
#[utoipa::path(
    post,
    path = "/api/v1/tokens",
    operation_id = "createToken",
    tag = "tokens",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes sending the same request again safe for 24 hours. The text of the token is in the first answer only.")),
    request_body(content = NewTokenInput, example = json!({"name": "Calendar sync", "abilities": ["tasks:read"], "expires_at": "2027-12-31T00:00:00Z"})),
    responses((status = 201, description = "The token.", body = NewApiToken, headers(("Location" = String, description = "Its URL.")))),
    security(("session" = []))
)]
pub(crate) async fn create(
    State(context): State<Arc<Context>>,
    permit: SessionOnly,
    body: JsonBody<NewTokenInput>,
) -> Reply {
    let new = body.value.parse(context.tracker.clock.now())?;
    let user = permit.principal.user;
    let outcome = tokens::create(&context.tracker, user, new, body.idempotent).await?;
    let response = reply::recorded(outcome, |(about, secret)| {
        let location = format!("/api/v1/tokens/{}", about.id);
        let token = NewApiToken {
            about,
            token: secret.reveal().to_owned(),
        };
        let mut response = reply::json(StatusCode::CREATED, &token)?;
        if let Ok(location) = HeaderValue::try_from(location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        Ok(response)
    })?;
    Ok(response)
}

/// Shows an API token, without its text.
#[utoipa::path(
    get,
    path = "/api/v1/tokens/{id}",
    operation_id = "getToken",
    tag = "tokens",
    params(("id" = TokenId, Path, description = "The token.")),
    responses((status = 200, description = "The token.", body = ApiToken)),
    security(("session" = []))
)]
pub(crate) async fn get(
    State(context): State<Arc<Context>>,
    permit: SessionOnly,
    Id(id): Id<TokenId>,
) -> Reply {
    let token = tokens::get(&context.tracker, permit.principal.user, id).await?;
    Ok(reply::json(StatusCode::OK, &token)?)
}

/// Ends an API token.
#[utoipa::path(
    delete,
    path = "/api/v1/tokens/{id}",
    operation_id = "revokeToken",
    tag = "tokens",
    params(("id" = TokenId, Path, description = "The token.")),
    responses((status = 204, description = "It has ended.")),
    security(("session" = []))
)]
pub(crate) async fn revoke(
    State(context): State<Arc<Context>>,
    permit: SessionOnly,
    Id(id): Id<TokenId>,
) -> Reply {
    tokens::revoke(&context.tracker, permit.principal.user, id).await?;
    Ok(reply::no_content())
}

/// Ends every API token.
#[utoipa::path(
    delete,
    path = "/api/v1/tokens",
    operation_id = "revokeAllTokens",
    tag = "tokens",
    responses((status = 204, description = "They have ended.")),
    security(("session" = []))
)]
pub(crate) async fn revoke_all(State(context): State<Arc<Context>>, permit: SessionOnly) -> Reply {
    tokens::revoke_all(&context.tracker, permit.principal.user).await?;
    Ok(reply::no_content())
}
