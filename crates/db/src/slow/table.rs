//! The table of slow texts and the ring of recent samples, both bounded.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use super::report::{SlowQueries, SlowQuery, SlowSample, SlowStatement};
use super::{microseconds, normal};
use crate::{Query, Value};

/// At most so many texts are kept; the one that took the least time makes room.
pub(super) const MOST_TEXTS: usize = 200;
/// At most so many samples are kept beside them.
pub(super) const MOST_RECENT: usize = 50;
/// Of a text at most so many characters are kept.
pub(super) const LONGEST_TEXT: usize = 4096;
/// A statement larger than this, in bytes with its values, is not kept for an EXPLAIN.
const LARGEST_KEPT: usize = 16 * 1024;

#[derive(Debug)]
pub(super) struct Table {
    since: Timestamp,
    forgotten: u64,
    texts: HashMap<String, Sum>,
    recent: VecDeque<SlowStatement>,
}

#[derive(Debug)]
struct Sum {
    text: String,
    count: u64,
    total_us: u64,
    rows: u64,
    last_seen_at: Timestamp,
    worst: SlowSample,
    /// The slowest statement itself. What is bound to it is needed to explain it, and shown to
    /// nobody.
    worst_query: Option<Query>,
}

impl Table {
    pub(super) fn new(since: Timestamp) -> Self {
        Table {
            since,
            forgotten: 0,
            texts: HashMap::new(),
            recent: VecDeque::new(),
        }
    }

    pub(super) fn since(&self) -> Timestamp {
        self.since
    }

    pub(super) fn add(&mut self, text: String, query: &Query, sample: SlowSample) {
        let id = normal::id(&text);
        let text = shortened(text);
        if self.recent.len() >= MOST_RECENT {
            self.recent.pop_back();
        }
        self.recent.push_front(SlowStatement {
            id: id.clone(),
            text: text.clone(),
            sample: sample.clone(),
        });
        match self.texts.get_mut(&id) {
            Some(sum) => sum.add(query, sample),
            None => {
                self.make_room();
                self.texts.insert(id, Sum::new(text, query, sample));
            }
        }
    }

    fn make_room(&mut self) {
        if self.texts.len() < MOST_TEXTS {
            return;
        }
        let least = self.texts.iter().min_by_key(|(_, sum)| sum.total_us);
        if let Some(id) = least.map(|(id, _)| id.clone()) {
            self.texts.remove(&id);
            self.forgotten += 1;
        }
    }

    pub(super) fn report(&self, threshold: Duration) -> SlowQueries {
        let mut data: Vec<SlowQuery> = self
            .texts
            .iter()
            .map(|(id, sum)| sum.report(id.clone()))
            .collect();
        data.sort_by(|a, b| b.total_us.cmp(&a.total_us).then_with(|| a.id.cmp(&b.id)));
        SlowQueries {
            threshold_us: microseconds(threshold),
            since: self.since,
            forgotten: self.forgotten,
            data,
            recent: self.recent.iter().cloned().collect(),
        }
    }

    pub(super) fn worst(&self, id: &str) -> Option<Query> {
        self.texts.get(id)?.worst_query.clone()
    }
}

impl Sum {
    fn new(text: String, query: &Query, sample: SlowSample) -> Self {
        Sum {
            text,
            count: 1,
            total_us: sample.duration_us,
            rows: sample.rows,
            last_seen_at: sample.at,
            worst_query: kept(query),
            worst: sample,
        }
    }

    fn add(&mut self, query: &Query, sample: SlowSample) {
        self.count += 1;
        self.total_us = self.total_us.saturating_add(sample.duration_us);
        self.rows = self.rows.saturating_add(sample.rows);
        self.last_seen_at = sample.at;
        if sample.duration_us > self.worst.duration_us {
            self.worst_query = kept(query);
            self.worst = sample;
        }
    }

    fn report(&self, id: String) -> SlowQuery {
        SlowQuery {
            id,
            text: self.text.clone(),
            count: self.count,
            total_us: self.total_us,
            mean_us: self.total_us / self.count.max(1),
            rows: self.rows,
            last_seen_at: self.last_seen_at,
            worst: self.worst.clone(),
        }
    }
}

fn kept(query: &Query) -> Option<Query> {
    let values: usize = query.values().iter().map(size).sum();
    (query.text().len() + values <= LARGEST_KEPT).then(|| query.clone().forgetting_span())
}

fn size(value: &Value) -> usize {
    let contents = match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Json(json) => json.to_string().len(),
        _ => 0,
    };
    size_of::<Value>() + contents
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        None => text,
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "…",
    }
}
