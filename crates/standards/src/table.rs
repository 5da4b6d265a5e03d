//! The one reader for the spreadsheets people send as CSV.
//!
//! A file goes through three gates: the whole file (size, encoding, not an Excel workbook), its header (which separator, which
//! columns), its rows (number of cells, length, control characters). What passes is a [`Table`] of trimmed cells; what does not
//! is a [`CellProblem`] with the physical line of the file, as a text editor numbers it, even after quoted line breaks.
//!
//! Unknown columns are refused rather than skipped: a column nobody asked for is often a misspelt one, and sometimes personal
//! data that must not be sent.

mod lines;
mod problem;

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use csv::{ReaderBuilder, StringRecord, Trim};
use lines::Lines;

pub use problem::{CellProblem, PROBLEMS_MAX, Problems};

/// Most rows a file may have; more must be split.
pub const ROWS_MAX: usize = 50_000;
/// Most bytes a file may have.
pub const BYTES_MAX: usize = 32 * 1024 * 1024;
/// Most characters a cell may have; also what stops a forgotten closing quote.
pub const CELL_CHARS_MAX: usize = 10_000;

const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// The columns of one kind of file.
#[derive(Debug, Clone, Copy)]
pub struct Columns {
    /// Columns that must be there.
    pub required: &'static [&'static str],
    /// Columns that may be left out.
    pub optional: &'static [&'static str],
}

impl Columns {
    fn knows(&self, name: &str) -> bool {
        self.required.contains(&name) || self.optional.contains(&name)
    }
}

/// A file read as far as its cells; what its values mean is for the caller to judge.
#[derive(Debug, Default)]
pub struct Table {
    positions: HashMap<&'static str, usize>,
    rows: Vec<(u64, StringRecord)>,
    problems: Problems,
}

/// One row of a [`Table`].
#[derive(Debug, Clone, Copy)]
pub struct Row<'t> {
    line: u64,
    record: &'t StringRecord,
    positions: &'t HashMap<&'static str, usize>,
}

impl Table {
    /// The rows that have the right shape. None when the file or its header was refused.
    #[must_use]
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        self.rows.iter().map(|(line, record)| Row {
            line: *line,
            record,
            positions: &self.positions,
        })
    }

    /// What was found wrong so far; add to it, then [`Problems::into_vec`].
    #[must_use]
    pub fn take_problems(&mut self) -> Problems {
        std::mem::take(&mut self.problems)
    }
}

impl<'t> Row<'t> {
    /// The physical line, from 1, on which the row starts.
    #[must_use]
    pub const fn line(self) -> u64 {
        self.line
    }

    /// The trimmed cell of a column; empty when the file left an optional column out.
    #[must_use]
    pub fn cell(self, column: &str) -> &'t str {
        self.positions
            .get(column)
            .and_then(|&position| self.record.get(position))
            .unwrap_or_default()
    }

    /// The trimmed cell of a column, or `None` when there is nothing in it.
    #[must_use]
    pub fn filled(self, column: &str) -> Option<&'t str> {
        Some(self.cell(column)).filter(|cell| !cell.is_empty())
    }

    /// The cell of a column as a checked value, or `None` with its refusal among the problems.
    ///
    /// The refusals of this package read "what is wrong ; how to mend it": the two halves go where they belong.
    pub fn parsed<T>(self, column: &str, problems: &mut Problems) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        self.cell(column)
            .parse()
            .map_err(|error: T::Err| {
                let refusal = error.to_string();
                let (problem, remedy) = refusal
                    .split_once(" ; ")
                    .unwrap_or((&refusal, "corrigez cette cellule"));
                problems.push(self.problem(column, problem, remedy));
            })
            .ok()
    }

    /// A problem with the cell of a column of this row.
    #[must_use]
    pub fn problem(self, column: &str, problem: impl Into<String>, remedy: impl Into<String>) -> CellProblem {
        CellProblem::new(self.line, column, self.cell(column), problem, remedy)
    }
}

/// Reads a file into rows of cells. Never fails: everything wrong is among the table's problems.
#[must_use]
pub fn read(bytes: &[u8], columns: &Columns) -> Table {
    let mut table = Table::default();
    match whole_file(bytes) {
        Ok(text) => read_text(text, columns, &mut table),
        Err(problem) => table.problems.push(*problem),
    }
    table
}

/// Size and encoding; the text without its byte order mark.
fn whole_file(bytes: &[u8]) -> Result<&str, Box<CellProblem>> {
    let refuse = |line, problem: String, remedy: &str| Err(Box::new(CellProblem::new(line, "", "", problem, remedy)));
    if bytes.len() > BYTES_MAX {
        let problem = format!("le fichier dépasse {} Mio", BYTES_MAX / 1024 / 1024);
        return refuse(1, problem, "partagez-le en plusieurs fichiers");
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xD0\xCF\x11\xE0") {
        return refuse(
            1,
            "le fichier est un classeur de tableur, pas un fichier CSV".into(),
            "ouvrez-le dans votre tableur et enregistrez-le au format « CSV UTF-8 »",
        );
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{FEFF}').unwrap_or(text)),
        Err(error) => refuse(
            Lines::new(bytes).at(error.valid_up_to()),
            "le fichier n'est pas encodé en UTF-8 : un caractère de cette ligne est illisible".into(),
            "dans votre tableur, enregistrez-le au format « CSV UTF-8 »",
        ),
    }
}

