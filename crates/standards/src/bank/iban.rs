//! IBAN (ISO 13616) and BIC (ISO 9362), on the registry of the `sepa` crate.
//!
//! An account number is personal data: `Debug` and `Display` show only the country, the check digits and the last four
//! characters, so that no log can leak it by accident. [`Iban::electronic`] gives the whole, and its name stands out in review;
//! JSON and the database carry the whole.

use std::fmt;
use std::str::FromStr;

/// An account number with a known length, structure and check digits, without spaces and in capitals.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Iban(sepa::Iban);

/// A bank's code, 8 or 11 characters in capitals.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Bic(sepa::Bic);

/// Why a text is no IBAN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IbanError {
    /// Nothing was given.
    #[error("l'IBAN manque ; recopiez-le depuis un relevé d'identité bancaire")]
    Empty,
    /// It does not start with two letters and two digits.
    #[error("l'IBAN doit commencer par les deux lettres du pays et deux chiffres, par exemple « FR76 »")]
    Start,
    /// Something else than letters and digits.
    #[error("l'IBAN contient le caractère « {found} » ; gardez seulement les lettres et les chiffres")]
    Character {
        /// The first wrong character.
        found: char,
    },
    /// The country is not in the registry of IBAN countries.
    #[error(
        "l'IBAN commence par « {country} », qui n'est le code d'aucun pays ayant des IBAN ; vérifiez les deux premières lettres"
    )]
    Country {
        /// The two letters.
        country: String,
    },
    /// Too short or too long for its country.
    #[error("l'IBAN a {found} caractères au lieu de {expected} pour le pays « {country} » ; vérifiez qu'il est entier")]
    Length {
        /// The country's two letters.
        country: String,
        /// The country's length.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// A letter where the country has a digit, or the contrary.
    #[error(
        "le {position}e caractère de l'IBAN, « {found} », n'est pas possible à cette place ; un zéro est peut-être écrit O"
    )]
    Structure {
        /// From 1.
        position: usize,
        /// The character found.
        found: char,
    },
    /// The check digits do not match.
    #[error(
        "l'IBAN est faux, sa clé de contrôle ne correspond pas ; un caractère est sans doute mal recopié, vérifiez-le sur le relevé d'identité bancaire"
    )]
    CheckDigits,
}

/// Why a text is no BIC.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BicError {
    /// Nothing, or the placeholder of the bank formats, was given.
    #[error("le BIC manque ; recopiez-le depuis un relevé d'identité bancaire")]
    Empty,
    /// Neither 8 nor 11 characters.
    #[error("le BIC a {found} caractères au lieu de 8 ou 11 ; vérifiez qu'il est entier")]
    Length {
        /// The length found.
        found: usize,
    },
    /// A character that is not possible at its place.
    #[error(
        "le {position}e caractère du BIC, « {found} », n'est pas possible à cette place ; recopiez le BIC depuis un relevé d'identité bancaire"
    )]
    Character {
        /// From 1.
        position: usize,
        /// The character found.
        found: char,
    },
    /// The fifth and sixth letters are no country.
    #[error(
        "les 5e et 6e lettres du BIC, « {country} », ne sont le code d'aucun pays ; recopiez le BIC depuis un relevé d'identité bancaire"
    )]
    Country {
        /// The two letters.
        country: String,
    },
}

impl Iban {
    /// The whole number without spaces. Never log it.
    #[must_use]
    pub fn electronic(&self) -> &str {
        self.0.as_str()
    }

    /// The two letters of the country.
    #[must_use]
    pub fn country(&self) -> &str {
        self.0.country_code()
    }

    /// Whether a SEPA credit transfer can reach it.
    #[must_use]
    pub fn is_sepa(&self) -> bool {
        self.0.is_sepa()
    }

    /// In groups of four, for the holder's own eyes. Never log it.
    #[must_use]
    pub fn grouped(&self) -> String {
        let mut text = String::new();
        for (place, character) in self.electronic().chars().enumerate() {
            if place > 0 && place % 4 == 0 {
                text.push('\u{A0}');
            }
            text.push(character);
        }
        text
    }

    pub(crate) fn as_sepa(&self) -> &sepa::Iban {
        &self.0
    }
}

impl Bic {
    /// The 8 or 11 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) fn as_sepa(&self) -> &sepa::Bic {
        &self.0
    }
}

impl FromStr for Iban {
    type Err = IbanError;

    fn from_str(text: &str) -> Result<Self, IbanError> {
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        if compact.is_empty() {
            return Err(IbanError::Empty);
        }
        // The crate refuses an odd length before it looks at the country; people are helped more by "27 characters for FR".
        if let Some(found) = compact.chars().find(|c| !c.is_ascii_alphanumeric()) {
            return Err(IbanError::Character { found });
        }
        let country: String = compact.chars().take(2).collect::<String>().to_ascii_uppercase();
        if country.len() < 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(IbanError::Start);
        }
        let expected = sepa::iban::iban_country_length(&country).ok_or_else(|| IbanError::Country {
            country: country.clone(),
        })?;
        if compact.len() != expected {
            return Err(IbanError::Length {
                country,
                expected,
                found: compact.len(),
            });
        }
        sepa::validate_iban(&compact).map(Self).map_err(|error| match error {
            sepa::iban::IbanError::InvalidCharacter { ch } => IbanError::Character { found: ch },
            sepa::iban::IbanError::InvalidBbanFormat { position, found, .. } => {
                IbanError::Structure { position, found }
            }
            sepa::iban::IbanError::InvalidCountryCode { .. } | sepa::iban::IbanError::NonNumericCheckDigits { .. } => {
                IbanError::Start
            }
            _ => IbanError::CheckDigits,
        })
    }
}

