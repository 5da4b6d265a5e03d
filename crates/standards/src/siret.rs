//! SIREN and SIRET, the numbers of French legal units and of their establishments.
//!
//! A SIRET is a SIREN (9 digits) and the establishment's number (5 digits); both end in a Luhn check digit. One exception
//! is written in the law of the register: the establishments of La Poste (SIREN 356000000) may instead have digits whose sum
//! is a multiple of five (INSEE, *Sirene* documentation).

use std::fmt;
use std::str::FromStr;

use crate::spreadsheet::{SHORTENED, is_shortened, without_zero_decimals};
use crate::written::date::TEXT_COLUMN;

/// The SIREN of La Poste, whose establishments follow their own check.
const LA_POSTE: &str = "356000000";

/// A legal unit's number: 9 digits with a valid check digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Siren([u8; 9]);

/// An establishment's number: 14 digits with a valid check digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Siret([u8; 14]);

/// Why a text is no SIREN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SirenError {
    /// Nothing was given.
    #[error("le SIREN manque ; saisissez ses 9 chiffres")]
    Empty,
    /// Something else than digits and spaces.
    #[error("le SIREN contient autre chose que des chiffres ; saisissez seulement ses 9 chiffres")]
    NotDigits,
    /// Not nine digits.
    #[error("le SIREN a {found} chiffres au lieu de 9 ; {}", siren_length_hint(*.found))]
    Length {
        /// How many digits there are.
        found: usize,
    },
    /// The check digit does not match.
    #[error(
        "le SIREN est faux, sa clé de contrôle ne correspond pas ; un chiffre est sans doute mal recopié, vérifiez-le sur annuaire-entreprises.data.gouv.fr"
    )]
    CheckDigit,
}

/// Why a text is no SIRET.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SiretError {
    /// Nothing was given.
    #[error("le SIRET manque ; saisissez ses 14 chiffres")]
    Empty,
    /// Something else than digits and spaces.
    #[error("le SIRET contient autre chose que des chiffres ; saisissez seulement ses 14 chiffres")]
    NotDigits,
    /// `9,87631E+13`: its end is lost.
    #[error("{SHORTENED} ; {TEXT_COLUMN} les 14 chiffres")]
    Spreadsheet,
    /// Fourteen zeros, which files write where nobody knows the SIRET.
    #[error(
        "des zéros ne sont pas un SIRET ; saisissez ses 14 chiffres, à chercher sur annuaire-entreprises.data.gouv.fr"
    )]
    Zeros,
    /// A SIREN, probably.
    #[error("c'est un SIREN (9 chiffres) ; ajoutez les 5 chiffres de l'établissement pour faire un SIRET")]
    OnlySiren,
    /// Not fourteen digits.
    #[error("le SIRET a {found} chiffres au lieu de 14 ; {}", siret_length_hint(*.found))]
    Length {
        /// How many digits there are.
        found: usize,
    },
    /// The first nine digits are no SIREN.
    #[error(
        "le SIRET est faux dès ses 9 premiers chiffres (le SIREN) ; vérifiez-les sur annuaire-entreprises.data.gouv.fr"
    )]
    SirenCheckDigit,
    /// The SIREN is right, the establishment's part is not.
    #[error(
        "le SIRET est faux dans ses 5 derniers chiffres (l'établissement) ; vérifiez-les sur annuaire-entreprises.data.gouv.fr"
    )]
    CheckDigit,
}

fn siren_length_hint(found: usize) -> &'static str {
    if found == 14 {
        "c'est sans doute un SIRET : gardez les 9 premiers"
    } else {
        "vérifiez qu'il n'en manque pas et qu'il n'y en a pas trop"
    }
}

fn siret_length_hint(found: usize) -> &'static str {
    if found == 13 {
        "un tableur a peut-être effacé un zéro au début : mettez la colonne au format Texte et recopiez les 14 chiffres"
    } else {
        "vérifiez qu'il n'en manque pas et qu'il n'y en a pas trop"
    }
}

impl Siren {
    /// The nine digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        ascii(&self.0)
    }
}

impl Siret {
    /// The fourteen digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        ascii(&self.0)
    }

    /// The legal unit that the establishment belongs to.
    #[must_use]
    pub fn siren(&self) -> Siren {
        Siren(*self.0.first_chunk().expect("fourteen digits hold nine"))
    }

    /// As people read it: `212 103 013 00013`, with no-break spaces (U+00A0).
    #[must_use]
    pub fn to_french(&self) -> String {
        let text = self.as_str();
        format!(
            "{}\u{A0}{}\u{A0}{}\u{A0}{}",
            &text[..3],
            &text[3..6],
            &text[6..9],
            &text[9..]
        )
    }
}

/// Private bytes are only ever ASCII digits.
fn ascii(digits: &[u8]) -> &str {
    str::from_utf8(digits).unwrap_or_default()
}

/// The digits of a text without its spaces (ordinary, no-break, narrow), or `None` if there is anything else.
fn digits(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)
}

fn digit_sum(digits: &str) -> u32 {
    digits.bytes().map(|byte| u32::from(byte - b'0')).sum()
}

/// Luhn's check (ISO/IEC 7812-1): every second digit from the right counts double, digits of the double added.
fn luhn(digits: &str) -> bool {
    let weighed = digits.bytes().rev().enumerate().map(|(place, byte)| {
        let digit = u32::from(byte - b'0');
        let value = if place % 2 == 1 { digit * 2 } else { digit };
        value / 10 + value % 10
    });
    weighed.sum::<u32>().is_multiple_of(10)
}

impl FromStr for Siren {
    type Err = SirenError;

