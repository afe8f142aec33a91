//! `/notifications`

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use duly_tracker::input::Reader;
use duly_tracker::notifications::{self, Notification};
use duly_tracker::{Page, TaskId};

use super::input::{Parameters, page_limit};
use super::kept::{self, Hand};
use super::permit::{TasksRead, Viewer};
use super::problem::Problem;
use super::reply::Reply;
use crate::app::Context;

/// Lists the receipts of your reminders, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/notifications",
    operation_id = "listNotifications",
    tag = "tasks",
    params(
        ("task_id" = Option<TaskId>, Query, description = "Only about this task."),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 when left out.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "A page of receipts.", body = Page<Notification>),
        (status = 304, description = "Not changed."),
    ),
    security(("session" = []), ("token" = ["tasks:read"]))
)]
pub(crate) async fn list(
    State(context): State<Arc<Context>>,
    viewer: Viewer<TasksRead>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Reply {
    let [task, limit, cursor] = parameters.only(["task_id", "limit", "cursor"])?;
    let (task, limit) = checked(task, limit)?;
    let load = async || {
        let mut conn = viewer.conn(&context);
        let owner = viewer.visitor.principal.user;
        let page = notifications::list(&mut conn, owner, task, limit, cursor).await?;
        Ok((page, conn.label()))
    };
    kept::view(&context, &viewer, &headers, || Hand::None, load).await
}

fn checked(task: Option<&str>, limit: Option<&str>) -> Result<(Option<TaskId>, u32), Problem> {
    let mut reader = Reader::new();
    let task = task.and_then(|text| match text.parse() {
        Ok(id) => Some(id),
        Err(_) => {
            reader.refuse("task_id", "invalid_id", "must be the id of a task");
            None
        }
    });
    let limit = page_limit(&mut reader, limit);
    reader.finish()?;
    Ok((task, limit))
}
