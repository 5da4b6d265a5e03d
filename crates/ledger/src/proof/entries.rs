use std::ops::Range;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use standards::Cents;
use uuid::Uuid;

use crate::proof::store::{hash, last_checkpoint, signed, unsigned};
use crate::proof::{AnyLeaf, Hash, Leaf, LeafAccount, RecordLeaf};
use crate::{AccountNumber, BatchId, BookId, GroupId, PartyId, RecordId, RecordKind, TransferId, TransferKind};

/// A sealed place in the log, and what the books say today of what was sealed there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place.
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

/// Leaves under a checkpoint: what is served and exported.
pub async fn sealed_size(connection: &mut PgConnection) -> sqlx::Result<u64> {
    Ok(last_checkpoint(connection)
        .await?
        .map_or(0, |checkpoint| checkpoint.size))
}

/// One query, whichever way its places are given.
macro_rules! entries_where {
    ($connection:expr, $wanted:tt, $($place:expr),+) => {
        sqlx::query_as!(
            Row,
            r#"select l.seq, l.book_id as "book: BookId", l.entry_id as id, l.booked_on, l.hash,
                   t.kind as "transfer_kind?", r.kind as "record_kind?",
                   coalesce(t.debit, r.account) as "debit?: AccountNumber",
                   coalesce(t.credit, r.account) as "credit?: AccountNumber",
                   coalesce(t.cents, r.cents) as "cents?: Cents", coalesce(t.at, r.at) as "at?",
                   coalesce(t.grp, r.grp) as "grp?: GroupId", t.reverses as "reverses: TransferId",
                   coalesce(t.reference, r.reference) as "reference?", r.claim_id as "claim?", r.payment_id as "payment?",
                   d.number as "debit_found?", d.party as "debit_party: PartyId",
                   d.batch as "debit_batch: BatchId", c.number as "credit_found?", c.party as "credit_party: PartyId",
                   c.batch as "credit_batch: BatchId"
               from ledger.leaf l
               left join ledger.transfer t on t.book_id = l.book_id and t.id = l.entry_id
               left join ledger.record r on r.book_id = l.book_id and r.id = l.entry_id
               left join ledger.account d on d.book_id = l.book_id and d.number = coalesce(t.debit, r.account)
               left join ledger.account c on c.book_id = l.book_id and c.number = coalesce(t.credit, r.account)
               "# + $wanted + " order by l.seq",
            $($place),+
        )
        .fetch_all($connection)
        .await?
        .into_iter()
        .map(Row::entry)
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
struct Row {
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
    grp: Option<GroupId>,
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

    fn leaf(self) -> Option<AnyLeaf> {
        self.debit_found.and(self.credit_found)?;
        let seq = u64::try_from(self.seq).ok()?;
        let debit = LeafAccount::new(self.book, self.debit?, self.debit_party, self.debit_batch)?;
        let (cents, at, booked_on, grp, reference) =
            (self.cents?, self.at?, self.booked_on, self.grp?, self.reference?);
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
                grp,
                reverses: self.reverses,
                reference,
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
            grp,
            claim: self.claim?,
            payment: self.payment?,
            reference,
        }))
    }
}

/// The place of a sealed transfer or record in one of the books; nothing while it is not sealed.
pub(super) async fn place_of(connection: &mut PgConnection, id: Uuid) -> sqlx::Result<Option<u64>> {
    let seq = sqlx::query_scalar!("select min(seq) from ledger.leaf where entry_id = $1", id)
        .fetch_one(connection)
        .await?;
    seq.map(unsigned).transpose()
}

/// The places of everything that was sealed of events: the transfers and records of the groups, and the records of a claim (its group is its
/// id). At most `places_max`.
pub(super) async fn places_of_event(
    connection: &mut PgConnection,
    groups: &[Uuid],
    places_max: u32,
) -> sqlx::Result<Vec<u64>> {
    // The books are few (each has a bank or a clearing account), and each is asked by its own index.
    let places = sqlx::query_scalar!(
        r#"select l.seq from (select distinct book_id from ledger.account where kind in (1, 6)) b
           cross join lateral (
               select t.id from ledger.transfer t where t.book_id = b.book_id and t.grp = any($1)
               union
               select r.id from ledger.record r
               where r.book_id = b.book_id and (r.grp = any($1) or r.claim_id = any($1))) e
           join ledger.leaf l on l.entry_id = e.id and l.book_id = b.book_id
           order by l.seq limit $2"#,
        groups,
        i64::from(places_max),
    )
    .fetch_all(connection)
    .await?;
    places.into_iter().map(unsigned).collect()
}

/// The places of everything that was sealed of many events in some books, each with the number of its event; with the records of its
/// payments and claims, or the transfers alone.
pub(super) async fn places_of_events(
    connection: &mut PgConnection,
    books: &[BookId],
    (groups, events): (&[Uuid], &[i32]),
    records: bool,
) -> sqlx::Result<Vec<(usize, u64)>> {
    let books: Vec<Uuid> = books.iter().map(|book| book.uuid()).collect();
    let rows = sqlx::query!(
        r#"select g.event as "event!", l.seq
           from unnest($1::uuid[], $2::integer[]) as g (grp, event)
           cross join unnest($3::uuid[]) as b (book_id)
           cross join lateral (
               select t.id from ledger.transfer t where t.book_id = b.book_id and t.grp = g.grp
               union all
               select r.id from ledger.record r where $4 and r.book_id = b.book_id and r.grp = g.grp
               union all
               select r.id from ledger.record r where $4 and r.book_id = b.book_id and r.claim_id = g.grp) e
           join ledger.leaf l on l.entry_id = e.id and l.book_id = b.book_id
           group by g.event, l.seq order by g.event, l.seq"#,
        groups,
        events,
        &books,
        records,
    )
    .fetch_all(connection)
    .await?;
    let event = |event| usize::try_from(event).map_err(|error| sqlx::Error::Decode(Box::new(error)));
    rows.into_iter()
        .map(|row| Ok((event(row.event)?, unsigned(row.seq)?)))
        .collect()
}
