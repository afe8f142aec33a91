//! `/tasks/bulk`

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use duly_tracker::Page;
use duly_tracker::tasks::{self, BulkInput, Task};

use super::input::JsonBody;
use super::permit::{Permit, TasksWrite};
use super::reply::{self, Reply};
use crate::app::Context;

/// Changes, deletes or restores up to 1000 tasks, all of them or none.
#[utoipa::path(
    post,
    path = "/api/v1/tasks/bulk",
    operation_id = "changeTasks",
    tag = "tasks",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes sending the same request again safe for 24 hours.")),
    request_body(content = BulkInput, example = json!({"ids": ["019389f2-3a9a-7c7e-9f57-0e4d7d2b8c11"], "change": {"priority": "high"}})),
    responses((status = 200, description = "The tasks as they are now, in the order named.", body = Page<Task>)),
    security(("session" = []), ("token" = ["tasks:write"]))
)]
pub(crate) async fn bulk(
    State(context): State<Arc<Context>>,
    permit: Permit<TasksWrite>,
    body: JsonBody<BulkInput>,
) -> Reply {
    let (ids, action) = body.value.parse()?;
    let by = permit.principal.actor();
    let outcome = tasks::bulk(&context.tracker, &by, ids, action, body.idempotent).await?;
    Ok(reply::recorded(outcome, |page| {
        reply::json(StatusCode::OK, &page)
    })?)
}
