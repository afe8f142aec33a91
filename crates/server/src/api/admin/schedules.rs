//! `/admin/schedules`: what comes back at certain times, and what became of it

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use duly_queue::store::{
    By, Filter, Listing, SchedulePause as Pause, ScheduleRecord, State as Jobs,
};
use duly_queue::{CatchUp, Planned};
use duly_tracker::{Error, Page, Tracker, jobs};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::queues::PauseInput;
use crate::api::input::{Id, JsonBody, Parameters};
use crate::api::permit::Admin;
use crate::api::problem::{Code, Problem};
use crate::api::reply::{self, Reply};
use crate::app::Context;

/// What comes back at certain times.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Schedule {
    /// Its name, and the kind of the jobs it pushes.
    name: &'static str,
    /// How often it fires, for people: `every 10 s`, `daily at 02:30`.
    cadence: String,
    /// The time zone whose clocks it follows.
    zone: String,
    /// What becomes of firings that were missed because no scheduler ran.
    catch_up: MissedFirings,
    /// Where its jobs wait.
    queue: Option<String>,
    /// The newest slot that has passed, fired or not.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_slot: Option<Timestamp>,
    /// When it was fired last.
    #[schema(value_type = Option<String>, format = DateTime)]
    fired_at: Option<Timestamp>,
    /// How long after its slot that was, in milliseconds.
    late_ms: Option<i64>,
    /// Its next slot.
    #[schema(value_type = String, format = DateTime)]
    next_at: Timestamp,
    /// How many slots passed without a firing, because no scheduler ran or it was too late.
    missed: u64,
    /// Why it could not be fired last, until it is.
    error: Option<String>,
    /// When that was.
    #[schema(value_type = Option<String>, format = DateTime)]
    failed_at: Option<Timestamp>,
    /// How long its newest job that is done ran, in milliseconds.
    last_run_ms: Option<i64>,
    /// While it is paused its slots pass.
    pause: Option<SchedulePause>,
}

/// What becomes of firings that were missed because no scheduler ran.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MissedFirings {
    /// They fall out.
    Skip,
    /// The last of them is made up for.
    Once,
}

/// That a schedule is paused, and why.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SchedulePause {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Until when; null until somebody resumes it.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// Who wanted it.
    by: String,
    /// Why.
    reason: String,
}

/// Shows what comes back at certain times, and what became of it.
#[utoipa::path(
    get,
    path = "/api/v1/admin/schedules",
    operation_id = "listSchedules",
    tag = "admin",
    responses((status = 200, description = "The schedules of this release.", body = Page<Schedule>)),
    security(("session" = ["admin"]))
)]
pub(crate) async fn schedules(
    State(context): State<Arc<Context>>,
    _: Admin,
    parameters: Parameters,
) -> Reply {
    parameters.only([])?;
    let schedules = all(&context.tracker).await?;
    Ok(reply::json(StatusCode::OK, &Page::whole(schedules))?)
}

async fn all(tracker: &Tracker) -> Result<Vec<Schedule>, Error> {
    let now = tracker.clock.now();
    let registry = jobs::registry();
    let mut known = tracker.queue.store().schedules().await?;
    let mut runs = BTreeMap::new();
    let schedules = jobs::schedules(&tracker.queue);
    let planned: Vec<Planned> = schedules.planned().collect();
    for schedule in &planned {
        runs.insert(schedule.name, last_run(tracker, schedule.name).await?);
    }
    let schedules = planned.into_iter().map(|schedule| {
        let queue = registry.queue_of(schedule.name).map(ToString::to_string);
        let run = runs.get(schedule.name).copied().flatten();
        Schedule::new(&schedule, known.remove(schedule.name), queue, run, now)
    });
    Ok(schedules.collect())
}

/// How long the newest job of a kind that is done ran.
async fn last_run(tracker: &Tracker, kind: &str) -> Result<Option<i64>, Error> {
    let filter = Filter {
        kind: Some(kind.to_owned()),
        ..Filter::default()
    };
    let listing = Listing {
        state: Jobs::Done,
        filter: &filter,
        limit: 1,
        after: None,
    };
    let newest = tracker.queue.operations().list(&listing).await?.pop();
    let ran = newest.and_then(|job| Some(job.ended_at?.duration_since(job.started_at?)));
    Ok(ran.map(milliseconds))
}

