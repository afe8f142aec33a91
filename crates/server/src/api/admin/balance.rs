//! `/admin/queues/…`: what each queue may have, and what would have been with other settings

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use duly_queue::QueueName;
use duly_queue::balance::{Compared, Comparison, QueueSettings, Settings};
use duly_queue::store::By;
use duly_tracker::input::{Field, FromJson, Reader, Wrong};
use duly_tracker::{Error, Tracker, jobs};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::input::{Id, JsonBody, Parameters};
use crate::api::permit::Admin;
use crate::api::problem::{Code, Problem};
use crate::api::reply::{self, Reply};
use crate::app::Context;

/// No more points are answered: one for five minutes of a day.
const POINTS: usize = 288;

/// What each queue may have.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BalanceSettings {
    /// The queues, most important first.
    data: Vec<QueueLimits>,
    /// The least time between two decisions, in seconds.
    cooldown_s: u64,
}

/// What a queue may have, of the slots of all workers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueueLimits {
    /// The queue.
    queue: String,
    /// The slots it is guaranteed even when it has nothing to do.
    min: u32,
    /// The most slots it may have; null for any number.
    max: Option<u32>,
    /// How much it counts when there are not enough slots.
    weight: u32,
    /// How long its jobs may wait, in seconds.
    target_s: u64,
    /// Who said so.
    origin: Origin,
}

/// Who said what a queue may have.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Origin {
    /// Nobody.
    BuiltIn,
    /// The settings.
    Configuration,
    /// An operator.
    Operator,
}

impl QueueLimits {
    fn new(queue: &QueueName, settings: QueueSettings, origin: Origin) -> Self {
        QueueLimits {
            queue: queue.to_string(),
            min: settings.min,
            max: settings.max,
            weight: settings.weight,
            target_s: settings.target.as_secs(),
            origin,
        }
    }
}

/// Shows what each queue may have.
#[utoipa::path(
    get,
    path = "/api/v1/admin/queues/settings",
    operation_id = "getBalanceSettings",
    tag = "admin",
    responses((status = 200, description = "What is in force.", body = BalanceSettings)),
    security(("session" = ["admin"]))
)]
pub(crate) async fn balance_settings(
    State(context): State<Arc<Context>>,
    _: Admin,
    parameters: Parameters,
) -> Reply {
    parameters.only([])?;
    let (configured, operators) = in_force(&context).await?;
    let queues = jobs::registry().queues().into_iter();
    let settings = BalanceSettings {
        data: queues
            .map(|queue| match operators.get(&queue) {
                Some(said) => QueueLimits::new(&queue, *said, Origin::Operator),
                None => {
                    let origin = match configured.queues.contains_key(&queue) {
                        true => Origin::Configuration,
                        false => Origin::BuiltIn,
                    };
                    QueueLimits::new(&queue, configured.of(&queue), origin)
                }
            })
            .collect(),
        cooldown_s: configured.cooldown.as_secs(),
    };
    Ok(reply::json(StatusCode::OK, &settings)?)
}

/// What is configured, and what operators have said.
async fn in_force(
    context: &Context,
) -> Result<(Settings, BTreeMap<QueueName, QueueSettings>), Error> {
    let operations = context.tracker.queue.operations();
    let operators = operations.queue_settings().await?;
    Ok((context.balance.clone(), operators))
}

/// What a queue may have. What is left out stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueLimitsInput {
    /// The slots it is guaranteed even when it has nothing to do.
    #[serde(default)]
    #[schema(value_type = Option<u32>, maximum = 10000)]
    min: Field<Count>,
    /// The most slots it may have; null for any number.
    #[serde(default)]
    #[schema(value_type = Option<u32>, maximum = 10000)]
    max: Field<Count>,
    /// How much it counts when there are not enough slots.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    weight: Field<Weight>,
    /// How long its jobs may wait, in seconds.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 86400)]
    target_s: Field<Seconds>,
}

