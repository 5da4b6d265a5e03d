//! The cells of one row, each under its rule of the schema.

use chrono::NaiveDate;

use super::pivot::{self, Pivot};
use crate::cog::{Cog, CommuneCode};
use crate::spreadsheet::without_zero_decimals;
use crate::table::{Problems, Row};
use crate::written::date;
use crate::written::words;

/// The schema's `maxLength` of `presentation_resume`.
const RESUME_CHARS_MAX: usize = 280;

/// The country codes of the schema's phone pattern.
const PHONE_PREFIXES: [&str; 10] = [
    "+33", "+590", "+594", "+262", "+596", "+269", "+687", "+689", "+508", "+681",
];

/// Reads the cells of a row and tells what is wrong with them.
pub(super) struct Fields<'f, 't> {
    row: Row<'t>,
    problems: &'f mut Problems,
    /// Whether any cell was refused.
    pub(super) wrong: bool,
}

/// The values of a cell that `|` separates.
pub(super) fn split(row: Row<'_>, column: &str) -> Vec<String> {
    row.filled(column)
        .map(|cell| cell.split('|').map(|value| value.trim().to_owned()).collect())
        .unwrap_or_default()
}

impl<'f, 't> Fields<'f, 't> {
    pub(super) fn new(row: Row<'t>, problems: &'f mut Problems) -> Self {
        Self {
            row,
            problems,
            wrong: false,
        }
    }

    fn refuse<T>(&mut self, column: &str, problem: &str, remedy: &str) -> Option<T> {
        self.problems.push(self.row.problem(column, problem, remedy));
        self.wrong = true;
        None
    }

    pub(super) fn required(&mut self, column: &str) -> Option<String> {
        if self.row.is_shortened(column, self.problems) {
            self.wrong = true;
            return None;
        }
        match self.row.filled(column) {
            Some(cell) => Some(cell.to_owned()),
            None => self.refuse(
                column,
                "cette cellule est obligatoire et elle est vide",
                "remplissez-la",
            ),
        }
    }

    /// None where the cell says that nobody knows it.
    pub(super) fn pivot(&mut self) -> Option<Pivot> {
        if pivot::is_unknown(self.row.cell("pivot")) {
            return None;
        }
        let pivot = self.row.parsed("pivot", self.problems);
        self.wrong |= pivot.is_none();
        pivot
    }

    pub(super) fn code_postal(&mut self) -> Option<String> {
        let cell = self.required("code_postal")?;
        let cell = without_zero_decimals(&cell).to_owned();
        if cell.len() == 5 && cell.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(cell);
        }
        self.refuse(
            "code_postal",
            "le code postal n'a pas 5 chiffres",
            "écrivez ses 5 chiffres ; un tableur a peut-être effacé un zéro au début",
        )
    }

    pub(super) fn code_insee(&mut self) -> Option<CommuneCode> {
        self.row.filled("code_insee")?;
        let code = self.row.parsed::<CommuneCode>("code_insee", self.problems);
        self.wrong |= code.is_none();
        let code = code?;
        if Cog::embedded().commune(code).is_some() {
            return Some(code);
        }
        self.refuse(
            "code_insee",
            "aucune commune n'a ce code aujourd'hui",
            "prenez le code INSEE actuel de la commune (elle a peut-être fusionné), pas le code postal",
        )
    }

    /// A decimal number of degrees between `-most` and `most`, with a point or the French comma.
    pub(super) fn degrees(&mut self, column: &str, most: i32) -> Option<f64> {
        let cell = self.row.filled(column)?.replacen(',', ".", 1);
        // Rust also reads "inf", "nan" and "1e3".
        let decimal = cell
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
        let most = f64::from(most);
        match cell.parse::<f64>() {
            Ok(degrees) if decimal && degrees.abs() <= most => Some(degrees),
            Ok(_) if decimal => self.refuse(
                column,
                &format!("ce nombre de degrés n'est pas entre -{most} et {most}"),
                "vérifiez que latitude et longitude ne sont pas inversées",
            ),
            _ => self.refuse(
                column,
                "ce n'est pas un nombre",
                "écrivez des degrés avec un point, par exemple « 47.364205 »",
            ),
        }
    }

    pub(super) fn telephone(&mut self) -> Option<String> {
        let cell = self.row.filled("telephone")?;
        let number = PHONE_PREFIXES.iter().find_map(|prefix| cell.strip_prefix(prefix));
        let sound = number
            .is_some_and(|number| (6..=9).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit()));
        if sound {
            return Some(cell.to_owned());
        }
        self.refuse(
            "telephone",
            "le numéro n'est pas au format international",
            "écrivez-le sans espaces avec l'indicatif et sans le premier zéro, par exemple « +33180059880 »",
        )
    }

    pub(super) fn resume(&mut self) -> Option<String> {
        let cell = self.row.filled("presentation_resume")?;
        if cell.chars().count() <= RESUME_CHARS_MAX {
            return Some(cell.to_owned());
        }
        self.refuse(
            "presentation_resume",
            &format!("le résumé dépasse {RESUME_CHARS_MAX} caractères"),
            "raccourcissez-le, ou déplacez la suite dans presentation_detail",
        )
    }

    pub(super) fn date_maj(&mut self) -> Option<NaiveDate> {
        let cell = self.required("date_maj")?;
        date::read(&cell)
            .map_err(|error| {
                self.problems.push(self.row.refusal("date_maj", &error));
                self.wrong = true;
            })
            .ok()
    }

    /// A list of words of the schema, as the schema writes them.
    pub(super) fn words(&mut self, column: &str, words: &[&str]) -> Vec<String> {
        let mut values = Vec::new();
        for value in self
            .row
            .cell(column)
            .split('|')
            .map(str::trim)
            .filter(|value| !value.is_empty())
        {
            match words::choice(value, words.iter().copied()) {
                Some(word) => values.push(word.to_owned()),
                None => drop(self.refuse::<()>(
                    column,
                    &format!("« {value} » n'est pas une valeur du schéma national"),
                    &format!(
                        "choisissez parmi : {} ; séparez plusieurs valeurs par « | »",
                        words.join(", ")
                    ),
                )),
            }
        }
        values
    }
}
