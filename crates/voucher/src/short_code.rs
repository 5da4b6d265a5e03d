//! The short code: a voucher's identifier for reading aloud and typing, when no camera works.
//!
//! 13 Crockford symbols carry the 64 bits (the first is below 16) and 2 Reed–Solomon symbols over GF(32), with
//! roots α and α², check them: `XXXXX-XXXXX-XXXXX`. Its distance is 3, so every single error, double error
//! and swap is detected, or else two illegible symbols are restored.

mod gf32;

use std::fmt;
use std::str::FromStr;

use gf32::{div, mul, pow};
use thiserror::Error;

use crate::VoucherId;
use crate::scanned::{azerty_digit, is_invisible};

/// Symbols in a code, without the dashes.
pub const SHORT_CODE_SYMBOLS: usize = 15;

/// How many illegible symbols [`ShortCode::restore`] can find again.
pub const ILLEGIBLE_MAX: usize = 2;

const DATA_SYMBOLS: usize = 13;
const GROUP_SYMBOLS: usize = 5;
const SIGNS_WITH_HYPHENS: usize = SHORT_CODE_SYMBOLS + 2;
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const ALPHA: u8 = 2;
const ALPHA_2: u8 = 4;

/// The short code of a voucher. `Display` writes it; `Debug` hides it, for it is as good as the voucher.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShortCode(VoucherId);

/// Why a typed text is not a short code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ShortCodeError {
    /// A letter or sign that never occurs.
    #[error("Le signe « {0} » n'existe pas dans un code. Vérifiez ce que vous avez tapé.")]
    Symbol(char),
    /// Too few or too many symbols.
    #[error("Un code compte {SHORT_CODE_SYMBOLS} lettres et chiffres.")]
    Length,
    /// The checks fail: something was mistyped.
    #[error("Ce code contient une erreur. Vérifiez ce que vous avez tapé.")]
    Check,
    /// More symbols are illegible than can be restored.
    #[error("Trop de signes sont illisibles : {ILLEGIBLE_MAX} au plus peuvent être retrouvés.")]
    Illegible,
}

type Symbols = [u8; SHORT_CODE_SYMBOLS];

impl ShortCode {
    /// The code of the voucher `id`.
    #[must_use]
    pub const fn new(id: VoucherId) -> Self {
        Self(id)
    }

    /// The voucher's identifier.
    #[must_use]
    pub const fn id(self) -> VoucherId {
        self.0
    }

    /// Reads a code in which up to two symbols are illegible, written `?`.
    ///
    /// Each symbol restored spends one check: with one `?` a further error is still detected, with two it is
    /// not, so show the restored code to be compared with the paper.
    ///
    /// ```
    /// # use voucher::{ShortCode, ShortCodeError};
    /// let code = ShortCode::restore("F6G?F-A2SFF-W?1XY")?;
    /// assert_eq!(code.to_string(), "F6GVF-A2SFF-WB1XY");
    /// # Ok::<(), ShortCodeError>(())
    /// ```
    pub fn restore(text: &str) -> Result<Self, ShortCodeError> {
        let read = read(text)?;
        let illegible: Vec<usize> = (0..SHORT_CODE_SYMBOLS).filter(|&place| read[place].is_none()).collect();
        let mut symbols = read.map(|symbol| symbol.unwrap_or(0));
        let (s1, s2) = syndromes(&symbols);
        match illegible[..] {
            [] => {}
            // The error e at the locator X obeys eX = S₁ and, which stays as a check, eX² = S₂.
            [place] => symbols[place] = div(s1, locator(place)),
            // e₁X + e₂Y = S₁ and e₁X² + e₂Y² = S₂.
            [first, second] => {
                let (x, y) = (locator(first), locator(second));
                let e2 = div(s2 ^ mul(x, s1), mul(y, x ^ y));
                symbols[first] = div(s1 ^ mul(e2, y), x);
                symbols[second] = e2;
            }
            _ => return Err(ShortCodeError::Illegible),
        }
        Self::from_symbols(&symbols)
    }

    fn from_symbols(symbols: &Symbols) -> Result<Self, ShortCodeError> {
        if syndromes(symbols) != (0, 0) {
            return Err(ShortCodeError::Check);
        }
        let number = symbols[..DATA_SYMBOLS]
            .iter()
            .fold(0u128, |number, &symbol| number << 5 | u128::from(symbol));
        let number = u64::try_from(number).map_err(|_| ShortCodeError::Check)?;
        Ok(Self(VoucherId::new(number.to_be_bytes())))
    }

