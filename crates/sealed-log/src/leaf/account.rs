use std::convert::Infallible;

use minicbor::encode::Error;
use minicbor::{Decoder, Encoder};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::id::{AccountNumber, BatchId, BookId, PartyId};
use crate::kind::AccountKind;
use crate::leaf::cbor::{LeafError, form, map, missing, named, unknown, uuid};

/// An account's full name: what it is called, not the number that finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeafAccount {
    /// A programme's, or the fund's own.
    pub book: BookId,
    /// What the account holds.
    pub kind: AccountKind,
    /// The funder or structure it is held for.
    pub party: Option<PartyId>,
    /// The batch that a reserve is for.
    pub batch: Option<BatchId>,
    /// The series and index of a voucher.
    pub voucher: Option<(u16, u32)>,
}

impl LeafAccount {
    /// The account with this number, of this owner; nothing when the number is of no kind, or no voucher's.
    #[must_use]
    pub fn new(book: BookId, number: AccountNumber, party: Option<PartyId>, batch: Option<BatchId>) -> Option<Self> {
        let kind = number.kind()?;
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

    // Keys in the order of RFC 8949 §4.2.1: shorter first, then by letter.
    pub(super) fn encode(&self, e: &mut Encoder<Vec<u8>>) -> Result<(), Error<Infallible>> {
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

    pub(super) fn decode(d: &mut Decoder<'_>) -> Result<Self, LeafError> {
        let (mut book, mut kind, mut party, mut batch, mut idx, mut series) = (None, None, None, None, None, None);
        for _ in 0..map(d)? {
            match d.str().map_err(form)? {
                "idx" => idx = Some(d.u32().map_err(form)?),
                "book" => book = Some(BookId::from_uuid(uuid(d)?)),
                "kind" => kind = Some(named(AccountKind::ALL, d.str().map_err(form)?, AccountKind::name)?),
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
}

/// As `transfers.ndjson` writes it: `party` always, the others where there are any.
impl Serialize for LeafAccount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("book", &self.book)?;
        map.serialize_entry("kind", self.kind.name())?;
        map.serialize_entry("party", &self.party)?;
        if let Some(batch) = self.batch {
            map.serialize_entry("batch", &batch)?;
        }
        if let Some((series, idx)) = self.voucher {
            map.serialize_entry("series", &series)?;
            map.serialize_entry("idx", &idx)?;
        }
        map.end()
    }
}
