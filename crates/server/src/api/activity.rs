//! `/tasks/{id}/activity`

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use duly_tracker::activity::{self, Activity};
use duly_tracker::input::Reader;
use duly_tracker::{Page, TaskId};

use super::input::{Id, Parameters, page_limit};
use super::permit::{Permit, TasksRead};
use super::reply::{self, Reply};
use crate::app::Context;

/// Lists who changed what of a task, newest first.
///
/// The log outlives the task: it can be read as long as the operator keeps it, even when the task
/// is deleted for good.
#[utoipa::path(
    get,
    path = "/tasks/{id}/activity",
    operation_id = "listActivity",
    tag = "tasks",
    params(
        ("id" = TaskId, Path, description = "The task."),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 when left out.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "A page of the log.", body = Page<Activity>),
        (status = 304, description = "Not changed."),
    ),
    security(("session" = []), ("token" = ["tasks:read"]))
)]
pub(crate) async fn list(
    State(context): State<Arc<Context>>,
    permit: Permit<TasksRead>,
    Id(task): Id<TaskId>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Reply {
    let [limit, cursor] = parameters.only(["limit", "cursor"])?;
    let mut reader = Reader::new();
    let limit = page_limit(&mut reader, limit);
    reader.finish()?;
    let principal = &permit.principal;
    let (owner, version) = (principal.user, principal.version);
    let load = activity::list(&context.tracker, owner, version, task, limit, cursor);
    reply::view(principal, &headers, "", load).await
}
