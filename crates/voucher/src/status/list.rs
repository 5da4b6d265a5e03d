//! A shard of statuses as a signed document: the CWT form of the IETF Token Status List (draft-ietf-oauth-status-list-20 § 5.2).
//!
//! ```text
//! COSE_Sign1, typ application/statuslist+cwt, over
//! { 2: uri, 4: exp, 6: iat, 65533: {"lst": zlib, "bits": 2}, 65534: ttl }
//! ```
//!
//! **Age.** `iat` says when the list was true. A reader decides what it still accepts; `exp` is the hard stop, and `ttl` how
//! long a copy need not be asked for again. **Bounds.** A list inflates to the bytes of one shard and not one more, however it
//! was made.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use minicbor::Decoder;
use thiserror::Error;

use crate::cose::{self, Cbor};
use crate::envelope::{self, Envelope, Malformed};
use crate::status::{SHARD_BYTES, STATUS_BITS};
use crate::{PublicKey, Purpose, SignError, Signer, StatusShard};

/// The media type of a status list, in its header and over HTTP.
pub const STATUS_LIST_TYPE: &str = "application/statuslist+cwt";

/// The longest list that is read, in bytes: a shard that did not compress at all, and its frame.
pub const STATUS_LIST_BYTES_MAX: usize = SHARD_BYTES + 4096;

const STATUS_LIST: u16 = 65_533; // CWT claims of the draft, § 14.3
const TTL: u16 = 65_534;

/// Why a status list is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum StatusListError {
    /// Not a status list of ours: other bits, another size, cut off, or longer than [`STATUS_LIST_BYTES_MAX`].
    #[error("Cette liste d'états est mal formée.")]
    Malformed,
    /// A list of other vouchers.
    #[error("Cette liste d'états est celle d'autres chèques.")]
    OtherList,
    /// No status key in service signed it.
    #[error("Cette liste d'états n'est pas signée par une de nos clés.")]
    Forged,
    /// Its `exp` has passed, or it comes from the future.
    #[error("Cette liste d'états est trop ancienne.")]
    Stale,
}

impl From<Malformed> for StatusListError {
    fn from(Malformed: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<minicbor::decode::Error> for StatusListError {
    fn from(_: minicbor::decode::Error) -> Self {
        Self::Malformed
    }
}

/// Seconds by which the clock of a reader may be behind that of the maker.
pub const CLOCK_SKEW_SECONDS: i64 = 300;

/// The statuses of one shard at one instant. The compressed form is kept, so that signing again costs no compression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusList {
    shard: StatusShard,
    deflated: Vec<u8>,
    /// `iat`: when the statuses were true, in Unix seconds.
    pub issued_at: i64,
    /// `exp`: from when on the list is to be refused, in Unix seconds.
    pub expires_at: i64,
    /// `ttl`: seconds for which a copy need not be asked for again.
    pub ttl_seconds: u32,
}

impl StatusList {
    /// The list of `shard`, true at `issued_at` and refused from `expires_at` on.
    #[must_use]
    pub fn new(shard: StatusShard, issued_at: i64, expires_at: i64, ttl_seconds: u32) -> Self {
        let deflated = deflate(shard.bytes());
        Self {
            shard,
            deflated,
            issued_at,
            expires_at,
            ttl_seconds,
        }
    }

    /// The same statuses, found to be still true at `issued_at`.
    #[must_use]
    pub fn renewed(self, issued_at: i64, expires_at: i64) -> Self {
        Self {
            issued_at,
            expires_at,
            ..self
        }
    }

    #[must_use]
    pub const fn shard(&self) -> &StatusShard {
        &self.shard
    }

    /// The statuses, to be changed and made into a new list.
    #[must_use]
    pub fn into_shard(self) -> StatusShard {
        self.shard
    }

    /// How old the list is, in seconds: what is recorded with a claim that relied on it.
    #[must_use]
    pub const fn age_seconds(&self, at: i64) -> i64 {
        at.saturating_sub(self.issued_at)
    }

    /// The signed list, to be published at `uri` ([`Host::status_list_uri`](crate::Host::status_list_uri)).
    pub fn sign(&self, uri: &str, signer: &dyn Signer) -> Result<Vec<u8>, SignError> {
        let payload = Cbor::new()
            .map(5)
            .uint(cose::SUB)
            .text(uri)
            .uint(cose::EXP)
            .int(self.expires_at)
            .uint(cose::IAT)
            .int(self.issued_at)
            .uint(STATUS_LIST)
            .map(2)
            .text("lst")
            .bytes(&self.deflated)
            .text("bits")
            .uint(STATUS_BITS)
            .uint(TTL)
            .uint(self.ttl_seconds)
            .0;
        envelope::sign(STATUS_LIST_TYPE, &payload, signer)
    }

