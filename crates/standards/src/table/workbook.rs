//! A workbook (.xlsx) as the same table: the values of one sheet, never its formulas.
//!
//! Its size is counted by unpacking it once before anybody reads it: what a ZIP says of itself is the sender's word. Then cell by cell,
//! so that a sheet with one cell in its last corner is one cell.

use std::io::{Cursor, Read};

use calamine::{DataRef, Reader, Xlsx};
use csv::StringRecord;

use super::{BYTES_MAX, CellProblem, Reading, Table, empty_file, refused};

/// More columns than any list has.
const COLUMNS_MAX: usize = 200;

pub(super) fn read(bytes: &[u8], reading: &Reading<'_>, table: &mut Table) -> Result<(), CellProblem> {
    check_size(bytes)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| unreadable())?;
    let names = workbook.sheet_names();
    let sheet = sheet(&names, reading.sheet)?;
    if names.len() > 1 {
        table.notice(format!(
            "Le classeur a {} feuilles : seule « {sheet} » a été lue.",
            names.len()
        ));
    }
    let mut cells = workbook.worksheet_cells_reader(&sheet).map_err(|_| unreadable())?;
    let mut header: Option<StringRecord> = None;
    let mut row = SheetRow::default();
    loop {
        let cell = cells.next_cell().map_err(|_| unreadable())?;
        let at = cell.as_ref().map(calamine::Cell::get_position);
        if at.is_none_or(|(line, _)| line != row.line) {
            if !row.end(&mut header, reading, table)? || at.is_none() {
                break;
            }
            row.line = at.map_or(0, |(line, _)| line);
        }
        if let Some(cell) = cell {
            row.put(cell.get_position().1, text(cell.get_value()))?;
        }
    }
    if header.is_none() {
        Err(empty_file(reading.columns))
    } else {
        Ok(())
    }
}

/// The cells of one row, as far as they are filled.
#[derive(Default)]
struct SheetRow {
    /// From 0.
    line: u32,
    cells: Vec<String>,
}

impl SheetRow {
    fn put(&mut self, column: u32, text: String) -> Result<(), CellProblem> {
        if text.is_empty() {
            return Ok(());
        }
        let column = usize::try_from(column).unwrap_or(COLUMNS_MAX);
        if column >= COLUMNS_MAX {
            return Err(refused(
                u64::from(self.line) + 1,
                format!("la feuille a plus de {COLUMNS_MAX} colonnes"),
                "effacez ce qui est à droite du tableau",
            ));
        }
        if self.cells.len() <= column {
            self.cells.resize(column + 1, String::new());
        }
        self.cells[column] = text;
        Ok(())
    }

    /// Gives the row to the table and empties it. False when nothing more can be read under this header.
    fn end(
        &mut self,
        header: &mut Option<StringRecord>,
        reading: &Reading<'_>,
        table: &mut Table,
    ) -> Result<bool, CellProblem> {
        if self.cells.is_empty() {
            return Ok(true);
        }
        let line = u64::from(self.line) + 1;
        let mut cells = std::mem::take(&mut self.cells);
        let Some(header) = header else {
            let record = StringRecord::from(cells);
            let sound = table.admit_header(&record, line, reading);
            *header = Some(record);
            return Ok(sound);
        };
        // What is empty at the end of a row is not in the file.
        if cells.len() < header.len() {
            cells.resize(header.len(), String::new());
        }
        table.admit_row(line, StringRecord::from(cells), header)?;
        Ok(true)
    }
}

/// Unpacks everything once and keeps nothing.
fn check_size(bytes: &[u8]) -> Result<(), CellProblem> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| unreadable())?;
    let mut left = BYTES_MAX as u64 + 1;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|_| unreadable())?;
        let size = if entry.size() < left {
            std::io::copy(&mut entry.take(left), &mut std::io::sink()).map_err(|_| unreadable())?
        } else {
            left
        };
        left -= size;
        if left == 0 {
            let problem = format!("le classeur dépasse {} Mio une fois ouvert", BYTES_MAX / 1024 / 1024);
            return Err(refused(
                1,
                problem,
                "partagez-le en plusieurs fichiers, ou effacez ses images et ses autres feuilles",
            ));
        }
    }
    Ok(())
}

fn sheet(names: &[String], asked: Option<&str>) -> Result<String, CellProblem> {
    match asked {
        None => names.first().cloned().ok_or_else(unreadable),
        Some(asked) => names.iter().find(|name| *name == asked).cloned().ok_or_else(|| {
            refused(
                1,
                format!("le classeur n'a pas de feuille « {asked} »"),
                format!("nommez l'une de celles qu'il a : {}", names.join(", ")),
            )
        }),
    }
}

fn unreadable() -> CellProblem {
    refused(
        1,
        "ce n'est pas un classeur .xlsx qui puisse être lu",
        "ouvrez-le dans votre tableur et enregistrez-le au format .xlsx (sans mot de passe) ou « CSV UTF-8 »",
    )
}

