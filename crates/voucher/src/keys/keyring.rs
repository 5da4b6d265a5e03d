//! The key ring: the one place where a text becomes a proven voucher.

use crate::verify_error::VerifyError;
use crate::{Host, Kid, PublicKey, Purpose, ShortCode, Terms, Token};

/// The grace that the server grants after `exp`, for the time zones of France: one day, in seconds.
pub const SERVER_GRACE_SECONDS: i64 = 86_400;

/// The public keys that are believed, and the host whose QR codes are ours.
#[derive(Debug, Clone)]
pub struct Keyring {
    host: Host,
    keys: Vec<PublicKey>,
}

impl Keyring {
    /// A key ring for the QR codes of `host`. Two keys may have the same `kid`; both are tried.
    #[must_use]
    pub const fn new(host: Host, keys: Vec<PublicKey>) -> Self {
        Self { host, keys }
    }

    /// The keys, in the order they were given.
    #[must_use]
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// The host whose QR codes are read.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.host
    }

    /// Whether a key has this identifier already: a new key that collides is to be thrown away.
    #[must_use]
    pub fn has(&self, kid: Kid) -> bool {
        self.keys.iter().any(|key| key.kid() == kid)
    }

    /// Proves the voucher in `text` at the instant `at_unix_seconds`, as anybody can: it stops at `exp`.
    ///
    /// That it is active and unspent is not in the token: ask the status list or the ledger.
    pub fn verify(&self, text: &str, at_unix_seconds: i64) -> Result<Verified, VerifyError> {
        self.verify_with_grace(text, at_unix_seconds, 0)
    }

    /// As [`verify`](Self::verify), accepting for `grace_seconds` more ([`SERVER_GRACE_SECONDS`]).
    ///
    /// The signature is checked first, so every later refusal is about a voucher that was really issued.
    pub fn verify_with_grace(
        &self,
        text: &str,
        at_unix_seconds: i64,
        grace_seconds: i64,
    ) -> Result<Verified, VerifyError> {
        let token = Token::from_text(text, &self.host)?;
        let key = self.signer(&token)?;
        admit(key, token.unverified_terms(), at_unix_seconds, grace_seconds)?;
        Ok(Verified { token })
    }

    /// What [`verify_with_grace`](Self::verify_with_grace) asks after the signature: whether a voucher with these terms, printed with
    /// the key `kid`, is to be accepted now. It proves nothing: it is for the issuer's own server, which finds a voucher by its
    /// short code in its own records and must refuse it as it would refuse its QR code.
    pub fn admits(&self, kid: Kid, terms: &Terms, at_unix_seconds: i64, grace_seconds: i64) -> Result<(), VerifyError> {
        let mut result = Err(VerifyError::UnknownKey(kid));
        for key in self.keys.iter().filter(|key| key.kid() == kid) {
            result = admit(key, terms, at_unix_seconds, grace_seconds);
            if result.is_ok() {
                break;
            }
        }
        result
    }

    /// The key that signed `token` and had the right to: a voucher key within whose bounds its terms are. It says nothing of the time, of the
    /// voucher nor of the key: it is for who judges afterwards what was accepted then.
    pub fn proves(&self, token: &Token) -> Result<&PublicKey, VerifyError> {
        let key = self.signer(token)?;
        let policy = key.policy();
        if policy.purpose != Purpose::Voucher {
            return Err(VerifyError::WrongPurpose);
        }
        if !policy.bounds.admit(token.unverified_terms()) {
            return Err(VerifyError::OutOfBounds);
        }
        Ok(key)
    }

    /// The key that signed `token`, whatever may be said against that key.
    fn signer(&self, token: &Token) -> Result<&PublicKey, VerifyError> {
        let mut candidates = self.keys.iter().filter(|key| key.kid() == token.kid()).peekable();
        if candidates.peek().is_none() {
            return Err(VerifyError::UnknownKey(token.kid()));
        }
        candidates.find(|key| key.signed(token)).ok_or(VerifyError::Forged)
    }
}

/// Whether a voucher that `key` signed is to be accepted now.
fn admit(key: &PublicKey, terms: &Terms, at: i64, grace_seconds: i64) -> Result<(), VerifyError> {
    let policy = key.policy();
    if policy.withdrawn {
        return Err(VerifyError::KeyWithdrawn);
    }
    if policy.purpose != Purpose::Voucher {
        return Err(VerifyError::WrongPurpose);
    }
    if !policy.bounds.admit(terms) {
        return Err(VerifyError::OutOfBounds);
    }
    if policy.valid_from.is_some_and(|from| at < from) {
        return Err(VerifyError::KeyNotYetValid);
    }
    // Before the key's own end: "expired" tells the holder more than "the key has expired".
    if at >= terms.day.exp_unix_seconds().saturating_add(grace_seconds) {
        return Err(VerifyError::Expired { last_day: terms.day });
    }
    if policy.valid_until.is_some_and(|until| at >= until) {
        return Err(VerifyError::KeyExpired);
    }
    Ok(())
}

/// A voucher whose signature, key, bounds and date have been checked. Only [`Keyring`] makes one, so a function
/// that takes it cannot be called with an unproven voucher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    token: Token,
}

impl Verified {
    /// What the voucher says.
    #[must_use]
    pub const fn terms(&self) -> &Terms {
        self.token.unverified_terms()
    }

    /// The key that signed it.
    #[must_use]
    pub const fn kid(&self) -> Kid {
        self.token.kid()
    }

    /// The code printed beside the QR code.
    #[must_use]
    pub const fn short_code(&self) -> ShortCode {
        self.terms().id.short_code()
    }

    /// The token itself, for a record that proves the claim later.
    #[must_use]
    pub const fn token(&self) -> &Token {
        &self.token
    }
}
