use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use data_encoding::BASE64;
use minicbor::encode::Error;
use minicbor::{Decoder, Encoder};
use serde_json::{Value, json};
use standards::Cents;
use uuid::Uuid;

use crate::proof::Hash;
use crate::{AccountKind, AccountNumber, BatchId, BookId, GroupId, PartyId, TransferId, TransferKind};

/// What is proven of a transfer: all of it, its accounts named in full, and its place and day in the journal. Nothing of a person.
///
/// The leaf is its deterministic CBOR (RFC 8949 §4.2.1): a map with text keys in their bytewise order, ids as byte strings of 16,
/// kinds by their names, the instant as RFC 3339 text with six decimals, the day as `YYYY-MM-DD`. What is absent has no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Its place in the log, from zero, without a gap.
    pub seq: u64,
    /// The transfer.
    pub id: TransferId,
    /// What it does.
    pub kind: TransferKind,
    /// The account debited.
    pub debit: LeafAccount,
    /// The account credited.
    pub credit: LeafAccount,
    /// How much.
    pub cents: Cents,
    /// When it was posted; microseconds.
    pub at: DateTime<Utc>,
    /// The day of the entry in Paris; never decreases with `seq`.
    pub booked_on: NaiveDate,
    /// The event that it is a leg of.
    pub grp: GroupId,
    /// The transfer that it undoes.
    pub reverses: Option<TransferId>,
    /// The number that people know it by, or nothing.
    pub reference: String,
}

/// An account's full name: what it is called, not the number that finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeafAccount {
    /// The book.
    pub book: BookId,
    /// What it holds.
    pub kind: AccountKind,
    /// The funder or structure it is held for.
    pub party: Option<PartyId>,
    /// The batch that a reserve is for.
    pub batch: Option<BatchId>,
    /// The series and index of a voucher.
    pub voucher: Option<(u16, u32)>,
}

/// Why bytes are not a leaf.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// Not CBOR, or not of a transfer.
    #[error("not a transfer in CBOR: {0}")]
    Form(String),
    /// It says the same as another spelling would.
    #[error("not the deterministic spelling")]
    NotDeterministic,
}

impl LeafAccount {
    /// The account with this number, of this owner; nothing when the number is of no kind, or no voucher's.
    #[must_use]
    pub fn new(book: BookId, number: AccountNumber, party: Option<PartyId>, batch: Option<BatchId>) -> Option<Self> {
        let kind = AccountKind::from_code(i16::try_from(number.get() >> 56).ok()?)?;
        let voucher = match kind {
            AccountKind::Voucher => Some(number.as_voucher()?),
            _ => None,
        };
        Some(Self {
            book,
            kind,
            party,
            batch,
            voucher,
        })
    }

    fn encode(&self, e: &mut Encoder<Vec<u8>>) -> Result<(), Error<std::convert::Infallible>> {
        let optional = u64::from(self.party.is_some()) + u64::from(self.batch.is_some());
        e.map(2 + optional + if self.voucher.is_some() { 2 } else { 0 })?;
        if let Some((_, idx)) = self.voucher {
            e.str("idx")?.u32(idx)?;
        }
        e.str("book")?.bytes(self.book.uuid().as_bytes())?;
        e.str("kind")?.str(self.kind.name())?;
        if let Some(batch) = self.batch {
            e.str("batch")?.bytes(batch.uuid().as_bytes())?;
        }
        if let Some(party) = self.party {
            e.str("party")?.bytes(party.uuid().as_bytes())?;
        }
        if let Some((series, _)) = self.voucher {
            e.str("series")?.u16(series)?;
        }
        Ok(())
    }

    fn decode(d: &mut Decoder<'_>) -> Result<Self, LeafError> {
        let (mut book, mut kind, mut party, mut batch, mut idx, mut series) = (None, None, None, None, None, None);
        for _ in 0..map(d)? {
            match d.str().map_err(form)? {
                "idx" => idx = Some(d.u32().map_err(form)?),
                "book" => book = Some(BookId::from_uuid(uuid(d)?)),
                "kind" => kind = Some(named(AccountKind::ALL, d, AccountKind::name)?),
                "batch" => batch = Some(BatchId::from_uuid(uuid(d)?)),
                "party" => party = Some(PartyId::from_uuid(uuid(d)?)),
                "series" => series = Some(d.u16().map_err(form)?),
                other => return Err(unknown(other)),
            }
        }
        Ok(Self {
            book: book.ok_or_else(|| missing("book"))?,
            kind: kind.ok_or_else(|| missing("kind"))?,
            party,
            batch,
            voucher: series.zip(idx),
        })
    }

    /// As `transfers.ndjson` writes it: `party` always, the others where there are any.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut value = json!({ "book": self.book, "kind": self.kind.name(), "party": self.party });
        if let Some(batch) = self.batch {
            value["batch"] = json!(batch);
        }
        if let Some((series, idx)) = self.voucher {
            value["series"] = series.into();
            value["idx"] = idx.into();
        }
        value
    }
}

