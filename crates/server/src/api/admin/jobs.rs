//! `/admin/jobs`: single jobs, and what is done with them

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use duly_queue::store::{By, Cursor, Listing, Retried, Retrying, State as InState};
use duly_queue::{JobId, QueueName};
use duly_tracker::input::{Field, FromJson, Reader, Wrong};
use duly_tracker::{Error, Page, Tracker, users};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::chosen::{self, ChosenJobs};
use super::records::{Job, JobDetails, JobFailures};
use crate::api::input::{Id, JsonBody, Parameters, page_limit};
use crate::api::permit::Admin;
use crate::api::problem::{Code, Problem};
use crate::api::reply::{self, Reply};
use crate::app::Context;

/// Lists jobs in one state: those that wait or run in the order of their times, those that ended newest first.
#[utoipa::path(
    get,
    path = "/api/v1/admin/jobs",
    operation_id = "listJobs",
    tag = "admin",
    params(
        ("state" = Option<String>, Query, description = "`ready`, `scheduled`, `running`, `failed`, `done` or `cancelled`; `ready` when left out. Of large bursts of jobs that are done a part is kept, and altogether the newest 10,000."),
        ("queue" = Option<String>, Query, description = "Those of a queue."),
        ("kind" = Option<String>, Query, description = "Those of a kind."),
        ("tag" = Option<String>, Query, description = "Those with a tag."),
        ("owner" = Option<String>, Query, description = "Those of an owner."),
        ("text" = Option<String>, Query, description = "Those with this in their data or error, letter by letter."),
        ("fingerprint" = Option<String>, Query, description = "Failures that look alike."),
        ("since" = Option<String>, Query, description = "Those pushed at this instant or later."),
        ("until" = Option<String>, Query, description = "Those pushed before this instant."),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 when left out.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "A page of them.", body = Page<Job>)),
    security(("session" = ["admin"]))
)]
pub(crate) async fn jobs(
    State(context): State<Arc<Context>>,
    _: Admin,
    parameters: Parameters,
) -> Reply {
    let [
        state,
        queue,
        kind,
        tag,
        owner,
        text,
        fingerprint,
        since,
        until,
        limit,
        cursor,
    ] = parameters.only([
        "state",
        "queue",
        "kind",
        "tag",
        "owner",
        "text",
        "fingerprint",
        "since",
        "until",
        "limit",
        "cursor",
    ])?;
    let mut reader = Reader::new();
    let state = read_state(&mut reader, state);
    let given = [queue, kind, tag, owner, text, fingerprint, since, until];
    let filter = chosen::filter(&mut reader, given);
    let limit = page_limit(&mut reader, limit);
    reader.finish()?;
    let after: Option<(Timestamp, Uuid)> = cursor.map(duly_tracker::decode_cursor).transpose()?;
    let listing = Listing {
        state,
        filter: &filter,
        limit,
        after: after.map(|(at, id)| Cursor { at, id: JobId(id) }),
    };
    let operations = context.tracker.queue.operations();
    let found = operations.list(&listing).await.map_err(Error::from)?;
    let is_full = found.len() == usize::try_from(limit).unwrap_or(usize::MAX);
    let last = found.last().filter(|_| is_full).map(|last| last.cursor());
    let next_cursor = last
        .map(|Cursor { at, id }| duly_tracker::encode_cursor(&(at, id.0)))
        .transpose()?;
    let data: Vec<Job> = found.into_iter().map(Into::into).collect();
    Ok(reply::json(StatusCode::OK, &Page { data, next_cursor })?)
}

fn read_state(reader: &mut Reader, given: Option<&str>) -> InState {
    chosen::state_of(given.unwrap_or("ready")).unwrap_or_else(|| {
        let message = "must be ready, scheduled, running, failed, done or cancelled";
        reader.refuse("state", "invalid", message);
        InState::Ready
    })
}

