//! What the log's leaves say. One format for all: a record is written as a transfer that goes nowhere (the same account on both
//! sides) and names its claim and its payment, so that who adds up transfers may read it as one. An audit line has a digest instead.

mod account;
mod cbor;
mod fields;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::Serialize;
use serde_json::Value;
use standards::Cents;
use standards::calendar::paris_date;
use uuid::Uuid;

use crate::id::{EventId, RecordId, TransferId};
use crate::kind::{RecordKind, TransferKind};
use crate::paper::{Commitment, Evidence};
use crate::tree::Hash;

use cbor::{named, unknown, wrong};
use fields::{Content, EntryFields, Fields};

pub use account::LeafAccount;
pub use cbor::LeafError;

/// The version of the format, which every leaf says under `v`. Version 1 had no such key, neither commitment nor evidence, and called the
/// event `grp`.
pub const LEAF_VERSION: u8 = 2;

/// The kind of an audit line, beside those of transfers and records.
const AUDIT_LINE: &str = "audit_line";

/// What is proven of a transfer: all of it, its accounts named in full, and its place and day in the journal. Nothing of a person.
///
/// The leaf is its deterministic CBOR (RFC 8949 §4.2.1): a map with text keys in their bytewise order, ids as byte strings of 16,
/// kinds by their names, the instant as RFC 3339 text with six decimals, the day as `YYYY-MM-DD`. What is absent has no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Its place in the log, from zero, without a gap.
    pub seq: u64,
    /// The transfer that the leaf is of.
    pub id: TransferId,
    /// What the transfer does: its name is in the leaf.
    pub kind: TransferKind,
    /// The account whose debits grew.
    pub debit: LeafAccount,
    /// The account whose credits grew.
    pub credit: LeafAccount,
    /// What moved, above zero.
    pub cents: Cents,
    /// The instant of posting, in microseconds.
    pub at: DateTime<Utc>,
    /// The day of the entry in Paris; never decreases with `seq`.
    pub booked_on: NaiveDate,
    /// The event that it is a leg of.
    pub event: EventId,
    /// The transfer that it undoes.
    pub reverses: Option<TransferId>,
    /// The number that people know it by, or nothing.
    pub reference: String,
    /// What the voucher that it opens commits to: of an `activated`, and of nothing else.
    pub commitment: Option<Commitment>,
    /// What was presented: of a `claimed`, and of nothing else.
    pub evidence: Option<Evidence>,
}

/// What is proven of a record: that a payment covers a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordLeaf {
    /// Its place in the log, in one sequence with the transfers.
    pub seq: u64,
    /// The record that the leaf is of.
    pub id: RecordId,
    /// Whether the payment pays the claim or takes it back.
    pub kind: RecordKind,
    /// What the structure was owed on.
    pub account: LeafAccount,
    /// What of the claim the payment covers, above zero.
    pub cents: Cents,
    /// The instant of writing, in microseconds.
    pub at: DateTime<Utc>,
    /// The day of the entry in Paris; never decreases with `seq`.
    pub booked_on: NaiveDate,
    /// The payment's event.
    pub event: EventId,
    /// The claim that is covered: also the event of its transfers.
    pub claim: Uuid,
    /// The payment that covers it, by its end-to-end id.
    pub payment: Uuid,
    /// The number that people know the payment by.
    pub reference: String,
}

/// What is proven of a line of the audit trail: that it was there then, and what it said, to whoever has the line and its salt.
///
/// The digest is SHA-256 over the salt (16 random bytes, which stand beside the line) and the line: without the salt nobody guesses a name
/// from it, and when the salt is erased with the line the log stays whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailLeaf {
    /// Its place in the log, in one sequence with the transfers.
    pub seq: u64,
    /// The audit line.
    pub id: Uuid,
    /// SHA-256 of salt and line.
    pub digest: [u8; 32],
    /// The instant of what was done, in microseconds.
    pub at: DateTime<Utc>,
    /// The day of the entry in Paris; never decreases with `seq`.
    pub booked_on: NaiveDate,
}

