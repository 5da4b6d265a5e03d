//! The signed key set: everything that a verifier without network needs, in one document, with an end.
//!
//! ```text
//! root ──yearly──► delegation ──► delegated key ──daily──► key set
//!
//! COSE_Sign1, typ application/ccn-key-set+cwt, over
//! { 4: exp, 6: iat,
//!   -65539: delegation,
//!   -65540: [ [x, purpose, from, until, withdrawn, [first series, last series], max cents, latest day], … ],
//!   -65541: [ [series, programme, name, printed day], … ] }
//! ```
//!
//! **Trust.** A verifier pins root keys and nothing else. The document carries its delegation, so it can be handed over on a
//! stick. A key may not be listed with wider bounds than the root allowed.
//!
//! **Age.** A set is dead after [`KEY_SET_SECONDS_MAX`]: a phone that was not near a network for a week stops accepting. A
//! withdrawn key is thus refused everywhere within that time, and within a day by a phone that synchronises. An older set never
//! [replaces](KeySet::replaces) a newer one.
//!
//! **Overlap.** A key is listed before its first use and as long as anything that it signed may come: several keys are good at
//! once, each in its window, and nothing needs to be printed again.

use minicbor::Decoder;
use minicbor::data::Type;
use thiserror::Error;

use crate::cose::{self, Cbor};
use crate::envelope::{self, Envelope, Malformed};
use crate::keys::delegation::{expect_key, read_bounds, write_bounds};
use crate::{
    CLOCK_SKEW_SECONDS, Delegation, DelegationError, KeyPolicy, LastDay, PublicKey, Purpose, SignError, Signer,
};

/// The type of a key set, in its header and over HTTP (with `application/cose` as the general one, RFC 9052 § 11.1).
pub const KEY_SET_TYPE: &str = "application/ccn-key-set+cwt";

/// The longest life of a key set, in seconds: 7 days.
pub const KEY_SET_SECONDS_MAX: i64 = 7 * 86_400;

/// The longest key set that is read, in bytes.
pub const KEY_SET_BYTES_MAX: usize = 1 << 20;

pub const KEY_SET_KEYS_MAX: usize = 1_000;

/// Characters of a programme's name in a key set; a longer one is to be cut by whoever makes the set.
pub const PROGRAMME_NAME_CHARS_MAX: usize = 200;

/// Why a key set is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeySetError {
    /// Not a key set, or longer than [`KEY_SET_BYTES_MAX`].
    #[error("Ce jeu de clés est mal formé.")]
    Malformed,
    /// Its delegation is not good.
    #[error(transparent)]
    Delegation(#[from] DelegationError),
    /// The delegated key did not sign it.
    #[error("Ce jeu de clés n'est pas signé par la clé déléguée.")]
    Forged,
    /// Its end has passed, it comes from the future, or it claims more than [`KEY_SET_SECONDS_MAX`].
    #[error("Ce jeu de clés est trop ancien.")]
    Stale,
    /// A key may do more than the root allows.
    #[error("Une clé de ce jeu dépasse ce que la racine permet.")]
    BeyondDelegation,
}

impl From<Malformed> for KeySetError {
    fn from(Malformed: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<minicbor::decode::Error> for KeySetError {
    fn from(_: minicbor::decode::Error) -> Self {
        Self::Malformed
    }
}

/// What a scanner shows of a series without asking anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesFacts {
    /// The series in the tokens.
    pub series: u16,
    /// The programme's UUID.
    pub programme: [u8; 16],
    /// The programme's name, at most [`PROGRAMME_NAME_CHARS_MAX`] characters.
    pub name: String,
    /// The validity date printed on the paper, earlier than the token's last day.
    pub printed_day: LastDay,
}

/// The keys and series that are good now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySet {
    /// When it was made, in Unix seconds.
    pub issued_at: i64,
    /// From when on it is to be refused, in Unix seconds.
    pub expires_at: i64,
    /// Voucher and status keys, withdrawn ones included: a verifier says why it refuses.
    pub keys: Vec<PublicKey>,
    pub series: Vec<SeriesFacts>,
}

impl KeySet {
    /// The set, signed by the key that `delegation` (the signed document) names.
    pub fn sign(&self, delegation: &[u8], signer: &dyn Signer) -> Result<Vec<u8>, SignError> {
        let mut payload = Cbor::new()
            .map(5)
            .uint(cose::EXP)
            .int(self.expires_at)
            .uint(cose::IAT)
            .int(self.issued_at)
            .negative(DELEGATION)
            .bytes(delegation)
            .negative(KEYS)
            .array(self.keys.len());
        payload = self.keys.iter().fold(payload, write_key);
        payload = payload.negative(SERIES).array(self.series.len());
        payload = self.series.iter().fold(payload, |cbor, series| {
            cbor.array(4)
                .uint(series.series)
                .bytes(&series.programme)
                .text(&series.name)
                .uint(series.printed_day.days())
        });
        envelope::sign(KEY_SET_TYPE, &payload.0, signer)
    }

