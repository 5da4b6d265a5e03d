//! The one reader for the spreadsheets people send, as CSV or as a workbook (.xlsx).
//!
//! A file goes through three gates: the whole file (size, encoding, workbook or text), its header (which separator, which columns), its
//! rows (number of cells, length, control characters). What passes is a [`Table`] of trimmed cells; what does not is a [`CellProblem`] with
//! the physical line of the file, as a text editor or a spreadsheet numbers it, even after quoted line breaks.
//!
//! A column that nobody asked for is left out: files have more than one use, and what is not read is not kept. It is named, because it may
//! be a misspelt one, with all that was read otherwise than somebody might expect ([`Table::notices`]).

mod lines;
mod objects;
mod problem;
#[cfg(feature = "workbook")]
mod workbook;

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use csv::{ReaderBuilder, StringRecord, Trim};
use lines::LineCounter;

use crate::spreadsheet::{SHORTENED, is_shortened};
use crate::written::date::TEXT_COLUMN;
use crate::written::encoding::{Damaged, Encoding, decode};
use crate::written::words::words;

pub(crate) use objects::{is_json, read_objects};
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
        self.find(name).is_some()
    }

    /// All of them.
    fn all(&self) -> impl Iterator<Item = &'static str> {
        self.required.iter().chain(self.optional).copied()
    }

    /// The column of this name, whatever its capitals, accents and spaces.
    fn find(&self, name: &str) -> Option<&'static str> {
        let typed = words(name).join("_");
        self.all().find(|known| *known == typed)
    }
}

/// How a file is read. A column that nobody asked for is left out, and one that may be left out is read as empty; both are told.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    pub columns: &'a Columns,
    /// The sheet of a workbook; its first one when none is named.
    pub sheet: Option<&'a str>,
}

/// A file read as far as its cells; what its values mean is for the caller to judge.
#[derive(Debug, Default)]
pub struct Table {
    positions: HashMap<&'static str, usize>,
    rows: Vec<(u64, StringRecord)>,
    problems: Problems,
    notices: Vec<String>,
    encoding: Encoding,
    sent_rows: usize,
}

/// How many values of a column are shown to whoever has to judge the encoding.
const SAMPLES: usize = 3;

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

    /// How many rows the file has, good or not.
    #[must_use]
    pub const fn sent_rows(&self) -> usize {
        self.sent_rows
    }

    /// In French, what was read otherwise than the sender may think: the encoding, a sheet, a column. No cell is told.
    #[must_use]
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// Up to three values with accents of these columns, when the encoding was found out: a person sees at once whether they are right.
    #[must_use]
    pub fn samples(&self, columns: &[&str]) -> Vec<String> {
        let mut samples: Vec<String> = Vec::new();
        if self.encoding == Encoding::Utf8 {
            return samples;
        }
        for row in self.rows() {
            let cells = columns.iter().filter_map(|column| row.filled(column));
            let sample = cells.collect::<Vec<_>>().join(" ");
            if !sample.is_ascii() && !samples.contains(&sample) {
                samples.push(sample);
            }
            if samples.len() == SAMPLES {
                break;
            }
        }
        samples
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
            .map_err(|error: T::Err| problems.push(self.refusal(column, &error)))
            .ok()
    }

    /// A refusal of this package as a problem of the cell of a column.
    pub fn refusal(self, column: &str, error: &impl Display) -> CellProblem {
        let refusal = error.to_string();
        let (problem, remedy) = refusal
            .split_once(" ; ")
            .unwrap_or((&refusal, "corrigez cette cellule"));
        self.problem(column, problem, remedy)
    }

    /// A problem with the cell of a column of this row. What a spreadsheet did to the cell is told before anything else.
    #[must_use]
    pub fn problem(self, column: &str, problem: impl Into<String>, remedy: impl Into<String>) -> CellProblem {
        let cell = self.cell(column);
        if is_shortened(cell) {
            let digits = if matches!(column, "siret" | "pivot") {
                "les 14 chiffres"
            } else {
                "le numéro entier"
            };
            return CellProblem::new(self.line, column, cell, SHORTENED, format!("{TEXT_COLUMN} {digits}"));
        }
        CellProblem::new(self.line, column, cell, problem, remedy)
    }

    /// Whether a spreadsheet has shortened the number in this cell; its problem is then among the others. For cells that may hold any
    /// text, and would take this one too.
    pub fn is_shortened(self, column: &str, problems: &mut Problems) -> bool {
        let shortened = is_shortened(self.cell(column));
        if shortened {
            problems.push(self.problem(column, "", ""));
        }
        shortened
    }
}

/// Reads a file into rows of cells. Never fails: everything wrong is among the table's problems.
#[must_use]
pub fn read(bytes: &[u8], reading: &Reading<'_>) -> Table {
    let mut table = Table::default();
    if let Err(problem) = read_whole(bytes, reading, &mut table) {
        table.problems.push(problem);
    }
    table
}

/// A problem of the whole file.
fn refused(line: u64, problem: impl Into<String>, remedy: impl Into<String>) -> CellProblem {
    CellProblem::new(line, "", "", problem, remedy)
}

