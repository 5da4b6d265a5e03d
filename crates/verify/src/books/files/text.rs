use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use crate::books::{Unreadable, open};

/// Bytes of the longest line read: three names and a reference.
const LINE_BYTES_MAX: u64 = 64 * 1024;

/// Characters of a line that a fault shows.
const SHOWN_CHARS: usize = 120;

/// A text file, line by line, with the place of the line that was read.
pub(super) struct Text {
    pub name: String,
    lines: BufReader<File>,
    /// Of the line that was read last, from 1.
    pub number: u64,
    path: String,
}

impl Text {
    pub fn open(path: &Path) -> Result<Self, Unreadable> {
        Ok(Self {
            name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            lines: open(path)?,
            number: 0,
            path: path.display().to_string(),
        })
    }

    /// The next line without its end (`\n`); nothing at the end of the file.
    pub fn next(&mut self) -> Result<Option<Vec<u8>>, Unreadable> {
        let mut line = Vec::new();
        let read = self.lines.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
        if read.map_err(|error| Unreadable::File(self.path.clone(), error))? == 0 {
            return Ok(None);
        }
        self.number += 1;
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        Ok(Some(line))
    }

    /// That the line read last, or the end of the file, is not what it should be.
    pub fn differs(&self, found: Option<&[u8]>, expected: &str) -> String {
        let found = found.map_or_else(
            || "la fin du fichier".to_owned(),
            |line| format!("« {} »", shown(&String::from_utf8_lossy(line))),
        );
        let place = self.number.max(1);
        format!(
            "« {} », vers la ligne {place} : {found}, où les écritures disent {expected}",
            self.name
        )
    }
}

/// As much of a line as a person reads.
pub(super) fn shown(line: &str) -> String {
    let line = line.trim().replace('\t', " | ");
    match line.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}