    fn symbols(self) -> Symbols {
        let number = u64::from_be_bytes(self.0.to_bytes());
        let mut symbols = [0; SHORT_CODE_SYMBOLS];
        for (place, symbol) in symbols[..DATA_SYMBOLS].iter_mut().enumerate() {
            let [.., low] = (number >> (5 * (DATA_SYMBOLS - 1 - place))).to_be_bytes();
            *symbol = low & 31;
        }
        // The remainder of the division by (x - α)(x - α²) = x² + (α + α²)x + α³.
        let (mut high, mut low) = (0, 0);
        for symbol in &symbols[..DATA_SYMBOLS] {
            let quotient = symbol ^ high;
            high = low ^ mul(quotient, ALPHA ^ ALPHA_2);
            low = mul(quotient, mul(ALPHA, ALPHA_2));
        }
        symbols[DATA_SYMBOLS..].copy_from_slice(&[high, low]);
        symbols
    }
}

impl FromStr for ShortCode {
    type Err = ShortCodeError;

    /// Reads a typed code: case, dashes and spaces do not matter, O is 0, I and L are 1; see [`typed_signs`].
    fn from_str(text: &str) -> Result<Self, ShortCodeError> {
        if text.contains('?') {
            Err(ShortCodeError::Symbol('?'))
        } else {
            Self::restore(text)
        }
    }
}

impl fmt::Display for ShortCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.symbols().map(|symbol| ALPHABET[usize::from(symbol)]);
        let text = std::str::from_utf8(&text).expect("the alphabet is ASCII");
        let (first, rest) = text.split_at(GROUP_SYMBOLS);
        let (second, third) = rest.split_at(GROUP_SYMBOLS);
        write!(f, "{first}-{second}-{third}")
    }
}

impl fmt::Debug for ShortCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShortCode(…)")
    }
}

/// The symbols of a typed text; nothing where it says `?`.
fn read(text: &str) -> Result<[Option<u8>; SHORT_CODE_SYMBOLS], ShortCodeError> {
    let mut typed = typed_signs(text).into_iter();
    let mut symbols = [None; SHORT_CODE_SYMBOLS];
    for symbol in &mut symbols {
        *symbol = value(typed.next().ok_or(ShortCodeError::Length)?)?;
    }
    if typed.next().is_some() {
        Err(ShortCodeError::Length)
    } else {
        Ok(symbols)
    }
}

/// The letters, digits and `?` of a typed text, without spaces and dashes of any kind; digits that were typed on a French keyboard
/// without its shift key are digits.
///
/// One key of that keyboard types `-` for 6 as well as between the groups. It is a 6 only where fifteen signs say so.
#[must_use]
pub fn typed_signs(text: &str) -> Vec<char> {
    let kept: Vec<char> = text.chars().filter(|sign| !is_separator(*sign)).collect();
    let between = [GROUP_SYMBOLS, 2 * GROUP_SYMBOLS + 1];
    let grouped = between.iter().all(|&place| kept.get(place) == Some(&'-'));
    let is_six = |place: usize| match kept.len() {
        SHORT_CODE_SYMBOLS => !grouped,
        SIGNS_WITH_HYPHENS => grouped && !between.contains(&place),
        _ => false,
    };
    let signs = kept.iter().enumerate();
    signs
        .filter(|&(place, sign)| *sign != '-' || is_six(place))
        .map(|(_, sign)| azerty_digit(*sign).unwrap_or(*sign))
        .collect()
}

/// Spaces, dashes other than the hyphen of the keyboard, and what nobody sees.
fn is_separator(sign: char) -> bool {
    sign.is_whitespace()
        || sign.is_control()
        || is_invisible(sign)
        || matches!(
            sign,
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
        )
}

fn value(sign: char) -> Result<Option<u8>, ShortCodeError> {
    let meant = match sign.to_ascii_uppercase() {
        '?' => return Ok(None),
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let place = ALPHABET.iter().position(|&symbol| char::from(symbol) == meant);
    let place = place.ok_or(ShortCodeError::Symbol(sign))?;
    Ok(Some(u8::try_from(place).expect("the alphabet has 32 symbols")))
}

/// The code as a polynomial, first symbol highest, at α and at α²: both are zero for a correct one.
fn syndromes(symbols: &Symbols) -> (u8, u8) {
    let at = |root| symbols.iter().fold(0, |sum, symbol| mul(sum, root) ^ symbol);
    (at(ALPHA), at(ALPHA_2))
}

/// The power of α that belongs to a place.
fn locator(place: usize) -> u8 {
    pow(ALPHA, SHORT_CODE_SYMBOLS - 1 - place)
}
