//! The key of a place in a national register.

use std::fmt;
use std::str::FromStr;

use crate::siret::{Siret, SiretError};
use crate::spreadsheet::{is_shortened, without_zero_decimals};

/// The `pivot` column: a SIRET, or the number of an association or overseas organisation that has none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Pivot {
    /// An establishment of the SIRENE register. Only these can be paid.
    Siret(Siret),
    /// An association without SIRET: `W`, the number of its prefecture, which may have a letter (`W2A…` in Corsica, `W9R…` overseas), and
    /// 7 digits (*Répertoire national des associations*).
    Rna(String),
    /// An organisation of New Caledonia or French Polynesia: 9 or 10 digits.
    Ridet(String),
}

/// Why a text is no pivot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PivotError {
    /// The schema allows letters and digits only.
    #[error(
        "le pivot contient un signe qui n'est ni une lettre ni un chiffre ; recopiez le SIRET du lieu, 14 chiffres"
    )]
    Character,
    /// Fourteen characters that are no SIRET.
    #[error(transparent)]
    Siret(#[from] SiretError),
    /// None of the three shapes.
    #[error(
        "ce n'est ni un SIRET (14 chiffres), ni un RNA (W et 9 signes), ni un RIDET (9 ou 10 chiffres) ; indiquez le SIRET du lieu"
    )]
    Shape,
}

/// Whether a cell says that nobody knows the number: nothing, or only zeros.
pub(super) fn is_unknown(cell: &str) -> bool {
    without_zero_decimals(cell)
        .chars()
        .all(|c| c == '0' || c.is_whitespace())
}

/// What makes two cells name one place: the number as it is kept, or the cell as it stands. None where no number is known.
pub(super) fn key(cell: &str) -> Option<String> {
    (!is_unknown(cell)).then(|| {
        cell.parse::<Pivot>()
            .map_or_else(|_| cell.to_owned(), |pivot| pivot.to_string())
    })
}

impl FromStr for Pivot {
    type Err = PivotError;

    fn from_str(text: &str) -> Result<Self, PivotError> {
        if is_shortened(text) {
            return Err(SiretError::Spreadsheet.into());
        }
        let text: String = without_zero_decimals(text.trim())
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect();
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(PivotError::Character);
        }
        match text.len() {
            13 | 14 => Ok(Self::Siret(text.parse()?)),
            10 if is_rna(text.as_bytes()) => Ok(Self::Rna(text.to_ascii_uppercase())),
            9 | 10 if text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Self::Ridet(text)),
            _ => Err(PivotError::Shape),
        }
    }
}

fn is_rna(text: &[u8]) -> bool {
    let [b'W' | b'w', first, second, number @ ..] = text else {
        return false;
    };
    first.is_ascii_digit() && second.is_ascii_alphanumeric() && number.iter().all(u8::is_ascii_digit)
}

impl fmt::Display for Pivot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Siret(siret) => write!(f, "{siret}"),
            Self::Rna(text) | Self::Ridet(text) => f.write_str(text),
        }
    }
}