/// A leaf of the log, of whichever kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnyLeaf {
    Transfer(Leaf),
    /// A payment covers a claim; nothing moved.
    Record(RecordLeaf),
    /// Somebody did something; nothing moved.
    Trail(TrailLeaf),
}

/// Whether something of the instant `at` was booked in a later month than its own, because that one was over by then.
fn late(at: DateTime<Utc>, booked_on: NaiveDate) -> bool {
    let own = paris_date(at);
    (own.year(), own.month()) < (booked_on.year(), booked_on.month())
}

fn json(line: &impl Serialize) -> Value {
    serde_json::to_value(line).expect("numbers, texts and ids are JSON")
}

impl Leaf {
    fn fields(&self) -> Fields<'_> {
        Fields {
            seq: self.seq,
            id: self.id.uuid(),
            kind: self.kind.name(),
            at: self.at,
            booked_on: self.booked_on,
            content: Content::Entry(EntryFields {
                debit: self.debit,
                credit: self.credit,
                cents: self.cents,
                event: self.event,
                reverses: self.reverses,
                reference: &self.reference,
                covers: None,
                commitment: self.commitment,
                evidence: self.evidence,
            }),
        }
    }

    /// The exact bytes that are the Merkle leaf.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.fields().to_bytes()
    }

    /// RFC 9162's hash of those bytes.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::leaf(&self.to_bytes())
    }

    /// Whether it came too late for its own month, and is booked in a later one.
    #[must_use]
    pub fn is_late(&self) -> bool {
        late(self.at, self.booked_on)
    }

    /// A line of `transfers.ndjson`: the same facts for people, and `leaf`, the base64 of the bytes that are the proof's.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json(&self.fields().line(&self.to_bytes(), self.is_late()))
    }
}

impl RecordLeaf {
    fn fields(&self) -> Fields<'_> {
        Fields {
            seq: self.seq,
            id: self.id.uuid(),
            kind: self.kind.name(),
            at: self.at,
            booked_on: self.booked_on,
            content: Content::Entry(EntryFields {
                debit: self.account,
                credit: self.account,
                cents: self.cents,
                event: self.event,
                reverses: None,
                reference: &self.reference,
                covers: Some((self.claim, self.payment)),
                commitment: None,
                evidence: None,
            }),
        }
    }
}

impl TrailLeaf {
    const fn fields(&self) -> Fields<'_> {
        Fields {
            seq: self.seq,
            id: self.id,
            kind: AUDIT_LINE,
            at: self.at,
            booked_on: self.booked_on,
            content: Content::Digest(self.digest),
        }
    }
}

