//! The FEC, *fichier des écritures comptables*: what the French tax administration reads (article A47 A-1 of the *Livre des
//! procédures fiscales*). 18 columns in a fixed order, tab between them, one line a side of an entry, amounts with a comma.
//!
//! Characters are ISO 8859-15: of the encodings that the article allows (ASCII, ISO 8859-15, EBCDIC) the one that has French
//! accents. UTF-8 is not among them, although the administration's own checker reads it too. What has no place there is spelt
//! with what has: a curly apostrophe becomes a straight one, a foreign accent is dropped, the rest is a question mark.
//!
//! This module knows the form of a line and the name of the file. The order of entries, their gapless numbers and that each entry
//! balances are the caller's: it streams, and keeps nothing.

use std::fmt::Write as _;
use std::io::{self, Write};

use chrono::NaiveDate;
use unicode_normalization::UnicodeNormalization;

use crate::{Cents, Siren};

/// The columns, in the order and with the names of the law.
pub const COLUMNS: [&str; 18] = [
    "JournalCode",
    "JournalLib",
    "EcritureNum",
    "EcritureDate",
    "CompteNum",
    "CompteLib",
    "CompAuxNum",
    "CompAuxLib",
    "PieceRef",
    "PieceDate",
    "EcritureLib",
    "Debit",
    "Credit",
    "EcritureLet",
    "DateLet",
    "ValidDate",
    "Montantdevise",
    "Idevise",
];

/// A side of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Debit,
    Credit,
}

/// One line: one side of one entry, so never debit and credit together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FecLine<'l> {
    /// The journal's code and name.
    pub journal: (&'l str, &'l str),
    /// The entry's number: from 1, without a gap within the year.
    pub number: u64,
    /// The day of the entry, which is also that of its validation: what is written here can no longer be changed.
    pub date: NaiveDate,
    /// The account's number (three digits at least) and name.
    pub account: (&'l str, &'l str),
    /// The number and name of the third party, if the account has them.
    pub auxiliary: Option<(&'l str, &'l str)>,
    /// What the entry is proven by.
    pub piece: &'l str,
    /// The day of that.
    pub piece_date: NaiveDate,
    pub label: &'l str,
    pub side: Side,
    /// How much, positive.
    pub cents: Cents,
}

/// Why a line may not be written.
#[derive(Debug, thiserror::Error)]
pub enum FecError {
    /// The first three characters are not digits.
    #[error("le compte « {0} » ne commence pas par trois chiffres")]
    Account(String),
    /// A mandatory field is empty.
    #[error("la colonne {0} est vide")]
    Empty(&'static str),
    /// Negative or zero.
    #[error("un montant de {0} ne peut pas être une ligne")]
    Amount(Cents),
    /// The file cannot be written.
    #[error("le fichier ne peut pas être écrit")]
    Io(#[from] io::Error),
}

/// The file's name for the year that ends on `closing`.
#[must_use]
pub fn file_name(siren: &Siren, closing: NaiveDate) -> String {
    format!("{siren}FEC{}.txt", day(closing))
}

/// Writes the line of column names.
pub fn write_header(out: &mut impl Write) -> Result<(), FecError> {
    writeln!(out, "{}\r", COLUMNS.join("\t"))?;
    Ok(())
}

impl FecLine<'_> {
    /// Writes the line. Tabs, bars (the other separator that the law allows) and line ends inside texts become spaces.
    pub fn write(&self, out: &mut impl Write) -> Result<(), FecError> {
        let (number, name) = self.account;
        // A check of the official tool: the plan of accounts has three digits at least.
        if number.len() < 3 || !number.bytes().take(3).all(|byte| byte.is_ascii_digit()) {
            return Err(FecError::Account(number.to_owned()));
        }
        let mandatory = [
            ("JournalCode", self.journal.0),
            ("JournalLib", self.journal.1),
            ("CompteLib", name),
            ("PieceRef", self.piece),
            ("EcritureLib", self.label),
            // Both or none.
            ("CompAuxNum", self.auxiliary.map_or("-", |(number, _)| number)),
            ("CompAuxLib", self.auxiliary.map_or("-", |(_, name)| name)),
        ];
        if let Some((column, _)) = mandatory.iter().find(|(_, text)| text.trim().is_empty()) {
            return Err(FecError::Empty(column));
        }
        if !self.cents.is_positive() {
            return Err(FecError::Amount(self.cents));
        }
        let (debit, credit) = match self.side {
            Side::Debit => (self.cents, Cents::ZERO),
            Side::Credit => (Cents::ZERO, self.cents),
        };
        let date = day(self.date);
        let (auxiliary, auxiliary_name) = self.auxiliary.unwrap_or(("", ""));
        let fields = [
            self.journal.0,
            self.journal.1,
            &self.number.to_string(),
            &date,
            number,
            name,
            auxiliary,
            auxiliary_name,
            self.piece,
            &day(self.piece_date),
            self.label,
            &amount(debit),
            &amount(credit),
            "",
            "",
            &date,
            "",
            "",
        ];
        let mut line = Vec::with_capacity(256);
        for (n, field) in fields.into_iter().enumerate() {
            if n > 0 {
                line.push(b'\t');
            }
            push_latin9(&mut line, field);
        }
        line.extend_from_slice(b"\r\n");
        out.write_all(&line)?;
        Ok(())
    }
}

/// Appends `text` in ISO 8859-15, without the two separators.
fn push_latin9(line: &mut Vec<u8>, text: &str) {
    for c in text.chars() {
        match c {
            '\t' | '|' => line.push(b' '),
            c if c.is_control() => line.push(b' '),
            c if c.is_ascii() => line.extend(u8::try_from(c)),
            c => match latin9(c) {
                Some(byte) => line.push(byte),
                None => line.extend_from_slice(spelt(c).as_bytes()),
            },
        }
    }
}

/// A character's byte in the right half of ISO 8859-15.
fn latin9(c: char) -> Option<u8> {
    Some(match c {
        '€' => 0xa4,
        'Š' => 0xa6,
        'š' => 0xa8,
        'Ž' => 0xb4,
        'ž' => 0xb8,
        'Œ' => 0xbc,
        'œ' => 0xbd,
        'Ÿ' => 0xbe,
        // What those eight replaced.
        '¤' | '¦' | '¨' | '´' | '¸' | '¼' | '½' | '¾' => return None,
        '\u{a0}'..='\u{ff}' => u8::try_from(u32::from(c)).ok()?,
        _ => return None,
    })
}

/// What stands for a character without a place.
fn spelt(c: char) -> String {
    match c {
        '‘' | '’' | '´' => "'".to_owned(),
        '“' | '”' | '„' => "\"".to_owned(),
        '‐' | '‑' | '–' | '—' | '−' => "-".to_owned(),
        '…' => "...".to_owned(),
        c if c.is_whitespace() => " ".to_owned(),
        c => {
            let base: String = c.nfkd().filter(char::is_ascii).collect();
            if base.is_empty() { "?".to_owned() } else { base }
        }
    }
}

fn day(date: NaiveDate) -> String {
    date.format("%Y%m%d").to_string()
}

/// `1234,56`: a comma, no space.
fn amount(cents: Cents) -> String {
    let mut text = String::new();
    let cents = cents.get().unsigned_abs();
    let _ = write!(text, "{},{:02}", cents / 100, cents % 100);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> FecLine<'static> {
        let date = NaiveDate::from_ymd_opt(2026, 3, 31).unwrap();
        FecLine {
            journal: ("BQ", "Banque"),
            number: 12,
            date,
            account: ("512", "Banque, compte\tcantonné"),
            auxiliary: None,
            piece: "MANDAT 17",
            piece_date: date.pred_opt().unwrap(),
            label: "Versement reçu",
            side: Side::Debit,
            cents: Cents::new(123_456),
        }
    }

