use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, PgPool};
use standards::Cents;
use standards::calendar::paris_date;
use uuid::Uuid;

use crate::proof::store::{StoredCheckpoint, frontier, last_checkpoint, signed, unsigned, write_tiles};
use crate::proof::{Checkpoint, Frontier, Hash, Leaf, LeafAccount, NoteKey};
use crate::{
    AccountNumber, BatchId, BookId, GroupId, PartyId, TransactionNumber, TransferId, TransferKind, cluster,
    oldest_under_way,
};

/// Transfers sealed in one transaction: a sealer that dies loses no more work than this.
pub const SEAL_CHUNK_TRANSFERS: usize = 4096;

/// Held by the one sealer until its transaction ends.
const SEAL_LOCK: i64 = 0x6363_6e5f_7365_616c;

/// What a call of [`seal`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sealed {
    /// Transfers that got their place.
    pub transfers: u64,
    /// Leaves under the last checkpoint.
    pub size: u64,
    /// Another sealer is at work: this call left the rest to it.
    pub busy: bool,
}

/// Why nothing more can be sealed. The first two mean that somebody wrote to the books past [`post`](crate::post()).
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A transfer names an account, or a kind, that is not there.
    #[error("transfer {0} names an account or a kind that does not exist")]
    Nameless(TransferId),
    /// An account's sums are smaller than what this chunk alone moved through it.
    #[error("account {1} of book {0} has sums below its own transfers")]
    Sums(BookId, AccountNumber),
    /// PostgreSQL.
    #[error("database")]
    Database(#[from] sqlx::Error),
}

/// Gives every finished transfer its place in the log, at most [`SEAL_CHUNK_TRANSFERS`] a transaction, and signs a checkpoint
/// over all of them. `at` is the instant of sealing: the entry's day is the transfer's own, never before the day of the entry
/// before it (late ones are booked in the open day and keep their own `at`), never after `at`.
///
/// Two at a time do no harm: the second sees the lock and leaves. A crash between chunks loses nothing: leaves are what is
/// sealed, and the next call goes on after the last one.
///
/// **The cheap check.** Each chunk compares, for every account that it touches, the account's sums with what the chunk moved
/// through it; the full comparison of every account with all its transfers is [`Figures::identities`](crate::Figures::identities).
#[tracing::instrument(skip_all)]
pub async fn seal(pool: &PgPool, key: &NoteKey, at: DateTime<Utc>) -> Result<Sealed, SealError> {
    let mut done = Sealed::default();
    let mut after = None;
    loop {
        let mut tx = pool.begin().await?;
        let locked = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock($1) as "locked!""#, SEAL_LOCK)
            .fetch_one(&mut *tx)
            .await?;
        if !locked {
            done.busy = true;
            return Ok(done);
        }
        let checkpoint = last_checkpoint(&mut tx).await?;
        let here = cluster(&mut tx).await?;
        // Before the rows are read: what is below it was finished then, and is visible to every later statement.
        let below = oldest_under_way(&mut tx).await?;
        let start = after.unwrap_or_else(|| Position::resume(checkpoint.as_ref(), here));
        let pending = pending(&mut tx, start, below, moved(checkpoint.as_ref(), here)).await?;
        let edge = last_leaf(&mut tx).await?;
        let mut tree = frontier(&mut tx, edge.size).await?;
        check_sums(&pending)?;
        write_leaves(&mut tx, &mut tree, &pending, edge.booked_on, at).await?;
        let more = pending.len() == SEAL_CHUNK_TRANSFERS;
        if !more && checkpoint.map_or(0, |last| last.size) < tree.size() {
            sign(&mut tx, key, &tree, at, here, below).await?;
        }
        tx.commit().await?;
        done.transfers += pending.len() as u64;
        done.size = tree.size();
        let Some(last) = pending.last().filter(|_| more) else {
            return Ok(done);
        };
        after = Some(Position {
            xact: last.xact,
            book: last.book.uuid(),
            id: last.id.uuid(),
        });
    }
}

