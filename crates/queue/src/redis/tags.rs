//! Counting jobs that wait or run by their tags.

use jiff::Timestamp;

use super::keys::Place;
use super::link::Arguments;
use super::packing::micros;
use super::{RedisStore, scripts};
use crate::Result;
use crate::sql::tags::quoted;
use crate::store::{Operations as _, WatchedTag};

/// So many jobs of a list are looked at: what waits behind them is not counted.
const LOOKED_AT: usize = 100_000;

/// Where a list is counted.
enum List<'a> {
    Ready(&'a Place),
    Scheduled(&'a Place),
    Running,
}

impl RedisStore {
    pub(super) async fn count_tags(&self) -> Result<Vec<WatchedTag>> {
        let mut watched = self.sql.watched_tags().await?;
        if watched.is_empty() {
            return Ok(watched);
        }
        let now = self.time().await?;
        let tags: Vec<String> = watched.iter().map(|one| quoted(&one.tag)).collect();
        let places = self.find_places().await?;
        let mut lists = vec![List::Running];
        let mut seen: Vec<&Place> = Vec::new();
        for place in places.iter() {
            // All kinds of a queue wait in one list.
            if seen.iter().all(|other| other.queue != place.queue) {
                seen.push(place);
                lists.extend([List::Ready(place), List::Scheduled(place)]);
            }
        }
        for list in lists {
            let counts = self.count(&list, &tags, now).await?;
            for (one, number) in watched.iter_mut().zip(counts) {
                let counts = &mut one.counts;
                match list {
                    List::Ready(_) => counts.ready += number,
                    List::Scheduled(_) => counts.scheduled += number,
                    List::Running => counts.running += number,
                }
            }
        }
        Ok(watched)
    }

    /// How many jobs of a list have each of these tags.
    async fn count(&self, list: &List<'_>, tags: &[String], now: Timestamp) -> Result<Vec<u64>> {
        let now = micros(now);
        let (place, from, to) = match list {
            List::Ready(place) => (Some(place), "-inf".to_owned(), now.to_string()),
            List::Scheduled(place) => (Some(place), format!("({now}"), "+inf".to_owned()),
            List::Running => (None, "-inf".to_owned(), "+inf".to_owned()),
        };
        let places: Vec<Place> = place.map(|place| (*place).clone()).into_iter().collect();
        let mut sums = vec![0; tags.len()];
        let mut passed = 0;
        while passed < LOOKED_AT {
            let mut arguments = Arguments::default();
            arguments
                .text(&from)
                .text(&to)
                .number(passed)
                .number(scripts::MOST);
            for tag in tags {
                arguments.text(tag);
            }
            let answer: Vec<u64> = self
                .link
                .call(&scripts::COUNT_TAGS, &places, &arguments)
                .await?;
            let Some((looked_at, counts)) = answer.split_first() else {
                break;
            };
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += count;
            }
            let looked_at = usize::try_from(*looked_at).unwrap_or(usize::MAX);
            if looked_at < scripts::MOST {
                break;
            }
            passed += looked_at;
        }
        Ok(sums)
    }
}