    fn written(line: &FecLine<'_>) -> Result<String, FecError> {
        let mut out = Vec::new();
        line.write(&mut out)?;
        // Without the eight that differ, ISO 8859-15 is the beginning of Unicode.
        Ok(out.into_iter().map(char::from).collect())
    }

    #[test]
    fn a_line_has_18_columns_and_one_side() {
        assert_eq!(
            written(&line()).unwrap(),
            "BQ\tBanque\t12\t20260331\t512\tBanque, compte cantonné\t\t\tMANDAT 17\t20260330\tVersement reçu\t1234,56\t0,00\t\t\t20260331\t\t\r\n"
        );
        let mut header = Vec::new();
        write_header(&mut header).unwrap();
        assert_eq!(String::from_utf8(header).unwrap().split('\t').count(), 18);
    }

    #[test]
    fn texts_are_in_the_encoding_of_the_law_and_have_no_separator() {
        let label = "Côte‑d’Or | «\u{a0}Œuvre\u{a0}»\n12\u{a0}€ – ł Ş";
        let mut out = Vec::new();
        FecLine { label, ..line() }.write(&mut out).unwrap();
        let expected = b"C\xf4te-d'Or   \xab\xa0\xbcuvre\xa0\xbb 12\xa0\xa4 - ? S\t";
        assert!(
            out.windows(expected.len()).any(|part| part == expected),
            "{}",
            String::from_utf8_lossy(&out)
        );
        assert_eq!(out.split(|byte| *byte == b'\t').count(), 18);
        assert!(!out.contains(&b'|'));
    }

    #[test]
    fn what_the_law_refuses_is_not_written() {
        for wrong in [
            FecLine {
                account: ("46A", "x"),
                ..line()
            },
            FecLine {
                account: ("46", "x"),
                ..line()
            },
            FecLine { piece: " ", ..line() },
            FecLine {
                auxiliary: Some(("F1", "")),
                ..line()
            },
            FecLine {
                cents: Cents::ZERO,
                ..line()
            },
        ] {
            assert!(written(&wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_file_is_named_after_who_and_when() {
        let siren: Siren = "732829320".parse().unwrap();
        let closing = NaiveDate::from_ymd_opt(2026, 12, 31).unwrap();
        assert_eq!(file_name(&siren, closing), "732829320FEC20261231.txt");
    }
}
