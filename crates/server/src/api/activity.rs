//! `/tasks/{id}/activity`

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use duly_tracker::activity::{self, Activity};
use duly_tracker::input::Reader;
use duly_tracker::{Page, TaskId};

use super::input::{Id, Parameters, page_limit};
use super::kept::{self, Hand};
use super::permit::{TasksRead, Viewer};
use super::reply::Reply;
use crate::app::Context;

/// Lists who changed what of a task, newest first.
///
/// The log outlives the task: it can be read as long as the operator keeps it, even when the task
/// is deleted for good.
#[utoipa::path(
    get,
    path = "/api/v1/tasks/{id}/activity",
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
    viewer: Viewer<TasksRead>,
    Id(task): Id<TaskId>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Reply {
    let [limit, cursor] = parameters.only(["limit", "cursor"])?;
    let mut reader = Reader::new();
    let limit = page_limit(&mut reader, limit);
    reader.finish()?;
    let load = async || {
        let mut conn = viewer.conn(&context);
        let owner = viewer.visitor.principal.user;
        let page = activity::list(&mut conn, owner, task, limit, cursor).await?;
        Ok((page, conn.label()))
    };
    kept::view(&context, &viewer, &headers, || Hand::None, load).await
}
