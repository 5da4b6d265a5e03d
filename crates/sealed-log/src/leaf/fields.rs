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
use crate::leaf::account::LeafAccount;
use crate::leaf::cbor::{LeafError, form, map, missing, unknown, uuid};

/// The fields, `kind` by its name. A record has `claim` and `payment`, and one account on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fields<'f> {
    pub seq: u64,
    pub id: Uuid,
    pub kind: &'f str,
    pub debit: LeafAccount,
    pub credit: LeafAccount,
    pub cents: Cents,
    pub at: DateTime<Utc>,
    pub booked_on: NaiveDate,
    pub event: EventId,
    pub reverses: Option<TransferId>,
    pub reference: &'f str,
    pub covers: Option<(Uuid, Uuid)>,
}

impl<'f> Fields<'f> {
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::with_capacity(384));
        self.encode(&mut encoder).expect("a vector takes everything");
        encoder.into_writer()
    }

    // Keys in the order of RFC 8949 §4.2.1: shorter first, then by letter.
    fn encode(&self, e: &mut Encoder<Vec<u8>>) -> Result<(), Error<Infallible>> {
        let records = if self.covers.is_some() { 2 } else { 0 };
        e.map(9 + records + u64::from(self.reverses.is_some()) + u64::from(!self.reference.is_empty()))?;
        e.str("at")?.str(&instant(self.at))?;
        e.str("id")?.bytes(self.id.as_bytes())?;
        e.str("grp")?.bytes(self.event.uuid().as_bytes())?;
        e.str("seq")?.u64(self.seq)?;
        e.str("kind")?.str(self.kind)?;
        e.str("cents")?.i64(self.cents.get())?;
        if let Some((claim, _)) = self.covers {
            e.str("claim")?.bytes(claim.as_bytes())?;
        }
        e.str("debit")?;
        self.debit.encode(e)?;
        e.str("credit")?;
        self.credit.encode(e)?;
        if let Some((_, payment)) = self.covers {
            e.str("payment")?.bytes(payment.as_bytes())?;
        }
        if let Some(earlier) = self.reverses {
            e.str("reverses")?.bytes(earlier.uuid().as_bytes())?;
        }
        e.str("booked_on")?.str(&self.booked_on.to_string())?;
        if !self.reference.is_empty() {
            e.str("reference")?.str(self.reference)?;
        }
        Ok(())
    }

    /// Reads a leaf's bytes. Only their deterministic spelling: what is read is what was hashed.
    pub fn from_bytes(bytes: &'f [u8]) -> Result<Self, LeafError> {
        let fields = Self::decode(&mut Decoder::new(bytes))?;
        if fields.to_bytes() == bytes {
            Ok(fields)
        } else {
            Err(LeafError::NotDeterministic)
        }
    }

    fn decode(d: &mut Decoder<'f>) -> Result<Self, LeafError> {
        let (mut seq, mut id, mut kind, mut debit, mut credit) = (None, None, None, None, None);
        let (mut cents, mut at, mut booked_on, mut event) = (None, None, None, None);
        let (mut reverses, mut reference, mut claim, mut payment) = (None, "", None, None);
        for _ in 0..map(d)? {
            match d.str().map_err(form)? {
                "at" => at = Some(d.str().map_err(form)?.parse().map_err(form)?),
                "id" => id = Some(uuid(d)?),
                "grp" => event = Some(EventId::from_uuid(uuid(d)?)),
                "seq" => seq = Some(d.u64().map_err(form)?),
                "kind" => kind = Some(d.str().map_err(form)?),
                "cents" => cents = Some(Cents::new(d.i64().map_err(form)?)),
                "claim" => claim = Some(uuid(d)?),
                "debit" => debit = Some(LeafAccount::decode(d)?),
                "credit" => credit = Some(LeafAccount::decode(d)?),
                "payment" => payment = Some(uuid(d)?),
                "reverses" => reverses = Some(TransferId::from_uuid(uuid(d)?)),
                "booked_on" => booked_on = Some(d.str().map_err(form)?.parse().map_err(form)?),
                "reference" => reference = d.str().map_err(form)?,
                other => return Err(unknown(other)),
            }
        }
        Ok(Self {
            seq: seq.ok_or_else(|| missing("seq"))?,
            id: id.ok_or_else(|| missing("id"))?,
            kind: kind.ok_or_else(|| missing("kind"))?,
            debit: debit.ok_or_else(|| missing("debit"))?,
            credit: credit.ok_or_else(|| missing("credit"))?,
            cents: cents.ok_or_else(|| missing("cents"))?,
            at: at.ok_or_else(|| missing("at"))?,
            booked_on: booked_on.ok_or_else(|| missing("booked_on"))?,
            event: event.ok_or_else(|| missing("grp"))?,
            reverses,
            reference,
            covers: claim.zip(payment),
        })
    }

    /// The line of `transfers.ndjson` of a leaf with these `bytes`.
    pub fn line(&self, bytes: &[u8], late: bool) -> JsonLine<'f> {
        let (claim, payment) = self.covers.unzip();
        JsonLine {
            seq: self.seq,
            id: self.id,
            kind: self.kind,
            debit: self.debit,
            credit: self.credit,
            cents: self.cents.get(),
            at: instant(self.at),
            booked_on: self.booked_on,
            event: self.event.uuid(),
            reverses: self.reverses.map(TransferId::uuid),
            reference: self.reference,
            claim,
            payment,
            late,
            leaf: BASE64.encode(bytes),
        }
    }
}

/// In the order in which people read it. Written without building a tree: there are ten million of them.
#[derive(Debug, Serialize)]
pub(super) struct JsonLine<'l> {
    seq: u64,
    id: Uuid,
    kind: &'l str,
    debit: LeafAccount,
    credit: LeafAccount,
    cents: i64,
    at: String,
    booked_on: NaiveDate,
    #[serde(rename = "grp")]
    event: Uuid,
    reverses: Option<Uuid>,
    reference: &'l str,
    #[serde(skip_serializing_if = "Option::is_none")]
    claim: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<Uuid>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    late: bool,
    leaf: String,
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
