use std::ops::Range;

use chrono::{DateTime, NaiveDate, Utc};
use sealed_log::{
    AccountNumber, AnyLeaf, BatchId, BookId, EventId, Hash, Leaf, LeafAccount, PartyId, RecordId, RecordKind,
    RecordLeaf, TrailLeaf, TransferId, TransferKind,
};
use sqlx::PgConnection;
use standards::Cents;
use uuid::Uuid;

use crate::columns;
use crate::seal::columns::{hash, signed, unsigned};

/// A sealed place in the log, and what the books say today of what was sealed there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The place in the log, from zero.
    pub seq: u64,
    /// The transfer or record that was sealed.
    pub id: Uuid,
    /// The hash that was sealed.
    pub sealed: Hash,
    /// The leaf, made from the books as they are now; nothing when the entry is gone, or names no account any more.
    pub leaf: Option<AnyLeaf>,
}

impl Entry {
    /// Whether the books still say what was sealed.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.leaf.as_ref().is_some_and(|leaf| leaf.hash() == self.sealed)
    }

    /// The transfer, as the books say it today; nothing for a record.
    #[must_use]
    pub fn transfer(&self) -> Option<&Leaf> {
        self.leaf.as_ref().and_then(AnyLeaf::transfer)
    }
}

/// One query, whichever way its places are given.
macro_rules! entries_where {
    ($connection:expr, $condition:tt, $($place:expr),+) => {
        sqlx::query_as!(
            SealedRow,
            r#"select l.seq, l.book_id as "book: BookId", l.entry_id as id, l.booked_on, l.hash,
                   t.kind as "transfer_kind?", r.kind as "record_kind?",
                   coalesce(t.debit, r.account) as "debit?: AccountNumber",
                   coalesce(t.credit, r.account) as "credit?: AccountNumber",
                   coalesce(t.cents, r.cents) as "cents?: Cents", coalesce(t.at, r.at) as "at?",
                   coalesce(t.event_id, r.event_id) as "event?: EventId", t.reverses as "reverses: TransferId",
                   coalesce(t.reference, r.reference) as "reference?", r.claim_id as "claim?", r.payment_id as "payment?",
                   t.presented, t.evidence, s.digest as "audit_digest?", s.at as "audit_at?",
                   case when t.kind = 11 then c.nonce end as nonce, case when t.kind = 11 then c.commitment end as commitment,
                   d.number as "debit_found?", d.party as "debit_party: PartyId",
                   d.batch as "debit_batch: BatchId", c.number as "credit_found?", c.party as "credit_party: PartyId",
                   c.batch as "credit_batch: BatchId"
               from ledger.leaf l
               left join ledger.transfer t on t.book_id = l.book_id and t.id = l.entry_id
               left join ledger.record r on r.book_id = l.book_id and r.id = l.entry_id
               left join ledger.audit_digest s on s.book_id = l.book_id and s.id = l.entry_id
               left join ledger.account d on d.book_id = l.book_id and d.number = coalesce(t.debit, r.account)
               left join ledger.account c on c.book_id = l.book_id and c.number = coalesce(t.credit, r.account)
               "# + $condition + " order by l.seq",
            $($place),+
        )
        .fetch_all($connection)
        .await?
        .into_iter()
        .map(SealedRow::entry)
        .collect()
    };
}

/// The entries of some places, in order. A few lookups by key each, so memory and time are those of the range.
pub async fn entries(connection: &mut PgConnection, places: Range<u64>) -> sqlx::Result<Vec<Entry>> {
    let (from, to) = (signed(places.start)?, signed(places.end)?);
    entries_where!(connection, "where l.seq >= $1 and l.seq < $2", from, to)
}

/// The entries of these places, wherever they are, in order.
pub(super) async fn entries_at(connection: &mut PgConnection, places: &[u64]) -> sqlx::Result<Vec<Entry>> {
    let places = places.iter().copied().map(signed).collect::<sqlx::Result<Vec<_>>>()?;
    entries_where!(connection, "where l.seq = any($1)", &places)
}

/// Leaves as an entry bundle of C2SP tlog-tiles: each after its length in two bytes, big-endian. Nothing when an entry no longer
/// holds: what is served under a checkpoint is what was sealed, or nothing.
#[must_use]
pub fn entries_bundle(entries: &[Entry]) -> Option<Vec<u8>> {
    let mut bundle = Vec::new();
    for entry in entries {
        let bytes = entry.leaf.as_ref().filter(|_| entry.holds())?.to_bytes();
        let length = u16::try_from(bytes.len()).expect("a leaf has some 500 bytes");
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(&bytes);
    }
    Some(bundle)
}

/// Every column of the transfer or record may be missing: it may be gone.
struct SealedRow {
    seq: i64,
    book: BookId,
    id: Uuid,
    booked_on: NaiveDate,
    hash: Vec<u8>,
    transfer_kind: Option<i16>,
    record_kind: Option<i16>,
    debit: Option<AccountNumber>,
    credit: Option<AccountNumber>,
    cents: Option<Cents>,
    at: Option<DateTime<Utc>>,
    event: Option<EventId>,
    reverses: Option<TransferId>,
    reference: Option<String>,
    claim: Option<Uuid>,
    payment: Option<Uuid>,
    debit_found: Option<i64>,
    debit_party: Option<PartyId>,
    debit_batch: Option<BatchId>,
    credit_found: Option<i64>,
    credit_party: Option<PartyId>,
    credit_batch: Option<BatchId>,
    presented: Option<i16>,
    evidence: Option<Vec<u8>>,
    nonce: Option<Vec<u8>>,
    commitment: Option<Vec<u8>>,
    audit_digest: Option<Vec<u8>>,
    audit_at: Option<DateTime<Utc>>,
}

impl SealedRow {
    fn entry(self) -> sqlx::Result<Entry> {
        Ok(Entry {
            seq: unsigned(self.seq)?,
            id: self.id,
            sealed: hash(&self.hash)?,
            leaf: self.leaf(),
        })
    }

    fn leaf(self) -> Option<AnyLeaf> {
        let seq = u64::try_from(self.seq).ok()?;
        if let Some(digest) = &self.audit_digest {
            return Some(AnyLeaf::Trail(TrailLeaf {
                seq,
                id: self.id,
                digest: digest.as_slice().try_into().ok()?,
                at: self.audit_at?,
                booked_on: self.booked_on,
            }));
        }
        self.debit_found.and(self.credit_found)?;
        let commitment = columns::commitment(self.nonce.as_deref(), self.commitment.as_deref());
        let debit = LeafAccount::new(self.book, self.debit?, self.debit_party, self.debit_batch)?;
        let (cents, at, booked_on, event, reference) =
            (self.cents?, self.at?, self.booked_on, self.event?, self.reference?);
        if let Some(kind) = self.transfer_kind {
            return Some(AnyLeaf::Transfer(Leaf {
                seq,
                id: TransferId::from_uuid(self.id),
                kind: TransferKind::from_code(kind)?,
                debit,
                credit: LeafAccount::new(self.book, self.credit?, self.credit_party, self.credit_batch)?,
                cents,
                at,
                booked_on,
                event,
                reverses: self.reverses,
                reference,
                commitment,
                evidence: columns::evidence(self.presented, self.evidence.as_deref()),
            }));
        }
        Some(AnyLeaf::Record(RecordLeaf {
            seq,
            id: RecordId::from_uuid(self.id),
            kind: RecordKind::from_code(self.record_kind?)?,
            account: debit,
            cents,
            at,
            booked_on,
            event,
            claim: self.claim?,
            payment: self.payment?,
            reference,
        }))
    }
}
