//! `/tasks`

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use duly_tracker::input::Reader;
use duly_tracker::secret::Secret;
use duly_tracker::sessions::Principal;
use duly_tracker::tasks::{self, Due, NewTaskInput, Task, TaskChangeInput, TaskFilter};
use duly_tracker::{Error, Page, Result, TaskId};
use jiff::civil::DateTime;

use super::input::{Id, IfMatch, JsonBody};
use super::kept::{self, Hand};
use super::permit::{Permit, TasksRead, TasksWrite, Viewer};
use super::reply::{self, Reply};
use crate::app::Context;
use crate::http::query;

/// Lists tasks.
///
/// Without `status` tasks of every status are listed. A list that has not changed since the
/// `ETag` named by `If-None-Match` is answered by 304.
#[utoipa::path(
    get,
    path = "/api/v1/tasks",
    operation_id = "listTasks",
    tag = "tasks",
    params(
        ("status" = Option<String>, Query, description = "One or several of `pending`, `in_progress`, `completed`.", example = "pending,in_progress"),
        ("due" = Option<String>, Query, description = "`overdue`, `today`, `tomorrow` or `week`, judged in your time zone."),
        ("due_from" = Option<String>, Query, description = "The first day due.", example = "2026-11-24"),
        ("due_to" = Option<String>, Query, description = "The last day due.", example = "2026-11-30"),
        ("priority" = Option<String>, Query, description = "One or several of `none`, `low`, `medium`, `high`.", example = "medium,high"),
        ("label" = Option<String>, Query, description = "Tasks that carry all of these labels.", example = "home"),
        ("q" = Option<String>, Query, description = "Each word must stand in the title or the description."),
        ("trash" = Option<bool>, Query, description = "`true` lists what is in the trash instead."),
        ("sort" = Option<String>, Query, description = "`due_date`, `created_at`, `updated_at`, `priority` or `title`, with `-` before it for the reverse order.", example = "-priority"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 when left out.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
        ("fields" = Option<String>, Query, description = "Only these fields of each task.", example = "id,title"),
    ),
    responses(
        (status = 200, description = "A page of tasks.", body = Page<Task>),
        (status = 304, description = "Not changed."),
    ),
    security(("session" = []), ("token" = ["tasks:read"]))
)]
pub(crate) async fn list(
    State(context): State<Arc<Context>>,
    viewer: Viewer<TasksRead>,
    headers: HeaderMap,
    uri: Uri,
) -> Reply {
    let query = uri.query().unwrap_or_default();
    shown(&context, &viewer, &headers, query).await
}

async fn shown(
    context: &Context,
    viewer: &Viewer<TasksRead>,
    headers: &HeaderMap,
    query: &str,
) -> Reply {
    let load = async || {
        let filter = filter(query)?;
        let principal = &viewer.visitor.principal;
        let mut conn = viewer.conn(context);
        let now = local_time(context, principal);
        let page = tasks::list(&mut conn, principal.user, &filter, now).await?;
        Ok((page, conn.label()))
    };
    let hand = || filter(query).map_or(Hand::None, |filter| hand(&filter));
    kept::view(context, viewer, headers, hand, load).await
}

fn filter(query: &str) -> Result<TaskFilter> {
    let pairs = query::parse(query).map_err(Error::Invalid)?;
    TaskFilter::parse(pairs.iter().map(|(name, value)| (&**name, &**value)))
}

/// What the page asks for first after a log-in, to the letter: the letters are its name in the cache.
const FIRST: &str = "status=pending%2Cin_progress&sort=due_date&limit=50";

/// Has the list made that the page of somebody who has just logged in is about to ask for, while
/// the answer to the log-in is on its way.
pub(crate) fn expect_first_list(context: &Arc<Context>, secret: &Secret) {
    let (asked, secret) = (context.clone(), secret.clone());
    context.tracker.cache.warm(async move {
        let shown = async {
            let viewer = Viewer::expected(&asked, &secret, "/api/v1/tasks", FIRST).await?;
            shown(&asked, &viewer, &HeaderMap::new(), FIRST).await
        };
        // Whoever asks is told what is wrong.
        let _ = shown.await;
    });
}

/// What of the time the list depends on: tasks become due and overdue without any write.
fn hand(filter: &TaskFilter) -> Hand {
    match filter.due {
        None => Hand::None,
        Some(Due::Overdue) => Hand::Minute,
        Some(Due::Today | Due::Tomorrow | Due::Week) => Hand::Day,
    }
}

/// The time on the wall of whoever asks.
pub(crate) fn local_time(context: &Context, principal: &Principal) -> DateTime {
    principal.time_zone.to_datetime(context.tracker.clock.now())
}