    fn from_str(text: &str) -> Result<Self, SirenError> {
        let digits = digits(text).ok_or(SirenError::NotDigits)?;
        if digits.is_empty() {
            return Err(SirenError::Empty);
        }
        let bytes = digits
            .as_bytes()
            .try_into()
            .map_err(|_| SirenError::Length { found: digits.len() })?;
        if luhn(&digits) {
            Ok(Self(bytes))
        } else {
            Err(SirenError::CheckDigit)
        }
    }
}

impl FromStr for Siret {
    type Err = SiretError;

    fn from_str(text: &str) -> Result<Self, SiretError> {
        let text = without_zero_decimals(text.trim());
        if is_shortened(text) {
            return Err(SiretError::Spreadsheet);
        }
        let digits = digits(text).ok_or(SiretError::NotDigits)?;
        let bytes = match digits.len() {
            0 => return Err(SiretError::Empty),
            9 => return Err(SiretError::OnlySiren),
            found => digits.as_bytes().try_into().map_err(|_| SiretError::Length { found })?,
        };
        if digits.bytes().all(|digit| digit == b'0') {
            return Err(SiretError::Zeros);
        }
        let siren = &digits[..9];
        if !luhn(siren) {
            return Err(SiretError::SirenCheckDigit);
        }
        let la_poste = siren == LA_POSTE && digit_sum(&digits).is_multiple_of(5);
        if luhn(&digits) || la_poste {
            Ok(Self(bytes))
        } else {
            Err(SiretError::CheckDigit)
        }
    }
}

impl fmt::Display for Siren {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Siret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

crate::text::text_value!(
    Siren,
    text = Siren::as_str,
    pattern = "^[0-9]{9}$",
    example = "212102313",
    about = "Un SIREN : 9 chiffres."
);
crate::text::text_value!(
    Siret,
    text = Siret::as_str,
    pattern = "^[0-9]{14}$",
    example = "21210231300013",
    about = "Un SIRET : 14 chiffres."
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refusal(text: &str) -> SiretError {
        text.parse::<Siret>().expect_err(text)
    }

    #[test]
    fn spaces_of_every_kind_are_accepted_and_forgotten() {
        for text in [
            "21210231300013",
            " 212 102 313 00013 ",
            "212\u{A0}102\u{202F}313\u{A0}00013",
        ] {
            assert_eq!(text.parse::<Siret>().unwrap().to_string(), "21210231300013");
        }
        assert_eq!("212 102 313".parse::<Siren>().unwrap().as_str(), "212102313");
    }

    #[test]
    fn each_mistake_has_its_own_answer() {
        assert_eq!(refusal(""), SiretError::Empty);
        assert_eq!(refusal("2121023130001O"), SiretError::NotDigits);
        assert_eq!(refusal("212102313"), SiretError::OnlySiren);
        assert_eq!(refusal("2121023130001"), SiretError::Length { found: 13 });
        assert_eq!(refusal("21210231300014"), SiretError::CheckDigit);
        assert_eq!(refusal("21210231400013"), SiretError::SirenCheckDigit);
        assert_eq!("21210231300013".parse::<Siren>(), Err(SirenError::Length { found: 14 }));
        assert_eq!("212102314".parse::<Siren>(), Err(SirenError::CheckDigit));
        assert!(refusal("2121023130001").to_string().contains("zéro au début"));
    }

    #[test]
    fn what_a_spreadsheet_made_of_a_siret_is_named() {
        for text in ["9,87631E+13", "9.87631E+13", "2,1210231E+13"] {
            assert_eq!(refusal(text), SiretError::Spreadsheet);
            assert!(
                refusal(text)
                    .to_string()
                    .contains("au format Texte et recopiez les 14 chiffres")
            );
        }
        for text in ["21210231300013.0", "21210231300013,00", " 21210231300013.000 "] {
            assert_eq!(text.parse::<Siret>().unwrap().as_str(), "21210231300013");
        }
        assert_eq!(refusal("21210231300013.5"), SiretError::NotDigits);
    }

    #[test]
    fn zeros_are_no_siret() {
        for text in ["00000000000000", "000 000 000 00000", "00000000000000.0"] {
            assert_eq!(refusal(text), SiretError::Zeros);
        }
    }

    #[test]
    fn la_poste_may_follow_either_rule() {
        for text in ["35600000000048", "35600000049837"] {
            assert!(text.parse::<Siret>().is_ok(), "{text}");
        }
        assert_eq!(refusal("35600000049838"), SiretError::CheckDigit);
    }

    #[test]
    fn the_rule_of_la_poste_is_only_for_la_poste() {
        // Digits that sum to 20 but fail Luhn, under another SIREN.
        let text = "21210231300050";
        assert_eq!(digit_sum(text), 20);
        assert_eq!(refusal(text), SiretError::CheckDigit);
    }

    #[test]
    fn a_siret_knows_its_siren_and_reads_back_from_json() {
        let siret: Siret = serde_json::from_str(r#""21210231300013""#).unwrap();
        assert_eq!(siret.siren().as_str(), "212102313");
        assert_eq!(serde_json::to_string(&siret).unwrap(), r#""21210231300013""#);
        assert_eq!(siret.to_french(), "212\u{A0}102\u{A0}313\u{A0}00013");
        assert!(serde_json::from_str::<Siret>(r#""21210231300014""#).is_err());
    }

    proptest! {
        #[test]
        fn no_single_wrong_digit_passes(place in 0_usize..14, other in 1_u8..10) {
            let mut bytes = *b"21210231300013";
            bytes[place] = b'0' + (bytes[place] - b'0' + other) % 10;
            prop_assert!(str::from_utf8(&bytes).unwrap().parse::<Siret>().is_err());
        }

        #[test]
        fn any_text_is_answered_without_a_panic(text: String) {
            let _ = (text.parse::<Siret>(), text.parse::<Siren>());
        }
    }
}
