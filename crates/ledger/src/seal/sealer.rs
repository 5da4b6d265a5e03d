use chrono::{DateTime, Utc};
use sealed_log::NoteKey;
use sqlx::{PgConnection, PgPool};

use crate::seal::chunk::{SealError, lock, seal_chunk};

/// What a call of [`seal`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sealed {
    /// How many transfers, records and audit lines got their place.
    pub entries: u64,
    /// Leaves under the last checkpoint.
    pub size: u64,
    /// Another sealer is at work: this call left the rest to it.
    pub busy: bool,
}

/// Gives every finished transfer, record and audit line its place in the log, at most [`SEAL_CHUNK_ENTRIES`](crate::seal::SEAL_CHUNK_ENTRIES) a transaction, and signs a
/// checkpoint over all of them. `at` is the instant of sealing: the entry's day is the transfer's own, never before the day of the
/// entry before it nor in a closed month (late ones are booked in the open day and keep their own `at`), never after `at`.
///
/// Two at a time do no harm: the second sees the lock and leaves. A crash between chunks loses nothing: leaves are what is
/// sealed, and the next call goes on after the last one.
///
/// **The cheap check.** Each chunk compares, for every account that it touches, the account's sums with what the chunk moved
/// through it. The full comparison of every account with all its transfers ([`unequal_sums`](crate::seal::unequal_sums)) reads the
/// whole book, so it is made at each close and beside the sealer once an hour, not every few seconds.
#[tracing::instrument(skip_all)]
pub async fn seal(pool: &PgPool, key: &NoteKey, at: DateTime<Utc>) -> Result<Sealed, SealError> {
    let mut done = Sealed::default();
    let mut from = None;
    loop {
        let mut tx = pool.begin().await?;
        if !lock(&mut tx, false).await? {
            done.busy = true;
            return Ok(done);
        }
        let chunk = seal_chunk(&mut tx, key, from, at).await?;
        tx.commit().await?;
        done.entries += chunk.entries;
        done.size = chunk.tree.size();
        from = chunk.next;
        if from.is_none() {
            return Ok(done);
        }
    }
}

/// How many transfers, records and audit lines that can be seen have no place yet.
pub async fn unsealed(connection: &mut PgConnection) -> sqlx::Result<u64> {
    let count = sqlx::query_scalar!(
        r#"select (select count(*) from ledger.transfer) + (select count(*) from ledger.record)
               + (select count(*) from ledger.audit_digest) - (select count(*) from ledger.leaf) as "count!""#
    )
    .fetch_one(connection)
    .await?;
    Ok(u64::try_from(count).unwrap_or(0))
}
