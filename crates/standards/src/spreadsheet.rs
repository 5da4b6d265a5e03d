//! What spreadsheets do to files, on the way in and on the way out: texts that they take for formulas, numbers that they shorten, and the
//! marks that the French ones need.

use std::borrow::Cow;

/// What is wrong with a cell that [`is_shortened`] says.
pub(crate) const SHORTENED: &str = "un tableur a changé ce numéro";

/// Whether a spreadsheet made this of a long number: `9,87631E+13`. Its last digits are lost for good.
#[must_use]
pub fn is_shortened(cell: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((number, power)) = cell.split_once(['E', 'e']) else {
        return false;
    };
    let (whole, fraction) = number.split_once([',', '.']).unwrap_or((number, "0"));
    whole.len() == 1 && digits(whole) && digits(fraction) && power.strip_prefix('+').is_some_and(digits)
}

/// Without the `.0` or `,0` that a program wrote behind a whole number, because a spreadsheet had made a number of it.
#[must_use]
pub fn without_zero_decimals(number: &str) -> &str {
    let whole = number.split_once([',', '.']).filter(|(whole, zeros)| {
        let digits = !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit());
        digits && !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0')
    });
    whole.map_or(number, |(whole, _)| whole)
}

/// Makes of a CSV file of ours, piece by piece, one that a French spreadsheet opens with a double click: a byte order mark, semicolons,
/// and commas in the amounts.
#[derive(Debug, Default)]
pub struct FrenchCsv {
    /// The beginning of a record that has not ended yet.
    rest: Vec<u8>,
    begun: bool,
}

impl FrenchCsv {
    /// The records that end in this piece.
    #[must_use]
    pub fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        let known = self.rest.len();
        let mut quoted = self.rest.iter().fold(false, |quoted, byte| quoted ^ (*byte == b'"'));
        self.rest.extend_from_slice(piece);
        let mut end = 0;
        for (place, byte) in (known..).zip(piece) {
            match byte {
                b'"' => quoted = !quoted,
                // A line end between quotes is part of a cell.
                b'\n' if !quoted => end = place + 1,
                _ => {}
            }
        }
        let records: Vec<u8> = self.rest.drain(..end).collect();
        self.written(&records)
    }

    /// What is left.
    #[must_use]
    pub fn end(mut self) -> Vec<u8> {
        let records = std::mem::take(&mut self.rest);
        self.written(&records)
    }

    fn written(&mut self, records: &[u8]) -> Vec<u8> {
        let mark: &[u8] = if self.begun { b"" } else { MARK };
        self.begun = true;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(records);
        let mut writer = csv::WriterBuilder::new()
            .delimiter(b';')
            .flexible(true)
            .terminator(csv::Terminator::CRLF)
            .from_writer(mark.to_vec());
        for record in reader.byte_records() {
            let record = record.expect("bytes in memory are read, and rows may have any length");
            let cells = record.iter().map(with_comma);
            writer
                .write_record(cells)
                .expect("a Vec takes every write, and rows may have any length");
        }
        writer.into_inner().expect("a Vec takes every write")
    }
}

const MARK: &[u8] = "\u{FEFF}".as_bytes();

/// An amount or a rate with the French decimal comma; any other text as it is.
fn with_comma(cell: &[u8]) -> Cow<'_, [u8]> {
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let point = cell.iter().position(|byte| *byte == b'.');
    let unsigned = usize::from(cell.starts_with(b"-"));
    match point {
        Some(point) if point > unsigned && digits(&cell[unsigned..point]) && digits(&cell[point + 1..]) => {
            let mut french = cell.to_vec();
            french[point] = b',';
            Cow::Owned(french)
        }
        _ => Cow::Borrowed(cell),
    }
}

/// A text as a cell of a CSV file: a spreadsheet takes one that begins with `=`, `+`, `-`, `@`, a tab or a carriage return for a formula,
/// which may send away what stands beside it, so such a text gets an apostrophe before it (OWASP, *CSV Injection*). Only for texts: an
/// amount may begin with a minus, and means it.
#[must_use]
pub fn cell(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_never_a_formula() {
        for formula in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "=HYPERLINK(\"http://x\"&B2)",
        ] {
            assert_eq!(cell(formula), format!("'{formula}"));
        }
        for text in ["", "Médiathèque", "a=b", " -", "10-12 ans", "'=1", "Côte-d'Or"] {
            assert!(matches!(cell(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn a_number_that_a_spreadsheet_shortened_is_seen() {
        for shortened in ["9,87631E+13", "9.87631E+13", "1E+10", "6,12346e+09"] {
            assert!(is_shortened(shortened), "{shortened}");
        }
        for whole in [
            "98763516600018",
            "E+13",
            "9,8",
            "12E+3",
            "1E10",
            "Bâtiment 1E+",
            "2A004",
            "9,8E-3",
        ] {
            assert!(!is_shortened(whole), "{whole}");
        }
    }

    #[test]
    fn decimals_that_are_zero_are_dropped_and_no_others() {
        for (number, whole) in [
            ("98763516600018.0", "98763516600018"),
            ("98763516600018,00", "98763516600018"),
            ("12.5", "12.5"),
            ("12.", "12."),
            (".0", ".0"),
            ("1.0.0", "1.0.0"),
            ("A.0", "A.0"),
        ] {
            assert_eq!(without_zero_decimals(number), whole);
        }
    }

    #[test]
    fn a_french_spreadsheet_opens_our_csv_with_a_double_click() {
        let csv = "nom,montant,code\n\"Dijon, \"\"centre\"\"; nord\n\",-1234.50,21.5.1\n'=1+1,0.00,01\n".as_bytes();
        let expected =
            "\u{FEFF}nom;montant;code\r\n\"Dijon, \"\"centre\"\"; nord\n\";-1234,50;21.5.1\r\n'=1+1;0,00;01\r\n";
        for size in [1, 2, 7, csv.len()] {
            let mut french = FrenchCsv::default();
            let mut written: Vec<u8> = csv.chunks(size).flat_map(|piece| french.push(piece)).collect();
            written.extend(french.end());
            assert_eq!(String::from_utf8(written).unwrap(), expected, "{size}");
        }
        assert_eq!(FrenchCsv::default().end(), MARK);
    }

    #[test]
    fn only_numbers_get_a_comma() {
        for (cell, french) in [
            ("40.00", "40,00"),
            ("-0.50", "-0,50"),
            ("21.5.1", "21.5.1"),
            ("A.5", "A.5"),
            (".5", ".5"),
            ("5.", "5."),
            ("-.5", "-.5"),
            ("12", "12"),
            ("2026-03-31", "2026-03-31"),
        ] {
            assert_eq!(with_comma(cell.as_bytes()), french.as_bytes());
        }
    }
}