fn milliseconds(length: SignedDuration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

impl Schedule {
    fn new(
        planned: &Planned,
        known: Option<ScheduleRecord>,
        queue: Option<String>,
        last_run_ms: Option<i64>,
        now: Timestamp,
    ) -> Self {
        let fired = known.as_ref().and_then(|known| known.fired);
        let failure = known.as_ref().and_then(|known| known.failure.clone());
        let (failed_at, error) = failure.unzip();
        let pause = known.as_ref().and_then(|known| known.pause.clone());
        Schedule {
            name: planned.name,
            cadence: planned.cadence.to_string(),
            zone: planned.cadence.zone().to_owned(),
            catch_up: match planned.catch_up {
                CatchUp::Skip => MissedFirings::Skip,
                CatchUp::Once => MissedFirings::Once,
            },
            queue,
            last_slot: known.as_ref().map(|known| known.last_slot),
            fired_at: fired.map(|(at, _)| at),
            late_ms: fired.map(|(at, slot)| milliseconds(at.duration_since(slot))),
            next_at: planned.next(now),
            missed: known.as_ref().map_or(0, |known| known.missed),
            error,
            failed_at,
            last_run_ms,
            pause: pause
                .filter(|pause| pause.is_in_force(now))
                .map(|pause| SchedulePause {
                    since: pause.since,
                    until: pause.until,
                    by: pause.by,
                    reason: pause.reason,
                }),
        }
    }
}

/// Fires a schedule now. Its slots stay as they are.
#[utoipa::path(
    post,
    path = "/api/v1/admin/schedules/{id}/run",
    operation_id = "runSchedule",
    tag = "admin",
    params(("id" = String, Path, description = "Its name.")),
    responses((status = 204, description = "Its job waits.")),
    security(("session" = ["admin"]))
)]
pub(crate) async fn run_schedule(
    State(context): State<Arc<Context>>,
    admin: Admin,
    Id(name): Id<String>,
) -> Reply {
    let tracker = &context.tracker;
    let by = admin.name(tracker).await?;
    let schedules = jobs::schedules(&tracker.queue);
    let fired = schedules.fire(&tracker.queue, By(&by), &name).await;
    let fired = fired.map_err(|error| Error::Internal(error.to_string()))?;
    found(fired)
}

/// Lets the slots of a schedule pass from now on.
#[utoipa::path(
    post,
    path = "/api/v1/admin/schedules/{id}/pause",
    operation_id = "pauseSchedule",
    tag = "admin",
    params(("id" = String, Path, description = "Its name.")),
    request_body = PauseInput,
    responses((status = 204, description = "It is paused.")),
    security(("session" = ["admin"]))
)]
pub(crate) async fn pause_schedule(
    State(context): State<Arc<Context>>,
    admin: Admin,
    Id(name): Id<String>,
    body: JsonBody<PauseInput>,
) -> Reply {
    let tracker = &context.tracker;
    let wish = body.value.parse(tracker.clock.now())?;
    let by = admin.name(tracker).await?;
    let pause = Pause {
        since: wish.since,
        until: wish.until,
        by: by.clone(),
        reason: wish.reason,
    };
    let schedules = jobs::schedules(&tracker.queue);
    let paused = schedules.pause(&tracker.queue, By(&by), &name, &pause);
    found(paused.await.map_err(Error::from)?)
}

/// Fires a schedule at its slots again.
#[utoipa::path(
    post,
    path = "/api/v1/admin/schedules/{id}/resume",
    operation_id = "resumeSchedule",
    tag = "admin",
    params(("id" = String, Path, description = "Its name.")),
    responses((status = 204, description = "It is not paused.")),
    security(("session" = ["admin"]))
)]
pub(crate) async fn resume_schedule(
    State(context): State<Arc<Context>>,
    admin: Admin,
    Id(name): Id<String>,
) -> Reply {
    let tracker = &context.tracker;
    let schedules = jobs::schedules(&tracker.queue);
    let is_known = schedules.planned().any(|schedule| schedule.name == name);
    if is_known {
        let by = admin.name(tracker).await?;
        let resumed = tracker
            .queue
            .operations()
            .resume_schedule(By(&by), &name)
            .await;
        resumed.map_err(Error::from)?;
    }
    found(is_known)
}

fn found(is_known: bool) -> Reply {
    match is_known {
        true => Ok(reply::no_content()),
        false => Err(Problem::new(Code::NotFound).detail("There is no such schedule.")),
    }
}
