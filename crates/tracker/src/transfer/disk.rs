//! A file on disk, read a batch of rows at a time and as often as needed.

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom};
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::formats::{self, MARK, Sequence, unreadable};
use super::import::in_background;
use super::parsed::{Moment, Notes, Row, Rows};
use super::{Format, LARGEST_FILE};
use crate::{Error, Result};

/// A file, looked into.
#[derive(Debug)]
pub(super) enum Opened {
    /// The rows of its format cannot be read without each other, or it is longer than such a
    /// file may be; this is all of it, or too much.
    Whole(Vec<u8>),
    /// It is a sequence of rows.
    Rows(RowFile),
}

/// Looks into a file, which is to be at its start.
///
/// # Errors
/// When it cannot be read, or is in no format that is read, or in no encoding.
pub(super) async fn open(file: File, format: Option<Format>) -> Result<Opened> {
    in_background(move || {
        let shape = Shape::of(&file)?;
        let most = LARGEST_FILE + 1;
        let length = usize::try_from(shape.length).map_or(most, |length| length.min(most));
        // With room for one byte more, a file that has not grown is seen to have ended.
        let mut start = Vec::with_capacity(length + 1);
        let part = (&file).take(u64::try_from(most).unwrap_or(u64::MAX));
        let read = { part }.read_to_end(&mut start);
        read.map_err(|error| unreadable(&error))?;
        let format = formats::recognise(whole_characters(&start), format)?;
        let Some(sequence) = Sequence::of(format) else {
            return Ok(Opened::Whole(start));
        };
        Ok(Opened::Rows(RowFile {
            shape,
            file,
            format,
            sequence,
            has_mark: start.starts_with(MARK),
        }))
    })
    .await
}

/// A start that ends within a character ends before it.
fn whole_characters(start: &[u8]) -> &[u8] {
    match std::str::from_utf8(start) {
        Err(error) if error.error_len().is_none() && start.len() > LARGEST_FILE => {
            start.get(..error.valid_up_to()).unwrap_or(start)
        }
        _ => start,
    }
}

/// What changes when a file is written to.
#[derive(Debug, PartialEq, Eq)]
struct Shape {
    length: u64,
    /// Not every system knows.
    modified: Option<SystemTime>,
}

impl Shape {
    fn of(file: &File) -> Result<Self> {
        let found = file.metadata().map_err(|error| unreadable(&error))?;
        Ok(Shape {
            length: found.len(),
            modified: found.modified().ok(),
        })
    }
}

/// A file that is a sequence of rows.
#[derive(Debug)]
pub(super) struct RowFile {
    pub(super) format: Format,
    file: File,
    sequence: Sequence,
    has_mark: bool,
    shape: Shape,
}

impl RowFile {
    /// Whether it may as well be read into memory.
    pub(super) fn is_small(&self) -> bool {
        usize::try_from(self.shape.length).is_ok_and(|length| length <= LARGEST_FILE)
    }

    /// Rows that were judged in one reading must not be others in the next.
    fn expect_unchanged(&self) -> Result<()> {
        if Shape::of(&self.file)? == self.shape {
            return Ok(());
        }
        let message = "was changed while it was read; import it again: what has arrived is \
                       recognised";
        Err(Error::field("file", "invalid_file", message))
    }

    fn read(&self, moment: &Moment, rows: &mut Batching<'_>) -> Result<()> {
        let mut file = &self.file;
        let start = u64::try_from(if self.has_mark { MARK.len() } else { 0 }).unwrap_or(0);
        file.seek(SeekFrom::Start(start))
            .map_err(|error| unreadable(&error))?;
        let source = BufReader::with_capacity(64 * 1024, file);
        self.sequence.read(source, moment, rows)?;
        rows.send()
    }
}

/// How many rows are in memory at a time, and how much text; a single row may have more.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchSize {
    pub(super) rows: usize,
    /// In bytes.
    pub(super) text: usize,
}

/// The rows of a file, a batch at a time. They are read ahead by one batch; when this is dropped
/// the reading ends.
#[derive(Debug)]
pub(super) struct Batches {
    rows: mpsc::Receiver<Vec<Row>>,
    reading: JoinHandle<Result<Vec<String>>>,
}

impl Batches {
    /// Begins to read a file. One file is read once at a time.
    pub(super) fn of(file: &Arc<RowFile>, moment: &Moment, size: BatchSize) -> Self {
        let (sender, rows) = mpsc::channel(1);
        let (file, moment) = (file.clone(), moment.clone());
        let reading = tokio::task::spawn_blocking(move || {
            let mut batching = Batching {
                file: &file,
                size,
                sender,
                rows: Vec::new(),
                text: 0,
                notes: Notes::default(),
            };
            file.read(&moment, &mut batching)?;
            Ok(batching.notes.into_texts())
        });
        Batches { rows, reading }
    }

    /// The next rows; `None` when there are no more, or they cannot be read.
    pub(super) async fn next(&mut self) -> Option<Vec<Row>> {
        self.rows.recv().await
    }

    /// What is said about the file as a whole, when there are no more rows.
    ///
    /// # Errors
    /// When the file could not be read to its end, or was changed.
    pub(super) async fn finish(self) -> Result<Vec<String>> {
        self.reading
            .await
            .map_err(|error| Error::Internal(error.to_string()))?
    }
}

struct Batching<'a> {
    file: &'a RowFile,
    size: BatchSize,
    sender: mpsc::Sender<Vec<Row>>,
    rows: Vec<Row>,
    text: usize,
    notes: Notes,
}

impl Batching<'_> {
    fn send(&mut self) -> Result<()> {
        self.file.expect_unchanged()?;
        self.text = 0;
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() {
            return Ok(());
        }
        let sent = self.sender.blocking_send(rows);
        sent.map_err(|_| Error::Internal("the import was given up".to_owned()))
    }
}

impl Rows for Batching<'_> {
    fn push(&mut self, row: Row) -> Result<()> {
        self.text += row.length();
        self.rows.push(row);
        if self.rows.len() >= self.size.rows || self.text >= self.size.text {
            self.send()?;
        }
        Ok(())
    }

    fn notes(&mut self) -> &mut Notes {
        &mut self.notes
    }
}
