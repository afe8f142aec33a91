//! `/admin/batches`: jobs that belong together

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use duly_queue::store::By;
use duly_queue::{BatchId, BatchRecord, BatchState};
use duly_tracker::input::Reader;
use duly_tracker::{Error, Page};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::input::{Id, Parameters, page_limit};
use crate::api::permit::Admin;
use crate::api::problem::{Code, Problem};
use crate::api::reply::{self, Reply};
use crate::app::Context;

/// Jobs that belong together, and how far they have come. Their tag is `batch:` with its id.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Batch {
    /// The batch.
    #[schema(value_type = String, format = Uuid)]
    id: BatchId,
    /// What it is called.
    name: String,
    /// Its state.
    state: StateOfBatch,
    /// How many jobs it has, steps that are to come included.
    total: u64,
    /// How many are done.
    done: u64,
    /// How many have failed for good and were not tried again.
    failed: u64,
    /// How many an operator has ended.
    cancelled: u64,
    /// How many have not ended.
    pending: u64,
    /// The kind of the job that is pushed when all others have ended.
    completion: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    /// Who wanted it.
    by: Option<String>,
}

/// What state a batch is in.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StateOfBatch {
    /// Some of its jobs have not ended, or more may come.
    Running,
    /// All have ended.
    Finished,
    /// An operator has ended it.
    Cancelled,
}

impl From<BatchRecord> for Batch {
    fn from(record: BatchRecord) -> Self {
        Batch {
            pending: record.pending(),
            id: record.id,
            name: record.name,
            state: match record.state {
                BatchState::Running => StateOfBatch::Running,
                BatchState::Finished => StateOfBatch::Finished,
                BatchState::Cancelled => StateOfBatch::Cancelled,
            },
            total: record.total,
            done: record.done,
            failed: record.failed,
            cancelled: record.cancelled,
            completion: record.completion,
            created_at: record.created_at,
            ended_at: record.ended_at,
            by: record.by,
        }
    }
}

/// Lists batches, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/admin/batches",
    operation_id = "listBatches",
    tag = "admin",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 when left out.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "A page of batches. They are kept for 30 days after their end.", body = Page<Batch>)),
    security(("session" = ["admin"]))
)]
pub(crate) async fn batches(
    State(context): State<Arc<Context>>,
    _: Admin,
    parameters: Parameters,
) -> Reply {
    let [limit, cursor] = parameters.only(["limit", "cursor"])?;
    let mut reader = Reader::new();
    let limit = page_limit(&mut reader, limit);
    reader.finish()?;
    let before: Option<BatchId> = cursor.map(duly_tracker::decode_cursor).transpose()?;
    let batches = context.tracker.queue.batches(limit, before).await;
    let batches = batches.map_err(Error::from)?;
    let is_full = batches.len() == usize::try_from(limit).unwrap_or(usize::MAX);
    let last = batches.last().filter(|_| is_full).map(|last| last.id);
    let next_cursor = last
        .map(|id| duly_tracker::encode_cursor(&id))
        .transpose()?;
    let data: Vec<Batch> = batches.into_iter().map(Into::into).collect();
    Ok(reply::json(StatusCode::OK, &Page { data, next_cursor })?)
}

/// Shows a batch.
#[utoipa::path(
    get,
    path = "/api/v1/admin/batches/{id}",
    operation_id = "getBatch",
    tag = "admin",
    params(("id" = String, Path, description = "The batch.")),
    responses((status = 200, description = "How far it has come.", body = Batch)),
    security(("session" = ["admin"]))
)]
pub(crate) async fn batch(
    State(context): State<Arc<Context>>,
    _: Admin,
    Id(id): Id<Uuid>,
    parameters: Parameters,
) -> Reply {
    parameters.only([])?;
    let record = context.tracker.queue.batch_record(BatchId(id)).await;
    match record.map_err(Error::from)? {
        Some(record) => Ok(reply::json(StatusCode::OK, &Batch::from(record))?),
        None => Err(unknown()),
    }
}

/// Ends a batch: none of its jobs starts any more, those that run are aborted, nothing follows.
#[utoipa::path(
    post,
    path = "/api/v1/admin/batches/{id}/cancel",
    operation_id = "cancelBatch",
    tag = "admin",
    params(("id" = String, Path, description = "The batch.")),
    responses((status = 204, description = "It has ended, now or before.")),
    security(("session" = ["admin"]))
)]
pub(crate) async fn cancel_batch(
    State(context): State<Arc<Context>>,
    admin: Admin,
    Id(id): Id<Uuid>,
) -> Reply {
    let queue = &context.tracker.queue;
    let known = queue.batch_record(BatchId(id)).await.map_err(Error::from)?;
    if known.is_none() {
        return Err(unknown());
    }
    let by = admin.name(&context.tracker).await?;
    let cancelled = queue.cancel_batch(By(&by), BatchId(id)).await;
    cancelled.map_err(Error::from)?;
    Ok(reply::no_content())
}

fn unknown() -> Problem {
    Problem::new(Code::NotFound).detail("There is no such batch.")
}
