//! `/statistics`

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use duly_tracker::statistics::{self, Statistics};

use super::input::Parameters;
use super::permit::{Permit, TasksRead};
use super::reply::{self, Reply};
use super::tasks::local_time;
use crate::app::Context;

/// Shows what is open and what was done when, judged in your time zone.
#[utoipa::path(
    get,
    path = "/statistics",
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
    permit: Permit<TasksRead>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Reply {
    parameters.only([])?;
    let principal = &permit.principal;
    // What is overdue changes without any write.
    let minute = local_time(&context, principal)
        .strftime("%Y-%m-%dT%H:%M")
        .to_string();
    let load = statistics::statistics(
        &context.tracker,
        principal.user,
        principal.version,
        &principal.time_zone,
    );
    reply::view(principal, &headers, &minute, load).await
}
