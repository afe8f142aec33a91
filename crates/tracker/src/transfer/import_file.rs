//! From a file on disk to tasks, a batch of rows at a time.

use std::fs::File;
use std::sync::Arc;

use jiff::ToSpan as _;
use jiff::tz::TimeZone;

use super::disk::{self, BatchSize, Batches, Opened, RowFile};
use super::parsed::Moment;
use super::repeats::{Repeat, Seen};
use super::write::Writing;
use super::{Format, MOST_ROWS, Options, Report, ReportRow, import};
use crate::activity::Actor;
use crate::{Result, Tracker};

/// So many rows are in memory at a time, and written in one transaction, when a file is large.
const BATCH: BatchSize = BatchSize {
    rows: 500,
    text: 1024 * 1024,
};

/// A small file is one batch.
const WHOLE: BatchSize = BatchSize {
    rows: MOST_ROWS,
    text: usize::MAX,
};

/// How far an import has come.
#[derive(Debug)]
pub enum Step<'a> {
    /// So many rows have been judged; nothing is written yet.
    Judged(usize),
    /// What became of the next row, in the order of the file.
    Row(&'a ReportRow),
    /// What became of so many rows has been told, of all that the file has.
    Told {
        /// Told by now.
        rows: usize,
        /// In the file.
        of: usize,
    },
}

/// Brings the tasks of a file on disk in, which is to be at its start. What [`import`] takes is
/// written in one transaction, as there. A file of Taskwarrior, todo.txt or Duly may have any
/// length: it is read once to judge all of its rows, and then, unless that has stopped it, again to
/// write them, some thousand in a transaction. When that does not come to its end, what has arrived
/// is recognised the next time.
///
/// The rows are told to `tell` and not kept: those of the report are none.
///
/// # Errors
/// As [`import`]; `invalid_file` also when the file is changed meanwhile.
pub async fn import_file(
    tracker: &Tracker,
    by: &Actor,
    zone: &TimeZone,
    file: File,
    options: Options,
    mut tell: impl FnMut(Step<'_>),
) -> Result<Report> {
    let file = match disk::open(file, options.format).await? {
        Opened::Rows(file) => Arc::new(file),
        Opened::Whole(file) => {
            let mut report = import(tracker, by, zone, file, options).await?;
            for row in std::mem::take(&mut report.rows) {
                tell(Step::Row(&row));
            }
            return Ok(report);
        }
    };
    let moment = Moment {
        now: tracker.clock.now(),
        zone: zone.clone(),
    };
    let judged = Judged::read(&file, &moment, &mut tell).await?;
    let stopped = judged.refused > 0 && !options.keep_going;
    let is_small = file.is_small() && judged.rows <= MOST_ROWS;
    let writing = Writing {
        tracker,
        by,
        zone,
        format: file.format,
    };
    let mut report = Report::new(file.format, options.dry_run, stopped);
    let mut batches = Batches::of(&file, &moment, if is_small { WHOLE } else { BATCH });
    let mut at = moment.now;
    while let Some(mut rows) = batches.next().await {
        Repeat::mark(&judged.repeats, report.total, &mut rows);
        let known = if options.dry_run || stopped {
            writing.known(&rows).await?
        } else {
            writing.write(&mut rows, at).await?
        };
        for row in rows {
            tell(Step::Row(&report.add(row, &known)));
        }
        tell(Step::Told {
            rows: report.total,
            of: judged.rows,
        });
        // The ids of one batch stand behind those of the one before, however quick it was.
        let next = at.checked_add(1.millisecond()).unwrap_or(at);
        at = tracker.clock.now().max(next);
    }
    report.notes = batches.finish().await?;
    Ok(report)
}

/// What was found when a file was read for the first time.
struct Judged {
    rows: usize,
    refused: usize,
    repeats: Vec<Repeat>,
}

impl Judged {
    async fn read(
        file: &Arc<RowFile>,
        moment: &Moment,
        tell: &mut impl FnMut(Step<'_>),
    ) -> Result<Self> {
        let (mut rows, mut refused) = (0, 0);
        let mut seen = Seen::default();
        let mut batches = Batches::of(file, moment, BATCH);
        while let Some(batch) = batches.next().await {
            for row in &batch {
                refused += usize::from(row.task.is_err());
                // The rows of a todo.txt have the ids that we give them, each another one.
                if file.format != Format::Todotxt {
                    seen.see(rows, row)?;
                }
                rows += 1;
            }
            tell(Step::Judged(rows));
        }
        batches.finish().await?;
        let repeats = seen.into_repeats();
        let contradictions = repeats.iter().filter(|repeat| !repeat.is_same).count();
        Ok(Judged {
            rows,
            refused: refused + contradictions,
            repeats,
        })
    }
}
