//! The shapes of the three codes.

use std::fmt;
use std::str::FromStr;

/// Five characters at most, so that codes are copied like numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Code([u8; 5]);

impl Code {
    /// `text` is ASCII and at most five bytes, checked by the callers' shapes; padding with zero bytes keeps the order.
    fn new(text: &str) -> Self {
        let mut bytes = [0; 5];
        for (slot, byte) in bytes.iter_mut().zip(text.bytes()) {
            *slot = byte;
        }
        Self(bytes)
    }

    fn as_str(&self) -> &str {
        let length = self.0.iter().position(|byte| *byte == 0).unwrap_or(self.0.len());
        str::from_utf8(&self.0[..length]).unwrap_or_default()
    }
}

/// A commune's code, five characters: `21231`, `2A004`, `97105`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommuneCode(Code);

/// A département's code, two or three characters: `21`, `2A`, `971`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DepartementCode(Code);

/// A région's code, two digits (`27`), or three for the collectivities outside the régions (`988`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionCode(Code);

/// A text that has not the shape of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    #[error(
        "le code de commune (code INSEE) a 5 caractères, par exemple « 21231 » ou « 2A004 » ; ce n'est pas le code postal"
    )]
    Commune,
    /// Of a département.
    #[error("le code de département a 2 ou 3 caractères, par exemple « 21 », « 2A » ou « 971 »")]
    Departement,
    #[error("le code de région a 2 chiffres, par exemple « 27 »")]
    Region,
}

/// The first two characters of a commune or département: two digits but not 00, or 2A, 2B; 20 was Corsica until 1976 and is no
/// longer a code (the schema's `([013-9]\d|2[AB1-9])`).
fn departement_starts(text: &str) -> bool {
    match text.as_bytes() {
        [b'2', second, ..] => matches!(second, b'A' | b'B' | b'1'..=b'9'),
        [b'0', second, ..] => matches!(second, b'1'..=b'9'),
        [b'1' | b'3'..=b'9', second, ..] => second.is_ascii_digit(),
        _ => false,
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The three-character départements and collectivities overseas.
fn overseas(text: &str) -> bool {
    text.len() == 3 && digits(text) && (text.starts_with("97") || text.starts_with("98"))
}

impl FromStr for CommuneCode {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let sound = text.len() == 5 && departement_starts(text) && text.get(2..).is_some_and(digits);
        if sound {
            Ok(Self(Code::new(text)))
        } else {
            Err(CodeError::Commune)
        }
    }
}

impl FromStr for DepartementCode {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let sound = overseas(text) || (text.len() == 2 && departement_starts(text));
        if sound {
            Ok(Self(Code::new(text)))
        } else {
            Err(CodeError::Departement)
        }
    }
}

impl FromStr for RegionCode {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let sound = overseas(text) || (text.len() == 2 && digits(text));
        if sound {
            Ok(Self(Code::new(text)))
        } else {
            Err(CodeError::Region)
        }
    }
}

macro_rules! code {
    ($type:ident, $pattern:literal, $example:literal, $about:literal) => {
        impl $type {
            /// The code's characters.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($type), "({})"), self.as_str())
            }
        }

        crate::text::text_value!(
            $type,
            text = $type::as_str,
            pattern = $pattern,
            example = $example,
            about = $about
        );
    };
}

code!(
    CommuneCode,
    "^[0-9][0-9AB][0-9]{3}$",
    "21231",
    "Un code de commune du code officiel géographique (COG)."
);
code!(
    DepartementCode,
    "^[0-9][0-9AB][0-9]?$",
    "21",
    "Un code de département du code officiel géographique (COG)."
);
code!(
    RegionCode,
    "^[0-9]{2,3}$",
    "27",
    "Un code de région du code officiel géographique (COG)."
);
