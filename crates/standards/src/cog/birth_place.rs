//! Where a person was born, as the State writes it: a commune's code, or `99` and three digits of a country.

use std::fmt;
use std::str::FromStr;

use super::{Cog, CommuneCode};

/// A place of birth.
///
/// Communes are not required to exist today: people keep the code of the day they were born.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BirthPlace {
    Commune(CommuneCode),
    /// Abroad; the last three digits are INSEE's code of the country (`99352` is Algeria).
    Abroad(u16),
}

/// A text that is no place of birth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "le lieu de naissance est un code de commune à 5 caractères, par exemple « 21231 », ou « 99 » suivi des 3 chiffres du pays"
)]
pub struct BirthPlaceError;

impl BirthPlace {
    /// The name of the commune if it still exists; `None` for former communes and abroad.
    #[must_use]
    pub fn commune_name(self) -> Option<&'static str> {
        match self {
            Self::Commune(code) => Cog::embedded().commune(code).map(|commune| commune.name),
            Self::Abroad(_) => None,
        }
    }
}

impl FromStr for BirthPlace {
    type Err = BirthPlaceError;

    fn from_str(text: &str) -> Result<Self, BirthPlaceError> {
        // The commune's shape also holds for 99xxx: five digits.
        let code: CommuneCode = text.parse().map_err(|_| BirthPlaceError)?;
        match text.strip_prefix("99") {
            Some(country) => country.parse().map(Self::Abroad).map_err(|_| BirthPlaceError),
            None => Ok(Self::Commune(code)),
        }
    }
}

impl fmt::Display for BirthPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commune(code) => write!(f, "{code}"),
            Self::Abroad(country) => write!(f, "99{country:03}"),
        }
    }
}

crate::text::text_value!(
    BirthPlace,
    text = ToString::to_string,
    example = "21231",
    about = "Un lieu de naissance : code de commune, ou 99 et 3 chiffres à l'étranger."
);