impl AnyLeaf {
    fn fields(&self) -> Fields<'_> {
        match self {
            Self::Transfer(leaf) => leaf.fields(),
            Self::Record(leaf) => leaf.fields(),
            Self::Trail(leaf) => leaf.fields(),
        }
    }

    /// The transfer that it is of, if it is.
    #[must_use]
    pub const fn transfer(&self) -> Option<&Leaf> {
        match self {
            Self::Transfer(leaf) => Some(leaf),
            Self::Record(_) | Self::Trail(_) => None,
        }
    }

    /// The place in the log, from zero.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        match self {
            Self::Transfer(leaf) => leaf.seq,
            Self::Record(leaf) => leaf.seq,
            Self::Trail(leaf) => leaf.seq,
        }
    }

    /// The id of the transfer, record or audit line, unique in the log.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        match self {
            Self::Transfer(leaf) => leaf.id.uuid(),
            Self::Record(leaf) => leaf.id.uuid(),
            Self::Trail(leaf) => leaf.id,
        }
    }

    /// The name of its kind, as the leaf spells it.
    #[must_use]
    pub const fn kind_name(&self) -> &'static str {
        match self {
            Self::Transfer(leaf) => leaf.kind.name(),
            Self::Record(leaf) => leaf.kind.name(),
            Self::Trail(_) => AUDIT_LINE,
        }
    }

    /// What it moved, or what it covers; nothing of an audit line.
    #[must_use]
    pub const fn cents(&self) -> Cents {
        match self {
            Self::Transfer(leaf) => leaf.cents,
            Self::Record(leaf) => leaf.cents,
            Self::Trail(_) => Cents::ZERO,
        }
    }

    /// The day of the entry in Paris.
    #[must_use]
    pub const fn booked_on(&self) -> NaiveDate {
        match self {
            Self::Transfer(leaf) => leaf.booked_on,
            Self::Record(leaf) => leaf.booked_on,
            Self::Trail(leaf) => leaf.booked_on,
        }
    }

    /// The accounts that it stands on: both sides of a transfer, twice the one of a record, none of an audit line.
    pub fn accounts(&self) -> impl Iterator<Item = LeafAccount> {
        let sides = match self {
            Self::Transfer(leaf) => Some([leaf.debit, leaf.credit]),
            Self::Record(leaf) => Some([leaf.account, leaf.account]),
            Self::Trail(_) => None,
        };
        sides.into_iter().flatten()
    }

    /// Whether it came too late for its own month, and is booked in a later one.
    #[must_use]
    pub fn is_late(&self) -> bool {
        match self {
            Self::Transfer(leaf) => leaf.is_late(),
            Self::Record(leaf) => late(leaf.at, leaf.booked_on),
            Self::Trail(leaf) => late(leaf.at, leaf.booked_on),
        }
    }

    /// The exact bytes that are the Merkle leaf.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.fields().to_bytes()
    }

    /// RFC 9162's hash of those bytes.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::leaf(&self.to_bytes())
    }

    /// A line of `transfers.ndjson`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json(&self.line(&self.to_bytes()))
    }

    /// The same, to be written at once; `bytes` are [`to_bytes`](Self::to_bytes), which whoever also wants the hash made already.
    #[must_use]
    pub fn line(&self, bytes: &[u8]) -> impl Serialize {
        self.fields().line(bytes, self.is_late())
    }

    /// Reads a leaf's bytes. Only their deterministic spelling: what is read is what was hashed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LeafError> {
        let fields = Fields::from_bytes(bytes)?;
        let entry = match fields.content {
            Content::Entry(entry) => entry,
            Content::Digest(_) if fields.kind != AUDIT_LINE => return Err(unknown(fields.kind)),
            Content::Digest(digest) => {
                return Ok(Self::Trail(TrailLeaf {
                    seq: fields.seq,
                    id: fields.id,
                    digest,
                    at: fields.at,
                    booked_on: fields.booked_on,
                }));
            }
        };
        let Some((claim, payment)) = entry.covers else {
            let kind = named(TransferKind::ALL, fields.kind, TransferKind::name)?;
            if entry.commitment.is_some() != (kind == TransferKind::Activated) {
                return Err(wrong(
                    "seule l'ouverture d'un chèque porte un engagement, et elle en porte un",
                ));
            }
            if entry.evidence.is_some() != (kind == TransferKind::Claimed) {
                return Err(wrong(
                    "seul un encaissement porte une preuve de présentation, et il en porte une",
                ));
            }
            return Ok(Self::Transfer(Leaf {
                seq: fields.seq,
                id: TransferId::from_uuid(fields.id),
                kind,
                debit: entry.debit,
                credit: entry.credit,
                cents: entry.cents,
                at: fields.at,
                booked_on: fields.booked_on,
                event: entry.event,
                reverses: entry.reverses,
                reference: entry.reference.to_owned(),
                commitment: entry.commitment,
                evidence: entry.evidence,
            }));
        };
        let moves_nothing = entry.debit == entry.credit
            && entry.reverses.is_none()
            && entry.commitment.is_none()
            && entry.evidence.is_none();
        if !moves_nothing {
            return Err(wrong(
                "une mention tient à un seul compte, n'annule rien et ne montre aucun chèque",
            ));
        }
        Ok(Self::Record(RecordLeaf {
            seq: fields.seq,
            id: RecordId::from_uuid(fields.id),
            kind: named(RecordKind::ALL, fields.kind, RecordKind::name)?,
            account: entry.debit,
            cents: entry.cents,
            at: fields.at,
            booked_on: fields.booked_on,
            event: entry.event,
            claim,
            payment,
            reference: entry.reference.to_owned(),
        }))
    }
}