macro_rules! bounded_number {
    ($name:ident, $least:literal, $most:literal) => {
        #[derive(Debug, Clone, Copy)]
        struct $name(u32);

        impl FromJson for $name {
            fn from_json(value: &serde_json::Value) -> Result<Self, Wrong> {
                let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
                number
                    .filter(|number| ($least..=$most).contains(number))
                    .map($name)
                    .ok_or_else(|| {
                        let must = concat!("must be a number from ", $least, " to ", $most);
                        Wrong::new("out_of_range", must)
                    })
            }
        }
    };
}

bounded_number!(Count, 0, 10_000);
bounded_number!(Weight, 1, 1_000);
bounded_number!(Seconds, 1, 86_400);
bounded_number!(Hours, 1, 24);

impl QueueLimitsInput {
    /// The settings after the change. `path` is where the fields stand in the request.
    fn apply(self, to: QueueSettings, reader: &mut Reader, path: &str) -> QueueSettings {
        let min = reader.optional(&format!("{path}min"), self.min);
        let max = reader.nullable(&format!("{path}max"), self.max);
        let weight = reader.optional(&format!("{path}weight"), self.weight);
        let target = reader.optional(&format!("{path}target_s"), self.target_s);
        let changed = QueueSettings {
            min: min.map_or(to.min, |Count(min)| min),
            max: max.map_or(to.max, |max| max.map(|Count(max)| max)),
            weight: weight.map_or(to.weight, |Weight(weight)| weight),
            target: target.map_or(to.target, |Seconds(seconds)| {
                Duration::from_secs(u64::from(seconds))
            }),
        };
        if changed.max.is_some_and(|max| max < changed.min) {
            let max = format!("{path}max");
            reader.refuse(&max, "out_of_range", "must not be less than min");
        }
        changed
    }
}

/// Says what a queue may have from now on, instead of what is configured.
#[utoipa::path(
    put,
    path = "/api/v1/admin/queues/{id}/settings",
    operation_id = "changeQueueLimits",
    tag = "admin",
    params(("id" = String, Path, description = "The queue.")),
    request_body = QueueLimitsInput,
    responses((status = 204, description = "It is so at the next decision.")),
    security(("session" = ["admin"]))
)]
pub(crate) async fn change_queue_limits(
    State(context): State<Arc<Context>>,
    admin: Admin,
    Id(name): Id<String>,
    body: JsonBody<QueueLimitsInput>,
) -> Reply {
    let queue = known(name)?;
    let (configured, operators) = in_force(&context).await?;
    let before = operators.get(&queue).copied();
    let mut reader = Reader::new();
    let before = before.unwrap_or_else(|| configured.of(&queue));
    let changed = body.value.apply(before, &mut reader, "");
    reader.finish()?;
    set(&context.tracker, &admin, &queue, Some(&changed)).await
}

/// Lets a queue have what is configured again.
#[utoipa::path(
    delete,
    path = "/api/v1/admin/queues/{id}/settings",
    operation_id = "resetQueueLimits",
    tag = "admin",
    params(("id" = String, Path, description = "The queue.")),
    responses((status = 204, description = "It is so at the next decision.")),
    security(("session" = ["admin"]))
)]
pub(crate) async fn reset_queue_limits(
    State(context): State<Arc<Context>>,
    admin: Admin,
    Id(name): Id<String>,
) -> Reply {
    set(&context.tracker, &admin, &known(name)?, None).await
}

async fn set(
    tracker: &Tracker,
    admin: &Admin,
    queue: &QueueName,
    settings: Option<&QueueSettings>,
) -> Reply {
    let by = admin.name(tracker).await?;
    let operations = tracker.queue.operations();
    let changed = operations.set_queue(By(&by), queue, settings).await;
    changed.map_err(Error::from)?;
    Ok(reply::no_content())
}

