//! A part of France in which a programme is valid.

use std::fmt;
use std::str::FromStr;

use super::{Cog, CommuneCode, DepartementCode, RegionCode};

/// A commune, a département, a région or the whole country.
///
/// Written as its code; a région takes an `R` before it, as `27` is the Eure and `R27` Bourgogne-Franche-Comté; the country is
/// `FR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Territory {
    /// One commune, with its parts.
    Commune(CommuneCode),
    /// One département.
    Departement(DepartementCode),
    Region(RegionCode),
    /// The whole country, overseas included.
    National,
}

/// A text that names no territory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("le territoire s'écrit « FR », « R27 » (région), « 21 » (département) ou « 21231 » (commune)")]
pub struct TerritoryError;

impl Territory {
    /// Whether a commune, or a part of one, lies in it. A code that is not in the COG lies nowhere but in itself and in the
    /// country.
    #[must_use]
    pub fn contains(self, code: CommuneCode) -> bool {
        let commune = Cog::embedded().commune(code);
        match self {
            Self::Commune(own) => own == code || commune.and_then(|commune| commune.chef_lieu) == Some(own),
            Self::Departement(own) => commune.is_some_and(|commune| commune.departement == own),
            Self::Region(own) => commune.is_some_and(|commune| commune.region == own),
            Self::National => true,
        }
    }

    /// Whether a territory lies in it as a whole: each lies in itself, a commune in its département, a département in its région.
    #[must_use]
    pub fn includes(self, other: Self) -> bool {
        match (self, other) {
            (Self::National, _) => true,
            (_, Self::Commune(commune)) => self.contains(commune),
            (Self::Region(own), Self::Departement(departement)) => Cog::embedded()
                .departement(departement)
                .is_some_and(|departement| departement.region == own),
            (own, other) => own == other,
        }
    }

    /// Its name, or `None` if the COG does not know it.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        let cog = Cog::embedded();
        match self {
            Self::Commune(code) => cog.commune(code).map(|commune| commune.name),
            Self::Departement(code) => cog.departement(code).map(|departement| departement.name),
            Self::Region(code) => cog.region(code).map(|region| region.name),
            Self::National => Some("France"),
        }
    }
}

impl FromStr for Territory {
    type Err = TerritoryError;

    fn from_str(text: &str) -> Result<Self, TerritoryError> {
        match (text, text.strip_prefix('R')) {
            ("FR", _) => Ok(Self::National),
            (_, Some(region)) => region.parse().map(Self::Region).map_err(|_| TerritoryError),
            _ if text.len() == 5 => text.parse().map(Self::Commune).map_err(|_| TerritoryError),
            _ => text.parse().map(Self::Departement).map_err(|_| TerritoryError),
        }
    }
}

impl fmt::Display for Territory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commune(code) => write!(f, "{code}"),
            Self::Departement(code) => write!(f, "{code}"),
            Self::Region(code) => write!(f, "R{code}"),
            Self::National => f.write_str("FR"),
        }
    }
}

crate::text::text_value!(
    Territory,
    text = ToString::to_string,
    pattern = "^(FR|R[0-9]{2,3}|[0-9][0-9AB][0-9]?|[0-9][0-9AB][0-9]{3})$",
    example = "21",
    about = "Un territoire : FR, R27 (région), 21 (département) ou 21231 (commune)."
);