impl Leaf {
    /// The exact bytes that are the Merkle leaf.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::with_capacity(320));
        self.encode(&mut encoder).expect("a vector takes everything");
        encoder.into_writer()
    }

    /// RFC 9162's hash of those bytes.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::leaf(&self.to_bytes())
    }

    // Keys in the order of RFC 8949 §4.2.1: shorter first, then by letter.
    fn encode(&self, e: &mut Encoder<Vec<u8>>) -> Result<(), Error<std::convert::Infallible>> {
        e.map(9 + u64::from(self.reverses.is_some()) + u64::from(!self.reference.is_empty()))?;
        e.str("at")?.str(&instant(self.at))?;
        e.str("id")?.bytes(self.id.uuid().as_bytes())?;
        e.str("grp")?.bytes(self.grp.uuid().as_bytes())?;
        e.str("seq")?.u64(self.seq)?;
        e.str("kind")?.str(self.kind.name())?;
        e.str("cents")?.i64(self.cents.get())?;
        e.str("debit")?;
        self.debit.encode(e)?;
        e.str("credit")?;
        self.credit.encode(e)?;
        if let Some(earlier) = self.reverses {
            e.str("reverses")?.bytes(earlier.uuid().as_bytes())?;
        }
        e.str("booked_on")?.str(&self.booked_on.to_string())?;
        if !self.reference.is_empty() {
            e.str("reference")?.str(&self.reference)?;
        }
        Ok(())
    }

    /// Reads a leaf's bytes. Only their deterministic spelling: what is read is what was hashed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LeafError> {
        let mut decoder = Decoder::new(bytes);
        let leaf = Self::decode(&mut decoder)?;
        if leaf.to_bytes() == bytes {
            Ok(leaf)
        } else {
            Err(LeafError::NotDeterministic)
        }
    }

    fn decode(d: &mut Decoder<'_>) -> Result<Self, LeafError> {
        let (mut seq, mut id, mut kind, mut debit, mut credit) = (None, None, None, None, None);
        let (mut cents, mut at, mut booked_on, mut grp) = (None, None, None, None);
        let (mut reverses, mut reference) = (None, String::new());
        for _ in 0..map(d)? {
            match d.str().map_err(form)? {
                "at" => at = Some(d.str().map_err(form)?.parse().map_err(form)?),
                "id" => id = Some(TransferId::from_uuid(uuid(d)?)),
                "grp" => grp = Some(GroupId::from_uuid(uuid(d)?)),
                "seq" => seq = Some(d.u64().map_err(form)?),
                "kind" => kind = Some(named(TransferKind::ALL, d, TransferKind::name)?),
                "cents" => cents = Some(Cents::new(d.i64().map_err(form)?)),
                "debit" => debit = Some(LeafAccount::decode(d)?),
                "credit" => credit = Some(LeafAccount::decode(d)?),
                "reverses" => reverses = Some(TransferId::from_uuid(uuid(d)?)),
                "booked_on" => booked_on = Some(d.str().map_err(form)?.parse().map_err(form)?),
                "reference" => d.str().map_err(form)?.clone_into(&mut reference),
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
            grp: grp.ok_or_else(|| missing("grp"))?,
            reverses,
            reference,
        })
    }

    /// A line of `transfers.ndjson`: the same facts for people, and `leaf`, the base64 of the bytes that are the proof's.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "seq": self.seq,
            "id": self.id,
            "kind": self.kind.name(),
            "debit": self.debit.to_json(),
            "credit": self.credit.to_json(),
            "cents": self.cents.get(),
            "at": instant(self.at),
            "booked_on": self.booked_on,
            "grp": self.grp,
            "reverses": self.reverses,
            "reference": self.reference,
            "leaf": BASE64.encode(&self.to_bytes()),
        })
    }
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn map(d: &mut Decoder<'_>) -> Result<u64, LeafError> {
    d.map().map_err(form)?.ok_or(LeafError::NotDeterministic)
}

fn uuid(d: &mut Decoder<'_>) -> Result<Uuid, LeafError> {
    Uuid::from_slice(d.bytes().map_err(form)?).map_err(form)
}

fn named<K: Copy>(all: &[K], d: &mut Decoder<'_>, name: fn(K) -> &'static str) -> Result<K, LeafError> {
    let word = d.str().map_err(form)?;
    all.iter()
        .copied()
        .find(|kind| name(*kind) == word)
        .ok_or_else(|| unknown(word))
}

fn form(error: impl std::fmt::Display) -> LeafError {
    LeafError::Form(error.to_string())
}

fn missing(key: &str) -> LeafError {
    LeafError::Form(format!("no {key}"))
}

fn unknown(word: &str) -> LeafError {
    LeafError::Form(format!("unknown: {word:?}"))
}
