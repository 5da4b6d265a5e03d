//! One chunk of sealing, in the caller's transaction, which holds the lock.

use database::NamedLock;
use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use sealed_log::{AccountNumber, BookId, Checkpoint, Frontier, NoteKey, SignFailed};
use sqlx::{PgConnection, PgTransaction};
use standards::calendar::paris_date;
use uuid::Uuid;

use crate::read::{TransactionNumber, cluster, lowest_in_flight};
use crate::seal::checkpoints::{StoredCheckpoint, last_checkpoint};
use crate::seal::closes::{first_open_day, last_close};
use crate::seal::columns::{signed, unsigned};
use crate::seal::pending::{Pending, Position, SEAL_CHUNK_ENTRIES, pending};
use crate::seal::stored_tiles::{frontier, write_tiles};

/// Why nothing more can be sealed. The first two mean that somebody wrote to the books past [`post`](crate::post()).
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("entry {0} names an account or a kind that does not exist")]
    Nameless(Uuid),
    /// An account's sums are smaller than what this chunk alone moved through it.
    #[error("account {1} of book {0} has sums below its own transfers")]
    Sums(BookId, AccountNumber),
    /// The key that signs checkpoints does not answer.
    #[error(transparent)]
    Sign(#[from] SignFailed),
    /// PostgreSQL failed; the chunks before this one stay sealed.
    #[error("database")]
    Database(#[from] sqlx::Error),
}

/// How far the tree is after a chunk.
pub(super) struct Chunk {
    /// Entries that got their place.
    pub entries: u64,
    /// Where the next one begins; nothing when this was the last one.
    pub next: Option<Position>,
    /// Its right edge, with the chunk's leaves.
    pub tree: Frontier,
    /// Every transaction below is sealed when this was the last one.
    pub below: TransactionNumber,
}

/// Tries to become the one sealer; false when another one is at work. `wait`: until that one is done.
pub(super) async fn lock(tx: &mut PgTransaction<'_>, wait: bool) -> sqlx::Result<bool> {
    // See `pending` for the planner.
    sqlx::query!(
        r#"select set_config('enable_hashjoin', 'off', true) as a, set_config('enable_mergejoin', 'off', true) as b,
               set_config('enable_seqscan', 'off', true) as c, set_config('enable_sort', 'off', true) as d"#
    )
    .fetch_one(&mut **tx)
    .await?;
    if wait {
        NamedLock::Seal.take(tx).await?;
        return Ok(true);
    }
    NamedLock::Seal.try_take(tx).await
}

/// Seals the next chunk after `from` (the last checkpoint, when nothing is given), and signs when it was the last one.
pub(super) async fn seal_chunk(
    tx: &mut PgTransaction<'_>,
    key: &NoteKey,
    from: Option<Position>,
    at: DateTime<Utc>,
) -> Result<Chunk, SealError> {
    let checkpoint = last_checkpoint(tx).await?;
    let here = cluster(tx).await?;
    // Before the rows are read: what is below it was finished then, and is visible to every later statement.
    let below = lowest_in_flight(tx).await?;
    let start = from.unwrap_or_else(|| Position::resume(checkpoint.as_ref(), here));
    let new = pending(tx, start, below, moved(checkpoint.as_ref(), here)).await?;
    let edge = last_leaf(tx).await?;
    let mut tree = frontier(tx, edge.size).await?;
    check_sums(&new)?;
    let open_from = first_open_day(tx).await?;
    write_leaves(tx, &mut tree, &new, edge.booked_on.max(open_from), at).await?;
    let more = new.len() == SEAL_CHUNK_ENTRIES;
    if !more && checkpoint.map_or(0, |last| last.size) < tree.size() {
        sign(tx, key, &tree, at, here, below).await?;
    }
    Ok(Chunk {
        entries: new.len() as u64,
        next: new.last().filter(|_| more).map(Pending::position),
        tree,
        below,
    })
}

/// Whether the books came from another cluster since the last checkpoint.
fn moved(checkpoint: Option<&StoredCheckpoint>, cluster: i64) -> bool {
    checkpoint.is_some_and(|checkpoint| checkpoint.cluster != cluster)
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
fn check_sums(new: &[Pending]) -> Result<(), SealError> {
    let mut moved: HashMap<(BookId, AccountNumber, bool), (i64, i64)> = HashMap::new();
    for row in new {
        if !row.has_accounts() {
            continue;
        }
        for (number, debit, sum) in [(row.debit, true, row.debits), (row.credit, false, row.credits)] {
            let sum = sum.ok_or(SealError::Nameless(row.id))?;
            if !row.moves_money() {
                continue;
            }
            let entry = moved.entry((row.book, number, debit)).or_insert((0, sum));
            entry.0 = entry.0.saturating_add(row.cents.get());
            if entry.0 > entry.1 {
                return Err(SealError::Sums(row.book, number));
            }
        }
    }
    Ok(())
}

/// The entry's day is its own, but not after today, and not before the entry before it or the first open day (`from`).
async fn write_leaves(
    connection: &mut PgConnection,
    tree: &mut Frontier,
    new: &[Pending],
    mut from: Option<NaiveDate>,
    at: DateTime<Utc>,
) -> Result<(), SealError> {
    if new.is_empty() {
        return Ok(());
    }
    let first = signed(tree.size())?;
    let (mut days, mut hashes, mut tiles) = (Vec::new(), Vec::new(), Vec::new());
    for row in new {
        let own = paris_date(row.at).min(paris_date(at));
        let day = from.map_or(own, |from| from.max(own));
        from = Some(day);
        let hash = row.leaf(tree.size(), day).ok_or(SealError::Nameless(row.id))?.hash();
        days.push(day);
        hashes.push(hash.bytes().to_vec());
        tiles.extend(tree.push(hash));
    }
    let books: Vec<Uuid> = new.iter().map(|row| row.book.uuid()).collect();
    let ids: Vec<Uuid> = new.iter().map(|row| row.id).collect();
    sqlx::query!(
        "insert into ledger.leaf (seq, book_id, entry_id, booked_on, hash)
         select $1 + new.place - 1, new.book_id, new.entry_id, new.booked_on, new.hash
         from unnest($2::uuid[], $3::uuid[], $4::date[], $5::bytea[]) with ordinality
             as new (book_id, entry_id, booked_on, hash, place)",
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

async fn sign(
    connection: &mut PgConnection,
    key: &NoteKey,
    tree: &Frontier,
    at: DateTime<Utc>,
    cluster: i64,
    below: TransactionNumber,
) -> Result<(), SealError> {
    let last = last_close(&mut *connection).await?;
    let checkpoint = Checkpoint::new(key.name(), tree.size(), tree.root()).after_close(last);
    sqlx::query!(
        "insert into ledger.checkpoint (size, root, note, verifier, at, cluster, sealed_below)
         values ($1, $2, $3, $4, $5, $6, $7)",
        signed(checkpoint.size)?,
        checkpoint.root.bytes().as_slice(),
        checkpoint.sign(key)?,
        key.verifier().to_string(),
        at,
        cluster,
        below,
    )
    .execute(connection)
    .await?;
    Ok(())
}
