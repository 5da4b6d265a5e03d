//! Physical line numbers.
//!
//! The csv crate counts lines too, but from where the previous record ended: a blank line or a CRLF shifts its answer. Byte
//! positions it gives exactly, so lines are counted here from the bytes.

use csv::StringRecord;

/// Counts lines forward through a file.
pub(super) struct LineCounter<'b> {
    bytes: &'b [u8],
    position: usize,
    line: u64,
}

impl<'b> LineCounter<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self {
            bytes,
            position: 0,
            line: 1,
        }
    }

    /// The line, from 1, of a byte at or after the last one asked for. LF, CRLF and a lone CR end a line.
    pub(super) fn at(&mut self, position: usize) -> u64 {
        while self.position < position.min(self.bytes.len()) {
            let next = self.bytes.get(self.position + 1);
            match self.bytes[self.position] {
                b'\n' => self.line += 1,
                b'\r' if next != Some(&b'\n') => self.line += 1,
                _ => {}
            }
            self.position += 1;
        }
        self.line
    }

    /// The line on which a record starts, past the line ends that the csv reader skips before it.
    pub(super) fn at_record(&mut self, record: &StringRecord) -> u64 {
        let start = record.position().map_or(0, csv::Position::byte);
        let start = usize::try_from(start).unwrap_or(usize::MAX).min(self.bytes.len());
        let blank = self.bytes[start..]
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count();
        self.at(start + blank)
    }
}
