//! Reading a file of any length from start to end, a row at a time.

use std::cell::Cell;
use std::io::{self, BufRead, Read};

use crate::transfer::LARGEST_FILE;
use crate::{Error, Result};

/// In bytes. No row is kept in memory that is larger than a whole file may be.
const LONGEST_ROW: usize = LARGEST_FILE;

/// Passes over blanks. Answers the number of the line behind them, of which the first is 1, and
/// what comes there.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn skip_blanks(source: &mut impl BufRead) -> Result<(usize, Option<u8>)> {
    let mut line = 1;
    loop {
        let found = source.fill_buf().map_err(|error| unreadable(&error))?;
        let blanks = found.iter().take_while(|byte| byte.is_ascii_whitespace());
        let length = blanks.clone().count();
        line += blanks.filter(|byte| **byte == b'\n').count();
        let first = found.get(length).copied();
        let is_end = found.is_empty();
        source.consume(length);
        if is_end || first.is_some() {
            return Ok((line, first));
        }
    }
}

/// A text, line by line.
#[derive(Debug)]
pub(super) struct TextLines<R> {
    source: R,
    next: usize,
    line: Vec<u8>,
}

impl<R: BufRead> TextLines<R> {
    /// What is left of a text, of which this line comes next.
    pub(super) fn behind(line: usize, source: R) -> Self {
        TextLines {
            source,
            next: line,
            line: Vec::new(),
        }
    }

    /// The next line and its number; `None` at the end.
    ///
    /// # Errors
    /// When the file cannot be read, is not UTF-8 there, or the line is very long.
    pub(super) fn next_line(&mut self) -> Result<Option<(usize, &str)>> {
        let most = u64::try_from(LONGEST_ROW + 1).unwrap_or(u64::MAX);
        self.line.clear();
        let mut source = self.source.by_ref().take(most);
        let read = source.read_until(b'\n', &mut self.line);
        let number = self.next;
        match read.map_err(|error| unreadable(&error))? {
            0 => return Ok(None),
            length if length > LONGEST_ROW => return Err(unreadable(&too_long(number))),
            _ => self.next += 1,
        }
        let text = std::str::from_utf8(&self.line).map_err(|_| no_text(number))?;
        Ok(Some((number, text)))
    }
}

/// How far a file has been read.
#[derive(Debug)]
pub(super) struct Place {
    line: Cell<usize>,
    /// How many bytes were read since the last row began.
    since: Cell<usize>,
}

impl Place {
    /// At the start of a line.
    pub(super) fn at(line: usize) -> Self {
        Place {
            line: Cell::new(line),
            since: Cell::new(0),
        }
    }

    /// Begins a row; answers its line.
    pub(super) fn begin_row(&self) -> usize {
        self.since.set(0);
        self.line.get()
    }
}

/// A file that keeps its place up to date while it is read.
#[derive(Debug)]
pub(super) struct Placed<'a, R> {
    pub(super) source: R,
    pub(super) place: &'a Place,
}

impl<R: BufRead> Read for Placed<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Place { line, since } = self.place;
        let length = self.source.read(buffer)?;
        let read = buffer.get(..length).unwrap_or_default();
        line.set(line.get() + read.iter().filter(|byte| **byte == b'\n').count());
        since.set(since.get() + length);
        match since.get() {
            0..=LONGEST_ROW => Ok(length),
            _ => Err(too_long(line.get())),
        }
    }
}

fn too_long(line: usize) -> io::Error {
    let most = LONGEST_ROW / 1024 / 1024;
    io::Error::other(format!(
        "line {line} is part of a row of more than {most} MiB"
    ))
}

/// The file cannot be read further.
pub(in crate::transfer) fn unreadable(error: &io::Error) -> Error {
    Error::field("file", "invalid_file", format!("cannot be read: {error}"))
}

/// A line is in another encoding.
pub(super) fn no_text(line: usize) -> Error {
    let message = format!("is not UTF-8 text: line {line} has bytes that are none");
    Error::field("file", "invalid_encoding", message)
}
