//! Everything that a leaf may say, whatever it is of: read and written here only.

use std::convert::Infallible;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use data_encoding::BASE64;
use minicbor::encode::Error;
use minicbor::{Decoder, Encoder};
use serde::Serialize;
use standards::Cents;
use uuid::Uuid;

use crate::id::{EventId, TransferId};
use crate::leaf::LEAF_VERSION;
use crate::leaf::account::LeafAccount;
use crate::leaf::cbor::{LeafError, bytes, form, map, missing, named, unknown, uuid, wrong};
use crate::paper::{Commitment, Evidence, Presentation};

/// What every leaf says, `kind` by its name, and what only some say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fields<'f> {
    pub seq: u64,
    pub id: Uuid,
    pub kind: &'f str,
    pub at: DateTime<Utc>,
    pub booked_on: NaiveDate,
    pub content: Content<'f>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every leaf is an entry, and one at a time is held"
)]
pub(super) enum Content<'f> {
    Entry(EntryFields<'f>),
    /// Of an audit line.
    Digest([u8; 32]),
}

/// Of a transfer or a record: a record has `covers`, its claim and payment, and one account on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EntryFields<'f> {
    pub debit: LeafAccount,
    pub credit: LeafAccount,
    pub cents: Cents,
    pub event: EventId,
    pub reverses: Option<TransferId>,
    pub reference: &'f str,
    pub covers: Option<(Uuid, Uuid)>,
    pub commitment: Option<Commitment>,
    pub evidence: Option<Evidence>,
}

impl EntryFields<'_> {
    /// Keys that it adds to the six of every leaf.
    fn keys(&self) -> u64 {
        let pair = |present: bool| if present { 2 } else { 0 };
        4 + pair(self.covers.is_some())
            + pair(self.commitment.is_some())
            + pair(self.evidence.is_some())
            + u64::from(self.reverses.is_some())
            + u64::from(!self.reference.is_empty())
    }
}

impl<'f> Fields<'f> {
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::with_capacity(512));
        self.encode(&mut encoder).expect("a vector takes everything");
        encoder.into_writer()
    }

    const fn entry(&self) -> Option<&EntryFields<'f>> {
        match &self.content {
            Content::Entry(entry) => Some(entry),
            Content::Digest(_) => None,
        }
    }

    // Keys in the order of RFC 8949 §4.2.1: shorter first, then by letter.
    fn encode(&self, e: &mut Encoder<Vec<u8>>) -> Result<(), Error<Infallible>> {
        let entry = self.entry();
        e.map(6 + entry.map_or(1, EntryFields::keys))?;
        e.str("v")?.u8(LEAF_VERSION)?;
        e.str("at")?.str(&instant(self.at))?;
        e.str("id")?.bytes(self.id.as_bytes())?;
        e.str("seq")?.u64(self.seq)?;
        e.str("kind")?.str(self.kind)?;
        if let Some(entry) = entry {
            e.str("cents")?.i64(entry.cents.get())?;
            if let Some((claim, _)) = entry.covers {
                e.str("claim")?.bytes(claim.as_bytes())?;
            }
            e.str("debit")?;
            entry.debit.encode(e)?;
            e.str("event")?.bytes(entry.event.uuid().as_bytes())?;
            if let Some(commitment) = entry.commitment {
                e.str("nonce")?.bytes(&commitment.nonce)?;
            }
            e.str("credit")?;
            entry.credit.encode(e)?;
        }
        if let Content::Digest(digest) = &self.content {
            e.str("digest")?.bytes(digest)?;
        }
        if let Some((_, payment)) = entry.and_then(|entry| entry.covers) {
            e.str("payment")?.bytes(payment.as_bytes())?;
        }
        let evidence = entry.and_then(|entry| entry.evidence);
        if let Some(evidence) = evidence {
            e.str("evidence")?.bytes(&evidence.digest)?;
        }
        if let Some(earlier) = entry.and_then(|entry| entry.reverses) {
            e.str("reverses")?.bytes(earlier.uuid().as_bytes())?;
        }
        e.str("booked_on")?.str(&self.booked_on.to_string())?;
        if let Some(evidence) = evidence {
            e.str("presented")?.str(evidence.presented.name())?;
        }
        if let Some(entry) = entry.filter(|entry| !entry.reference.is_empty()) {
            e.str("reference")?.str(entry.reference)?;
        }
        if let Some(commitment) = entry.and_then(|entry| entry.commitment) {
            e.str("commitment")?.bytes(&commitment.digest)?;
        }
        Ok(())
    }

    /// Reads a leaf's bytes. Only their deterministic spelling: what is read is what was hashed.
    pub fn from_bytes(bytes: &'f [u8]) -> Result<Self, LeafError> {
        let fields = Keys::decode(&mut Decoder::new(bytes))?.fields()?;
        if fields.to_bytes() == bytes {
            Ok(fields)
        } else {
            Err(LeafError::NotDeterministic)
        }
    }

    /// The line of `transfers.ndjson` of a leaf with these `bytes`.
    pub fn line(&self, bytes: &[u8], late: bool) -> JsonLine<'f> {
        JsonLine {
            seq: self.seq,
            id: self.id,
            kind: self.kind,
            entry: self.entry().map(EntryLine::of),
            digest: match &self.content {
                Content::Digest(digest) => Some(BASE64.encode(digest)),
                Content::Entry(_) => None,
            },
            at: instant(self.at),
            booked_on: self.booked_on,
            late,
            leaf: BASE64.encode(bytes),
        }
    }
}