    /// The list published at `uri`, if one of `keys` that is in service at `at` and made for status lists signed it, and it is
    /// not too old.
    pub fn verify(cwt: &[u8], uri: &str, keys: &[PublicKey], at: i64) -> Result<Self, StatusListError> {
        let in_service: Vec<PublicKey> = keys.iter().filter(|key| key.in_service(at)).cloned().collect();
        let list = Self::open(cwt, uri, &in_service)?;
        if list.issued_at > at.saturating_add(CLOCK_SKEW_SECONDS) || list.expires_at <= at {
            return Err(StatusListError::Stale);
        }
        Ok(list)
    }

    /// The list published at `uri`, whatever its age, if one of `keys` signed it: for whoever keeps lists and goes on from them.
    pub fn open(cwt: &[u8], uri: &str, keys: &[PublicKey]) -> Result<Self, StatusListError> {
        if cwt.len() > STATUS_LIST_BYTES_MAX {
            return Err(StatusListError::Malformed);
        }
        let envelope = Envelope::read(cwt, STATUS_LIST_TYPE)?;
        let signed = keys
            .iter()
            .any(|key| key.policy().purpose == Purpose::Status && envelope.signed_by(key));
        if !signed {
            return Err(StatusListError::Forged);
        }
        // Nothing is inflated before the signature is checked.
        read(envelope.payload, uri)
    }
}

fn read(payload: &[u8], uri: &str) -> Result<StatusList, StatusListError> {
    let mut decoder = Decoder::new(payload);
    let pairs = decoder.map()?.ok_or(StatusListError::Malformed)?;
    let (mut sub, mut exp, mut iat, mut ttl, mut lst) = (None, None, None, None, None);
    for _ in 0..pairs {
        match decoder.u16()? {
            2 if sub.is_none() => sub = Some(decoder.str()?),
            4 if exp.is_none() => exp = Some(decoder.i64()?),
            6 if iat.is_none() => iat = Some(decoder.i64()?),
            STATUS_LIST if lst.is_none() => lst = Some(read_lst(&mut decoder)?),
            TTL if ttl.is_none() => ttl = Some(decoder.u32()?),
            _ => return Err(StatusListError::Malformed),
        }
    }
    let (Some(sub), Some(exp), Some(iat), Some(ttl), Some(lst)) = (sub, exp, iat, ttl, lst) else {
        return Err(StatusListError::Malformed);
    };
    if decoder.position() != payload.len() {
        return Err(StatusListError::Malformed);
    }
    if sub != uri {
        return Err(StatusListError::OtherList);
    }
    Ok(StatusList {
        shard: inflate(lst).ok_or(StatusListError::Malformed)?,
        deflated: lst.to_vec(),
        issued_at: iat,
        expires_at: exp,
        ttl_seconds: ttl,
    })
}

/// The compressed bytes of a list of two bits.
fn read_lst<'a>(decoder: &mut Decoder<'a>) -> Result<&'a [u8], StatusListError> {
    if decoder.map()? != Some(2) {
        return Err(StatusListError::Malformed);
    }
    let (mut bits, mut lst) = (None, None);
    for _ in 0..2 {
        match decoder.str()? {
            "bits" => bits = Some(decoder.u8()?),
            "lst" => lst = Some(decoder.bytes()?),
            _ => return Err(StatusListError::Malformed),
        }
    }
    match (bits, lst) {
        (Some(STATUS_BITS), Some(lst)) => Ok(lst),
        _ => Err(StatusListError::Malformed),
    }
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let written = "a Vec takes every write";
    // Not the best: for a shard of which a tenth is in use that takes fifteen times as long, and saves 7 %.
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect(written);
    encoder.finish().expect(written)
}

/// Exactly one shard; a stream that holds more is refused after one byte too many.
fn inflate(bytes: &[u8]) -> Option<StatusShard> {
    let mut inflated = Vec::with_capacity(SHARD_BYTES + 1);
    let mut decoder = ZlibDecoder::new(bytes).take(SHARD_BYTES as u64 + 1);
    decoder.read_to_end(&mut inflated).ok()?;
    StatusShard::of_bytes(inflated)
}