fn known(name: String) -> Result<QueueName, Problem> {
    let name = QueueName::from(name);
    match jobs::registry().queues().contains(&name) {
        true => Ok(name),
        false => Err(Problem::new(Code::NotFound).detail("There is no such queue.")),
    }
}

/// Other settings to make the decisions of the last hours again with.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayInput {
    /// How far back.
    #[serde(default)]
    #[schema(value_type = u32, minimum = 1, maximum = 24, required = true)]
    hours: Field<Hours>,
    /// What each queue would have had; those left out have what is in force.
    #[serde(default)]
    queues: BTreeMap<String, QueueLimitsInput>,
}

/// What would have been with other settings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Replay {
    /// How many decisions were made again. Of times without any work there are none.
    decisions: u64,
    /// What becomes of each queue.
    queues: Vec<ReplayedQueue>,
    /// What is given at times, the oldest first.
    points: Vec<ReplayPoint>,
}

/// A queue, as it was and as it would have been.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayedQueue {
    /// The queue.
    queue: String,
    /// Its slots on average.
    mean_slots: f64,
    /// Its slots on average, as it was.
    mean_slots_before: f64,
    /// The most slots it has.
    max_slots: u32,
    /// The most slots it had.
    max_slots_before: u32,
    /// For how many seconds it wants more than it has.
    short_s: u64,
    /// For how many seconds it wanted more than it had.
    short_s_before: u64,
}

/// What queues are given at a time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayPoint {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The slots of each queue.
    slots: BTreeMap<String, u32>,
    /// The slots of each queue, as it was.
    slots_before: BTreeMap<String, u32>,
}

/// Makes the decisions of the last hours again with other settings, and changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/admin/queues/replay",
    operation_id = "replayDecisions",
    tag = "admin",
    request_body = ReplayInput,
    responses((status = 200, description = "What would have been.", body = Replay)),
    security(("session" = ["admin"]))
)]
pub(crate) async fn replay(
    State(context): State<Arc<Context>>,
    _: Admin,
    body: JsonBody<ReplayInput>,
) -> Reply {
    let (mut settings, operators) = in_force(&context).await?;
    settings.queues.extend(operators);
    let mut reader = Reader::new();
    for (name, input) in body.value.queues {
        let queue = known(name)?;
        let path = format!("queues.{queue}.");
        let changed = input.apply(settings.of(&queue), &mut reader, &path);
        settings.queues.insert(queue, changed);
    }
    let hours = reader.required("hours", body.value.hours);
    reader.finish()?;
    let hours = hours.map_or(1, |Hours(hours)| i64::from(hours));
    let tracker = &context.tracker;
    let since = tracker
        .clock
        .now()
        .checked_sub(SignedDuration::from_hours(hours));
    let since = since.unwrap_or(Timestamp::MIN);
    let compared = Comparison::since(&tracker.queue, since, &settings, POINTS).await;
    let replay = Replay::from(compared.map_err(Error::from)?);
    Ok(reply::json(StatusCode::OK, &replay)?)
}

impl From<Comparison> for Replay {
    fn from(comparison: Comparison) -> Self {
        let named = |slots: BTreeMap<QueueName, u32>| {
            let slots = slots.into_iter();
            slots
                .map(|(queue, slots)| (queue.to_string(), slots))
                .collect()
        };
        let queue = |(queue, compared): (QueueName, Compared)| ReplayedQueue {
            queue: queue.to_string(),
            mean_slots: compared.after.mean(),
            mean_slots_before: compared.before.mean(),
            max_slots: compared.after.most,
            max_slots_before: compared.before.most,
            short_s: compared.after.short.as_secs(),
            short_s_before: compared.before.short.as_secs(),
        };
        Replay {
            decisions: comparison.decisions,
            queues: comparison.queues.into_iter().map(queue).collect(),
            points: comparison
                .points
                .into_iter()
                .map(|point| ReplayPoint {
                    at: point.at,
                    slots: named(point.after),
                    slots_before: named(point.before),
                })
                .collect(),
        }
    }
}
