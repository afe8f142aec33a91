//! Content lines: unfolding, names, parameters, escapes (RFC 5545, 3.1 to 3.3.11).

/// One content line, unfolded but not yet text.
#[derive(Debug)]
pub(super) struct Line {
    /// Where it starts in the file; the first line is 1.
    pub(super) number: usize,
    bytes: Vec<u8>,
}

/// A content line, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Property<'a> {
    /// In upper case.
    pub(super) name: String,
    parameters: Vec<(&'a str, &'a str)>,
    pub(super) value: &'a str,
}

/// Unfolds a file: a line that starts with a blank continues the one before it.
pub(super) fn unfold(file: &[u8]) -> impl Iterator<Item = Line> {
    let mut physical = file
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .enumerate()
        .peekable();
    std::iter::from_fn(move || {
        let (index, first) = physical.find(|(_, line)| !line.is_empty())?;
        let mut bytes = first.to_vec();
        let is_fold = |line: &&[u8]| matches!(line.first(), Some(b' ' | b'\t'));
        while let Some((_, more)) = physical.next_if(|(_, line)| is_fold(line)) {
            bytes.extend(more.iter().skip(1));
        }
        Some(Line {
            number: index + 1,
            bytes,
        })
    })
}

impl Line {
    /// The property, or `None` when this is not UTF-8 or no content line.
    pub(super) fn property(&self) -> Option<Property<'_>> {
        let text = std::str::from_utf8(&self.bytes).ok()?;
        let name_end = text.find([';', ':'])?;
        let (name, mut rest) = text.split_at(name_end);
        let mut parameters = Vec::new();
        while let Some(parameter) = rest.strip_prefix(';') {
            let end = end_of_parameter(parameter)?;
            let (parameter, after) = parameter.split_at(end);
            let (name, value) = parameter.split_once('=')?;
            parameters.push((name, value.trim_matches('"')));
            rest = after;
        }
        let value = rest.strip_prefix(':')?;
        Some(Property {
            name: name.trim().to_ascii_uppercase(),
            parameters,
            value,
        })
    }
}

/// Where a parameter ends: at the next `;` or `:` outside quotes.
fn end_of_parameter(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.find(|found| {
        if found == '"' {
            quoted = !quoted;
        }
        !quoted && matches!(found, ';' | ':')
    })
}

impl<'a> Property<'a> {
    /// The first parameter of this name.
    pub(super) fn parameter(&self, name: &str) -> Option<&'a str> {
        let is_it = |(own, _): &&(&str, &str)| own.eq_ignore_ascii_case(name);
        self.parameters.iter().find(is_it).map(|(_, value)| *value)
    }

    /// The value as TEXT.
    pub(super) fn text(&self) -> String {
        unescape(self.value)
    }

    /// The value as a list of TEXT.
    pub(super) fn texts(&self) -> impl Iterator<Item = String> {
        let mut escaped = false;
        let parts = self.value.split(move |found| {
            let ends = found == ',' && !escaped;
            escaped = found == '\\' && !escaped;
            ends
        });
        parts.map(unescape)
    }
}

fn unescape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(found) = characters.next() {
        if found != '\\' {
            text.push(found);
            continue;
        }
        match characters.next() {
            Some('n' | 'N') => text.push('\n'),
            Some(escaped @ ('\\' | ',' | ';')) => text.push(escaped),
            // Not an escape of the standard: kept as it stands.
            Some(other) => text.extend(['\\', other]),
            None => text.push('\\'),
        }
    }
    text
}

/// Writes a TEXT value.
pub(super) fn escape(text: &str) -> String {
    let mut value = String::with_capacity(text.len() + 8);
    for found in text.replace("\r\n", "\n").chars() {
        match found {
            '\n' | '\r' => value.push_str("\\n"),
            '\\' | ',' | ';' => value.extend(['\\', found]),
            other => value.push(other),
        }
    }
    value
}

/// Writes a content line of at most 75 octets, continued as often as needed.
pub(super) fn fold_into(file: &mut String, line: &str) {
    const LONGEST: usize = 75;
    let mut width = 0;
    for found in line.chars() {
        if width + found.len_utf8() > LONGEST {
            file.push_str("\r\n ");
            width = 1;
        }
        file.push(found);
        width += found.len_utf8();
    }
    file.push_str("\r\n");
}
