//! The token: the signed voucher in 86 bytes.
//!
//! ```text
//! off len field
//!  0   1  format  0x01
//!  1   4  kid     which key signed
//!  5   2  series  big-endian, like all the numbers
//!  7   3  idx     place in the status list of the series
//! 10   2  cents   face value
//! 12   2  day     last day accepted, in days since 2020-01-01
//! 14   8  id      random bits, also the short code
//! 22  64  Ed25519 signature of the COSE Sig_structure that these fields determine
//! ```

use std::fmt;

use thiserror::Error;

use crate::{Idx, Kid, LastDay, Terms, VoucherId, cose};

/// Length of a token in bytes.
pub const TOKEN_BYTES: usize = TERMS_BYTES + 64;

/// Length of what a token says before its signature.
pub const TERMS_BYTES: usize = 22;

/// The only layout there is; a second one would change the first byte.
const FORMAT: u8 = 0x01;

impl Terms {
    /// A token without its signature: what a voucher's commitment is made over, for the key that signs it.
    #[must_use]
    pub fn to_bytes(&self, kid: Kid) -> [u8; TERMS_BYTES] {
        let mut bytes = [0; TERMS_BYTES];
        bytes[0] = FORMAT;
        bytes[1..5].copy_from_slice(&kid.to_bytes());
        bytes[5..7].copy_from_slice(&self.series.to_be_bytes());
        bytes[7..10].copy_from_slice(&self.idx.to_be_bytes());
        bytes[10..12].copy_from_slice(&self.cents.to_be_bytes());
        bytes[12..14].copy_from_slice(&self.day.days().to_be_bytes());
        bytes[14..22].copy_from_slice(&self.id.to_bytes());
        bytes
    }

    /// Reads the same, and for which key it is.
    pub fn from_bytes(bytes: &[u8; TERMS_BYTES]) -> Result<(Kid, Self), UnknownFormat> {
        let [format, k0, k1, k2, k3, s0, s1, i0, i1, i2, c0, c1, d0, d1, id @ ..] = *bytes;
        if format != FORMAT {
            return Err(UnknownFormat);
        }
        let terms = Self {
            series: u16::from_be_bytes([s0, s1]),
            idx: Idx::from_be_bytes([i0, i1, i2]),
            cents: u16::from_be_bytes([c0, c1]),
            day: LastDay::new(u16::from_be_bytes([d0, d1])),
            id: VoucherId::new(id),
        };
        Ok((Kid::new([k0, k1, k2, k3]), terms))
    }
}

/// The first byte announces a layout that this program does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("Ce QR code est d'un format plus récent ou inconnu.")]
pub struct UnknownFormat;

/// A signed voucher whose signature has **not** been checked: see [`Keyring::verify`](crate::Keyring::verify).
///
/// A token is worth money to whoever holds it, so `Debug` shows only its place in the series.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    kid: Kid,
    terms: Terms,
    signature: [u8; 64],
}

impl Token {
    pub(crate) const fn new(kid: Kid, terms: Terms, signature: [u8; 64]) -> Self {
        Self { kid, terms, signature }
    }

    /// Reads the 86 bytes. The layout is fixed and every byte matters, so this and
    /// [`to_bytes`](Self::to_bytes) are inverse of one another.
    pub fn from_bytes(bytes: &[u8; TOKEN_BYTES]) -> Result<Self, UnknownFormat> {
        let (terms, signature) = bytes.split_first_chunk().expect("a token is longer than its terms");
        let (kid, terms) = Terms::from_bytes(terms)?;
        Ok(Self {
            kid,
            terms,
            signature: signature.try_into().expect("64 bytes remain after the terms"),
        })
    }

    /// The 86 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; TOKEN_BYTES] {
        let mut bytes = [0; TOKEN_BYTES];
        bytes[..TERMS_BYTES].copy_from_slice(&self.terms.to_bytes(self.kid));
        bytes[TERMS_BYTES..].copy_from_slice(&self.signature);
        bytes
    }

    /// The `COSE_Sign1` (RFC 9052) over a CWT (RFC 8392) that the token stands for, tag 18 included.
    /// Any COSE library can verify these bytes.
    #[must_use]
    pub fn expand(&self) -> Vec<u8> {
        cose::token_sign1(self.kid, &self.terms, &self.signature)
    }

    /// Which key is said to have signed.
    #[must_use]
    pub const fn kid(&self) -> Kid {
        self.kid
    }

    /// What the token says, **unproven**: whoever needs the truth takes a [`Verified`](crate::Verified).
    #[must_use]
    pub const fn unverified_terms(&self) -> &Terms {
        &self.terms
    }

    pub(crate) const fn signature(&self) -> &[u8; 64] {
        &self.signature
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}, {}/{})", self.kid, self.terms.series, self.terms.idx.get())
    }
}
