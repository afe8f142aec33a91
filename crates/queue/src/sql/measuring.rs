//! What became of jobs, counted by minutes, hours and days.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use duly_db::dialect::insert_or_add;
use duly_db::{Conn, Db, FromRow, FromValue, Row, Tx, Value, query};
use jiff::Timestamp;

use crate::histogram::Histogram;
use crate::store::{Measured, Totals, What};
use crate::{QueueName, Result};

/// The times that are counted together, in seconds, and for how long each is kept.
const MINUTE: (i64, i64) = (60, 2 * 86_400);
const HOUR: (i64, i64) = (3600, 14 * 86_400);
const DAY: (i64, i64) = (86_400, 90 * 86_400);

/// How many rows one statement adds.
const ROWS: usize = 16;

/// What one transaction has to count.
#[derive(Debug, Default)]
pub(super) struct Tally(BTreeMap<(QueueName, Cow<'static, str>, What, u16), Sum>);

#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    number: u64,
    total: Duration,
}

impl Tally {
    pub(super) fn count(
        &mut self,
        queue: &QueueName,
        name: Cow<'static, str>,
        what: What,
        number: u64,
    ) {
        self.sum(queue, name, what, 0).number += number;
    }

    pub(super) fn time(
        &mut self,
        queue: &QueueName,
        name: Cow<'static, str>,
        what: What,
        took: Duration,
    ) {
        let sum = self.sum(queue, name, what, Histogram::bucket(took));
        sum.number += 1;
        sum.total = sum.total.saturating_add(took);
    }

    fn sum(
        &mut self,
        queue: &QueueName,
        name: Cow<'static, str>,
        what: What,
        bucket: u16,
    ) -> &mut Sum {
        let key = (queue.clone(), name, what, bucket);
        self.0.entry(key).or_default()
    }

    /// Adds it all to the current minute. Everybody adds in the same order, so nobody waits in a circle.
    pub(super) async fn add(self, tx: &mut Tx, now: Timestamp) -> Result<()> {
        let start = begin(now.as_second(), MINUTE.0);
        let rows: Vec<_> = self.0.into_iter().collect();
        for rows in rows.chunks(ROWS) {
            let places: Vec<String> = (0..rows.len())
                .map(|row| format!("(?1, ?2, {})", duly_db::placeholders(3 + row * 6, 6)))
                .collect();
            let insert = format!(
                "INSERT INTO job_measures (grain, start, queue, name, what, bucket, number, total) \
                 VALUES {}",
                places.join(", ")
            );
            let add = insert_or_add(
                tx.engine(),
                "job_measures",
                &insert,
                KEY,
                &["number", "total"],
            );
            let mut add = query(add).bind(MINUTE.0).bind(start);
            for ((queue, name, what, bucket), sum) in rows {
                let micros = i64::try_from(sum.total.as_micros()).unwrap_or(i64::MAX);
                add = add
                    .bind(queue)
                    .bind(name.as_ref())
                    .bind(*what)
                    .bind(i64::from(*bucket))
                    .bind(i64::try_from(sum.number).unwrap_or(i64::MAX))
                    .bind(micros);
            }
            tx.execute(add).await?;
        }
        Ok(())
    }
}

const KEY: &str = "grain, start, queue, name, what, bucket";

/// When the time began that is counted together with this second.
fn begin(second: i64, grain: i64) -> i64 {
    second - second.rem_euclid(grain)
}

pub(super) async fn totals(
    conn: &mut Conn,
    since: Timestamp,
) -> Result<BTreeMap<QueueName, Totals>> {
    let select = query(
        "SELECT queue, what, SUM(number) AS number FROM job_measures \
         WHERE grain = ?1 AND start >= ?2 AND what NOT IN ('wait', 'run') GROUP BY queue, what",
    );
    let select = select
        .bind(MINUTE.0)
        .bind(begin(since.as_second(), MINUTE.0));
    let mut queues: BTreeMap<QueueName, Totals> = BTreeMap::new();
    for row in conn.rows(select).await? {
        let totals = queues.entry(row.get("queue")?).or_default();
        totals.count(row.get("what")?, row.get("number")?);
    }
    Ok(queues)
}

pub(super) async fn measures(
    conn: &mut Conn,
    grain: u32,
    since: Timestamp,
) -> Result<Vec<Measured>> {
    let select = query(
        "SELECT start, queue, name, what, bucket, number, total FROM job_measures \
         WHERE grain = ?1 AND start >= ?2 ORDER BY start, queue, name",
    );
    let since = begin(since.as_second(), i64::from(grain.max(1)));
    let mut measured: Vec<Measured> = Vec::new();
    for row in conn.rows(select.bind(grain).bind(since)).await? {
        let start = Timestamp::from_second(row.get("start")?).unwrap_or(Timestamp::MIN);
        let (queue, kind): (QueueName, String) = (row.get("queue")?, row.get("name")?);
        let is_same =
            |last: &&mut Measured| last.start == start && last.queue == queue && last.kind == kind;
        if let Some(last) = measured.last_mut().filter(is_same) {
            last.read(&row)?;
            continue;
        }
        let mut next = Measured {
            start,
            queue,
            kind,
            totals: Totals::default(),
            wait: Histogram::default(),
            run: Histogram::default(),
        };
        next.read(&row)?;
        measured.push(next);
    }
    Ok(measured)
}

impl Measured {
    fn read(&mut self, row: &Row) -> duly_db::Result<()> {
        let Part {
            what,
            bucket,
            number,
            total,
        } = Part::from_row(row)?;
        match what {
            What::Wait => self.wait.add_counted(bucket, number, total),
            What::Run => self.run.add_counted(bucket, number, total),
            counted => self.totals.count(counted, number),
        }
        Ok(())
    }
}

struct Part {
    what: What,
    bucket: u16,
    number: u64,
    total: Duration,
}

impl FromRow for Part {
    fn from_row(row: &Row) -> duly_db::Result<Self> {
        let bucket: u32 = row.get("bucket")?;
        Ok(Part {
            what: row.get("what")?,
            bucket: u16::try_from(bucket).unwrap_or(u16::MAX),
            number: row.get("number")?,
            total: Duration::from_micros(row.get("total")?),
        })
    }
}

impl Totals {
    fn count(&mut self, what: What, number: u64) {
        let counter = match what {
            What::Done => &mut self.done,
            What::Failed => &mut self.failed,
            What::Retried => &mut self.retried,
            What::Expired => &mut self.expired,
            What::Released => &mut self.released,
            What::Cancelled => &mut self.cancelled,
            What::Wait | What::Run => return,
        };
        *counter += number;
    }
}

/// Counts minutes together into the hours that are over, hours into days, and drops what is too old. What was
/// counted together before is replaced: so it does not matter how often this is done, or by how many.
pub(super) async fn roll_up(db: &Db, now: Timestamp) -> Result<()> {
    let now = now.as_second();
    for (from, to) in [(MINUTE, HOUR), (HOUR, DAY)] {
        let last: i64 = begin(now, to.0);
        // What the finer counts still have in full, but not more than was missed.
        let first = begin(now - from.1, to.0) + to.0;
        let known = query("SELECT MAX(start) AS start FROM job_measures WHERE grain = ?1");
        let known: Option<i64> = match db.read_fresh().optional_row(known.bind(to.0)).await? {
            Some(row) => row.get("start")?,
            None => None,
        };
        let mut start = known.map_or(first, |known| known.max(first));
        while start < last {
            roll_up_one(db, from.0, (start, start + to.0), to.0).await?;
            start += to.0;
        }
    }
    for (grain, kept) in [MINUTE, HOUR, DAY] {
        let delete = query("DELETE FROM job_measures WHERE grain = ?1 AND start < ?2");
        let mut tx = db.begin_on_shared_rows();
        tx.execute(delete.bind(grain).bind(now - kept)).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn roll_up_one(db: &Db, from: i64, (start, end): (i64, i64), to: i64) -> Result<()> {
    let mut tx = db.begin_on_shared_rows();
    let delete = query("DELETE FROM job_measures WHERE grain = ?1 AND start = ?2");
    tx.execute(delete.bind(to).bind(start)).await?;
    let sum = query(
        "INSERT INTO job_measures (grain, start, queue, name, what, bucket, number, total) \
         SELECT ?1, ?2, queue, name, what, bucket, SUM(number), SUM(total) FROM job_measures \
         WHERE grain = ?3 AND start >= ?2 AND start < ?4 GROUP BY queue, name, what, bucket",
    );
    tx.execute(sum.bind(to).bind(start).bind(from).bind(end))
        .await?;
    Ok(tx.commit().await?)
}

impl What {
    const ALL: [What; 8] = [
        What::Done,
        What::Failed,
        What::Retried,
        What::Expired,
        What::Released,
        What::Cancelled,
        What::Wait,
        What::Run,
    ];

    pub(crate) fn named(word: &str) -> Option<What> {
        Self::ALL.into_iter().find(|what| what.word() == word)
    }

    fn word(self) -> &'static str {
        match self {
            What::Done => "done",
            What::Failed => "failed",
            What::Retried => "retried",
            What::Expired => "expired",
            What::Released => "released",
            What::Cancelled => "cancelled",
            What::Wait => "wait",
            What::Run => "run",
        }
    }
}

impl From<What> for Value {
    fn from(what: What) -> Self {
        Value::from(what.word())
    }
}

impl FromValue for What {
    fn from_value(value: &Value) -> duly_db::Result<Self> {
        let word = String::from_value(value)?;
        What::named(&word)
            .ok_or_else(|| duly_db::Error::Decode(format!("nothing is counted as {word}")))
    }
}
