//! A voucher in a claim: proven to be ours, by its signature or by the issuer's word on its typed code.

use catalogue::LATE_CLAIM_HOURS;
use chrono::NaiveDate;
use ledger::Presented as Evidence;
use voucher::{Keyring, SERVER_GRACE_SECONDS, Terms, Token, Verified, VerifyError};

use super::codes::VoucherOfCode;

/// Seconds after a voucher's last day in which a claim made in time may still arrive.
const LATE_CLAIM_SECONDS: i64 = LATE_CLAIM_HOURS * 3600;

/// A voucher that is ours. Only the two constructors make one, so a claim cannot be made of anything else.
pub(super) struct Presented(Proof);

enum Proof {
    /// A key of ours signed it, and it is to be accepted now.
    Scanned(Verified),
    /// The issuer printed it with the code that was typed, and it is to be accepted now.
    Typed(VoucherOfCode),
    /// Ours, and not, or no longer, to be accepted.
    Refused(Evidence, Terms, VerifyError),
}

impl Presented {
    /// The voucher of a scanned text, if one of our keys signed it.
    pub(super) fn scanned(keyring: &Keyring, text: &str, service: NaiveDate, at: i64) -> Result<Self, VerifyError> {
        let text = &*voucher::scanned(text);
        match keyring.verify_with_grace(text, at, LATE_CLAIM_SECONDS) {
            Ok(verified) => Ok(Self(match in_time(verified.terms(), service, at) {
                Ok(()) => Proof::Scanned(verified),
                Err(error) => Proof::Refused(presented(verified.token()), *verified.terms(), error),
            })),
            Err(error) if is_ours(error) => {
                // The key ring has just proven these terms: it looks at the signature before anything else.
                let token = Token::from_text(text, keyring.host())?;
                Ok(Self(Proof::Refused(
                    presented(&token),
                    *token.unverified_terms(),
                    error,
                )))
            }
            Err(error) => Err(error),
        }
    }

    /// The voucher of a typed code. What would be said against its QR code is said against it: a key that is withdrawn, a day
    /// that has passed.
    pub(super) fn typed(keyring: &Keyring, known: VoucherOfCode, service: NaiveDate, at: i64) -> Self {
        let admitted = keyring.admits(known.kid(), known.terms(), at, LATE_CLAIM_SECONDS);
        match admitted.and_then(|()| in_time(known.terms(), service, at)) {
            Ok(()) => Self(Proof::Typed(known)),
            Err(error) => Self(Proof::Refused(terms_of(&known), *known.terms(), error)),
        }
    }

    /// What the claim keeps of it.
    pub(super) fn evidence(&self) -> Evidence {
        match &self.0 {
            Proof::Scanned(verified) => presented(verified.token()),
            Proof::Typed(known) => terms_of(known),
            Proof::Refused(evidence, ..) => evidence.clone(),
        }
    }

    pub(super) const fn terms(&self) -> &Terms {
        match &self.0 {
            Proof::Scanned(verified) => verified.terms(),
            Proof::Typed(known) => known.terms(),
            Proof::Refused(_, terms, _) => terms,
        }
    }

    pub(super) const fn refused(&self) -> Option<VerifyError> {
        match &self.0 {
            Proof::Scanned(_) | Proof::Typed(_) => None,
            Proof::Refused(.., error) => Some(*error),
        }
    }
}

fn presented(token: &Token) -> Evidence {
    Evidence::Token(token.to_bytes())
}

fn terms_of(known: &VoucherOfCode) -> Evidence {
    Evidence::Terms(known.terms().to_bytes(known.kid()))
}

/// Whether a claim of a service of this day may come at this instant. A service of the last day or before may have been claimed without
/// a network: its claim may come as late as the sweep waits for it. Any other one has the server's day of grace.
fn in_time(terms: &Terms, service: NaiveDate, at: i64) -> Result<(), VerifyError> {
    let end = terms.day.exp_unix_seconds();
    if service <= terms.day.date() || at < end.saturating_add(SERVER_GRACE_SECONDS) {
        Ok(())
    } else {
        Err(VerifyError::Expired { last_day: terms.day })
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
