//! A public key and what it may sign.

use std::ops::RangeInclusive;

use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::keys::kid;
use crate::{Kid, LastDay, Terms, Token, cose};

/// What a key is for. A key of one purpose proves nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Signs vouchers.
    Voucher,
    /// Signs status lists.
    Status,
    /// Signs the daily key set, as long as a root has delegated that to it.
    KeySet,
    /// Delegates; pinned by whoever verifies, kept offline.
    Root,
}

/// What a voucher key may sign, so that a stolen one can do only so much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    pub series: RangeInclusive<u16>,
    /// The highest face value, in euro cents.
    pub max_cents: u16,
    /// The latest last day.
    pub latest_day: LastDay,
}

impl Bounds {
    /// No bound at all: whatever a token can express.
    pub const NONE: Self = Self {
        series: 0..=u16::MAX,
        max_cents: u16::MAX,
        latest_day: LastDay::MAX,
    };

    /// Whether everything that `other` allows is allowed by these bounds too.
    #[must_use]
    pub fn contain(&self, other: &Self) -> bool {
        self.series.start() <= other.series.start()
            && other.series.end() <= self.series.end()
            && other.max_cents <= self.max_cents
            && other.latest_day <= self.latest_day
    }

    /// Whether the key may have signed these terms.
    #[must_use]
    pub fn admit(&self, terms: &Terms) -> bool {
        self.series.contains(&terms.series) && terms.cents <= self.max_cents && terms.day <= self.latest_day
    }
}

/// What the operator has decided about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPolicy {
    /// What the key is for.
    pub purpose: Purpose,
    /// Unix seconds; nothing signed by the key is accepted earlier.
    pub valid_from: Option<i64>,
    /// Unix seconds; from then on nothing signed by the key is accepted.
    pub valid_until: Option<i64>,
    /// What the key may sign.
    pub bounds: Bounds,
    /// Withdrawn, for instance stolen: nothing it ever signed is accepted any more.
    pub withdrawn: bool,
}

impl KeyPolicy {
    /// A key of `purpose`, always valid and without bounds.
    #[must_use]
    pub const fn unbounded(purpose: Purpose) -> Self {
        Self {
            purpose,
            valid_from: None,
            valid_until: None,
            bounds: Bounds::NONE,
            withdrawn: false,
        }
    }
}

/// The 32 bytes are not a usable Ed25519 public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("Ces 32 octets ne sont pas une clé publique Ed25519 utilisable.")]
pub struct WeakKey;

/// A public key with its policy. The identifier is computed, so it cannot disagree with the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    kid: Kid,
    key: VerifyingKey,
    policy: KeyPolicy,
}

impl PublicKey {
    /// The Ed25519 public key `x`. Refuses bytes that are no point of the curve, and the few points under which
    /// anybody can forge.
    pub fn new(x: &[u8; 32], policy: KeyPolicy) -> Result<Self, WeakKey> {
        let key = VerifyingKey::from_bytes(x).map_err(|_| WeakKey)?;
        if key.is_weak() {
            return Err(WeakKey);
        }
        Ok(Self {
            kid: Kid::of(x),
            key,
            policy,
        })
    }

    /// The identifier that this key's tokens carry.
    #[must_use]
    pub const fn kid(&self) -> Kid {
        self.kid
    }

    /// The 32 bytes of the key.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// The SHA-256 COSE Key Thumbprint (RFC 9679).
    #[must_use]
    pub fn thumbprint(&self) -> [u8; 32] {
        kid::thumbprint(self.key.as_bytes())
    }

    /// The deterministic `COSE_Key` (RFC 9053 § 7.2) of which the thumbprint is the hash.
    #[must_use]
    pub fn to_cose_key(&self) -> Vec<u8> {
        cose::cose_key(self.key.as_bytes())
    }

    /// Whether the key may be used at the instant `at` (Unix seconds).
    #[must_use]
    pub fn in_service(&self, at: i64) -> bool {
        let policy = &self.policy;
        !policy.withdrawn
            && policy.valid_from.is_none_or(|from| from <= at)
            && policy.valid_until.is_none_or(|until| at < until)
    }

    /// What the operator has decided about the key.
    #[must_use]
    pub const fn policy(&self) -> &KeyPolicy {
        &self.policy
    }

    /// Whether this key made the signature of `token`; strict, so one voucher has one signature.
    pub(crate) fn signed(&self, token: &Token) -> bool {
        let message = cose::token_sig_structure(token.kid(), token.unverified_terms());
        self.verifies(&message, token.signature())
    }

    /// Whether `signature` is this key's of `message`, and the only one it can have (RFC 8032 § 5.1.7, strictly: neither the
    /// signature nor the key is malleable).
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.key
            .verify_strict(message, &Signature::from_bytes(signature))
            .is_ok()
    }
}
