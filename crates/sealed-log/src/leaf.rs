//! What the log's leaves say. One format for all: a record is written as a transfer that goes nowhere (the same account on both
//! sides) and names its claim and its payment, so that who adds up transfers may read it as one.

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
use crate::tree::Hash;

use cbor::named;
use fields::Fields;

pub use account::LeafAccount;
pub use cbor::LeafError;

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

/// A leaf of the log, of whichever kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnyLeaf {
    Transfer(Leaf),
    /// A payment covers a claim; nothing moved.
    Record(RecordLeaf),
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
            debit: self.debit,
            credit: self.credit,
            cents: self.cents,
            at: self.at,
            booked_on: self.booked_on,
            event: self.event,
            reverses: self.reverses,
            reference: &self.reference,
            covers: None,
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
            debit: self.account,
            credit: self.account,
            cents: self.cents,
            at: self.at,
            booked_on: self.booked_on,
            event: self.event,
            reverses: None,
            reference: &self.reference,
            covers: Some((self.claim, self.payment)),
        }
    }
}

impl AnyLeaf {
    fn fields(&self) -> Fields<'_> {
        match self {
            Self::Transfer(leaf) => leaf.fields(),
            Self::Record(leaf) => leaf.fields(),
        }
    }

    /// The transfer that it is of, if it is.
    #[must_use]
    pub const fn transfer(&self) -> Option<&Leaf> {
        match self {
            Self::Transfer(leaf) => Some(leaf),
            Self::Record(_) => None,
        }
    }

    /// The place in the log, from zero.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        match self {
            Self::Transfer(leaf) => leaf.seq,
            Self::Record(leaf) => leaf.seq,
        }
    }

    /// The id of the transfer or record, unique in the log.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        match self {
            Self::Transfer(leaf) => leaf.id.uuid(),
            Self::Record(leaf) => leaf.id.uuid(),
        }
    }

    /// The name of its kind, as the leaf spells it.
    #[must_use]
    pub const fn kind_name(&self) -> &'static str {
        match self {
            Self::Transfer(leaf) => leaf.kind.name(),
            Self::Record(leaf) => leaf.kind.name(),
        }
    }

    /// What it moved, or what it covers.
    #[must_use]
    pub const fn cents(&self) -> Cents {
        match self {
            Self::Transfer(leaf) => leaf.cents,
            Self::Record(leaf) => leaf.cents,
        }
    }

    /// The day of the entry in Paris.
    #[must_use]
    pub const fn booked_on(&self) -> NaiveDate {
        match self {
            Self::Transfer(leaf) => leaf.booked_on,
            Self::Record(leaf) => leaf.booked_on,
        }
    }

    /// The accounts that it stands on: both sides of a transfer, the one of a record.
    pub fn accounts(&self) -> impl Iterator<Item = LeafAccount> {
        let fields = self.fields();
        [fields.debit, fields.credit].into_iter()
    }

    /// Whether it came too late for its own month, and is booked in a later one.
    #[must_use]
    pub fn is_late(&self) -> bool {
        match self {
            Self::Transfer(leaf) => leaf.is_late(),
            Self::Record(leaf) => late(leaf.at, leaf.booked_on),
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
        let Some((claim, payment)) = fields.covers else {
            return Ok(Self::Transfer(Leaf {
                seq: fields.seq,
                id: TransferId::from_uuid(fields.id),
                kind: named(TransferKind::ALL, fields.kind, TransferKind::name)?,
                debit: fields.debit,
                credit: fields.credit,
                cents: fields.cents,
                at: fields.at,
                booked_on: fields.booked_on,
                event: fields.event,
                reverses: fields.reverses,
                reference: fields.reference.to_owned(),
            }));
        };
        if fields.debit != fields.credit || fields.reverses.is_some() {
            return Err(LeafError::Form(
                "une mention tient à un seul compte et n'annule rien".to_owned(),
            ));
        }
        Ok(Self::Record(RecordLeaf {
            seq: fields.seq,
            id: RecordId::from_uuid(fields.id),
            kind: named(RecordKind::ALL, fields.kind, RecordKind::name)?,
            account: fields.debit,
            cents: fields.cents,
            at: fields.at,
            booked_on: fields.booked_on,
            event: fields.event,
            claim,
            payment,
            reference: fields.reference.to_owned(),
        }))
    }
}
