//! Signing: the only secret of the crate.
//!
//! [`Signer`] is the one seam: a key in memory is a [`SigningKey`]; a key inside a security module is another
//! implementation, elsewhere, since this crate does no I/O. Nothing else needs to know where a key lives. Ed25519
//! (RFC 8032) is deterministic: the same terms give the same token, so tokens are made again rather than stored.

use std::error::Error;
use std::fmt;

use ed25519_dalek::Signer as _;
use zeroize::Zeroizing;

use crate::{Kid, Terms, Token, cose};

/// The signer did not sign: the security module is away, or refuses.
#[derive(Debug, thiserror::Error)]
#[error("La clé {kid} n'a pas pu signer.")]
pub struct SignError {
    /// The key that was asked.
    pub kid: Kid,
    #[source]
    pub cause: Box<dyn Error + Send + Sync>,
}

/// One Ed25519 key that signs, wherever it lives.
pub trait Signer: Send + Sync {
    /// The 32 bytes of the public key.
    fn public_bytes(&self) -> [u8; 32];

    /// The Ed25519 signature (RFC 8032 § 5.1.6: pure, not prehashed) of `message`.
    fn sign_bytes(&self, message: &[u8]) -> Result<[u8; 64], SignError>;

    /// The identifier that what this key signs carries.
    fn kid(&self) -> Kid {
        Kid::of(&self.public_bytes())
    }

    /// The token for `terms`: always the same one for the same terms.
    fn token(&self, terms: &Terms) -> Result<Token, SignError> {
        let unsigned = ToBeSigned::new(self.kid(), *terms);
        let signature = self.sign_bytes(&unsigned.bytes())?;
        Ok(unsigned.attach(signature))
    }
}

impl Signer for SigningKey {
    fn public_bytes(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    fn sign_bytes(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        Ok(self.key.sign(message).to_bytes())
    }

    fn kid(&self) -> Kid {
        self.kid
    }
}

/// A private key. It is wiped from memory when dropped, and `Debug` shows only its public identifier.
pub struct SigningKey {
    key: ed25519_dalek::SigningKey,
    kid: Kid,
}

impl SigningKey {
    /// The key of a 32-byte seed (the private key of RFC 8032 § 5.1.5), drawn from the system's CSPRNG.
    #[must_use]
    pub fn from_seed(seed: &Zeroizing<[u8; 32]>) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let kid = Kid::of(key.verifying_key().as_bytes());
        Self { key, kid }
    }

    /// The identifier that this key's tokens carry.
    #[must_use]
    pub const fn kid(&self) -> Kid {
        self.kid
    }

    /// The 32 bytes to publish: see [`PublicKey::new`](crate::PublicKey::new).
    #[must_use]
    pub fn public_bytes(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// The token for `terms`: always the same one for the same terms. A key in memory never fails.
    #[must_use]
    pub fn sign(&self, terms: &Terms) -> Token {
        let unsigned = ToBeSigned::new(self.kid, *terms);
        let signature = self.key.sign(&unsigned.bytes()).to_bytes();
        unsigned.attach(signature)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}

/// A voucher on its way to the signer.
#[derive(Debug, Clone, Copy)]
pub struct ToBeSigned {
    kid: Kid,
    terms: Terms,
}

impl ToBeSigned {
    /// The voucher `terms`, to be signed by the key `kid`.
    #[must_use]
    pub const fn new(kid: Kid, terms: Terms) -> Self {
        Self { kid, terms }
    }

    /// What goes through Ed25519: the COSE `Sig_structure` (RFC 9052 § 4.4).
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        cose::token_sig_structure(self.kid, &self.terms)
    }

    /// The token with the signature of [`bytes`](Self::bytes). A wrong signature makes a token that no key ring
    /// accepts.
    #[must_use]
    pub const fn attach(self, signature: [u8; 64]) -> Token {
        Token::new(self.kid, self.terms, signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_line_never_shows_a_private_key() {
        let key = SigningKey::from_seed(&Zeroizing::new([7; 32]));
        assert_eq!(format!("{key:?}"), "SigningKey(cbf65c8a)");
    }
}