/// Writes a task down.
#[utoipa::path(
    post,
    path = "/api/v1/tasks",
    operation_id = "createTask",
    tag = "tasks",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes sending the same request again safe for 24 hours.")),
    request_body(content = NewTaskInput, example = json!({"title": "Pay rent", "due_date": "2026-11-30", "due_time": "18:00", "priority": "high", "labels": ["home"]})),
    responses((status = 201, description = "The task.", body = Task, headers(
        ("Location" = String, description = "Its URL."),
        ("ETag" = String, description = "Its version."),
    ))),
    security(("session" = []), ("token" = ["tasks:write"]))
)]
pub(crate) async fn create(
    State(context): State<Arc<Context>>,
    permit: Permit<TasksWrite>,
    body: JsonBody<NewTaskInput>,
) -> Reply {
    let new = body.value.parse()?;
    let by = permit.principal.actor();
    let outcome = tasks::create(&context.tracker, &by, new, body.idempotent).await?;
    let response = reply::recorded(outcome, |task| {
        let mut response = reply::task(StatusCode::CREATED, &task)?;
        if let Ok(location) = HeaderValue::try_from(format!("/api/v1/tasks/{}", task.id)) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        Ok(response)
    })?;
    Ok(response)
}

/// Shows a task.
#[utoipa::path(
    get,
    path = "/api/v1/tasks/{id}",
    operation_id = "getTask",
    tag = "tasks",
    params(("id" = TaskId, Path, description = "The task.")),
    responses(
        (status = 200, description = "The task.", body = Task, headers(("ETag" = String, description = "Its version."))),
        (status = 304, description = "Not changed."),
    ),
    security(("session" = []), ("token" = ["tasks:read"]))
)]
pub(crate) async fn get(
    State(context): State<Arc<Context>>,
    viewer: Viewer<TasksRead>,
    Id(id): Id<TaskId>,
    headers: HeaderMap,
) -> Reply {
    let load = async || {
        let mut conn = viewer.conn(&context);
        let task = tasks::get(&mut conn, viewer.visitor.principal.user, id).await?;
        Ok((task, conn.label()))
    };
    kept::task(&context, &viewer, &headers, load).await
}

/// Changes a task. Fields left out stay as they are.
#[utoipa::path(
    patch,
    path = "/api/v1/tasks/{id}",
    operation_id = "changeTask",
    tag = "tasks",
    params(
        ("id" = TaskId, Path, description = "The task."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version you have seen; 412 when it has changed since."),
    ),
    request_body(content = TaskChangeInput, example = json!({"status": "completed"})),
    responses((status = 200, description = "The task as it is now.", body = Task)),
    security(("session" = []), ("token" = ["tasks:write"]))
)]
pub(crate) async fn change(
    State(context): State<Arc<Context>>,
    permit: Permit<TasksWrite>,
    Id(id): Id<TaskId>,
    IfMatch(version): IfMatch,
    body: JsonBody<TaskChangeInput>,
) -> Reply {
    let change = body.value.parse(Reader::new())?;
    let by = permit.principal.actor();
    let task = tasks::change(&context.tracker, &by, id, change, version).await?;
    Ok(reply::task(StatusCode::OK, &task)?)
}

/// Moves a task to the trash.
#[utoipa::path(
    delete,
    path = "/api/v1/tasks/{id}",
    operation_id = "deleteTask",
    tag = "tasks",
    params(
        ("id" = TaskId, Path, description = "The task."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version you have seen; 412 when it has changed since."),
    ),
    responses((status = 204, description = "It is in the trash.")),
    security(("session" = []), ("token" = ["tasks:write"]))
)]
pub(crate) async fn delete(
    State(context): State<Arc<Context>>,
    permit: Permit<TasksWrite>,
    Id(id): Id<TaskId>,
    IfMatch(version): IfMatch,
) -> Reply {
    tasks::delete(&context.tracker, &permit.principal.actor(), id, version).await?;
    Ok(reply::no_content())
}

/// Takes a task out of the trash.
#[utoipa::path(
    post,
    path = "/api/v1/tasks/{id}/restore",
    operation_id = "restoreTask",
    tag = "tasks",
    params(("id" = TaskId, Path, description = "The task.")),
    responses((status = 200, description = "The task.", body = Task)),
    security(("session" = []), ("token" = ["tasks:write"]))
)]
pub(crate) async fn restore(
    State(context): State<Arc<Context>>,
    permit: Permit<TasksWrite>,
    Id(id): Id<TaskId>,
) -> Reply {
    let task = tasks::restore(&context.tracker, &permit.principal.actor(), id).await?;
    Ok(reply::task(StatusCode::OK, &task)?)
}
