//! From what a person types to a part of France: « Dijon », « 21000 », « 21 », « Côte-d'Or ». Pure.

use standards::DepartementCode;
use standards::cog::{Cog, Commune, CommuneCode, CommuneKind, Departement};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Communes offered when several have the name.
const CHOICES_MAX: usize = 30;

/// A part of France: always a département, sometimes a place in it that comes first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// Whose places are told.
    pub departement: &'static Departement,
    /// Whose places come first.
    pub commune: Option<&'static Commune>,
    /// Whose places come first, when a postal code was typed: it may be that of several communes.
    pub postal_code: Option<String>,
}

/// What was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// One part of France.
    One(Area),
    /// Several communes that have the name, or begin with it.
    Several(Vec<&'static Commune>),
    /// Nothing has this name.
    Nothing,
}

impl Area {
    /// A whole département, if the COG has it.
    #[must_use]
    pub fn departement(code: DepartementCode) -> Option<Self> {
        Some(Self {
            departement: Cog::embedded().departement(code)?,
            commune: None,
            postal_code: None,
        })
    }

    /// A commune's département, the commune first, if the COG has it.
    #[must_use]
    pub fn commune(code: CommuneCode) -> Option<Self> {
        Cog::embedded().commune(code).and_then(Self::of)
    }

    fn of(commune: &'static Commune) -> Option<Self> {
        Some(Self {
            commune: Some(commune),
            ..Self::departement(commune.departement)?
        })
    }

    fn postal_code(text: &str) -> Option<Self> {
        let departement = match text.get(..3)? {
            overseas if overseas.starts_with("97") || overseas.starts_with("98") => overseas,
            "200" | "201" => "2A",
            corsica if corsica.starts_with("20") => "2B",
            other => other.get(..2)?,
        };
        Some(Self {
            postal_code: Some(text.to_owned()),
            ..Self::departement(departement.parse().ok()?)?
        })
    }
}

/// What a person means by a text: a département's number or name, a postal code, a commune's name.
#[must_use]
pub fn find(text: &str) -> Found {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits && text.len() == 5 {
        return Area::postal_code(text).map_or(Found::Nothing, Found::One);
    }
    if let Ok(code) = text.to_ascii_uppercase().parse::<DepartementCode>() {
        return Area::departement(code).map_or(Found::Nothing, Found::One);
    }
    let wanted = plain(text);
    if wanted.is_empty() {
        return Found::Nothing;
    }
    let cog = Cog::embedded();
    // Paris is a commune and a département: whoever types it wants the same places.
    if let Some(departement) = cog.departements().iter().find(|known| plain(known.name) == wanted) {
        return Area::departement(departement.code).map_or(Found::Nothing, Found::One);
    }
    let communes: Vec<_> = cog
        .communes()
        .iter()
        .filter(|known| known.kind == CommuneKind::Commune)
        .map(|known| (plain(known.name), known))
        .filter(|(name, _)| name.starts_with(&wanted))
        .collect();
    let those = |fits: &dyn Fn(&str) -> bool| -> Vec<&'static Commune> {
        communes
            .iter()
            .filter(|(name, _)| fits(name))
            .map(|(_, known)| *known)
            .collect()
    };
    // Chalon is a village of Isère: whoever lives in Chalon-sur-Saône and writes « Chalon » must find it all the same.
    let longer = format!("{wanted} ");
    let mut choices = [those(&|name| name == wanted), those(&|name| name.starts_with(&longer))].concat();
    if choices.is_empty() {
        choices = those(&|_| true);
    }
    choices.truncate(CHOICES_MAX);
    match choices.as_slice() {
        [] => Found::Nothing,
        [one] => Area::of(one).map_or(Found::Nothing, Found::One),
        _ => Found::Several(choices),
    }
}

/// A name as it is compared: no capitals, accents, hyphens nor apostrophes, « Saint » however it is written.
fn plain(text: &str) -> String {
    let bare: String = text
        .nfd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    let words = bare.split_whitespace().map(|word| match word {
        "st" => "saint",
        "ste" => "sainte",
        "œ" => "oe",
        word => word,
    });
    words.collect::<Vec<_>>().join(" ").replace('œ', "oe")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> (String, Option<&'static str>, Option<String>) {
        match find(text) {
            Found::One(area) => (
                area.departement.code.to_string(),
                area.commune.map(|commune| commune.name),
                area.postal_code,
            ),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_town_is_found_however_it_is_written() {
        for text in ["Dijon", " dijon ", "DIJON"] {
            assert_eq!(one(text), ("21".to_owned(), Some("Dijon"), None), "{text}");
        }
        for text in ["Chalon-sur-Saône", "chalon sur saone"] {
            assert_eq!(one(text).1, Some("Chalon-sur-Saône"), "{text}");
        }
        assert_eq!(
            one("st étienne de saint geoirs").1,
            Some("Saint-Étienne-de-Saint-Geoirs")
        );
    }

    #[test]
    fn a_departement_is_found_by_number_and_by_name() {
        for text in ["21", "Côte-d'Or", "cote d’or"] {
            assert_eq!(one(text), ("21".to_owned(), None, None), "{text}");
        }
        assert_eq!(one("2a").0, "2A");
        assert_eq!(one("974").0, "974");
    }

    #[test]
    fn a_postal_code_leads_to_its_departement() {
        for (code, departement) in [
            ("21000", "21"),
            ("01000", "01"),
            ("20000", "2A"),
            ("20200", "2B"),
            ("97400", "974"),
        ] {
            assert_eq!(one(code), (departement.to_owned(), None, Some(code.to_owned())));
        }
        assert_eq!(find("00000"), Found::Nothing);
    }

    #[test]
    fn a_name_of_several_towns_is_a_choice() {
        let Found::Several(choices) = find("Saint-Denis") else {
            panic!("one Saint-Denis");
        };
        assert!(choices.len() > 1 && choices[0].name == "Saint-Denis" && choices[1].name == "Saint-Denis");
        let Found::Several(choices) = find("chalon") else {
            panic!("one Chalon")
        };
        assert!(choices.iter().any(|known| known.name == "Chalon-sur-Saône"));
    }

    #[test]
    fn nonsense_is_nothing() {
        for text in ["", " ", "-", "xyzzy", "99", "123456", "٣", "<script>"] {
            assert_eq!(find(text), Found::Nothing, "{text}");
        }
    }
}
