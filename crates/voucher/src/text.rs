//! The token as text: what the QR code holds.
//!
//! `https://<host>/v#` and 209 decimal digits: the bytes in groups of 7, each as 17 digits, the last 2 bytes
//! as 5 digits. Reading is strict, so one token has one text: no spaces, no capitals, no second way to write
//! a digit. What stands behind `#` is never sent to a web server by a browser. What a scanner adds or changes is put back before
//! ([`scanned`](crate::scanned())).

pub(crate) mod cover;

use std::fmt::{self, Write};
use std::str::FromStr;

use thiserror::Error;

use crate::CoverCode;
use crate::token::{TOKEN_BYTES, Token, UnknownFormat};

/// How many digits write a token.
pub const TOKEN_DIGITS: usize = 209;

/// The longest host, so that the text fits the QR versions of the design.
pub const HOST_CHARS_MAX: usize = 22;

pub(crate) const SCHEME: &str = "https://";
pub(crate) const PATH: &str = "/v#";
const GROUP_BYTES: usize = 7;
const GROUP_DIGITS: usize = 17;
const LAST_GROUP_DIGITS: usize = 5;

/// The web host that the QR code opens: at most 22 characters, lowercase letters, digits, `-` and `.`.
///
/// Lowercase because several phone cameras do not open an address in capitals.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Host(String);

/// Why a host cannot be printed in a QR code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HostError {
    /// Nothing, or more characters than fit.
    #[error("L'adresse du site compte de 1 à {HOST_CHARS_MAX} caractères.")]
    Length,
    /// A character other than `a-z`, `0-9`, `-` and `.`, or a label that is empty or hyphenated at its end.
    #[error("L'adresse du site s'écrit en minuscules, sans « https:// », sans port et sans barre oblique.")]
    Character,
}

impl FromStr for Host {
    type Err = HostError;

    fn from_str(host: &str) -> Result<Self, HostError> {
        if host.is_empty() || host.len() > HOST_CHARS_MAX {
            return Err(HostError::Length);
        }
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        let label = |l: &str| !l.is_empty() && !l.starts_with('-') && !l.ends_with('-') && l.bytes().all(plain);
        if host.split('.').all(label) {
            Ok(Self(host.to_owned()))
        } else {
            Err(HostError::Character)
        }
    }
}

