//! Where in a file something stands.

/// Tells the lines of positions that come in ascending order.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    line: usize,
    position: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Lines {
            bytes: text.as_bytes(),
            line: 1,
            position: 0,
        }
    }

    /// The line of the byte at `position`, or of the first one behind it that is no line break.
    /// The first line is 1.
    pub(super) fn at(&mut self, position: usize) -> usize {
        let behind = self.bytes.get(position..).unwrap_or_default();
        let breaks = behind
            .iter()
            .take_while(|byte| matches!(**byte, b'\r' | b'\n'))
            .count();
        let start = position + breaks;
        let passed = self.bytes.get(self.position..start).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count();
        self.position = start.max(self.position);
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_over_both_kinds_of_breaks() {
        let mut lines = Lines::of("a\nb\r\n\r\nc\n");
        assert_eq!(
            (lines.at(0), lines.at(1), lines.at(2), lines.at(4)),
            (1, 2, 2, 4)
        );
        assert_eq!((lines.at(7), lines.at(900)), (4, 4));
    }
}
