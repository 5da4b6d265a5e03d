//! A voucher in a claim: proven to be ours, by its signature or by the issuer's word on its typed code.

use voucher::{Keyring, SERVER_GRACE_SECONDS, Terms, Token, Verified, VerifyError};

use super::codes::Known;

/// A voucher that is ours. Only the two constructors make one, so a claim cannot be made of anything else.
pub(super) struct Presented(Proof);

enum Proof {
    /// A key of ours signed it, and it is to be accepted now.
    Scanned(Verified),
    /// The issuer printed it with the code that was typed, and it is to be accepted now.
    Typed(Known),
    /// Ours, and not, or no longer, to be accepted.
    Refused(Terms, VerifyError),
}

impl Presented {
    /// The voucher of a scanned text, if one of our keys signed it.
    pub(super) fn scanned(keyring: &Keyring, text: &str, at: i64) -> Result<Self, VerifyError> {
        match keyring.verify_with_grace(text, at, SERVER_GRACE_SECONDS) {
            Ok(verified) => Ok(Self(Proof::Scanned(verified))),
            Err(error) if is_ours(error) => {
                // The key ring has just proven these terms: it looks at the signature before anything else.
                let token = Token::from_text(text, keyring.host())?;
                Ok(Self(Proof::Refused(*token.unverified_terms(), error)))
            }
            Err(error) => Err(error),
        }
    }

    /// The voucher of a typed code. What would be said against its QR code is said against it: a key that is withdrawn, a day
    /// that has passed.
    pub(super) fn typed(keyring: &Keyring, known: Known, at: i64) -> Self {
        match keyring.admits(known.kid(), known.terms(), at, SERVER_GRACE_SECONDS) {
            Ok(()) => Self(Proof::Typed(known)),
            Err(error) => Self(Proof::Refused(*known.terms(), error)),
        }
    }

    pub(super) const fn terms(&self) -> &Terms {
        match &self.0 {
            Proof::Scanned(verified) => verified.terms(),
            Proof::Typed(known) => known.terms(),
            Proof::Refused(terms, _) => terms,
        }
    }

    pub(super) const fn refused(&self) -> Option<VerifyError> {
        match &self.0 {
            Proof::Scanned(_) | Proof::Typed(_) => None,
            Proof::Refused(_, error) => Some(*error),
        }
    }
}

/// Whether what was refused bears our signature all the same.
const fn is_ours(error: VerifyError) -> bool {
    match error {
        VerifyError::Text(_) | VerifyError::UnknownKey(_) | VerifyError::Forged => false,
        VerifyError::KeyWithdrawn
        | VerifyError::WrongPurpose
        | VerifyError::OutOfBounds
        | VerifyError::KeyNotYetValid
        | VerifyError::KeyExpired
        | VerifyError::Expired { .. } => true,
    }
}