/// Shows a job with all its attempts.
#[utoipa::path(
    get,
    path = "/api/v1/admin/jobs/{id}",
    operation_id = "getJob",
    tag = "admin",
    params(("id" = String, Path, description = "The job.")),
    responses((status = 200, description = "The job.", body = JobDetails)),
    security(("session" = ["admin"]))
)]
pub(crate) async fn job(State(context): State<Arc<Context>>, _: Admin, Id(id): Id<Uuid>) -> Reply {
    let operations = context.tracker.queue.operations();
    let Some(job) = operations.job(JobId(id)).await.map_err(Error::from)? else {
        let detail = "There is no such job, or it was done and is not kept.";
        return Err(Problem::new(Code::NotFound).detail(detail));
    };
    let history = operations.attempts(job.id).await.map_err(Error::from)?;
    let details = JobDetails {
        job: job.into(),
        history: history.into_iter().map(Into::into).collect(),
    };
    Ok(reply::json(StatusCode::OK, &details)?)
}

/// Shows failed jobs by what they failed of, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/admin/job-failures",
    operation_id = "listJobFailures",
    tag = "admin",
    params(
        ("queue" = Option<String>, Query, description = "Those of a queue."),
        ("kind" = Option<String>, Query, description = "Those of a kind."),
    ),
    responses((status = 200, description = "The newest 100 groups.", body = Page<JobFailures>)),
    security(("session" = ["admin"]))
)]
pub(crate) async fn failures(
    State(context): State<Arc<Context>>,
    _: Admin,
    parameters: Parameters,
) -> Reply {
    let [queue, kind] = parameters.only(["queue", "kind"])?;
    let filter = duly_queue::store::Filter {
        queue: queue.map(|name| QueueName::from(name.to_owned())),
        kind: kind.map(str::to_owned),
        ..Default::default()
    };
    let operations = context.tracker.queue.operations();
    let groups = operations.failure_groups(&filter, 100).await;
    let groups = groups.map_err(Error::from)?.into_iter();
    let page: Page<JobFailures> = Page::whole(groups.map(Into::into).collect());
    Ok(reply::json(StatusCode::OK, &page)?)
}

/// Which failed jobs are to be tried again, and how.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetryInput {
    /// Which.
    jobs: ChosenJobs,
    /// So many each second; all at once when left out.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    per_second: Field<PerSecond>,
    /// With this data in place of what they have; only for a single job.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    payload: Field<Payload>,
}

#[derive(Debug)]
struct PerSecond(u32);

impl FromJson for PerSecond {
    fn from_json(value: &serde_json::Value) -> Result<Self, Wrong> {
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        let wrong = || Wrong::new("out_of_range", "must be a number from 1 to 1000");
        let number = number.filter(|number| (1..=1000).contains(number));
        number.map(PerSecond).ok_or_else(wrong)
    }
}

#[derive(Debug)]
struct Payload(String);

impl FromJson for Payload {
    fn from_json(value: &serde_json::Value) -> Result<Self, Wrong> {
        let text = value.to_string();
        match text.len() <= duly_queue::PAYLOAD_LIMIT {
            true => Ok(Payload(text)),
            false => Err(Wrong::new("too_long", "is larger than a job may be")),
        }
    }
}

/// What was done.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ChangedJobs {
    /// The jobs it was done with.
    #[schema(value_type = Vec<String>)]
    jobs: Vec<JobId>,
    /// Failed jobs that stay as they are, because another job has their unique key.
    #[schema(value_type = Vec<String>)]
    held_up: Vec<JobId>,
}

