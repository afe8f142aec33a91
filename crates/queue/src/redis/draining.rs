//! From Redis into SQL: what has become of jobs.
//!
//! The scripts that end jobs write into a stream what SQL has to record. A drain reads what is there, records it
//! in one transaction together with the place of the last of it, and cuts the stream off there. Whoever dies before
//! the commit has recorded nothing, whoever dies after it has left what the next one passes over.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use redis::cmd;

use super::RedisStore;
use super::packing::{self, Body, Live};
use crate::sql::recording::{self, Counted, EndedJob, Happened, How, read_place};
use crate::store::What;
use crate::{QueueName, Result};

/// As much is recorded by one transaction.
const BATCH: usize = 100;

/// Something that has happened, as the stream has it.
type Entry = (String, Vec<(String, String)>);

impl RedisStore {
    /// Records all there is.
    pub(super) async fn drain(&self) -> Result<()> {
        let _one_at_a_time = self.draining.lock().await;
        self.drain_all().await
    }

    /// The same, if nobody in this process is at it. What could not be recorded stays in the stream.
    pub(super) async fn drain_if_nobody_does(&self) {
        let Ok(_one_at_a_time) = self.draining.try_lock() else {
            return;
        };
        if let Err(error) = self.drain_all().await {
            tracing::warn!(%error, "what has become of jobs could not be recorded; it stays in Redis");
        }
    }

    async fn drain_all(&self) -> Result<()> {
        loop {
            let happened = self.read_stream().await?;
            if happened.is_empty() {
                return Ok(());
            }
            self.record(&happened).await?;
            self.cut_off(&happened).await?;
            if happened.len() < BATCH {
                return Ok(());
            }
        }
    }

    pub(super) async fn read_stream(&self) -> Result<Vec<Happened>> {
        let mut range = cmd("XRANGE");
        range
            .arg(self.link.keys.ended())
            .arg("-")
            .arg("+")
            .arg("COUNT")
            .arg(BATCH);
        let entries: Vec<Entry> = self.link.run(&range).await?;
        Ok(entries.into_iter().filter_map(read).collect())
    }

    pub(super) async fn record(&self, happened: &[Happened]) -> Result<()> {
        let (db, random) = (&self.sql.db, &*self.sql.random);
        let record = || recording::record(db, random, happened);
        self.sql.alone(record).await
    }

    pub(super) async fn cut_off(&self, happened: &[Happened]) -> Result<()> {
        let Some((time, number)) = happened.iter().map(|one| one.id).max() else {
            return Ok(());
        };
        let mut trim = cmd("XTRIM");
        trim.arg(self.link.keys.ended())
            .arg("MINID")
            .arg(format!("{time}-{}", number.saturating_add(1)));
        let _: i64 = self.link.run(&trim).await?;
        Ok(())
    }
}

/// Something that has happened. What cannot be read is of no use to anybody; it is told and passed over.
fn read((id, fields): Entry) -> Option<Happened> {
    let mut happened = Happened {
        id: read_place(&id)?,
        ..Happened::default()
    };
    let mut job: HashMap<String, String> = HashMap::new();
    for (field, text) in fields {
        match field.as_str() {
            "at" => happened.at = text.parse().ok().and_then(instant).unwrap_or_default(),
            "m" => happened.counted = counted(&text),
            "f" => happened.forgotten = text.split(' ').filter_map(packing::id).collect(),
            "b" => happened.cancelled = Some((text, Vec::new())),
            "c" => {
                let ids = text.split(' ').filter_map(packing::id).collect();
                let by = happened.cancelled.take().map(|(by, _)| by);
                happened.cancelled = Some((by.unwrap_or_default(), ids));
            }
            "e" => {
                job.insert(field, text);
                match ended(&job) {
                    Some(ended) => happened.jobs.push(ended),
                    None => tracing::error!(id, "a job that has ended cannot be read"),
                }
                job.clear();
            }
            _ => drop(job.insert(field, text)),
        }
    }
    Some(happened)
}

fn instant(micros: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(micros).ok()
}

fn ended(parts: &HashMap<String, String>) -> Option<EndedJob> {
    let part = |name: &str| parts.get(name).map(String::as_str);
    Some(EndedJob {
        id: packing::id(part("i")?)?,
        how: match part("k")? {
            "done" => How::Done,
            "cancelled" => How::Cancelled,
            _ => How::Failed(part("e")?.to_owned()),
        },
        live: Live::read(part("s")?)?,
        body: Body::read(part("d")?)?,
        attempts: packing::attempts(part("a")?),
        log: part("l").filter(|log| !log.is_empty()).map(str::to_owned),
    })
}

/// Five parts for each: what, queue, kind, how long it was due and how long it ran.
fn counted(text: &str) -> Vec<Counted> {
    let parts: Vec<&str> = text.split('\0').collect();
    let each = parts.chunks_exact(5).filter_map(|parts| {
        let [what, queue, kind, waited, ran] = parts else {
            return None;
        };
        let took = |text: &str| text.parse().ok().map(Duration::from_micros);
        Some(Counted {
            what: What::named(what)?,
            queue: QueueName::from((*queue).to_owned()),
            kind: (*kind).to_owned().into(),
            times: took(waited).zip(took(ran)).map(<[Duration; 2]>::from),
        })
    });
    each.collect()
}
