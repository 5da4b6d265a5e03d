use chrono::{DateTime, NaiveDate, Utc};
use sealed_log::{
    AccountNumber, AnyLeaf, BatchId, BookId, EventId, Leaf, LeafAccount, PartyId, RecordId, RecordKind, RecordLeaf,
    TrailLeaf, TransferId, TransferKind,
};
use sqlx::PgConnection;
use standards::Cents;
use uuid::Uuid;

use crate::columns;
use crate::read::TransactionNumber;
use crate::seal::checkpoints::StoredCheckpoint;

/// Entries sealed in one transaction: a sealer that dies loses no more work than this.
pub const SEAL_CHUNK_ENTRIES: usize = 4096;

/// Where the order of sealing stands: after this entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position {
    xact: TransactionNumber,
    book: Uuid,
    id: Uuid,
}

impl Position {
    /// After everything that the last checkpoint says is sealed. Numbers of another cluster (the books were restored) mean
    /// nothing here: then everything is looked at again, once, and what has a leaf is left alone.
    pub fn resume(checkpoint: Option<&StoredCheckpoint>, cluster: i64) -> Self {
        Self {
            xact: resume_at(checkpoint, cluster),
            book: Uuid::nil(),
            id: Uuid::nil(),
        }
    }
}

/// The number below which everything is sealed, as far as this cluster gave the numbers.
pub(super) fn resume_at(checkpoint: Option<&StoredCheckpoint>, cluster: i64) -> TransactionNumber {
    let known = checkpoint.filter(|checkpoint| checkpoint.cluster == cluster);
    known.map_or(TransactionNumber::MIN, |checkpoint| checkpoint.sealed_below)
}

/// A transfer, a record or an audit line without a leaf. An audit line has a digest, and zeros for what it has not.
pub(super) struct Pending {
    pub book: BookId,
    pub id: Uuid,
    xact: TransactionNumber,
    kind: i16,
    pub debit: AccountNumber,
    pub credit: AccountNumber,
    pub cents: Cents,
    pub at: DateTime<Utc>,
    event: EventId,
    reverses: Option<TransferId>,
    reference: String,
    claim: Option<Uuid>,
    payment: Option<Uuid>,
    pub debits: Option<i64>,
    debit_party: Option<PartyId>,
    debit_batch: Option<BatchId>,
    pub credits: Option<i64>,
    credit_party: Option<PartyId>,
    credit_batch: Option<BatchId>,
    presented: Option<i16>,
    evidence: Option<Vec<u8>>,
    nonce: Option<Vec<u8>>,
    commitment: Option<Vec<u8>>,
    digest: Option<Vec<u8>>,
}

