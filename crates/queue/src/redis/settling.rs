//! Storing how attempts ended.

use std::time::Duration;

use super::keys::{Place, place_in};
use super::link::Arguments;
use super::packing::written_id;
use super::reserving::LEASE_OVER;
use super::{RedisStore, scripts};
use crate::Result;
use crate::store::{Outcome, Settled, Settlement, Swept};

/// With so much to be recorded nobody waits for the next drain.
const MUCH: usize = 200;

impl RedisStore {
    pub(super) async fn end(&self, settlements: &[Settlement]) -> Result<Vec<Settled>> {
        let mut settled = Vec::with_capacity(settlements.len());
        let mut unrecorded = 0;
        for some in settlements.chunks(scripts::MOST) {
            let mut places: Vec<Place> = Vec::new();
            let mut arguments = Arguments::default();
            for settlement in some {
                let (queue, name) = (&settlement.queue, &settlement.name);
                let place = place_in(&mut places, &self.link.keys, queue, name);
                add(&mut arguments, settlement, place);
            }
            let answer: (String, usize) = self
                .link
                .call(&scripts::SETTLE, &places, &arguments)
                .await?;
            settled.extend(answer.0.chars().map(read));
            unrecorded = answer.1;
        }
        if unrecorded >= MUCH {
            self.drain_if_nobody_does().await;
        }
        Ok(settled)
    }

    /// Ends what is left of jobs whose workers died.
    pub(super) async fn end_expired(&self) -> Result<Swept> {
        let mut swept = Swept::default();
        let mut places = self.places();
        loop {
            let mut arguments = Arguments::default();
            arguments.text(LEASE_OVER);
            let answer: Ended = self.link.call(&scripts::SWEEP, &places, &arguments).await?;
            let (count, is_unknown, back, failed, unmarked) = answer;
            swept.given_back += back;
            swept.failed += failed;
            let known = places.len();
            if count != known || is_unknown > 0 {
                places = self.find_places().await?;
                if is_unknown > 0 && places.len() != known {
                    continue;
                }
            }
            self.mark_deleted(&unmarked).await?;
            return Ok(swept);
        }
    }

    /// Marks notes of rows that somebody deleted who died before they could.
    async fn mark_deleted(&self, unmarked: &[String]) -> Result<()> {
        let ids = unmarked.iter().filter_map(|id| super::packing::id(id));
        let ids: Vec<_> = ids.map(|id| id.0).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let there = crate::sql::outbox::present(&mut self.sql.db.read_fresh(), &ids).await?;
        let gone: Vec<_> = ids.into_iter().filter(|id| !there.contains(id)).collect();
        match gone.is_empty() {
            true => Ok(()),
            false => self.mark_rows(&gone).await,
        }
    }
}

/// How many places there are, whether an unknown one was met, how many jobs came back and failed, and which rows
/// have not been marked.
type Ended = (usize, u8, u64, u64, Vec<String>);

fn add<'a>(arguments: &mut Arguments<'a>, settlement: &'a Settlement, place: usize) {
    let (outcome, after, reason) = match &settlement.outcome {
        Outcome::Done => ("D", Duration::ZERO, ""),
        Outcome::Retry { after, error } => ("R", *after, error.as_str()),
        Outcome::Fail { error } => ("F", Duration::ZERO, error.as_str()),
        Outcome::Release => ("L", Duration::ZERO, ""),
    };
    let (waited, ran) = (settlement.waited.as_micros(), settlement.ran.as_micros());
    arguments
        .own(written_id(settlement.held.id.0))
        .number(settlement.held.fence.0)
        .number(place)
        .text(outcome)
        .number(after.as_micros())
        .own(format!("{waited}\0{ran}\0"))
        .text(reason)
        .own(settlement.log.packed().unwrap_or_default());
}

fn read(letter: char) -> Settled {
    match letter {
        'D' => Settled::Done,
        'R' => Settled::Retried,
        'F' => Settled::Failed,
        'L' => Settled::Released,
        _ => Settled::Late,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_those_of_the_script() {
        let script = include_str!("lua/settle.lua");
        for letter in ['D', 'R', 'F'] {
            assert_ne!(read(letter), Settled::Late);
            assert!(script.contains(&format!("'{letter}'")), "{letter}");
        }
        assert_eq!(read('-'), Settled::Late);
    }
}
