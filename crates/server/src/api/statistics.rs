//! `/statistics`

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use duly_tracker::statistics::{self, Statistics};

use super::input::Parameters;
use super::kept::{self, Hand};
use super::permit::{TasksRead, Viewer};
use super::reply::Reply;
use crate::app::Context;

/// Shows what is open and what was done when, judged in your time zone.
#[utoipa::path(
    get,
    path = "/api/v1/statistics",
    operation_id = "getStatistics",
    tag = "tasks",
    responses(
        (status = 200, description = "Your figures.", body = Statistics),
        (status = 304, description = "Not changed."),
    ),
    security(("session" = []), ("token" = ["tasks:read"]))
)]
pub(crate) async fn show(
    State(context): State<Arc<Context>>,
    viewer: Viewer<TasksRead>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Reply {
    parameters.only([])?;
    let load = async || {
        let principal = &viewer.visitor.principal;
        let mut conn = viewer.conn(&context);
        let (zone, now) = (&principal.time_zone, context.tracker.clock.now());
        let figures = statistics::statistics(&mut conn, principal.user, zone, now).await?;
        Ok((figures, conn.label()))
    };
    // What is overdue changes without any write.
    kept::view(&context, &viewer, &headers, || Hand::Minute, load).await
}
