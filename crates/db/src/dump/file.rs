//! What stands in the file.
//!
//! A line with the format, then compressed lines of JSON, then a checksum over all before it. The
//! first line of JSON says which release made the dump. Each table begins with a line that names
//! its columns, each of its rows is an array, and the last line counts the rows of all tables.

use std::io::{self, BufRead as _, BufReader, Read, Write};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::checksum::{Checking, Summing};
use super::error::Error;
use super::table::{Kind, written};
use crate::Value;

/// What the file begins with; the number of the format and a line end follow.
const MARK: &str = "duly dump ";

/// The format written here.
const FORMAT: u32 = 1;

/// No line that we write is longer, in bytes: a row is a few columns of at most some MiB.
const LONGEST_LINE: u64 = 256 * 1024 * 1024;

/// Where a dump comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The release that made it.
    pub release: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// The migrations of the schema, as `owner/name`.
    pub migrations: Vec<String>,
}

/// The columns of the rows that follow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) name: String,
    pub(super) columns: Vec<(String, Kind)>,
}

/// Tables and how many rows each has.
pub type Counts = Vec<(String, u64)>;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Dump(Origin),
    Table(Head),
    End(Counts),
}

/// Writes a file from its beginning to its end.
pub(super) struct Writer<W: Write> {
    target: GzEncoder<Summing<W>>,
    counts: Counts,
    line: Vec<u8>,
}

impl<W: Write> Writer<W> {
    pub(super) fn begin(target: W, origin: Origin) -> io::Result<Self> {
        let mut target = Summing::new(target);
        writeln!(target, "{MARK}{FORMAT}")?;
        let mut writer = Writer {
            target: GzEncoder::new(target, Compression::default()),
            counts: Counts::new(),
            line: Vec::new(),
        };
        writer.line(&Line::Dump(origin))?;
        Ok(writer)
    }

    pub(super) fn table(&mut self, head: Head) -> io::Result<()> {
        self.counts.push((head.name.clone(), 0));
        self.line(&Line::Table(head))?;
        Ok(())
    }

    /// Answers how long the row is in the file before it is compressed, in bytes.
    pub(super) fn row(&mut self, values: &[Value]) -> io::Result<usize> {
        if let Some((_, count)) = self.counts.last_mut() {
            *count += 1;
        }
        let row: Vec<Json> = values.iter().map(written).collect();
        self.line(&row)
    }

    pub(super) fn finish(mut self) -> io::Result<(Counts, W)> {
        let counts = self.counts.clone();
        self.line(&Line::End(counts))?;
        Ok((self.counts, self.target.finish()?.finish()?))
    }

    fn line(&mut self, line: &impl Serialize) -> io::Result<usize> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, line)?;
        self.line.push(b'\n');
        self.target.write_all(&self.line)?;
        Ok(self.line.len())
    }
}

/// What comes next in a file.
pub(super) enum Item {
    Table(Head),
    Row(Vec<Value>),
}

/// Reads a file from its beginning to its end.
pub(super) struct Reader<R: Read> {
    source: BufReader<GzDecoder<BufReader<Checking<R>>>>,
    origin: Origin,
    kinds: Vec<Kind>,
    counts: Counts,
    line: Vec<u8>,
}

impl<R: Read> Reader<R> {
    pub(super) fn begin(source: R) -> Result<Self, Error> {
        let mut source = BufReader::new(Checking::new(source));
        read_mark(&mut source)?;
        let mut source = BufReader::new(GzDecoder::new(source));
        let mut line = Vec::new();
        read_line(&mut source, &mut line)?;
        match parse(&line)? {
            Line::Dump(origin) => Ok(Reader {
                source,
                origin,
                kinds: Vec::new(),
                counts: Counts::new(),
                line,
            }),
            _ => Err(Error::Damaged("it does not say where it comes from".into())),
        }
    }

    /// The next table or row.
    pub(super) fn next(&mut self) -> Result<Option<Item>, Error> {
        read_line(&mut self.source, &mut self.line)?;
        if self.line.starts_with(b"[") {
            return self.row().map(Some);
        }
        match parse(&self.line)? {
            Line::Table(head) => {
                self.kinds = head.columns.iter().map(|(_, kind)| *kind).collect();
                self.counts.push((head.name.clone(), 0));
                Ok(Some(Item::Table(head)))
            }
            Line::End(counts) if counts == self.counts => Ok(None),
            Line::End(_) => Err(Error::Damaged("rows are missing".into())),
            Line::Dump(_) => Err(Error::Damaged("it begins twice".into())),
        }
    }

    fn row(&mut self) -> Result<Item, Error> {
        let Some((table, count)) = self.counts.last_mut() else {
            return Err(Error::Damaged("a row stands outside of a table".into()));
        };
        *count += 1;
        let row: Vec<Json> = parse(&self.line)?;
        match parse_row(&self.kinds, row) {
            Some(values) => Ok(Item::Row(values)),
            None => Err(Error::Damaged(format!(
                "row {count} of {table} cannot be read"
            ))),
        }
    }

    /// Holds the whole file to its checksum; to be asked after the last row.
    pub(super) fn finish(mut self) -> Result<(Origin, Counts), Error> {
        let mut rest = Vec::new();
        // Reading on makes the decoder compare the checksum of its own.
        let found = self.source.by_ref().take(1).read_to_end(&mut rest);
        let compressed = self.source.into_inner().into_inner();
        let is_read = found.map_err(damage)? == 0 && compressed.buffer().is_empty();
        if is_read && compressed.into_inner().finish().map_err(damage)? {
            return Ok((self.origin, self.counts));
        }
        Err(Error::Damaged("its checksum is wrong".into()))
    }
}

fn read_mark(source: &mut impl io::BufRead) -> Result<(), Error> {
    let mut line = Vec::new();
    let longest = MARK.len() + 11;
    let mut start = source.take(u64::try_from(longest).unwrap_or(u64::MAX));
    start.read_until(b'\n', &mut line).map_err(damage)?;
    let format = std::str::from_utf8(&line)
        .ok()
        .and_then(|line| line.strip_prefix(MARK)?.strip_suffix('\n')?.parse().ok());
    match format {
        Some(FORMAT) => Ok(()),
        Some(found) if found > FORMAT => Err(Error::NewerFormat {
            found,
            known: FORMAT,
        }),
        _ => Err(Error::NotADump),
    }
}

/// Reads a line without its end.
fn read_line(source: &mut impl io::BufRead, line: &mut Vec<u8>) -> Result<(), Error> {
    line.clear();
    let mut bounded = source.take(LONGEST_LINE);
    bounded.read_until(b'\n', line).map_err(damage)?;
    match line.pop() {
        Some(b'\n') => Ok(()),
        _ => Err(Error::Damaged("it breaks off".into())),
    }
}

fn parse<T: DeserializeOwned>(line: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(line).map_err(|_| Error::Damaged("a line cannot be read".into()))
}

fn parse_row(kinds: &[Kind], row: Vec<Json>) -> Option<Vec<Value>> {
    if row.len() != kinds.len() {
        return None;
    }
    let values = kinds.iter().zip(row);
    values.map(|(kind, json)| kind.parse(json)).collect()
}

/// What is wrong with the bytes, as opposed to with reading them.
fn damage(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
            Error::Damaged(error.to_string())
        }
        io::ErrorKind::UnexpectedEof => Error::Damaged("it breaks off".into()),
        _ => Error::Read(error),
    }
}
