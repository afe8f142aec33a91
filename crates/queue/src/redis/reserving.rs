//! Taking due jobs.

use std::time::Duration;

use super::keys::Place;
use super::link::Arguments;
use super::packing::{self, Body, Live, written_id};
use super::{RedisStore, scripts};
use crate::store::{Held, Kind, Paused, Reserved, Want};
use crate::{QueueName, Result};

/// No call takes more than this many jobs from one queue.
const BATCH: u32 = 100;

pub(super) const LEASE_OVER: &str = "the lease was over: the worker died or was stuck";

/// The places that may be taken from.
struct Open<'a> {
    places: &'a [Place],
    kinds: &'a [Kind],
    paused: &'a [Paused],
}

impl Open<'_> {
    /// Those of a queue, as scripts count, with their kinds.
    fn of(&self, queue: &QueueName) -> Vec<(usize, Kind)> {
        let is = |paused: &Paused, kind: &str| match paused {
            Paused::Queue(other) => other == queue,
            Paused::Kind(other) => other == kind,
        };
        let places = self.places.iter().enumerate();
        let of_queue = places.filter(|(_, place)| place.queue == *queue);
        let open = of_queue.filter(|(_, place)| !self.paused.iter().any(|it| is(it, &place.kind)));
        open.filter_map(|(index, place)| {
            let kind = self.kinds.iter().find(|kind| kind.name == place.kind)?;
            Some((index + 1, *kind))
        })
        .collect()
    }
}

impl RedisStore {
    pub(super) async fn take(&self, want: &Want<'_>) -> Result<Vec<Reserved>> {
        let paused = self.paused().await?;
        let mut places = self.places();
        loop {
            let open = Open {
                places: &places,
                kinds: want.kinds,
                paused: &paused,
            };
            let arguments = wanted(want, &open);
            let answer: Taken = self
                .link
                .call(&scripts::RESERVE, &places, &arguments)
                .await?;
            let known = places.len();
            let (count, is_unknown, jobs) = answer;
            if count != known || is_unknown > 0 {
                places = self.find_places().await?;
                // With nothing taken it is asked again, now for all places.
                if jobs.is_empty() && places.len() != known {
                    continue;
                }
            }
            return Ok(jobs
                .into_iter()
                .filter_map(|job| reserved(want.kinds, job))
                .collect());
        }
    }

    pub(super) async fn first_due(
        &self,
        queues: &[QueueName],
        kinds: &[Kind],
    ) -> Result<Option<Duration>> {
        let paused = self.paused().await?;
        let mut places = self.places();
        loop {
            let open = Open {
                places: &places,
                kinds,
                paused: &paused,
            };
            let mut arguments = Arguments::default();
            for (index, _) in queues.iter().flat_map(|queue| open.of(queue)) {
                arguments.number(index);
            }
            let answer: (usize, String) = self
                .link
                .call(&scripts::NEXT_DUE, &places, &arguments)
                .await?;
            let (count, wait) = answer;
            let known = places.len();
            if count != known {
                places = self.find_places().await?;
                if places.len() != known {
                    continue;
                }
            }
            return Ok(wait.parse().ok().map(Duration::from_micros));
        }
    }

    pub(super) async fn hold_longer(&self, held: &[Held], lease: Duration) -> Result<Vec<Held>> {
        let mut lost = Vec::new();
        for some in held.chunks(scripts::MOST) {
            let mut arguments = Arguments::default();
            arguments.number(lease.as_micros());
            for Held { id, fence } in some {
                arguments.own(written_id(id.0)).number(fence.0);
            }
            let answer: Vec<(String, i64)> =
                self.link.call(&scripts::RENEW, &[], &arguments).await?;
            lost.extend(answer.into_iter().filter_map(|(id, fence)| {
                Some(Held {
                    id: packing::id(&id)?,
                    fence: crate::store::Fence(fence),
                })
            }));
        }
        Ok(lost)
    }
}

/// How many places there are, whether an unknown one was met, and the jobs: id, state and data of each.
type Taken = (usize, u8, Vec<(String, String, String)>);

/// What the script is told: queue by queue the places without and with a rate.
fn wanted<'a>(want: &Want<'a>, open: &Open<'_>) -> Arguments<'a> {
    let mut arguments = Arguments::default();
    arguments
        .number(want.limit)
        .number(want.lease.as_micros())
        .own(written_id(want.worker.0))
        .text(LEASE_OVER);
    let has_places = |queue: &QueueName| open.places.iter().any(|place| place.queue == *queue);
    for (queue, share) in want.together(has_places) {
        let places = open.of(queue);
        let (limited, free): (Vec<_>, Vec<_>) = places
            .into_iter()
            .partition(|(_, kind)| kind.rate.is_some());
        arguments.text(queue.as_str()).number(share.min(BATCH));
        arguments.number(free.len());
        for (index, _) in free {
            arguments.number(index);
        }
        arguments.number(limited.len());
        for (index, kind) in limited {
            let rate = kind.rate.unwrap_or(crate::Rate::per_second(1));
            arguments
                .number(index)
                .text(kind.name)
                .number(rate.interval().as_nanos().max(1))
                .number(rate.per.as_nanos());
        }
    }
    arguments
}

fn reserved(kinds: &[Kind], (id, state, data): (String, String, String)) -> Option<Reserved> {
    let live = Live::read(&state)?;
    let taken_at = live.started_at?;
    let (payload, trace_parent) = Body::payload(data)?;
    let waited = Duration::try_from(taken_at.duration_since(live.run_at));
    Some(Reserved {
        held: Held {
            id: packing::id(&id)?,
            fence: live.fence,
        },
        queue: live.fixed.queue,
        name: Kind::name_among(kinds, live.fixed.kind),
        payload,
        attempt: live.attempt,
        tries: live.fixed.tries,
        priority: live.fixed.priority,
        waited: waited.unwrap_or_default(),
        trace_parent,
    })
}
