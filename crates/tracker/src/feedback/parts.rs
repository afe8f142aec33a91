//! The parts that a message is made of (RFC 2045, RFC 2046), as far as reports need it.
//!
//! Anybody may send anything here. So it is read in one pass for each level, there are few levels, nothing is
//! called again by what it has read, and what cannot be read is left out.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::fields::{Fields, next_line};

/// A report stands at the first level; a mailing list may have put it one deeper.
const LEVELS: usize = 3;

/// A report has three parts.
const MOST_PARTS: usize = 50;

/// Some write the last bits or the padding wrong.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A part that has no parts itself. What is in a message that came along is not looked into.
#[derive(Debug)]
pub(super) struct Part<'message> {
    /// What it is, like `message/delivery-status`.
    pub(super) kind: String,
    /// What is in it.
    pub(super) content: Cow<'message, [u8]>,
}

/// The parts of a message in the order they stand in.
pub(super) fn parts(message: &[u8]) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    let mut waiting = vec![(message, 0)];
    while let Some((bytes, level)) = waiting.pop() {
        if found.len() >= MOST_PARTS {
            break;
        }
        let (fields, body) = Fields::read(bytes);
        let kind = Kind::read(fields.get("content-type").unwrap_or("text/plain"));
        match kind.boundary {
            Some(boundary) if kind.name.starts_with("multipart/") && level < LEVELS => {
                let inner = split(body, &boundary);
                waiting.extend(inner.into_iter().rev().map(|part| (part, level + 1)));
            }
            _ => found.push(Part {
                kind: kind.name,
                content: decoded(body, fields.get("content-transfer-encoding")),
            }),
        }
    }
    found
}

/// The value of `Content-Type`.
struct Kind {
    name: String,
    boundary: Option<String>,
}

impl Kind {
    fn read(value: &str) -> Self {
        let mut pieces = unquoted_split(value).into_iter();
        let name = pieces.next().unwrap_or_default();
        let boundary = pieces.find_map(|piece| {
            let (name, value) = piece.split_once('=')?;
            let value = value.trim().trim_matches('"').trim_end();
            let is_it = name.trim().eq_ignore_ascii_case("boundary") && !value.is_empty();
            is_it.then(|| value.to_owned())
        });
        Kind {
            name: name.trim().to_ascii_lowercase(),
            boundary,
        }
    }
}

/// Splits at each `;` that does not stand in quotes.
fn unquoted_split(value: &str) -> Vec<&str> {
    let mut is_quoted = false;
    let pieces = value.split(|found| {
        is_quoted ^= found == '"';
        found == ';' && !is_quoted
    });
    pieces.collect()
}

/// What stands between the lines of a boundary.
fn split<'body>(body: &'body [u8], boundary: &str) -> Vec<&'body [u8]> {
    let mut parts = Vec::new();
    let mut begin: Option<usize> = None;
    let mut rest = body;
    while !rest.is_empty() && parts.len() < MOST_PARTS {
        let at = body.len() - rest.len();
        let (line, after) = next_line(rest);
        rest = after;
        let Some(is_last) = closes(line, boundary) else {
            continue;
        };
        if let Some(begin) = begin.take() {
            parts.extend(body.get(begin..at));
        }
        if is_last {
            return parts;
        }
        begin = Some(body.len() - rest.len());
    }
    // The end was cut off.
    if let Some(begin) = begin {
        parts.extend(body.get(begin..));
    }
    parts
}

/// Whether a line is a boundary, and if so whether it is the last.
fn closes(line: &[u8], boundary: &str) -> Option<bool> {
    let after = line
        .strip_prefix(b"--")?
        .strip_prefix(boundary.as_bytes())?;
    match after.trim_ascii_end() {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

fn decoded<'body>(body: &'body [u8], encoding: Option<&str>) -> Cow<'body, [u8]> {
    match encoding
        .map(|name| name.trim().to_ascii_lowercase())
        .as_deref()
    {
        Some("base64") => Cow::Owned(from_base64(body)),
        Some("quoted-printable") => Cow::Owned(from_quoted_printable(body)),
        _ => Cow::Borrowed(body),
    }
}

/// As much as can be read: the end may have been cut off.
fn from_base64(body: &[u8]) -> Vec<u8> {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let mut digits: Vec<u8> = body.iter().copied().filter(is_digit).collect();
    if digits.len() % 4 == 1 {
        digits.pop();
    }
    BASE64.decode(digits).unwrap_or_default()
}

/// RFC 2045, section 6.7. An `=` that begins nothing stands for itself.
fn from_quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let (value, skipped) = match (byte, after) {
            (b'=', [b'\r', b'\n', ..]) => (None, 2),
            (b'=', [b'\n' | b'\r', ..]) => (None, 1),
            // The end was cut off.
            (b'=', []) => (None, 0),
            (b'=', [high, low, ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (Some(high << 4 | low), 2),
                _ => (Some(b'='), 0),
            },
            (byte, _) => (Some(*byte), 0),
        };
        decoded.extend(value);
        rest = rest.get(skipped..).unwrap_or_default();
    }
    decoded
}

fn digit(byte: u8) -> Option<u8> {
    let value = char::from(byte).to_digit(16)?;
    u8::try_from(value).ok()
}
