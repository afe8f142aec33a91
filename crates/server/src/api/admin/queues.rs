//! `/admin/queues`: how work that runs later is doing, and what is paused of it

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use duly_queue::store::{By, Pause, Paused};
use duly_queue::{Histogram, QueueName, Totals};
use duly_tracker::input::{Field, Reader, Wrong};
use duly_tracker::{Error, Page, Tracker, alarms, jobs};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use utoipa::ToSchema;

use super::figures::{JobAction, JobBalance, JobFigures, JobMeasure, Queue, Queues};
use crate::api::input::{Id, JsonBody, Parameters, page_limit};
use crate::api::permit::Admin;
use crate::api::problem::{Code, Problem};
use crate::api::reply::{self, Reply};
use crate::app::Context;

/// Shows the queues, who works on them, and what is paused.
#[utoipa::path(
    get,
    path = "/api/v1/admin/queues",
    operation_id = "getQueues",
    tag = "admin",
    responses((status = 200, description = "How they are doing.", body = Queues)),
    security(("session" = ["admin"]))
)]
pub(crate) async fn queues(
    State(context): State<Arc<Context>>,
    _: Admin,
    parameters: Parameters,
) -> Reply {
    parameters.only([])?;
    Ok(reply::json(StatusCode::OK, &all(&context.tracker).await?)?)
}

async fn all(tracker: &Tracker) -> Result<Queues, Error> {
    let operations = tracker.queue.operations();
    let registry = jobs::registry();
    let mut counts = operations.counts().await?;
    let mut queues: Vec<Queue> = Vec::new();
    for name in registry.queues() {
        let counts = counts.remove(&name).unwrap_or_default();
        queues.push(Queue::new(name.to_string(), counts));
    }
    // Of a release that knows more.
    let others = counts.into_iter();
    queues.extend(others.map(|(name, counts)| Queue::new(name.to_string(), counts)));
    let (oldest, figures) = (operations.oldest().await?, last_hour(tracker).await?);
    let (mut paused_kinds, mut paused) = (Vec::new(), BTreeMap::new());
    for pause in operations.pauses().await? {
        match &pause.what {
            Paused::Queue(queue) => drop(paused.insert(queue.to_string(), pause.into())),
            Paused::Kind(_) => paused_kinds.push(pause.into()),
        }
    }
    for queue in &mut queues {
        let name = QueueName::from(queue.name.clone());
        queue.waiting_since = oldest.get(&name).copied();
        queue.pause = paused.remove(&queue.name);
        queue.last_hour = figures.get(&name).cloned().unwrap_or_default();
    }
    let workers = operations.workers().await?.into_iter();
    let mut decisions = operations.decisions(Timestamp::UNIX_EPOCH, 1).await?;
    let alarms = alarms::current(&mut tracker.db.read_fresh(), tracker.clock.now()).await?;
    Ok(Queues {
        alarms,
        queues,
        kinds: registry.names().into_iter().map(str::to_owned).collect(),
        paused_kinds,
        workers: workers.map(Into::into).collect(),
        balance: decisions.pop().map(Into::into),
    })
}

/// What became of the jobs of each queue.
async fn last_hour(tracker: &Tracker) -> Result<BTreeMap<QueueName, JobFigures>, Error> {
    let since = before(tracker.clock.now(), SignedDuration::from_hours(1));
    let measured = tracker.queue.operations().measures(60, since).await?;
    let mut queues: BTreeMap<QueueName, (Totals, Histogram, Histogram)> = BTreeMap::new();
    for one in measured {
        let (totals, wait, run) = queues.entry(one.queue).or_default();
        *totals = totals.plus(&one.totals);
        wait.merge(&one.wait);
        run.merge(&one.run);
    }
    let figures = queues
        .into_iter()
        .map(|(queue, (totals, wait, run))| (queue, JobFigures::new(totals, &wait, &run)));
    Ok(figures.collect())
}

fn before(now: Timestamp, time: SignedDuration) -> Timestamp {
    now.checked_sub(time).unwrap_or(Timestamp::MIN)
}

/// The ranges that can be asked for: their names, how long they are, and what is counted together in them.
const RANGES: [(&str, SignedDuration, u32); 4] = [
    ("1h", SignedDuration::from_hours(1), 60),
    ("24h", SignedDuration::from_hours(24), 3600),
    ("7d", SignedDuration::from_hours(7 * 24), 3600),
    ("90d", SignedDuration::from_hours(90 * 24), 86_400),
];