/// Size, encoding, text or workbook.
fn read_whole(bytes: &[u8], reading: &Reading<'_>, table: &mut Table) -> Result<(), CellProblem> {
    if bytes.len() > BYTES_MAX {
        let problem = format!("le fichier dépasse {} Mio", BYTES_MAX / 1024 / 1024);
        return Err(refused(1, problem, "partagez-le en plusieurs fichiers"));
    }
    if bytes.starts_with(b"PK\x03\x04") {
        #[cfg(feature = "workbook")]
        return workbook::read(bytes, reading, table);
        #[cfg(not(feature = "workbook"))]
        return Err(refused(
            1,
            "le fichier est un classeur de tableur, pas un fichier CSV",
            "ouvrez-le dans votre tableur et enregistrez-le au format « CSV UTF-8 »",
        ));
    }
    if bytes.starts_with(b"\xD0\xCF\x11\xE0") {
        return Err(refused(
            1,
            "le fichier est un classeur d'un ancien format (.xls)",
            "ouvrez-le dans votre tableur et enregistrez-le au format .xlsx ou « CSV UTF-8 »",
        ));
    }
    let (text, encoding) = decode(bytes).map_err(|Damaged(at)| {
        refused(
            LineCounter::new(bytes).at(at),
            "le fichier est abîmé : un caractère de cette ligne est illisible",
            "dans votre tableur, enregistrez-le de nouveau au format « CSV UTF-8 »",
        )
    })?;
    table.encoding = encoding;
    match encoding {
        Encoding::Utf8 => {}
        Encoding::Utf16 => table.notices.push("Le fichier est en UTF-16 et a été lu ainsi.".to_owned()),
        Encoding::Windows1252 => table.notices.push(
            "Le fichier n'est pas en UTF-8 : il a été lu en Windows-1252 (Latin-1). Vérifiez les noms donnés en exemple ; s'ils sont faux, enregistrez le fichier au format « CSV UTF-8 »."
                .to_owned(),
        ),
    }
    read_text(&text, reading, table)
}

fn read_text(text: &str, reading: &Reading<'_>, table: &mut Table) -> Result<(), CellProblem> {
    let mut lines = LineCounter::new(text.as_bytes());
    let (delimiter, header) = header(text, reading.columns).ok_or_else(|| empty_file(reading.columns))?;
    if !table.admit_header(&header, lines.at_record(&header), reading) {
        return Ok(());
    }
    for record in reader(text, delimiter).into_records().skip(1) {
        let record = record.expect("reading UTF-8 text from memory with flexible rows cannot fail");
        table.admit_row(lines.at_record(&record), record, &header)?;
    }
    Ok(())
}

fn empty_file(columns: &Columns) -> CellProblem {
    let remedy = format!(
        "mettez en première ligne les noms des colonnes : {}",
        columns.required.join(", ")
    );
    refused(1, "le fichier est vide", remedy)
}

impl Table {
    /// Whether rows can be read under this header.
    pub(crate) fn admit_header(&mut self, header: &StringRecord, line: u64, reading: &Reading<'_>) -> bool {
        self.positions = positions(header, line, reading, &mut self.problems, &mut self.notices);
        self.problems.is_empty()
    }

    /// Takes a row, or tells what is wrong with it; an error ends the reading.
    pub(crate) fn admit_row(
        &mut self,
        line: u64,
        record: StringRecord,
        header: &StringRecord,
    ) -> Result<(), CellProblem> {
        // Spreadsheets leave rows of bare separators at the end of a file.
        if record.iter().all(str::is_empty) {
            return Ok(());
        }
        if self.sent_rows == ROWS_MAX {
            return Err(refused(
                line,
                format!("le fichier dépasse {ROWS_MAX} lignes de données"),
                "partagez-le en plusieurs fichiers",
            ));
        }
        self.sent_rows += 1;
        if row_is_sound(&record, line, header, &mut self.problems) {
            self.rows.push((line, record));
        }
        Ok(())
    }

    /// Tells something of the whole file.
    pub(crate) fn notice(&mut self, notice: String) {
        self.notices.push(notice);
    }

    /// Tells what is wrong with the whole file.
    pub(crate) fn refuse(&mut self, problem: CellProblem) {
        self.problems.push(problem);
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
    reading: &Reading<'_>,
    problems: &mut Problems,
    notices: &mut Vec<String>,
) -> HashMap<&'static str, usize> {
    let columns = reading.columns;
    let mut positions = HashMap::new();
    for (position, name) in header.iter().enumerate() {
        let nth = position + 1;
        match columns.find(name) {
            None => {
                let which = if name.is_empty() {
                    format!("n° {nth}, sans nom,")
                } else {
                    format!("« {name} »")
                };
                notices.push(format!("La colonne {which} n'est pas attendue : elle n'a pas été lue."));
            }
            Some(known) if positions.insert(known, position).is_none() => {}
            Some(_) => problems.push(CellProblem::new(
                line,
                name,
                name,
                format!("la colonne « {name} » est là deux fois"),
                "supprimez l'une des deux",
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
    for name in columns.optional.iter().filter(|name| !positions.contains_key(*name)) {
        notices.push(format!("La colonne « {name} » manque : elle est lue comme vide."));
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