impl Host {
    /// The host, as in `cheque.example.fr`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the digits: `https://<host>/v#`.
    #[must_use]
    pub fn prefix(&self) -> String {
        format!("{SCHEME}{}{PATH}", self.0)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not a token. None of these says anything about a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TextError {
    /// White space anywhere, even at the ends.
    #[error("Le texte du QR code contient un espace.")]
    Space,
    /// `http://`: a copy of the page without encryption would read the token.
    #[error("L'adresse du QR code n'est pas sécurisée (http au lieu de https).")]
    PlainHttp,
    /// An `https://` address of another site.
    #[error("Ce QR code mène à un autre site.")]
    OtherHost,
    /// The right site, but not a voucher's address.
    #[error("Ce QR code n'est pas celui d'un chèque.")]
    OtherPath,
    /// The code of a booklet's cover.
    #[error("Ceci est la couverture du carnet : ce n'est pas un chèque.")]
    Cover,
    /// A character that is not one of the digits 0 to 9.
    #[error("Ce QR code n'est pas celui d'un chèque : un chiffre était attendu.")]
    NotADigit,
    /// Not exactly 209 digits.
    #[error("Le QR code est incomplet ou trop long : {TOKEN_DIGITS} chiffres étaient attendus.")]
    Length,
    /// A group of digits above what its bytes can hold, which would be a second text for some token.
    #[error("Les chiffres du QR code ne sont pas ceux d'un chèque.")]
    GroupTooLarge,
    /// Well written, but in a layout that is not known here.
    #[error(transparent)]
    UnknownFormat(#[from] UnknownFormat),
}

impl Token {
    /// The 209 digits.
    #[must_use]
    pub fn digits(&self) -> String {
        let bytes = self.to_bytes();
        let (groups, last) = bytes.as_chunks::<GROUP_BYTES>();
        let mut digits = String::with_capacity(TOKEN_DIGITS);
        for group in groups {
            write!(digits, "{:0GROUP_DIGITS$}", big_endian(group)).expect("a String takes every write");
        }
        write!(digits, "{:0LAST_GROUP_DIGITS$}", big_endian(last)).expect("a String takes every write");
        digits
    }

    /// The full text of the QR code: `https://<host>/v#` and the digits.
    #[must_use]
    pub fn to_url(&self, host: &Host) -> String {
        host.prefix() + &self.digits()
    }

    /// Reads the address of a voucher on `host`, or its bare digits as an old scanner gives them.
    pub fn from_text(text: &str, host: &Host) -> Result<Self, TextError> {
        if text.contains(char::is_whitespace) {
            return Err(TextError::Space);
        }
        let Some(address) = text.strip_prefix(SCHEME) else {
            let plain_http = text.starts_with("http://");
            return if plain_http {
                Err(TextError::PlainHttp)
            } else {
                Self::from_digits(text)
            };
        };
        let (found, path) = address.split_at(address.find(['/', '#', '?']).unwrap_or(address.len()));
        if found != host.as_str() {
            return Err(TextError::OtherHost);
        }
        Self::from_digits(path.strip_prefix(PATH).ok_or(TextError::OtherPath)?)
    }

    /// Reads exactly 209 digits.
    pub fn from_digits(text: &str) -> Result<Self, TextError> {
        if text.parse::<CoverCode>().is_ok() {
            return Err(TextError::Cover);
        }
        if !text.bytes().all(|c| c.is_ascii_digit()) {
            return Err(TextError::NotADigit);
        }
        let digits: &[u8; TOKEN_DIGITS] = text.as_bytes().try_into().map_err(|_| TextError::Length)?;
        let (groups, last) = digits.as_chunks::<GROUP_DIGITS>();
        let mut bytes = Vec::with_capacity(TOKEN_BYTES);
        for group in groups {
            bytes.extend(group_bytes::<GROUP_BYTES>(group)?);
        }
        bytes.extend(group_bytes::<{ TOKEN_BYTES % GROUP_BYTES }>(last)?);
        let bytes = bytes
            .try_into()
            .expect("12 groups of 7 bytes and one of 2 are 86 bytes");
        Ok(Self::from_bytes(&bytes)?)
    }
}

/// At most 7 bytes as a number.
fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// At most 17 ASCII digits as `N` bytes; their value is below 10¹⁷, so it cannot overflow.
fn group_bytes<const N: usize>(digits: &[u8]) -> Result<[u8; N], TextError> {
    let number = digits
        .iter()
        .fold(0u64, |number, digit| number * 10 + u64::from(digit - b'0'));
    let bytes = number.to_be_bytes();
    let (zeros, bytes) = bytes.split_last_chunk().expect("a group has fewer than 8 bytes");
    if zeros.iter().any(|&zero| zero != 0) {
        return Err(TextError::GroupTooLarge);
    }
    Ok(*bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_lowercase_and_short() {
        for good in ["cheque.example.fr", "localhost", "a", "abcdefghijklmnopqrs.fr"] {
            assert_eq!(good.parse::<Host>().map(|host| host.to_string()), Ok(good.to_owned()));
        }
        assert_eq!("".parse::<Host>(), Err(HostError::Length));
        assert_eq!("abcdefghijklmnopqrst.fr".parse::<Host>(), Err(HostError::Length));
        for bad in [
            "Cheque.fr",
            "a b.fr",
            "a..fr",
            ".fr",
            "-a.fr",
            "a-.fr",
            "a.fr:80",
            "a/b",
            "é.fr",
        ] {
            assert_eq!(bad.parse::<Host>(), Err(HostError::Character), "{bad}");
        }
    }

    #[test]
    fn each_way_to_be_no_token_has_its_own_error() {
        let host: Host = "cheque.example.fr".parse().expect("a host");
        let zeros = "0".repeat(TOKEN_DIGITS);
        for (text, error) in [
            (format!("{zeros} "), TextError::Space),
            (format!("\u{a0}{zeros}"), TextError::Space),
            (format!("http://cheque.example.fr/v#{zeros}"), TextError::PlainHttp),
            (format!("https://evil.example/v#{zeros}"), TextError::OtherHost),
            (
                format!("https://cheque.example.fr.evil.example/v#{zeros}"),
                TextError::OtherHost,
            ),
            (
                format!("https://cheque.example.fr@evil.example/v#{zeros}"),
                TextError::OtherHost,
            ),
            (format!("https://cheque.example.fr:443/v#{zeros}"), TextError::OtherHost),
            (format!("https://cheque.example.fr#{zeros}"), TextError::OtherPath),
            (format!("https://cheque.example.fr/w#{zeros}"), TextError::OtherPath),
            (format!("https://cheque.example.fr/v?{zeros}"), TextError::OtherPath),
            (format!("HTTPS://cheque.example.fr/v#{zeros}"), TextError::NotADigit),
            ("bonjour".to_owned(), TextError::NotADigit),
            ("٣".repeat(TOKEN_DIGITS), TextError::NotADigit),
            (format!("{zeros}0"), TextError::Length),
            (String::new(), TextError::Length),
            ("9".repeat(TOKEN_DIGITS), TextError::GroupTooLarge),
            (zeros, TextError::UnknownFormat(UnknownFormat)),
        ] {
            assert_eq!(Token::from_text(&text, &host), Err(error), "{text}");
        }
    }
}
