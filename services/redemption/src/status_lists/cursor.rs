//! How far the lists have followed the books: one row, and its lock is the right to make lists.

use chrono::{DateTime, Utc};
use ledger::read::TransactionNumber;
use sqlx::PgTransaction;

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FeedCursor {
    /// All lists are made from the accounts: those before `list` (see [`super::rebuild`]) are done. Transactions from `next` on
    /// are followed afterwards.
    Rebuild { next: TransactionNumber, list: i32 },
    /// Every transaction below `next` is in the lists.
    Follow { next: TransactionNumber },
}

/// Takes the right to make lists for this transaction; nothing when another maker has it.
///
/// `oldest` is the oldest transaction under way, read before. A number kept in another cluster, or from this one's future, means
/// nothing: the lists are made again.
pub(super) async fn take(
    tx: &mut PgTransaction<'_>,
    cluster: i64,
    oldest: TransactionNumber,
) -> Result<Option<FeedCursor>, sqlx::Error> {
    let row = sqlx::query!(
        "select cluster, next_xact, rebuild_next_xact, rebuild_list from redemption.status_cursor for update skip locked"
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let known = row.cluster == Some(cluster);
    let begin = FeedCursor::Rebuild { next: oldest, list: 0 };
    Ok(Some(match (row.rebuild_next_xact, row.rebuild_list, row.next_xact) {
        (Some(next), Some(list), _) if known && next <= oldest => FeedCursor::Rebuild { next, list },
        (None, None, Some(next)) if known && next <= oldest => FeedCursor::Follow { next },
        _ => begin,
    }))
}

/// Writes down what is to be done next. `in_step_at` is given when the lists say all that the books said at that instant.
pub(super) async fn leave(
    tx: &mut PgTransaction<'_>,
    cluster: i64,
    cursor: FeedCursor,
    in_step_at: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    let (next, rebuild_next, rebuild_list) = match cursor {
        FeedCursor::Follow { next } => (Some(next), None, None),
        FeedCursor::Rebuild { next, list } => (None, Some(next), Some(list)),
    };
    sqlx::query!(
        "update redemption.status_cursor
         set cluster = $1, next_xact = $2, rebuild_next_xact = $3, rebuild_list = $4, in_step_at = coalesce($5, in_step_at)",
        cluster,
        next,
        rebuild_next,
        rebuild_list,
        in_step_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// When the lists were last known to say all that the books say.
pub(super) async fn in_step_at(pool: &sqlx::PgPool) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar!("select in_step_at from redemption.status_cursor")
        .fetch_one(pool)
        .await
}
