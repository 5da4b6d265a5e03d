use std::ops::Range;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use standards::Cents;
use uuid::Uuid;

use crate::proof::store::{hash, last_checkpoint, signed, unsigned};
use crate::proof::{Hash, Leaf, LeafAccount};
use crate::{AccountNumber, BatchId, BookId, GroupId, PartyId, TransferId, TransferKind};

/// A sealed place in the log, and what the books say today of the transfer that was sealed there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place.
    pub seq: u64,
    /// The transfer that was sealed.
    pub id: TransferId,
    /// The hash that was sealed.
    pub sealed: Hash,
    /// The leaf, made from the books as they are now; nothing when the transfer is gone, or names no account any more.
    pub leaf: Option<Leaf>,
}

impl Entry {
    /// Whether the books still say what was sealed.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.leaf.as_ref().is_some_and(|leaf| leaf.hash() == self.sealed)
    }
}

/// Leaves under a checkpoint: what is served and exported.
pub async fn sealed_size(connection: &mut PgConnection) -> sqlx::Result<u64> {
    Ok(last_checkpoint(connection)
        .await?
        .map_or(0, |checkpoint| checkpoint.size))
}

/// The entries of some places, in order. Three lookups by key each, so memory and time are those of the range.
pub async fn entries(connection: &mut PgConnection, places: Range<u64>) -> sqlx::Result<Vec<Entry>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select l.seq, l.book_id as "book: BookId", l.transfer_id as "id: TransferId", l.booked_on, l.hash,
               t.kind as "kind?", t.debit as "debit?: AccountNumber", t.credit as "credit?: AccountNumber",
               t.cents as "cents?: Cents", t.at as "at?", t.grp as "grp?: GroupId", t.reverses as "reverses: TransferId",
               t.reference as "reference?", d.number as "debit_found?", d.party as "debit_party: PartyId",
               d.batch as "debit_batch: BatchId", c.number as "credit_found?", c.party as "credit_party: PartyId",
               c.batch as "credit_batch: BatchId"
           from ledger.leaf l
           left join ledger.transfer t on t.book_id = l.book_id and t.id = l.transfer_id
           left join ledger.account d on d.book_id = t.book_id and d.number = t.debit
           left join ledger.account c on c.book_id = t.book_id and c.number = t.credit
           where l.seq >= $1 and l.seq < $2 order by l.seq"#,
        signed(places.start)?,
        signed(places.end)?,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Row::entry).collect()
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

/// Every column of the transfer may be missing: it may be gone.
struct Row {
    seq: i64,
    book: BookId,
    id: TransferId,
    booked_on: NaiveDate,
    hash: Vec<u8>,
    kind: Option<i16>,
    debit: Option<AccountNumber>,
    credit: Option<AccountNumber>,
    cents: Option<Cents>,
    at: Option<DateTime<Utc>>,
    grp: Option<GroupId>,
    reverses: Option<TransferId>,
    reference: Option<String>,
    debit_found: Option<i64>,
    debit_party: Option<PartyId>,
    debit_batch: Option<BatchId>,
    credit_found: Option<i64>,
    credit_party: Option<PartyId>,
    credit_batch: Option<BatchId>,
}

impl Row {
    fn entry(self) -> sqlx::Result<Entry> {
        Ok(Entry {
            seq: unsigned(self.seq)?,
            id: self.id,
            sealed: hash(&self.hash)?,
            leaf: self.leaf(),
        })
    }

    fn leaf(self) -> Option<Leaf> {
        self.debit_found.and(self.credit_found)?;
        Some(Leaf {
            seq: u64::try_from(self.seq).ok()?,
            id: self.id,
            kind: TransferKind::from_code(self.kind?)?,
            debit: LeafAccount::new(self.book, self.debit?, self.debit_party, self.debit_batch)?,
            credit: LeafAccount::new(self.book, self.credit?, self.credit_party, self.credit_batch)?,
            cents: self.cents?,
            at: self.at?,
            booked_on: self.booked_on,
            grp: self.grp?,
            reverses: self.reverses,
            reference: self.reference?,
        })
    }
}

/// The place of a sealed transfer in one of the books; nothing while it is not sealed.
pub(super) async fn place_of(connection: &mut PgConnection, id: Uuid) -> sqlx::Result<Option<u64>> {
    let seq = sqlx::query_scalar!("select min(seq) from ledger.leaf where transfer_id = $1", id)
        .fetch_one(connection)
        .await?;
    seq.map(unsigned).transpose()
}