fn read_text(text: &str, columns: &Columns, table: &mut Table) {
    let mut lines = Lines::new(text.as_bytes());
    let Some((delimiter, header)) = header(text, columns) else {
        table.problems.push(CellProblem::new(
            1,
            "",
            "",
            "le fichier est vide",
            format!(
                "mettez en première ligne les noms des colonnes : {}",
                columns.required.join(", ")
            ),
        ));
        return;
    };
    let header_line = lines.at_record(&header);
    table.positions = positions(&header, header_line, columns, &mut table.problems);
    if !table.problems.is_empty() {
        return;
    }
    for (index, record) in reader(text, delimiter).into_records().skip(1).enumerate() {
        let record = record.expect("reading UTF-8 text from memory with flexible rows cannot fail");
        let line = lines.at_record(&record);
        if index == ROWS_MAX {
            table.problems.push(CellProblem::new(
                line,
                "",
                "",
                format!("le fichier dépasse {ROWS_MAX} lignes de données"),
                "partagez-le en plusieurs fichiers",
            ));
            return;
        }
        // Spreadsheets leave rows of bare separators at the end of a file.
        if record.iter().all(str::is_empty) {
            continue;
        }
        if row_is_sound(&record, line, &header, &mut table.problems) {
            table.rows.push((line, record));
        }
    }
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text.as_bytes())
}

/// The first record, read with the separator under which it holds the most of the expected columns.
fn header(text: &str, columns: &Columns) -> Option<(u8, StringRecord)> {
    DELIMITERS
        .into_iter()
        .filter_map(|delimiter| {
            let record = reader(text, delimiter).into_records().next()?.ok()?;
            Some((delimiter, record))
        })
        // `max_by_key` keeps the last of equals; reversed so that the comma wins a tie.
        .rev()
        .max_by_key(|(_, record)| (record.iter().filter(|name| columns.knows(name)).count(), record.len()))
}

fn positions(
    header: &StringRecord,
    line: u64,
    columns: &Columns,
    problems: &mut Problems,
) -> HashMap<&'static str, usize> {
    let mut positions = HashMap::new();
    for (position, name) in header.iter().enumerate() {
        let known = columns
            .required
            .iter()
            .chain(columns.optional)
            .find(|known| **known == name);
        let nth = position + 1;
        match known {
            Some(known) if positions.insert(*known, position).is_none() => {}
            Some(_) => problems.push(CellProblem::new(
                line,
                name,
                name,
                format!("la colonne « {name} » est là deux fois"),
                "supprimez l'une des deux",
            )),
            None if name.is_empty() => problems.push(CellProblem::new(
                line,
                "",
                "",
                format!("la colonne n° {nth} n'a pas de nom"),
                "donnez-lui un nom attendu ou supprimez-la",
            )),
            None => problems.push(CellProblem::new(
                line,
                name,
                name,
                format!("la colonne « {name} » n'est pas attendue"),
                "corrigez son nom ou supprimez-la",
            )),
        }
    }
    for name in columns.required.iter().filter(|name| !positions.contains_key(*name)) {
        problems.push(CellProblem::new(
            line,
            *name,
            "",
            format!("la colonne « {name} » manque"),
            "ajoutez-la, avec exactement ce nom en première ligne",
        ));
    }
    positions
}

fn row_is_sound(record: &StringRecord, line: u64, header: &StringRecord, problems: &mut Problems) -> bool {
    if record.len() != header.len() {
        problems.push(CellProblem::new(
            line,
            "",
            "",
            format!("la ligne a {} cellules au lieu de {}", record.len(), header.len()),
            "vérifiez les séparateurs et les guillemets de cette ligne",
        ));
        return false;
    }
    let mut sound = true;
    for (name, cell) in header.iter().zip(record) {
        if cell.len() > CELL_CHARS_MAX && cell.chars().count() > CELL_CHARS_MAX {
            problems.push(CellProblem::new(
                line,
                name,
                cell,
                format!("le texte dépasse {CELL_CHARS_MAX} caractères"),
                "raccourcissez-le, ou cherchez un guillemet qui n'est pas refermé",
            ));
            sound = false;
        } else if cell.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            problems.push(CellProblem::new(
                line,
                name,
                cell,
                "le texte contient un caractère de commande invisible",
                "effacez la cellule et saisissez-la de nouveau",
            ));
            sound = false;
        }
    }
    sound
}

#[cfg(test)]
mod tests;
