//! The code of a booklet's cover: which booklet it is, for those who look it up.
//!
//! `COUV-<series>-<booklet>-<check>`, as in `COUV-263-1042-90`. It is made of the two numbers that stand in clear on the paper and in
//! every token; nothing of a voucher's random identifier is in it, so whoever knows all covers knows no voucher. It has a letter (U) that
//! no [short code](crate::ShortCode) has, and an address that no token has: neither can be taken for the other.
//!
//! The check is that of ISO 7064 (MOD 97-10): a digit that is wrong, or two neighbours that are swapped, are seen.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::Host;
use crate::scanned::{azerty_digit, is_invisible};
use crate::text::{PATH, SCHEME};

/// What every cover's code begins with.
const WORD: &str = "COUV";

/// Digits of a booklet's number; a series has fewer places than it can write.
const BOOKLET_DIGITS: u32 = 8;

/// The code on a booklet's cover. `Display` writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CoverCode {
    series: u16,
    booklet: u32,
}

/// Why a text is not the code of a cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CoverCodeError {
    /// Something else.
    #[error("Le code d'une couverture s'écrit comme « COUV-1-42-20 ».")]
    Form,
    /// The check fails: something was mistyped.
    #[error("Ce code de couverture contient une erreur. Vérifiez ce que vous avez tapé.")]
    Check,
}

impl CoverCode {
    /// The code of the booklet with this number in the programme of this series; nothing for a number that no booklet has.
    #[must_use]
    pub fn new(series: u16, booklet: u32) -> Option<Self> {
        (booklet < 10_u32.pow(BOOKLET_DIGITS)).then_some(Self { series, booklet })
    }

    /// The series, which is of one programme.
    #[must_use]
    pub const fn series(self) -> u16 {
        self.series
    }

    /// The booklet's number in its programme.
    #[must_use]
    pub const fn booklet(self) -> u32 {
        self.booklet
    }

    fn check(self) -> u64 {
        let number = u64::from(self.series) * 10_u64.pow(BOOKLET_DIGITS) + u64::from(self.booklet);
        98 - number * 100 % 97
    }

    /// The text of the cover's QR code: the page that vouchers open, which says that this is none.
    #[must_use]
    pub fn to_url(self, host: &Host) -> String {
        format!("{}{self}", host.prefix())
    }

    /// Reads a typed code, or the text of the QR code, of whichever host: the number says nothing that could be forged.
    ///
    /// ```
    /// # use voucher::{CoverCode, CoverCodeError};
    /// let code = CoverCode::new(263, 1042).ok_or("eight digits")?;
    /// assert_eq!(code.to_string(), "COUV-263-1042-90");
    /// for text in ["COUV-263-1042-90", " couv 263 1042 90\r", "https://cheque.example.fr/v#COUV-263-1042-90"] {
    ///     assert_eq!(CoverCode::read(text)?, code);
    /// }
    /// assert_eq!(CoverCode::read("COUV-263-1024-90"), Err(CoverCodeError::Check));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(text: &str) -> Result<Self, CoverCodeError> {
        let text = crate::scanned(text);
        let typed = match text.strip_prefix(SCHEME).and_then(|address| address.split_once(PATH)) {
            Some((_, after)) => after,
            None => &text,
        };
        typed.parse()
    }
}

impl FromStr for CoverCode {
    type Err = CoverCodeError;

    /// Case does not matter, nor which dash or space stands between the numbers, nor whether digits were typed without the shift key.
    fn from_str(text: &str) -> Result<Self, CoverCodeError> {
        let text: String = text.chars().filter(|sign| !is_invisible(*sign)).collect();
        let (word, numbers) = text.trim().split_at_checked(WORD.len()).ok_or(CoverCodeError::Form)?;
        if !word.eq_ignore_ascii_case(WORD) {
            return Err(CoverCodeError::Form);
        }
        let between = |sign: char| sign.is_whitespace() || matches!(sign, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}');
        let numbers: Vec<String> = numbers
            .split(between)
            .filter(|number| !number.is_empty())
            .map(|number| number.chars().map(|sign| azerty_digit(sign).unwrap_or(sign)).collect())
            .collect();
        let [series, booklet, check] = &numbers[..] else {
            return Err(CoverCodeError::Form);
        };
        let digits = |number: &str| number.bytes().all(|digit| digit.is_ascii_digit());
        if !numbers.iter().all(|number| digits(number)) {
            return Err(CoverCodeError::Form);
        }
        let series = series.parse().map_err(|_| CoverCodeError::Form)?;
        let booklet = booklet.parse().ok().and_then(|booklet| Self::new(series, booklet));
        let code = booklet.ok_or(CoverCodeError::Form)?;
        if check.parse() == Ok(code.check()) {
            Ok(code)
        } else {
            Err(CoverCodeError::Check)
        }
    }
}

impl fmt::Display for CoverCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{WORD}-{}-{}-{:02}", self.series, self.booklet, self.check())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{ShortCode, Token, VoucherId};

    proptest! {
        #[test]
        fn what_is_printed_is_read_and_every_slip_of_a_digit_is_seen(series: u16, booklet in 0_u32..100_000_000, place: usize, digit in b'0'..=b'9') {
            let code = CoverCode::new(series, booklet).unwrap();
            let text = code.to_string();
            prop_assert_eq!(CoverCode::read(&text), Ok(code));
            prop_assert_eq!(CoverCode::read(&text.replace('-', " ").to_lowercase()), Ok(code));
            let places: Vec<usize> = text.bytes().enumerate().filter(|(_, sign)| sign.is_ascii_digit()).map(|(place, _)| place).collect();
            let place = places[place % places.len()];
            let mut slip = text.clone().into_bytes();
            slip[place] = digit;
            let slip = String::from_utf8(slip).unwrap();
            prop_assert_eq!(CoverCode::read(&slip).is_ok(), slip == text, "{}", slip);
        }

        #[test]
        fn no_cover_is_a_voucher_and_no_voucher_a_cover(series: u16, booklet in 0_u32..100_000_000, id: [u8; 8]) {
            let host: Host = "cheque.example.fr".parse().unwrap();
            let code = CoverCode::new(series, booklet).unwrap();
            prop_assert!(ShortCode::restore(&code.to_string()).is_err());
            prop_assert!(Token::from_text(&code.to_url(&host), &host).is_err());
            prop_assert!(CoverCode::read(&ShortCode::new(VoucherId::new(id)).to_string()).is_err());
        }
    }

    #[test]
    fn a_scanner_that_types_on_a_french_keyboard_types_a_cover_too() {
        let code = CoverCode::new(1, 42).unwrap();
        let host: Host = "cheque.example.fr".parse().unwrap();
        for text in [
            format!("]Q1{}\r\n", code.to_url(&host).to_uppercase()),
            "httpsM!!cheaue:exq,ple:fr!v3COUV)&)'é)éà".to_owned(),
            "COUV-&-'é-éà".to_owned(),
        ] {
            assert_eq!(CoverCode::read(&text), Ok(code), "{text}");
        }
    }
}