impl FromStr for Bic {
    type Err = BicError;

    fn from_str(text: &str) -> Result<Self, BicError> {
        if text.trim().is_empty() {
            return Err(BicError::Empty);
        }
        sepa::validate_bic(text).map(Self).map_err(|error| match error {
            sepa::bic::BicError::InvalidLength { len } => BicError::Length { found: len },
            sepa::bic::BicError::InvalidCharacter { ch, pos } => BicError::Character {
                position: pos + 1,
                found: ch,
            },
            sepa::bic::BicError::UnknownCountryCode { code } => BicError::Country { country: code },
            _ => BicError::Empty,
        })
    }
}

/// Masked: `FR76…9349`.
impl fmt::Display for Iban {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.electronic();
        let (start, end) = (whole.get(..4).unwrap_or_default(), whole.len().saturating_sub(4));
        write!(f, "{start}…{}", whole.get(end..).unwrap_or_default())
    }
}

/// Masked: `Iban(FR76…9349)`.
impl fmt::Debug for Iban {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Iban({self})")
    }
}

impl fmt::Display for Bic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

crate::text::text_value!(
    Iban,
    text = Iban::electronic,
    pattern = "^[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}$",
    example = "FR7630006000011234567890189",
    about = "Un IBAN sans espaces."
);
crate::text::text_value!(
    Bic,
    text = Bic::as_str,
    pattern = "^[0-9A-Z]{8}([0-9A-Z]{3})?$",
    example = "AGRIFRPPXXX",
    about = "Un BIC : 8 ou 11 caractères."
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WHOLE: &str = "FR7630006000011234567890189";

    fn refusal(text: &str) -> IbanError {
        text.parse::<Iban>().expect_err(text)
    }

    #[test]
    fn spaces_and_small_letters_are_accepted() {
        for text in [
            WHOLE,
            "fr76 3000 6000 0112 3456 7890 189",
            "FR76\u{A0}30006000011234567890189 ",
        ] {
            assert_eq!(text.parse::<Iban>().unwrap().electronic(), WHOLE);
        }
    }

    #[test]
    fn logs_show_only_the_ends() {
        let iban: Iban = WHOLE.parse().unwrap();
        assert_eq!(format!("{iban}"), "FR76…0189");
        assert_eq!(format!("{iban:?}"), "Iban(FR76…0189)");
        assert_eq!(serde_json::to_string(&iban).unwrap(), format!("\"{WHOLE}\""));
        assert_eq!(
            iban.grouped(),
            "FR76\u{A0}3000\u{A0}6000\u{A0}0112\u{A0}3456\u{A0}7890\u{A0}189"
        );
    }

    #[test]
    fn each_mistake_has_its_own_answer() {
        assert_eq!(refusal(" "), IbanError::Empty);
        assert_eq!(refusal("7630006000011234567890189"), IbanError::Start);
        assert_eq!(refusal("FR7X30006000011234567890189"), IbanError::Start);
        assert_eq!(
            refusal("XX7630006000011234567890189"),
            IbanError::Country { country: "XX".into() }
        );
        assert_eq!(refusal("FR76-3000"), IbanError::Character { found: '-' });
        assert_eq!(
            refusal("FR76"),
            IbanError::Length {
                country: "FR".into(),
                expected: 27,
                found: 4
            }
        );
        assert_eq!(
            refusal("FR7630O06000011234567890189"),
            IbanError::Structure {
                position: 7,
                found: 'O'
            }
        );
        assert_eq!(refusal("FR7730006000011234567890189"), IbanError::CheckDigits);
    }

    #[test]
    fn accounts_outside_sepa_are_known_as_such() {
        let sepa = |text: &str| text.parse::<Iban>().unwrap().is_sepa();
        assert!(sepa(WHOLE) && sepa("DE89370400440532013000"));
        assert!(!sepa("TR330006100519786457841326"));
    }

    #[test]
    fn bics_are_checked_character_by_character() {
        assert_eq!("agri fr pp xxx".parse::<Bic>().unwrap().as_str(), "AGRIFRPPXXX");
        let refusal = |text: &str| text.parse::<Bic>().expect_err(text);
        assert_eq!(refusal(""), BicError::Empty);
        assert_eq!(refusal("NOTPROVIDED"), BicError::Empty);
        assert_eq!(refusal("AGRIFRPPX"), BicError::Length { found: 9 });
        assert_eq!(
            refusal("AGRIF1PP"),
            BicError::Character {
                position: 6,
                found: '1'
            }
        );
        assert_eq!(refusal("AGRIZZPP"), BicError::Country { country: "ZZ".into() });
    }

    proptest! {
        #[test]
        fn no_single_wrong_digit_passes(place in 2_usize..27, other in 1_u8..10) {
            let mut bytes = WHOLE.as_bytes().to_vec();
            bytes[place] = b'0' + (bytes[place] - b'0' + other) % 10;
            prop_assert!(str::from_utf8(&bytes).unwrap().parse::<Iban>().is_err());
        }

        #[test]
        fn any_text_is_answered_without_a_panic(text: String) {
            let _ = (text.parse::<Iban>(), text.parse::<Bic>());
        }
    }
}