/// Every key that a leaf may have, as it is read.
#[derive(Default)]
struct Keys<'f> {
    version: Option<u8>,
    at: Option<DateTime<Utc>>,
    id: Option<Uuid>,
    seq: Option<u64>,
    kind: Option<&'f str>,
    cents: Option<Cents>,
    claim: Option<Uuid>,
    debit: Option<LeafAccount>,
    event: Option<EventId>,
    nonce: Option<[u8; 16]>,
    credit: Option<LeafAccount>,
    digest: Option<[u8; 32]>,
    payment: Option<Uuid>,
    evidence: Option<[u8; 32]>,
    reverses: Option<TransferId>,
    booked_on: Option<NaiveDate>,
    presented: Option<Presentation>,
    reference: &'f str,
    commitment: Option<[u8; 32]>,
}

impl<'f> Keys<'f> {
    fn decode(d: &mut Decoder<'f>) -> Result<Self, LeafError> {
        let mut keys = Self::default();
        for _ in 0..map(d)? {
            match d.str().map_err(form)? {
                "v" => keys.version = Some(d.u8().map_err(form)?),
                "at" => keys.at = Some(d.str().map_err(form)?.parse().map_err(form)?),
                "id" => keys.id = Some(uuid(d)?),
                "seq" => keys.seq = Some(d.u64().map_err(form)?),
                "kind" => keys.kind = Some(d.str().map_err(form)?),
                "cents" => keys.cents = Some(Cents::new(d.i64().map_err(form)?)),
                "claim" => keys.claim = Some(uuid(d)?),
                "debit" => keys.debit = Some(LeafAccount::decode(d)?),
                "event" => keys.event = Some(EventId::from_uuid(uuid(d)?)),
                "nonce" => keys.nonce = Some(bytes(d)?),
                "credit" => keys.credit = Some(LeafAccount::decode(d)?),
                "digest" => keys.digest = Some(bytes(d)?),
                "payment" => keys.payment = Some(uuid(d)?),
                "evidence" => keys.evidence = Some(bytes(d)?),
                "reverses" => keys.reverses = Some(TransferId::from_uuid(uuid(d)?)),
                "booked_on" => keys.booked_on = Some(d.str().map_err(form)?.parse().map_err(form)?),
                "presented" => {
                    keys.presented = Some(named(Presentation::ALL, d.str().map_err(form)?, Presentation::name)?);
                }
                "reference" => keys.reference = d.str().map_err(form)?,
                "commitment" => keys.commitment = Some(bytes(d)?),
                other => return Err(unknown(other)),
            }
        }
        Ok(keys)
    }

    /// What they say together. A key that does not belong there is lost here, and then the spelling differs.
    fn fields(self) -> Result<Fields<'f>, LeafError> {
        if self.version != Some(LEAF_VERSION) {
            return Err(wrong("ce n'est pas la version 2 du format"));
        }
        let content = match self.digest {
            Some(digest) => Content::Digest(digest),
            None => Content::Entry(EntryFields {
                debit: self.debit.ok_or_else(|| missing("debit"))?,
                credit: self.credit.ok_or_else(|| missing("credit"))?,
                cents: self.cents.ok_or_else(|| missing("cents"))?,
                event: self.event.ok_or_else(|| missing("event"))?,
                reverses: self.reverses,
                reference: self.reference,
                covers: self.claim.zip(self.payment),
                commitment: self
                    .nonce
                    .zip(self.commitment)
                    .map(|(nonce, digest)| Commitment { nonce, digest }),
                evidence: self
                    .presented
                    .zip(self.evidence)
                    .map(|(presented, digest)| Evidence { presented, digest }),
            }),
        };
        Ok(Fields {
            seq: self.seq.ok_or_else(|| missing("seq"))?,
            id: self.id.ok_or_else(|| missing("id"))?,
            kind: self.kind.ok_or_else(|| missing("kind"))?,
            at: self.at.ok_or_else(|| missing("at"))?,
            booked_on: self.booked_on.ok_or_else(|| missing("booked_on"))?,
            content,
        })
    }
}

/// In the order in which people read it. Written without building a tree: there are ten million of them.
#[derive(Debug, Serialize)]
pub(super) struct JsonLine<'l> {
    seq: u64,
    id: Uuid,
    kind: &'l str,
    #[serde(flatten)]
    entry: Option<EntryLine<'l>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    at: String,
    booked_on: NaiveDate,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    late: bool,
    leaf: String,
}

#[derive(Debug, Serialize)]
struct EntryLine<'l> {
    debit: LeafAccount,
    credit: LeafAccount,
    cents: i64,
    event: Uuid,
    reverses: Option<Uuid>,
    reference: &'l str,
    #[serde(skip_serializing_if = "Option::is_none")]
    claim: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commitment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presented: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<String>,
}

impl<'l> EntryLine<'l> {
    fn of(entry: &EntryFields<'l>) -> Self {
        let (claim, payment) = entry.covers.unzip();
        Self {
            debit: entry.debit,
            credit: entry.credit,
            cents: entry.cents.get(),
            event: entry.event.uuid(),
            reverses: entry.reverses.map(TransferId::uuid),
            reference: entry.reference,
            claim,
            payment,
            nonce: entry.commitment.map(|commitment| BASE64.encode(&commitment.nonce)),
            commitment: entry.commitment.map(|commitment| BASE64.encode(&commitment.digest)),
            presented: entry.evidence.map(|evidence| evidence.presented.name()),
            evidence: entry.evidence.map(|evidence| BASE64.encode(&evidence.digest)),
        }
    }
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
