//! `/admin/job-tags`: tags that administrators keep an eye on

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use duly_queue::store::{By, WatchedTag};
use duly_tracker::{Error, Page};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::input::{Id, Parameters};
use crate::api::permit::Admin;
use crate::api::reply::{self, Reply};
use crate::app::Context;

/// A tag of jobs, and how many have it. Of those that have ended, as far as they are kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobTag {
    /// The tag.
    tag: String,
    /// Since when it is watched.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Who wanted it.
    by: String,
    /// Due, and waiting for a worker.
    ready: u64,
    /// Due later.
    scheduled: u64,
    /// Being run.
    running: u64,
    /// Failed for good.
    failed: u64,
    /// Done.
    done: u64,
    /// Ended by an operator.
    cancelled: u64,
}

impl From<WatchedTag> for JobTag {
    fn from(watched: WatchedTag) -> Self {
        let counts = watched.counts;
        JobTag {
            tag: watched.tag,
            since: watched.since,
            by: watched.by,
            ready: counts.ready,
            scheduled: counts.scheduled,
            running: counts.running,
            failed: counts.failed,
            done: counts.done,
            cancelled: counts.cancelled,
        }
    }
}

/// Shows the tags that are watched, and how many jobs have them.
#[utoipa::path(
    get,
    path = "/api/v1/admin/job-tags",
    operation_id = "listJobTags",
    tag = "admin",
    responses((status = 200, description = "The tags, in the order of the alphabet.", body = Page<JobTag>)),
    security(("session" = ["admin"]))
)]
pub(crate) async fn tags(
    State(context): State<Arc<Context>>,
    _: Admin,
    parameters: Parameters,
) -> Reply {
    parameters.only([])?;
    let watched = context.tracker.queue.operations().watched_tags().await;
    let watched = watched.map_err(Error::from)?.into_iter();
    let page: Page<JobTag> = Page::whole(watched.map(Into::into).collect());
    Ok(reply::json(StatusCode::OK, &page)?)
}

/// Watches a tag: at most 50 are.
#[utoipa::path(
    put,
    path = "/api/v1/admin/job-tags/{id}",
    operation_id = "watchJobTag",
    tag = "admin",
    params(("id" = String, Path, description = "The tag, of 1 to 200 characters.")),
    responses((status = 204, description = "It is watched.")),
    security(("session" = ["admin"]))
)]
pub(crate) async fn watch_tag(
    State(context): State<Arc<Context>>,
    admin: Admin,
    Id(tag): Id<String>,
) -> Reply {
    let wrong = duly_tracker::input::bounded_text(&tag, 1, 200, &[]).err();
    if let Some(wrong) = wrong {
        return Err(Error::field("id", wrong.code, wrong.message).into());
    }
    let by = admin.name(&context.tracker).await?;
    let operations = context.tracker.queue.operations();
    match operations.watch_tag(By(&by), &tag).await {
        Ok(_) => Ok(reply::no_content()),
        Err(duly_queue::Error::TooManyTags) => {
            let message = format!("{} are watched already", duly_queue::TAGS_WATCHED);
            Err(Error::field("id", "too_many", message).into())
        }
        Err(error) => Err(Error::from(error).into()),
    }
}

/// Watches a tag no longer.
#[utoipa::path(
    delete,
    path = "/api/v1/admin/job-tags/{id}",
    operation_id = "unwatchJobTag",
    tag = "admin",
    params(("id" = String, Path, description = "The tag.")),
    responses((status = 204, description = "It is not watched.")),
    security(("session" = ["admin"]))
)]
pub(crate) async fn unwatch_tag(
    State(context): State<Arc<Context>>,
    admin: Admin,
    Id(tag): Id<String>,
) -> Reply {
    let by = admin.name(&context.tracker).await?;
    let operations = context.tracker.queue.operations();
    let unwatched = operations.unwatch_tag(By(&by), &tag).await;
    unwatched.map_err(Error::from)?;
    Ok(reply::no_content())
}