/// Tries failed jobs again, with all their tries: the same jobs, not copies.
#[utoipa::path(
    post,
    path = "/api/v1/admin/jobs/retry",
    operation_id = "retryJobs",
    tag = "admin",
    request_body(content = RetryInput, example = json!({"jobs": {"fingerprint": "1f2e3d4c5b6a7988"}, "per_second": 10})),
    responses((status = 200, description = "Those that wait again.", body = ChangedJobs)),
    security(("session" = ["admin"]))
)]
pub(crate) async fn retry(
    State(context): State<Arc<Context>>,
    admin: Admin,
    body: JsonBody<RetryInput>,
) -> Reply {
    let RetryInput {
        jobs,
        per_second,
        payload,
    } = body.value;
    let mut reader = Reader::new();
    let chosen = jobs.read(&mut reader);
    let per_second = reader.optional("per_second", per_second);
    let payload = reader.optional("payload", payload);
    reader.finish()?;
    let tracker = &context.tracker;
    let ids = chosen.find(tracker, &[InState::Failed]).await?;
    if payload.is_some() && ids.len() != 1 {
        let message = "can be given for a single job only";
        return Err(Error::field("payload", "conflict", message).into());
    }
    let retrying = Retrying {
        per_second: per_second.map(|PerSecond(number)| number),
        payload: payload.map(|Payload(text)| text),
    };
    let by = admin.name(tracker).await?;
    let retried = tracker.queue.retry(By(&by), &ids, &retrying).await;
    let mut changed = ChangedJobs::default();
    for (id, retried) in ids.into_iter().zip(retried.map_err(Error::from)?) {
        match retried {
            Retried::Queued => changed.jobs.push(id),
            Retried::Duplicate(_) => changed.held_up.push(id),
            Retried::Unknown => {}
        }
    }
    Ok(reply::json(StatusCode::OK, &changed)?)
}

/// Ends jobs that wait or run. One that runs is aborted within five seconds.
#[utoipa::path(
    post,
    path = "/api/v1/admin/jobs/cancel",
    operation_id = "cancelJobs",
    tag = "admin",
    request_body(content = ChosenJobs, example = json!({"kind": "purge_trash"})),
    responses((status = 200, description = "Those that were ended.", body = ChangedJobs)),
    security(("session" = ["admin"]))
)]
pub(crate) async fn cancel(
    State(context): State<Arc<Context>>,
    admin: Admin,
    body: JsonBody<ChosenJobs>,
) -> Reply {
    let tracker = &context.tracker;
    let ids = found(tracker, body.value, &OPEN).await?;
    let by = admin.name(tracker).await?;
    let cancelled = tracker.queue.operations().cancel(By(&by), &ids).await;
    let changed = ChangedJobs {
        jobs: cancelled.map_err(Error::from)?,
        held_up: Vec::new(),
    };
    Ok(reply::json(StatusCode::OK, &changed)?)
}

/// Deletes failed jobs with all that is known of them.
#[utoipa::path(
    post,
    path = "/api/v1/admin/jobs/forget",
    operation_id = "forgetJobs",
    tag = "admin",
    request_body(content = ChosenJobs, example = json!({"kind": "purge_trash"})),
    responses((status = 200, description = "Those that were deleted.", body = ChangedJobs)),
    security(("session" = ["admin"]))
)]
pub(crate) async fn forget(
    State(context): State<Arc<Context>>,
    admin: Admin,
    body: JsonBody<ChosenJobs>,
) -> Reply {
    let tracker = &context.tracker;
    let ids = found(tracker, body.value, &[InState::Failed]).await?;
    let by = admin.name(tracker).await?;
    let forgotten = tracker.queue.operations().forget(By(&by), &ids).await;
    let changed = ChangedJobs {
        jobs: forgotten.map_err(Error::from)?,
        held_up: Vec::new(),
    };
    Ok(reply::json(StatusCode::OK, &changed)?)
}

/// The states in which a job can be ended.
pub(super) const OPEN: [InState; 3] = [InState::Ready, InState::Scheduled, InState::Running];

async fn found(
    tracker: &Tracker,
    jobs: ChosenJobs,
    states: &[InState],
) -> Result<Vec<JobId>, Problem> {
    let mut reader = Reader::new();
    let chosen = jobs.read(&mut reader);
    reader.finish()?;
    Ok(chosen.find(tracker, states).await?)
}

impl Admin {
    /// How what they do is signed: by their address, as it is now.
    pub(super) async fn name(&self, tracker: &Tracker) -> Result<String, Error> {
        let mut conn = tracker.db.read_fresh();
        let account = users::profile(&mut conn, self.principal.user).await?;
        Ok(account.email.to_string())
    }
}
