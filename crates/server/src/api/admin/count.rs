//! `/admin/jobs/count`: how many jobs would be changed

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use duly_queue::store::State as InState;
use duly_tracker::input::{Field, FromText, Reader, Wrong};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::chosen::{ChosenJobs, Count};
use super::jobs::OPEN;
use crate::api::input::JsonBody;
use crate::api::permit::Admin;
use crate::api::reply::{self, Reply};
use crate::app::Context;

/// What is meant to be done, and with which jobs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CountInput {
    /// `retry`, `cancel` or `forget`.
    #[serde(default)]
    #[schema(value_type = String, required = true)]
    action: Field<Deed>,
    /// Which.
    jobs: ChosenJobs,
}

/// What can be done with jobs.
#[derive(Debug)]
enum Deed {
    Cancel,
    RetryOrForget,
}

impl FromText for Deed {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        match text {
            "cancel" => Ok(Deed::Cancel),
            "retry" | "forget" => Ok(Deed::RetryOrForget),
            _ => Err(Wrong::new("invalid", "must be retry, cancel or forget")),
        }
    }
}

/// How many jobs would be changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobCount {
    /// So many, at this moment; at most 1000.
    jobs: usize,
    /// Whether there are more, for another request.
    more: bool,
}

/// Says how many jobs would be changed, and changes none.
#[utoipa::path(
    post,
    path = "/api/v1/admin/jobs/count",
    operation_id = "countJobs",
    tag = "admin",
    request_body(content = CountInput, example = json!({"action": "cancel", "jobs": {"kind": "purge_trash"}})),
    responses((status = 200, description = "Their number.", body = JobCount)),
    security(("session" = ["admin"]))
)]
pub(crate) async fn count(
    State(context): State<Arc<Context>>,
    _: Admin,
    body: JsonBody<CountInput>,
) -> Reply {
    let CountInput { action, jobs } = body.value;
    let mut reader = Reader::new();
    let chosen = jobs.read(&mut reader);
    let action = reader.required("action", action);
    reader.finish()?;
    let states: &[InState] = match action {
        Some(Deed::Cancel) => &OPEN,
        _ => &[InState::Failed],
    };
    let Count { jobs, more } = chosen.count(&context.tracker, states).await?;
    Ok(reply::json(StatusCode::OK, &JobCount { jobs, more })?)
}
