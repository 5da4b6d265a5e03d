//! What an offline root allows: which key signs the daily key set, for how long, and within which bounds.
//!
//! ```text
//! COSE_Sign1, typ application/ccn-delegation+cwt, over
//! { 4: exp, 5: nbf, -65538: [x, [first series, last series], max cents, latest day] }
//! ```
//!
//! A root is used once a year, at a table, by two people. The bounds that it signs hold for every key that the delegated key
//! will ever list: whoever steals the delegated key can make no dearer voucher, and none beyond its year.

use std::ops::RangeInclusive;

use minicbor::Decoder;
use thiserror::Error;

use crate::cose::{self, Cbor};
use crate::envelope::{self, Envelope, Malformed};
use crate::{Bounds, KeyPolicy, Kid, LastDay, PublicKey, Purpose, SignError, Signer};

/// The type of a delegation, in its header.
pub const DELEGATION_TYPE: &str = "application/ccn-delegation+cwt";

/// The longest time for which a root delegates, in seconds: a year, and a month to do it again.
pub const DELEGATION_SECONDS_MAX: i64 = 400 * 86_400;

const NBF: u8 = 5; // CWT claim, RFC 8392 § 3.1.5
const DELEGATE: u64 = 65_538; // private use, negative

/// Why a delegation is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DelegationError {
    /// Not a delegation.
    #[error("Cette délégation est mal formée.")]
    Malformed,
    /// No root that is trusted here signed it.
    #[error("Cette délégation n'est signée par aucune des racines de confiance.")]
    Forged,
    /// Not yet, or no longer; or longer than [`DELEGATION_SECONDS_MAX`].
    #[error("Cette délégation n'est pas en vigueur.")]
    OutOfTime,
}

impl From<Malformed> for DelegationError {
    fn from(Malformed: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<minicbor::decode::Error> for DelegationError {
    fn from(_: minicbor::decode::Error) -> Self {
        Self::Malformed
    }
}

/// A root's word on one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// The public key that may sign key sets.
    pub delegate: [u8; 32],
    /// From when on, in Unix seconds.
    pub valid_from: i64,
    /// Until when, excluded.
    pub valid_until: i64,
    /// What the keys of its sets may sign at most.
    pub bounds: Bounds,
}

impl Delegation {
    /// The signed delegation.
    pub fn sign(&self, root: &dyn Signer) -> Result<Vec<u8>, SignError> {
        let payload = Cbor::new()
            .map(3)
            .uint(cose::EXP)
            .int(self.valid_until)
            .uint(NBF)
            .int(self.valid_from)
            .negative(DELEGATE)
            .array(4)
            .bytes(&self.delegate);
        envelope::sign(DELEGATION_TYPE, &write_bounds(payload, &self.bounds).0, root)
    }

    /// The delegation in `bytes`, if one of `roots` that is in service at `at` signed it and it is in force.
    pub fn verify(bytes: &[u8], roots: &[PublicKey], at: i64) -> Result<Self, DelegationError> {
        let envelope = Envelope::read(bytes, DELEGATION_TYPE)?;
        let trusted = |root: &&PublicKey| root.policy().purpose == Purpose::Root && root.in_service(at);
        if !roots.iter().filter(trusted).any(|root| envelope.signed_by(root)) {
            return Err(DelegationError::Forged);
        }
        let delegation = read(envelope.payload)?;
        let seconds = delegation.valid_until.saturating_sub(delegation.valid_from);
        let in_force = (delegation.valid_from..delegation.valid_until).contains(&at);
        if in_force && seconds <= DELEGATION_SECONDS_MAX {
            Ok(delegation)
        } else {
            Err(DelegationError::OutOfTime)
        }
    }

    /// Which root is said to have signed, and for which key: to tell a person what a file is, before anything is believed.
    pub fn peek(bytes: &[u8]) -> Result<(Kid, Self), DelegationError> {
        let envelope = Envelope::read(bytes, DELEGATION_TYPE)?;
        Ok((envelope.kid, read(envelope.payload)?))
    }

    /// The delegated key, as a key that signs key sets.
    pub(crate) fn key(&self) -> Option<PublicKey> {
        let policy = KeyPolicy {
            valid_from: Some(self.valid_from),
            valid_until: Some(self.valid_until),
            ..KeyPolicy::unbounded(Purpose::KeySet)
        };
        PublicKey::new(&self.delegate, policy).ok()
    }
}

fn read(payload: &[u8]) -> Result<Delegation, DelegationError> {
    let mut decoder = Decoder::new(payload);
    if decoder.map()? != Some(3) {
        return Err(DelegationError::Malformed);
    }
    expect_key(&mut decoder, cose::EXP.into())?;
    let valid_until = decoder.i64()?;
    expect_key(&mut decoder, NBF.into())?;
    let valid_from = decoder.i64()?;
    expect_key(&mut decoder, -65_538)?;
    if decoder.array()? != Some(4) {
        return Err(DelegationError::Malformed);
    }
    let delegate = decoder.bytes()?.try_into().map_err(|_| DelegationError::Malformed)?;
    let bounds = read_bounds(&mut decoder)?;
    if decoder.position() != payload.len() {
        return Err(DelegationError::Malformed);
    }
    Ok(Delegation {
        delegate,
        valid_from,
        valid_until,
        bounds,
    })
}

/// The next key of a map, in the order in which deterministic CBOR puts them.
pub(crate) fn expect_key(decoder: &mut Decoder<'_>, key: i64) -> Result<(), Malformed> {
    if decoder.i64()? == key { Ok(()) } else { Err(Malformed) }
}

/// `[first series, last series], max cents, latest day`
pub(crate) fn write_bounds(cbor: Cbor, bounds: &Bounds) -> Cbor {
    cbor.array(2)
        .uint(*bounds.series.start())
        .uint(*bounds.series.end())
        .uint(bounds.max_cents)
        .uint(bounds.latest_day.days())
}

pub(crate) fn read_bounds(decoder: &mut Decoder<'_>) -> Result<Bounds, Malformed> {
    if decoder.array()? != Some(2) {
        return Err(Malformed);
    }
    let series: RangeInclusive<u16> = decoder.u16()?..=decoder.u16()?;
    Ok(Bounds {
        series,
        max_cents: decoder.u16()?,
        latest_day: LastDay::new(decoder.u16()?),
    })
}