/// How many transfers that can be seen have no place yet.
pub async fn unsealed(connection: &mut PgConnection) -> sqlx::Result<u64> {
    let count = sqlx::query_scalar!(
        r#"select (select count(*) from ledger.transfer) - (select count(*) from ledger.leaf) as "count!""#
    )
    .fetch_one(connection)
    .await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Where the order of sealing stands.
#[derive(Debug, Clone, Copy)]
struct Position {
    xact: TransactionNumber,
    book: Uuid,
    id: Uuid,
}

impl Position {
    /// After everything that the last checkpoint says is sealed. Numbers of another cluster (the books were restored) mean
    /// nothing here: then everything is looked at again, once, and what has a leaf is left alone.
    fn resume(checkpoint: Option<&StoredCheckpoint>, cluster: i64) -> Self {
        let known = checkpoint.filter(|checkpoint| checkpoint.cluster == cluster);
        Self {
            xact: known.map_or(TransactionNumber::MIN, |checkpoint| checkpoint.sealed_below),
            book: Uuid::nil(),
            id: Uuid::nil(),
        }
    }
}

/// Whether the books came from another cluster since the last checkpoint.
fn moved(checkpoint: Option<&StoredCheckpoint>, cluster: i64) -> bool {
    checkpoint.is_some_and(|checkpoint| checkpoint.cluster != cluster)
}

struct Pending {
    book: BookId,
    id: TransferId,
    xact: TransactionNumber,
    kind: i16,
    debit: AccountNumber,
    credit: AccountNumber,
    cents: Cents,
    at: DateTime<Utc>,
    grp: GroupId,
    reverses: Option<TransferId>,
    reference: String,
    debits: Option<i64>,
    debit_party: Option<PartyId>,
    debit_batch: Option<BatchId>,
    credits: Option<i64>,
    credit_party: Option<PartyId>,
    credit_batch: Option<BatchId>,
}

/// The next finished transfers without a leaf. A number that this cluster has not given yet was brought by a restore, so its
/// transaction is finished too.
async fn pending(
    connection: &mut PgConnection,
    after: Position,
    below: TransactionNumber,
    moved: bool,
) -> sqlx::Result<Vec<Pending>> {
    sqlx::query_as!(
        Pending,
        r#"select t.book_id as "book: BookId", t.id as "id: TransferId", t.xact, t.kind, t.debit as "debit: AccountNumber",
               t.credit as "credit: AccountNumber", t.cents as "cents: Cents", t.at, t.grp as "grp: GroupId",
               t.reverses as "reverses: TransferId", t.reference, d.debits_cents as "debits?",
               d.party as "debit_party: PartyId", d.batch as "debit_batch: BatchId", c.credits_cents as "credits?",
               c.party as "credit_party: PartyId", c.batch as "credit_batch: BatchId"
           from ledger.transfer t
           left join ledger.account d on d.book_id = t.book_id and d.number = t.debit
           left join ledger.account c on c.book_id = t.book_id and c.number = t.credit
           where (t.xact, t.book_id, t.id) > ($1, $2, $3)
               and (t.xact < $4 or ($5 and t.xact >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint))
               and not exists (select from ledger.leaf l where l.transfer_id = t.id and l.book_id = t.book_id)
           order by t.xact, t.book_id, t.id limit $6"#,
        after.xact,
        after.book,
        after.id,
        below,
        moved,
        i64::try_from(SEAL_CHUNK_TRANSFERS).expect("a small number"),
    )
    .fetch_all(connection)
    .await
}

struct Edge {
    size: u64,
    booked_on: Option<NaiveDate>,
}

async fn last_leaf(connection: &mut PgConnection) -> sqlx::Result<Edge> {
    let last = sqlx::query!("select seq, booked_on from ledger.leaf order by seq desc limit 1")
        .fetch_optional(connection)
        .await?;
    Ok(match last {
        None => Edge {
            size: 0,
            booked_on: None,
        },
        Some(last) => Edge {
            size: unsigned(last.seq)? + 1,
            booked_on: Some(last.booked_on),
        },
    })
}

/// Sums only grow, so they are at least what this chunk added to them; rows were read with their accounts in one snapshot.
fn check_sums(pending: &[Pending]) -> Result<(), SealError> {
    let mut moved: HashMap<(BookId, AccountNumber, bool), (i64, i64)> = HashMap::new();
    for row in pending {
        for (number, debit, sum) in [(row.debit, true, row.debits), (row.credit, false, row.credits)] {
            let sum = sum.ok_or(SealError::Nameless(row.id))?;
            let entry = moved.entry((row.book, number, debit)).or_insert((0, sum));
            entry.0 = entry.0.saturating_add(row.cents.get());
            if entry.0 > entry.1 {
                return Err(SealError::Sums(row.book, number));
            }
        }
    }
    Ok(())
}

async fn write_leaves(
    connection: &mut PgConnection,
    tree: &mut Frontier,
    pending: &[Pending],
    mut booked_on: Option<NaiveDate>,
    at: DateTime<Utc>,
) -> Result<(), SealError> {
    let first = signed(tree.size())?;
    let (mut days, mut hashes, mut tiles) = (Vec::new(), Vec::new(), Vec::new());
    for row in pending {
        let day = paris_date(row.at).min(paris_date(at));
        let day = booked_on.map_or(day, |before| before.max(day));
        booked_on = Some(day);
        let hash = row.leaf(tree.size(), day).ok_or(SealError::Nameless(row.id))?;
        days.push(day);
        hashes.push(hash.bytes().to_vec());
        tiles.extend(tree.push(hash));
    }
    let books: Vec<Uuid> = pending.iter().map(|row| row.book.uuid()).collect();
    let ids: Vec<Uuid> = pending.iter().map(|row| row.id.uuid()).collect();
    sqlx::query!(
        "insert into ledger.leaf (seq, book_id, transfer_id, booked_on, hash)
         select $1 + new.place - 1, new.book_id, new.transfer_id, new.booked_on, new.hash
         from unnest($2::uuid[], $3::uuid[], $4::date[], $5::bytea[]) with ordinality
             as new (book_id, transfer_id, booked_on, hash, place)",
        first,
        &books,
        &ids,
        &days,
        &hashes,
    )
    .execute(&mut *connection)
    .await?;
    write_tiles(connection, &tiles).await?;
    Ok(())
}

impl Pending {
    fn leaf(&self, seq: u64, booked_on: NaiveDate) -> Option<Hash> {
        let leaf = Leaf {
            seq,
            id: self.id,
            kind: TransferKind::from_code(self.kind)?,
            debit: LeafAccount::new(self.book, self.debit, self.debit_party, self.debit_batch)?,
            credit: LeafAccount::new(self.book, self.credit, self.credit_party, self.credit_batch)?,
            cents: self.cents,
            at: self.at,
            booked_on,
            grp: self.grp,
            reverses: self.reverses,
            reference: self.reference.clone(),
        };
        Some(leaf.hash())
    }
}

async fn sign(
    connection: &mut PgConnection,
    key: &NoteKey,
    tree: &Frontier,
    at: DateTime<Utc>,
    cluster: i64,
    below: TransactionNumber,
) -> sqlx::Result<()> {
    let checkpoint = Checkpoint {
        origin: key.name().to_owned(),
        size: tree.size(),
        root: tree.root(),
    };
    sqlx::query!(
        "insert into ledger.checkpoint (size, root, note, verifier, at, cluster, sealed_below)
         values ($1, $2, $3, $4, $5, $6, $7)",
        signed(checkpoint.size)?,
        checkpoint.root.bytes().as_slice(),
        checkpoint.sign(key),
        key.verifier().to_string(),
        at,
        cluster,
        below,
    )
    .execute(connection)
    .await?;
    Ok(())
}