/// Shows what became of jobs over time, by kind, and how long they waited and ran.
#[utoipa::path(
    get,
    path = "/api/v1/admin/queues/measures",
    operation_id = "listJobMeasures",
    tag = "admin",
    params(("range" = Option<String>, Query, description = "`1h` by minutes, `24h` or `7d` by hours, `90d` by days; `1h` when left out. Hours and days are there when they are over.")),
    responses((status = 200, description = "What was counted together, in the order of time. Times without jobs are left out.", body = Page<JobMeasure>)),
    security(("session" = ["admin"]))
)]
pub(crate) async fn measures(
    State(context): State<Arc<Context>>,
    _: Admin,
    parameters: Parameters,
) -> Reply {
    let [range] = parameters.only(["range"])?;
    let range = range.unwrap_or("1h");
    let Some((_, length, grain)) = RANGES.into_iter().find(|(name, ..)| *name == range) else {
        let message = "must be 1h, 24h, 7d or 90d";
        return Err(Error::field("range", "invalid", message).into());
    };
    let since = before(context.tracker.clock.now(), length);
    let operations = context.tracker.queue.operations();
    let measured = operations
        .measures(grain, since)
        .await
        .map_err(Error::from)?;
    let page: Page<JobMeasure> = Page::whole(measured.into_iter().map(Into::into).collect());
    Ok(reply::json(StatusCode::OK, &page)?)
}

/// Shows how slots were given to queues, and from what that was decided, newest first. A day is kept.
#[utoipa::path(
    get,
    path = "/api/v1/admin/queues/decisions",
    operation_id = "listQueueDecisions",
    tag = "admin",
    params(("limit" = Option<u32>, Query, description = "1 to 200; 50 when left out.", minimum = 1, maximum = 200)),
    responses((status = 200, description = "The decisions. Of times without any work there are none.", body = Page<JobBalance>)),
    security(("session" = ["admin"]))
)]
pub(crate) async fn decisions(
    State(context): State<Arc<Context>>,
    _: Admin,
    parameters: Parameters,
) -> Reply {
    let [limit] = parameters.only(["limit"])?;
    let mut reader = Reader::new();
    let limit = page_limit(&mut reader, limit);
    reader.finish()?;
    let operations = context.tracker.queue.operations();
    let decisions = operations.decisions(Timestamp::UNIX_EPOCH, limit).await;
    let decisions = decisions.map_err(Error::from)?.into_iter();
    let page: Page<JobBalance> = Page::whole(decisions.map(Into::into).collect());
    Ok(reply::json(StatusCode::OK, &page)?)
}

/// What operators did with jobs and queues, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/admin/queues/actions",
    operation_id = "listJobActions",
    tag = "admin",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 when left out.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "A page of the log.", body = Page<JobAction>)),
    security(("session" = ["admin"]))
)]
pub(crate) async fn actions(
    State(context): State<Arc<Context>>,
    _: Admin,
    parameters: Parameters,
) -> Reply {
    let [limit, cursor] = parameters.only(["limit", "cursor"])?;
    let mut reader = Reader::new();
    let limit = page_limit(&mut reader, limit);
    reader.finish()?;
    let before: Option<Timestamp> = cursor.map(duly_tracker::decode_cursor).transpose()?;
    let operations = context.tracker.queue.operations();
    let actions = operations
        .actions(limit, before)
        .await
        .map_err(Error::from)?;
    let is_full = actions.len() == usize::try_from(limit).unwrap_or(usize::MAX);
    let last = actions.last().filter(|_| is_full).map(|last| last.at);
    let next_cursor = last
        .map(|at| duly_tracker::encode_cursor(&at))
        .transpose()?;
    let data: Vec<JobAction> = actions.into_iter().map(Into::into).collect();
    Ok(reply::json(StatusCode::OK, &Page { data, next_cursor })?)
}

/// Why something is paused, and for how long.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PauseInput {
    /// Why, for others who operate.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 500)]
    reason: Field<Reason>,
    /// For how long, in minutes; until somebody resumes it when left out.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10080)]
    minutes: Field<Minutes>,
}

/// A pause that somebody wants.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) since: Timestamp,
    pub(super) until: Option<Timestamp>,
    pub(super) reason: String,
}

impl PauseInput {
    /// Checks the fields.
    pub(super) fn parse(self, since: Timestamp) -> Result<Wish, Error> {
        let mut reader = Reader::new();
        let reason = reader.optional("reason", self.reason);
        let minutes = reader.optional("minutes", self.minutes);
        reader.finish()?;
        let length = minutes.map(|Minutes(minutes)| SignedDuration::from_mins(minutes));
        Ok(Wish {
            since,
            until: length.map(|length| since.checked_add(length).unwrap_or(Timestamp::MAX)),
            reason: reason.map(|Reason(text)| text).unwrap_or_default(),
        })
    }
}