/// The next finished entries without a leaf. A number that this cluster has not given yet was brought by a restore, so its
/// transaction is finished too.
///
/// Three runs through an index, merged; then the accounts by key. The statement runs with hashed and merged joins, sorting and reading
/// whole tables off: the planner, whose statistics are of yesterday, would rather read every account, and where much is left to seal (the
/// books were restored) it believes that hardly any entry has no leaf, and would read and sort all of them for every chunk: thirty
/// times as long at a million records, and the longer the more there are.
pub(super) async fn pending(
    connection: &mut PgConnection,
    after: Position,
    below: TransactionNumber,
    moved: bool,
) -> sqlx::Result<Vec<Pending>> {
    sqlx::query_as!(
        Pending,
        r#"with new as (
               (select t.xact, t.book_id, t.id, t.kind, t.debit, t.credit, t.cents, t.at, t.event_id, t.reverses, t.reference,
                    null::uuid as claim_id, null::uuid as payment_id, t.presented, t.evidence, null::bytea as digest
                from ledger.transfer t
                where (t.xact, t.book_id, t.id) > ($1, $2, $3)
                    and (t.xact < $4 or ($5 and t.xact >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint))
                    and not exists (select from ledger.leaf l where l.entry_id = t.id and l.book_id = t.book_id)
                order by t.xact, t.book_id, t.id limit $6)
               union all
               (select r.xact, r.book_id, r.id, r.kind, r.account, r.account, r.cents, r.at, r.event_id, null, r.reference,
                    r.claim_id, r.payment_id, null, null, null
                from ledger.record r
                where (r.xact, r.book_id, r.id) > ($1, $2, $3)
                    and (r.xact < $4 or ($5 and r.xact >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint))
                    and not exists (select from ledger.leaf l where l.entry_id = r.id and l.book_id = r.book_id)
                order by r.xact, r.book_id, r.id limit $6)
               union all
               (select s.xact, s.book_id, s.id, 0::smallint, 0, 0, 0, s.at, s.id, null, '', null, null, null, null, s.digest
                from ledger.audit_digest s
                where (s.xact, s.book_id, s.id) > ($1, $2, $3)
                    and (s.xact < $4 or ($5 and s.xact >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint))
                    and not exists (select from ledger.leaf l where l.entry_id = s.id and l.book_id = s.book_id)
                order by s.xact, s.book_id, s.id limit $6)
               order by 1, 2, 3 limit $6)
           select n.book_id as "book!: BookId", n.id as "id!", n.xact as "xact!", n.kind as "kind!",
               n.debit as "debit!: AccountNumber", n.credit as "credit!: AccountNumber", n.cents as "cents!: Cents",
               n.at as "at!", n.event_id as "event!: EventId", n.reverses as "reverses: TransferId", n.reference as "reference!",
               n.claim_id as claim, n.payment_id as payment, d.debits_cents as "debits?",
               d.party as "debit_party: PartyId", d.batch as "debit_batch: BatchId", c.credits_cents as "credits?",
               c.party as "credit_party: PartyId", c.batch as "credit_batch: BatchId", n.presented, n.evidence, n.digest,
               case when n.kind = 11 then c.nonce end as nonce, case when n.kind = 11 then c.commitment end as commitment
           from new n
           left join ledger.account d on d.book_id = n.book_id and d.number = n.debit
           left join ledger.account c on c.book_id = n.book_id and c.number = n.credit
           order by n.xact, n.book_id, n.id"#,
        after.xact,
        after.book,
        after.id,
        below,
        moved,
        i64::try_from(SEAL_CHUNK_ENTRIES).expect("a small number"),
    )
    .fetch_all(connection)
    .await
}

impl Pending {
    pub fn position(&self) -> Position {
        Position {
            xact: self.xact,
            book: self.book.uuid(),
            id: self.id,
        }
    }

    pub const fn moves_money(&self) -> bool {
        self.claim.is_none() && self.digest.is_none()
    }

    /// Whether it stands on accounts, which must exist.
    pub const fn has_accounts(&self) -> bool {
        self.digest.is_none()
    }

    /// Its leaf; nothing when it names an account or a kind that is not there.
    pub fn leaf(&self, seq: u64, booked_on: NaiveDate) -> Option<AnyLeaf> {
        if let Some(digest) = &self.digest {
            return Some(AnyLeaf::Trail(TrailLeaf {
                seq,
                id: self.id,
                digest: digest.as_slice().try_into().ok()?,
                at: self.at,
                booked_on,
            }));
        }
        let debit = LeafAccount::new(self.book, self.debit, self.debit_party, self.debit_batch)?;
        let (cents, at, event, reference) = (self.cents, self.at, self.event, self.reference.clone());
        if let (Some(claim), Some(payment)) = (self.claim, self.payment) {
            return Some(AnyLeaf::Record(RecordLeaf {
                seq,
                id: RecordId::from_uuid(self.id),
                kind: RecordKind::from_code(self.kind)?,
                account: debit,
                cents,
                at,
                booked_on,
                event,
                claim,
                payment,
                reference,
            }));
        }
        Some(AnyLeaf::Transfer(Leaf {
            seq,
            id: TransferId::from_uuid(self.id),
            kind: TransferKind::from_code(self.kind)?,
            debit,
            credit: LeafAccount::new(self.book, self.credit, self.credit_party, self.credit_batch)?,
            cents,
            at,
            booked_on,
            event,
            reverses: self.reverses,
            reference,
            commitment: columns::commitment(self.nonce.as_deref(), self.commitment.as_deref()),
            evidence: columns::evidence(self.presented, self.evidence.as_deref()),
        }))
    }
}
