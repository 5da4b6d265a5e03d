//! Where a person was born, as the State writes it: a commune's code, or `99` and three digits of a country.

use std::fmt;
use std::str::FromStr;

use super::{Cog, CommuneCode};

/// INSEE's code of Algeria.
const ALGERIA: u16 = 352;

/// Municipal districts and the commune that they are part of.
const ARRONDISSEMENTS: [(std::ops::RangeInclusive<&str>, &str); 3] = [
    ("75101"..="75120", "75056"),
    ("69381"..="69389", "69123"),
    ("13201"..="13216", "13055"),
];

/// A place of birth.
///
/// Communes are not required to exist today: people keep the code of the day they were born.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BirthPlace {
    Commune(CommuneCode),
    /// Corsica when it was one département, until 1976: `20` and the three digits that the commune has kept after `2A` or `2B`.
    Corsica(u16),
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
            Self::Corsica(number) => ["2A", "2B"].into_iter().find_map(|departement| {
                let code = format!("{departement}{number:03}").parse().ok()?;
                Cog::embedded().commune(code).map(|commune| commune.name)
            }),
            Self::Abroad(_) => None,
        }
    }

    /// The one place behind the codes that different papers give a person: a district of Paris, Lyon or Marseille is its commune,
    /// Corsica is one département again, and a département of Algeria before 1962 is Algeria. For comparing people.
    ///
    /// **Rejected.** Communes that have merged since: the code of a year would be in every comparison, and one more merger would
    /// part a person from what is known of them.
    #[must_use]
    pub fn folded(self) -> Self {
        let Self::Commune(code) = self else { return self };
        let text = code.as_str();
        if let Some((_, commune)) = ARRONDISSEMENTS.iter().find(|(districts, _)| districts.contains(&text)) {
            return Self::Commune(commune.parse().expect("the code of a commune"));
        }
        match text.split_at(2) {
            ("2A" | "2B", number) => number.parse().map_or(self, Self::Corsica),
            // 352 is the number of no commune in Essonne and its neighbours.
            ("91" | "92" | "93" | "94", "352") => Self::Abroad(ALGERIA),
            _ => self,
        }
    }
}

impl FromStr for BirthPlace {
    type Err = BirthPlaceError;

    fn from_str(text: &str) -> Result<Self, BirthPlaceError> {
        if let Some(number) = text.strip_prefix("20")
            && number.len() == 3
            && number.bytes().all(|byte| byte.is_ascii_digit())
        {
            return number.parse().map(Self::Corsica).map_err(|_| BirthPlaceError);
        }
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
            Self::Corsica(number) => write!(f, "20{number:03}"),
            Self::Abroad(country) => write!(f, "99{country:03}"),
        }
    }
}

crate::text::text_value!(
    BirthPlace,
    text = ToString::to_string,
    pattern = "^[0-9][0-9AB][0-9]{3}$",
    example = "21231",
    about = "Un lieu de naissance : code de commune, ou 99 et 3 chiffres à l'étranger."
);

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(code: &str) -> String {
        code.parse::<BirthPlace>().expect(code).folded().to_string()
    }

    #[test]
    fn the_codes_that_two_papers_give_one_place_are_one() {
        for (one, other) in [
            ("75115", "75056"),
            ("75101", "75120"),
            ("13205", "13055"),
            ("13216", "13201"),
            ("69383", "69123"),
            ("69389", "69381"),
            ("91352", "99352"),
            ("92352", "99352"),
            ("94352", "93352"),
            ("2A004", "20004"),
            ("2B033", "20033"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
    }

    #[test]
    fn other_places_stay_apart() {
        for code in [
            "75056", "21231", "99351", "13001", "69380", "95351", "91228", "20004", "97105",
        ] {
            assert_eq!(folded(code), code);
        }
        assert_ne!(folded("2A004"), folded("2B033"));
    }

    #[test]
    fn a_corsican_code_of_before_1976_is_read_and_has_a_name() {
        for (code, name) in [("20004", "Ajaccio"), ("20033", "Bastia"), ("2A004", "Ajaccio")] {
            let place: BirthPlace = code.parse().unwrap();
            assert_eq!((place.to_string().as_str(), place.commune_name()), (code, Some(name)));
        }
        assert!("200A4".parse::<BirthPlace>().is_err());
    }
}