#[derive(Debug)]
struct Reason(String);

impl duly_tracker::input::FromText for Reason {
    fn from_text(text: &str) -> Result<Self, Wrong> {
        duly_tracker::input::bounded_text(text, 0, 500, &['\n'])?;
        Ok(Reason(text.to_owned()))
    }
}

#[derive(Debug)]
struct Minutes(i64);

impl duly_tracker::input::FromJson for Minutes {
    fn from_json(value: &serde_json::Value) -> Result<Self, Wrong> {
        let minutes = value
            .as_i64()
            .filter(|minutes| (1..=10_080).contains(minutes));
        let wrong = || Wrong::new("out_of_range", "must be a number from 1 to 10080");
        minutes.map(Minutes).ok_or_else(wrong)
    }
}

/// Takes no more jobs from a queue. What runs goes on.
#[utoipa::path(
    post,
    path = "/api/v1/admin/queues/{id}/pause",
    operation_id = "pauseQueue",
    tag = "admin",
    params(("id" = String, Path, description = "The queue.")),
    request_body = PauseInput,
    responses((status = 204, description = "It is paused.")),
    security(("session" = ["admin"]))
)]
pub(crate) async fn pause_queue(
    State(context): State<Arc<Context>>,
    admin: Admin,
    Id(name): Id<String>,
    body: JsonBody<PauseInput>,
) -> Reply {
    pause(&context.tracker, &admin, queue(name)?, body.value).await
}

/// Takes jobs from a queue again.
#[utoipa::path(
    post,
    path = "/api/v1/admin/queues/{id}/resume",
    operation_id = "resumeQueue",
    tag = "admin",
    params(("id" = String, Path, description = "The queue.")),
    responses((status = 204, description = "It is not paused.")),
    security(("session" = ["admin"]))
)]
pub(crate) async fn resume_queue(
    State(context): State<Arc<Context>>,
    admin: Admin,
    Id(name): Id<String>,
) -> Reply {
    resume(&context.tracker, &admin, queue(name)?).await
}

/// Takes no more jobs of a kind, from whichever queue. What runs goes on.
#[utoipa::path(
    post,
    path = "/api/v1/admin/job-kinds/{id}/pause",
    operation_id = "pauseJobKind",
    tag = "admin",
    params(("id" = String, Path, description = "The kind.")),
    request_body = PauseInput,
    responses((status = 204, description = "It is paused.")),
    security(("session" = ["admin"]))
)]
pub(crate) async fn pause_kind(
    State(context): State<Arc<Context>>,
    admin: Admin,
    Id(name): Id<String>,
    body: JsonBody<PauseInput>,
) -> Reply {
    pause(&context.tracker, &admin, kind(name)?, body.value).await
}

/// Takes jobs of a kind again.
#[utoipa::path(
    post,
    path = "/api/v1/admin/job-kinds/{id}/resume",
    operation_id = "resumeJobKind",
    tag = "admin",
    params(("id" = String, Path, description = "The kind.")),
    responses((status = 204, description = "It is not paused.")),
    security(("session" = ["admin"]))
)]
pub(crate) async fn resume_kind(
    State(context): State<Arc<Context>>,
    admin: Admin,
    Id(name): Id<String>,
) -> Reply {
    resume(&context.tracker, &admin, kind(name)?).await
}

fn queue(name: String) -> Result<Paused, Problem> {
    let name = QueueName::from(name);
    match jobs::registry().queues().contains(&name) {
        true => Ok(Paused::Queue(name)),
        false => Err(Problem::new(Code::NotFound).detail("There is no such queue.")),
    }
}

fn kind(name: String) -> Result<Paused, Problem> {
    match jobs::registry().names().contains(&name.as_str()) {
        true => Ok(Paused::Kind(name)),
        false => Err(Problem::new(Code::NotFound).detail("There is no such kind of jobs.")),
    }
}

async fn pause(tracker: &Tracker, admin: &Admin, what: Paused, input: PauseInput) -> Reply {
    let wish = input.parse(tracker.clock.now())?;
    let by = admin.name(tracker).await?;
    let pause = Pause {
        what,
        since: wish.since,
        until: wish.until,
        by: by.clone(),
        reason: wish.reason,
    };
    let paused = tracker.queue.operations().pause(By(&by), &pause).await;
    paused.map_err(Error::from)?;
    Ok(reply::no_content())
}

async fn resume(tracker: &Tracker, admin: &Admin, what: Paused) -> Reply {
    let by = admin.name(tracker).await?;
    let resumed = tracker.queue.operations().resume(By(&by), &what).await;
    resumed.map_err(Error::from)?;
    tracker.queue.notify();
    Ok(reply::no_content())
}