/// A value as somebody would have typed it.
fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        // Whole up to 2⁵³, and never in the short form with E.
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.trim().to_owned(),
        DataRef::SharedString(text) => text.trim().to_owned(),
        DataRef::Bool(value) => if *value { "oui" } else { "non" }.to_owned(),
        DataRef::DateTime(at) if at.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            if (hour, minute, second) == (0, 0, 0) {
                format!("{year:04}-{month:02}-{day:02}")
            } else {
                format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
            }
        }
        DataRef::DateTime(at) => at.as_f64().to_string(),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};

    use super::super::Columns;
    use super::*;

    const COLUMNS: Columns = Columns {
        required: &["siret", "nom", "date"],
        optional: &["note"],
    };

    fn table(bytes: &[u8], sheet: Option<&str>) -> Table {
        let reading = Reading {
            columns: &COLUMNS,
            sheet,
        };
        super::super::read(bytes, &reading)
    }

    fn problem(bytes: &[u8], sheet: Option<&str>) -> CellProblem {
        let problems = table(bytes, sheet).take_problems().into_vec();
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems.into_iter().next().unwrap()
    }

    fn workbook() -> Vec<u8> {
        let mut workbook = Workbook::new();
        let date = Format::new().set_num_format("dd/mm/yyyy");
        let sheet = workbook.add_worksheet().set_name("Lieux").unwrap();
        for (column, name) in (0..).zip(["SIRET", "Nom", "date"]) {
            sheet.write_string(2, column, name).unwrap();
        }
        sheet.write_number(3, 0, 98_763_516_600_018_f64).unwrap();
        sheet.write_string(3, 1, " Médiathèque ").unwrap();
        let day = ExcelDateTime::from_ymd(1950, 2, 1).unwrap();
        sheet.write_datetime_with_format(3, 2, &day, &date).unwrap();
        sheet.write_string(5, 0, "007").unwrap();
        let formula = Formula::new("=1+1").set_result("2");
        sheet.write_formula(5, 1, formula).unwrap();
        workbook
            .add_worksheet()
            .set_name("Notes")
            .unwrap()
            .write_string(0, 0, "x")
            .unwrap();
        workbook.save_to_buffer().unwrap()
    }

    #[test]
    fn a_workbook_is_read_by_its_values_and_its_own_line_numbers() {
        let mut table = table(&workbook(), None);
        assert_eq!(table.take_problems().into_vec(), []);
        let rows: Vec<_> = table
            .rows()
            .map(|row| {
                (
                    row.line(),
                    ["siret", "nom", "date"].map(|column| row.cell(column).to_owned()),
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                (4, ["98763516600018", "Médiathèque", "1950-02-01"].map(String::from)),
                (6, ["007", "2", ""].map(String::from)),
            ]
        );
        assert!(
            table.notices().iter().any(|notice| notice.contains("seule « Lieux »")),
            "{:?}",
            table.notices()
        );
    }

    #[test]
    fn a_sheet_is_read_by_its_name() {
        assert_eq!(problem_count(&workbook(), Some("Notes")), 3, "its header is another");
        let told = problem(&workbook(), Some("lieux"));
        assert!(told.remedy.contains("Lieux, Notes"), "{told:?}");
    }

    fn problem_count(bytes: &[u8], sheet: Option<&str>) -> usize {
        table(bytes, sheet).take_problems().count()
    }

    #[test]
    fn what_is_no_workbook_or_too_large_is_refused() {
        assert!(
            problem(b"PK\x03\x04\x14\0\x06\0", None)
                .problem
                .contains("pas un classeur")
        );
        let zip = |name: &str, content: &[u8]| {
            let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
            zip.finish().unwrap().into_inner()
        };
        assert!(
            problem(&zip("content.xml", b"<a/>"), None)
                .problem
                .contains("pas un classeur")
        );
        let bomb = zip("xl/worksheets/sheet1.xml", &vec![b' '; BYTES_MAX + 1]);
        assert!(bomb.len() < 100_000);
        assert!(problem(&bomb, None).problem.contains("une fois ouvert"));
        // A size that the sender made smaller is not believed.
        let mut liar = bomb;
        let size = u32::try_from(BYTES_MAX + 1).unwrap().to_le_bytes();
        while let Some(at) = liar.windows(4).position(|bytes| bytes == size) {
            liar[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
        }
        assert_eq!(problem_count(&liar, None), 1);
    }

    #[test]
    fn one_cell_in_the_last_corner_is_no_full_sheet() {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        sheet.write_string(0, 0, "siret").unwrap();
        sheet.write_string(1_048_575, 16_383, "x").unwrap();
        let file = workbook.save_to_buffer().unwrap();
        assert!(problem_count(&file, None) > 0);
        let mut workbook = Workbook::new();
        workbook.add_worksheet();
        assert_eq!(
            problem(&workbook.save_to_buffer().unwrap(), None).problem,
            "le fichier est vide"
        );
    }
}