    /// The set in `bytes`, if its delegation leads to one of `roots`, and both are in force at `at` (Unix seconds).
    pub fn verify(bytes: &[u8], roots: &[PublicKey], at: i64) -> Result<Self, KeySetError> {
        if bytes.len() > KEY_SET_BYTES_MAX {
            return Err(KeySetError::Malformed);
        }
        let envelope = Envelope::read(bytes, KEY_SET_TYPE)?;
        let mut decoder = Decoder::new(envelope.payload);
        let (expires_at, issued_at, delegation) = read_head(&mut decoder)?;
        let delegation = Delegation::verify(delegation, roots, at)?;
        if !delegation.key().is_some_and(|key| envelope.signed_by(&key)) {
            return Err(KeySetError::Forged);
        }
        let too_long = expires_at.saturating_sub(issued_at) > KEY_SET_SECONDS_MAX;
        if too_long || issued_at > at.saturating_add(CLOCK_SKEW_SECONDS) || expires_at <= at {
            return Err(KeySetError::Stale);
        }
        let keys = read_keys(&mut decoder)?;
        let series = read_all_series(&mut decoder)?;
        if decoder.position() != envelope.payload.len() {
            return Err(KeySetError::Malformed);
        }
        let beyond = |key: &PublicKey| {
            key.policy().purpose == Purpose::Voucher && !delegation.bounds.contain(&key.policy().bounds)
        };
        if keys.iter().any(beyond) {
            return Err(KeySetError::BeyondDelegation);
        }
        Ok(Self {
            issued_at,
            expires_at,
            keys,
            series,
        })
    }

    /// Whether whoever holds `held` should take this one instead: never an older one, however well it is signed.
    #[must_use]
    pub const fn replaces(&self, held: &Self) -> bool {
        self.issued_at > held.issued_at
    }
}

const DELEGATION: u64 = 65_539; // private use, negative
const KEYS: u64 = 65_540;
const SERIES: u64 = 65_541;

/// Purposes on the wire; never renumbered.
const fn purpose_code(purpose: Purpose) -> u8 {
    match purpose {
        Purpose::Voucher => 1,
        Purpose::Status => 2,
        Purpose::KeySet => 3,
        Purpose::Root => 4,
    }
}

fn write_key(cbor: Cbor, key: &PublicKey) -> Cbor {
    let policy = key.policy();
    let cbor = cbor
        .array(8)
        .bytes(&key.to_bytes())
        .uint(purpose_code(policy.purpose))
        .int_or_null(policy.valid_from)
        .int_or_null(policy.valid_until)
        .bool(policy.withdrawn);
    write_bounds(cbor, &policy.bounds)
}

type Head<'a> = (i64, i64, &'a [u8]);

fn read_head<'a>(decoder: &mut Decoder<'a>) -> Result<Head<'a>, KeySetError> {
    if decoder.map()? != Some(5) {
        return Err(KeySetError::Malformed);
    }
    expect_key(decoder, cose::EXP.into())?;
    let expires_at = decoder.i64()?;
    expect_key(decoder, cose::IAT.into())?;
    let issued_at = decoder.i64()?;
    expect_key(decoder, -65_539)?;
    Ok((expires_at, issued_at, decoder.bytes()?))
}

fn read_keys(decoder: &mut Decoder<'_>) -> Result<Vec<PublicKey>, KeySetError> {
    expect_key(decoder, -65_540)?;
    // Not a capacity: a length that lies must not allocate.
    let count = decoder.array()?.ok_or(KeySetError::Malformed)?;
    if count > KEY_SET_KEYS_MAX as u64 {
        return Err(KeySetError::Malformed);
    }
    (0..count).map(|_| read_key(decoder)).collect()
}

fn read_key(decoder: &mut Decoder<'_>) -> Result<PublicKey, KeySetError> {
    if decoder.array()? != Some(8) {
        return Err(KeySetError::Malformed);
    }
    let x: [u8; 32] = decoder.bytes()?.try_into().map_err(|_| KeySetError::Malformed)?;
    let purpose = match decoder.u8()? {
        1 => Purpose::Voucher,
        2 => Purpose::Status,
        _ => return Err(KeySetError::Malformed),
    };
    let valid_from = int_or_null(decoder)?;
    let valid_until = int_or_null(decoder)?;
    let withdrawn = decoder.bool()?;
    let policy = KeyPolicy {
        purpose,
        valid_from,
        valid_until,
        withdrawn,
        bounds: read_bounds(decoder)?,
    };
    PublicKey::new(&x, policy).map_err(|_| KeySetError::Malformed)
}

fn int_or_null(decoder: &mut Decoder<'_>) -> Result<Option<i64>, KeySetError> {
    if decoder.datatype()? == Type::Null {
        decoder.null()?;
        return Ok(None);
    }
    Ok(Some(decoder.i64()?))
}

fn read_all_series(decoder: &mut Decoder<'_>) -> Result<Vec<SeriesFacts>, KeySetError> {
    expect_key(decoder, -65_541)?;
    let count = decoder.array()?.ok_or(KeySetError::Malformed)?;
    if count > u64::from(u16::MAX) + 1 {
        return Err(KeySetError::Malformed);
    }
    (0..count).map(|_| read_series(decoder)).collect()
}

fn read_series(decoder: &mut Decoder<'_>) -> Result<SeriesFacts, KeySetError> {
    if decoder.array()? != Some(4) {
        return Err(KeySetError::Malformed);
    }
    let series = decoder.u16()?;
    let programme = decoder.bytes()?.try_into().map_err(|_| KeySetError::Malformed)?;
    let name = decoder.str()?;
    if name.chars().count() > PROGRAMME_NAME_CHARS_MAX {
        return Err(KeySetError::Malformed);
    }
    Ok(SeriesFacts {
        series,
        programme,
        name: name.to_owned(),
        printed_day: LastDay::new(decoder.u16()?),
    })
}
