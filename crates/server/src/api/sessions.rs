//! `/sessions`

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use duly_tracker::sessions::{self, Session};
use duly_tracker::{Page, SessionId};

use super::input::{Id, Parameters};
use super::permit::SessionOnly;
use super::reply::{self, Reply};
use crate::app::Context;

/// Lists where you are logged in, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/sessions",
    operation_id = "listSessions",
    tag = "sessions",
    responses((status = 200, description = "Your sessions.", body = Page<Session>)),
    security(("session" = []))
)]
pub(crate) async fn list(
    State(context): State<Arc<Context>>,
    permit: SessionOnly,
    parameters: Parameters,
) -> Reply {
    parameters.only([])?;
    let (user, current) = (permit.principal.user, Some(permit.session));
    let page = sessions::list(&context.tracker, user, current).await?;
    Ok(reply::json(StatusCode::OK, &page)?)
}

/// Shows a session.
#[utoipa::path(
    get,
    path = "/api/v1/sessions/{id}",
    operation_id = "getSession",
    tag = "sessions",
    params(("id" = SessionId, Path, description = "The session.")),
    responses((status = 200, description = "The session.", body = Session)),
    security(("session" = []))
)]
pub(crate) async fn get(
    State(context): State<Arc<Context>>,
    permit: SessionOnly,
    Id(id): Id<SessionId>,
) -> Reply {
    let (user, current) = (permit.principal.user, Some(permit.session));
    let session = sessions::get(&context.tracker, user, id, current).await?;
    Ok(reply::json(StatusCode::OK, &session)?)
}

/// Ends a session.
#[utoipa::path(
    delete,
    path = "/api/v1/sessions/{id}",
    operation_id = "revokeSession",
    tag = "sessions",
    params(("id" = SessionId, Path, description = "The session.")),
    responses((status = 204, description = "It has ended.")),
    security(("session" = []))
)]
pub(crate) async fn revoke(
    State(context): State<Arc<Context>>,
    permit: SessionOnly,
    Id(id): Id<SessionId>,
) -> Reply {
    sessions::revoke(&context.tracker, permit.principal.user, id).await?;
    Ok(reply::no_content())
}

/// Ends every session but this one.
#[utoipa::path(
    delete,
    path = "/api/v1/sessions",
    operation_id = "revokeOtherSessions",
    tag = "sessions",
    responses((status = 204, description = "They have ended.")),
    security(("session" = []))
)]
pub(crate) async fn revoke_others(
    State(context): State<Arc<Context>>,
    permit: SessionOnly,
) -> Reply {
    sessions::revoke_others(&context.tracker, permit.principal.user, permit.session).await?;
    Ok(reply::no_content())
}
