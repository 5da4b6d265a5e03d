//! The key of a place in a national register.

use std::fmt;
use std::str::FromStr;

use crate::siret::{Siret, SiretError};

/// The `pivot` column: a SIRET, or the number of an association or overseas organisation that has none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Pivot {
    /// An establishment of the SIRENE register. Only these can be paid.
    Siret(Siret),
    /// An association without SIRET: `W` and 9 digits (*Répertoire national des associations*).
    Rna(String),
    /// An organisation of New Caledonia or French Polynesia: 9 or 10 digits.
    Ridet(String),
}

/// Why a text is no pivot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PivotError {
    /// Nothing was given.
    #[error("cette cellule est obligatoire et elle est vide ; indiquez le SIRET du lieu")]
    Empty,
    /// The schema allows letters and digits only.
    #[error("le pivot contient un espace ou un signe ; gardez seulement les lettres et les chiffres")]
    Character,
    /// Fourteen characters that are no SIRET.
    #[error(transparent)]
    Siret(#[from] SiretError),
    /// None of the three shapes.
    #[error(
        "ce n'est ni un SIRET (14 chiffres), ni un RNA (W et 9 chiffres), ni un RIDET (9 ou 10 chiffres) ; indiquez le SIRET du lieu"
    )]
    Shape,
}

impl FromStr for Pivot {
    type Err = PivotError;

    fn from_str(text: &str) -> Result<Self, PivotError> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(PivotError::Character);
        }
        match text.len() {
            0 => Err(PivotError::Empty),
            13 | 14 => Ok(Self::Siret(text.parse()?)),
            10 if text.starts_with('W') && digits(&text[1..]) => Ok(Self::Rna(text.to_owned())),
            9 | 10 if digits(text) => Ok(Self::Ridet(text.to_owned())),
            _ => Err(PivotError::Shape),
        }
    }
}

impl fmt::Display for Pivot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Siret(siret) => write!(f, "{siret}"),
            Self::Rna(text) | Self::Ridet(text) => f.write_str(text),
        }
    }
}
