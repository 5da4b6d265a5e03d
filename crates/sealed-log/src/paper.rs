//! What ties the books to paper: the commitment that a voucher's account is opened with, and the evidence that a claim is booked with.
//!
//! ```text
//! commitment = SHA-256("ccn voucher v1"  ‖ nonce (16) ‖ terms (22))      in the account, and in the leaves of its opening
//! evidence   = SHA-256("ccn evidence v1" ‖ claim (16) ‖ presented)       in the transfer of the claim, and in its leaf
//!              presented: the whole token (86) of a scanned voucher, the terms (22) of a typed one
//! ```
//!
//! The terms are the first 22 bytes of the token: everything but the signature. They hold the voucher's 64-bit id, which no table and no
//! export gives: so who has a commitment cannot make the voucher, and who presents the voucher opens the commitment. Both digests are
//! binding, so nobody gives a claim other evidence afterwards, and a good signature over other terms opens nothing.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::id::{AccountNumber, BookId};

/// Bytes of a voucher's terms: a token without its signature.
pub const TERMS_BYTES: usize = 22;

/// Bytes of a whole token, terms and Ed25519 signature.
pub const TOKEN_BYTES: usize = TERMS_BYTES + 64;

/// Separate these digests from one another and from any other use of the hash.
const COMMITMENT_DOMAIN: &[u8] = b"ccn voucher v1";
const EVIDENCE_DOMAIN: &[u8] = b"ccn evidence v1";

/// What an account says of the paper that spends it, without saying anything that spends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Commitment {
    /// Random, of this voucher alone: terms cannot be tried on all vouchers at once.
    pub nonce: [u8; 16],
    /// SHA-256 over the nonce and the terms.
    pub digest: [u8; 32],
}

impl Commitment {
    /// The commitment to these terms.
    #[must_use]
    pub fn to(nonce: [u8; 16], terms: &[u8; TERMS_BYTES]) -> Self {
        let mut hash = Sha256::new();
        hash.update(COMMITMENT_DOMAIN);
        hash.update(nonce);
        hash.update(terms);
        Self {
            nonce,
            digest: hash.finalize().into(),
        }
    }

    /// Whether these are the terms that it was made over.
    #[must_use]
    pub fn is_to(&self, terms: &[u8; TERMS_BYTES]) -> bool {
        Self::to(self.nonce, terms).digest == self.digest
    }
}

/// How a voucher was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i16)]
pub enum Presentation {
    /// Its QR code: the evidence is the whole token, whose signature anybody can check.
    Scanned = 1,
    /// Its short code: the evidence is the terms, which open the commitment and bear no signature.
    Typed = 2,
}

impl Presentation {
    /// All of them, by code.
    pub const ALL: &[Self] = &[Self::Scanned, Self::Typed];

    /// The number that stands for it in the database.
    #[must_use]
    pub const fn code(self) -> i16 {
        self as i16
    }

    /// The way with this code.
    #[must_use]
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.iter().copied().find(|way| way.code() == code)
    }

    /// Its name in leaves and exports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scanned => "scanned",
            Self::Typed => "typed",
        }
    }
}

/// What a claim keeps of a voucher that was presented: bearer evidence, sealed wherever it is stored.
#[derive(Clone, PartialEq, Eq)]
pub enum Presented {
    /// The token, as the QR code said it.
    Token([u8; TOKEN_BYTES]),
    /// The terms that the issuer's register gives for the typed code.
    Terms([u8; TERMS_BYTES]),
}

impl Presented {
    /// Reads it as it is sealed and exported: its length says which it is.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes.len() {
            TOKEN_BYTES => bytes.try_into().ok().map(Self::Token),
            TERMS_BYTES => bytes.try_into().ok().map(Self::Terms),
            _ => None,
        }
    }

    /// The bytes that are sealed, exported and hashed.
    #[must_use]
    pub const fn bytes(&self) -> &[u8] {
        match self {
            Self::Token(token) => token,
            Self::Terms(terms) => terms,
        }
    }

    /// The terms, which open the voucher's commitment.
    #[must_use]
    pub fn terms(&self) -> &[u8; TERMS_BYTES] {
        match self {
            Self::Token(token) => token.first_chunk().expect("a token begins with its terms"),
            Self::Terms(terms) => terms,
        }
    }

    /// How the voucher was presented.
    #[must_use]
    pub const fn way(&self) -> Presentation {
        match self {
            Self::Token(_) => Presentation::Scanned,
            Self::Terms(_) => Presentation::Typed,
        }
    }

    /// What the books keep of it, in this claim.
    #[must_use]
    pub fn evidence(&self, claim: Uuid) -> Evidence {
        let mut hash = Sha256::new();
        hash.update(EVIDENCE_DOMAIN);
        hash.update(claim.as_bytes());
        hash.update(self.bytes());
        Evidence {
            presented: self.way(),
            digest: hash.finalize().into(),
        }
    }
}

/// A token is worth money, so it is never shown.
impl std::fmt::Debug for Presented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Presented({})", self.way().name())
    }
}

/// Where the evidence of a voucher in a claim belongs: what it is sealed for, so that no row's evidence serves for another.
#[must_use]
pub fn evidence_place(book: BookId, claim: Uuid, voucher: AccountNumber) -> [u8; 40] {
    let mut place = [0; 40];
    place[..16].copy_from_slice(book.uuid().as_bytes());
    place[16..32].copy_from_slice(claim.as_bytes());
    place[32..].copy_from_slice(&voucher.get().to_be_bytes());
    place
}

/// What a claim's transfer says of the paper that it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Evidence {
    /// How the voucher was presented.
    pub presented: Presentation,
    /// SHA-256 over the claim and what was presented.
    pub digest: [u8; 32],
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: [u8; TERMS_BYTES] = [7; TERMS_BYTES];

    #[test]
    fn other_terms_or_another_nonce_do_not_open_a_commitment() {
        let commitment = Commitment::to([1; 16], &TERMS);
        assert!(commitment.is_to(&TERMS));
        let mut other = TERMS;
        other[TERMS_BYTES - 1] ^= 1;
        assert!(!commitment.is_to(&other));
        assert_ne!(Commitment::to([2; 16], &TERMS).digest, commitment.digest);
    }

    #[test]
    fn a_token_and_its_terms_are_told_apart_and_open_the_same_commitment() {
        let token = Presented::Token([7; TOKEN_BYTES]);
        let typed = Presented::Terms(TERMS);
        assert_eq!(token.terms(), typed.terms());
        let claim = Uuid::from_u128(1);
        assert_ne!(token.evidence(claim), typed.evidence(claim));
        assert_ne!(typed.evidence(claim), typed.evidence(Uuid::from_u128(2)));
        assert_eq!(Presented::from_bytes(token.bytes()), Some(token));
        assert_eq!(Presented::from_bytes(&[7; 23]), None);
    }
}
