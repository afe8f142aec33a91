//! `/admin/database`, `/admin/cache` and `/admin/slow-queries`

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use duly_cache::Status as CacheStatus;
use duly_db::{SlowQueries, Status as DatabaseStatus};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::input::{Id, Parameters};
use crate::api::permit::Admin;
use crate::api::problem::{Code, Problem};
use crate::api::reply::{self, Reply};
use crate::app::Context;

/// How the database would run a statement.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueryPlan {
    /// The short name of the statement's text.
    id: String,
    /// What the engine says, line by line.
    plan: String,
}

/// Shows how the database and its replicas are doing, as the process that answers sees it.
#[utoipa::path(
    get,
    path = "/api/v1/admin/database",
    operation_id = "getDatabase",
    tag = "admin",
    responses((status = 200, description = "How it is doing.", body = DatabaseStatus)),
    security(("session" = ["admin"]))
)]
pub(crate) async fn database(
    State(context): State<Arc<Context>>,
    _: Admin,
    parameters: Parameters,
) -> Reply {
    parameters.only([])?;
    Ok(reply::json(StatusCode::OK, &context.tracker.db.status())?)
}

/// Shows how the cache is doing, as the process that answers sees it.
#[utoipa::path(
    get,
    path = "/api/v1/admin/cache",
    operation_id = "getCache",
    tag = "admin",
    responses((status = 200, description = "How it is doing.", body = CacheStatus)),
    security(("session" = ["admin"]))
)]
pub(crate) async fn cache(
    State(context): State<Arc<Context>>,
    _: Admin,
    parameters: Parameters,
) -> Reply {
    parameters.only([])?;
    let status = context.tracker.cache.status();
    Ok(reply::json(StatusCode::OK, &status)?)
}

/// Lists the statements that were slow since the start of the process that answers.
#[utoipa::path(
    get,
    path = "/api/v1/admin/slow-queries",
    operation_id = "listSlowQueries",
    tag = "admin",
    responses((status = 200, description = "The slow statements by text, the one that took the most time altogether first, and the last ones.", body = SlowQueries)),
    security(("session" = ["admin"]))
)]
pub(crate) async fn slow_queries(
    State(context): State<Arc<Context>>,
    _: Admin,
    parameters: Parameters,
) -> Reply {
    parameters.only([])?;
    let found = context.tracker.db.slow_queries();
    Ok(reply::json(StatusCode::OK, &found)?)
}

/// Asks the database how it would run the slowest statement of a text. Nothing is run.
#[utoipa::path(
    get,
    path = "/api/v1/admin/slow-queries/{id}/plan",
    operation_id = "explainSlowQuery",
    tag = "admin",
    params(("id" = String, Path, description = "The `id` of the text in the list.")),
    responses((status = 200, description = "The plan (EXPLAIN), without what is bound.", body = QueryPlan)),
    security(("session" = ["admin"]))
)]
pub(crate) async fn plan(
    State(context): State<Arc<Context>>,
    _: Admin,
    Id(id): Id<String>,
) -> Reply {
    let explained = context.tracker.db.explain_worst(&id).await;
    match explained.map_err(duly_tracker::Error::from)? {
        Some(plan) => Ok(reply::json(StatusCode::OK, &QueryPlan { id, plan })?),
        None => {
            let detail = "There is no such slow query any more, or it is too large to be kept.";
            Err(Problem::new(Code::NotFound).detail(detail))
        }
    }
}
