//! Key identifiers: the first four bytes of a key's thumbprint.

use std::fmt;
use std::str::FromStr;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::cose;

/// The short name of a key inside a token. Written as 8 lowercase hexadecimal digits.
///
/// Four bytes are a hint, not a proof: two keys may share them, and a verifier tries both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kid([u8; 4]);

impl Kid {
    /// The identifier made of these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// The bytes, as they stand in the token.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 4] {
        self.0
    }

    /// The identifier of the Ed25519 public key `x`.
    #[must_use]
    pub fn of(x: &[u8; 32]) -> Self {
        let thumbprint = thumbprint(x);
        Self(*thumbprint.first_chunk().expect("a thumbprint has 32 bytes"))
    }
}

/// The SHA-256 COSE Key Thumbprint (RFC 9679) of the Ed25519 public key `x`.
#[must_use]
pub fn thumbprint(x: &[u8; 32]) -> [u8; 32] {
    Sha256::digest(cose::cose_key(x)).into()
}

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kid({self})")
    }
}

/// A key identifier is 8 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("Un identifiant de clé s'écrit avec 8 chiffres hexadécimaux.")]
pub struct KidError;

impl FromStr for Kid {
    type Err = KidError;

    fn from_str(text: &str) -> Result<Self, KidError> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map_err(|_| KidError)?;
        bytes.try_into().map(Self).map_err(|_| KidError)
    }
}
