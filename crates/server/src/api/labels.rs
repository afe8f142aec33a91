//! `/labels`

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use duly_tracker::Page;
use duly_tracker::tasks::{self, LabelCount};

use super::input::Parameters;
use super::permit::{Permit, TasksRead};
use super::reply::{self, Reply};
use crate::app::Context;

/// Lists the labels in use, in alphabetical order.
#[utoipa::path(
    get,
    path = "/labels",
    operation_id = "listLabels",
    tag = "tasks",
    responses(
        (status = 200, description = "Every label.", body = Page<LabelCount>),
        (status = 304, description = "Not changed."),
    ),
    security(("session" = []), ("token" = ["tasks:read"]))
)]
pub(crate) async fn list(
    State(context): State<Arc<Context>>,
    permit: Permit<TasksRead>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Reply {
    parameters.only([])?;
    let load = tasks::labels(&context.tracker, permit.principal.user);
    reply::view(&permit.principal, &headers, "", load).await
}
