//! Closing a month: an act of the sealer, after which nothing is booked into it.
//!
//! 1. [`Quiescence::wait`]: every transaction in flight at this moment comes to its end, so whatever was posted before is there.
//! 2. [`close`], in one transaction that holds the sealer's lock: all of it is sealed, each entry on its own day as far as the day
//!    before it allows, and a checkpoint of its own that names the month is signed. The row is never changed and there is no way back.
//! 3. From then on the sealer books nothing before the first day after the last closed month (`first_open_day`). What comes late
//!    keeps its own `at`, and says that it is late.
//!
//! Months close in order, from that of the first entry, each once, none before it is over in Paris.

use chrono::{DateTime, Utc};
use sealed_log::{Checkpoint, NoteKey, SignFailed};
use sqlx::{PgConnection, PgTransaction};
use standards::Month;
use standards::calendar::paris_date;
use uuid::Uuid;

use crate::seal::chunk::{SealError, lock, seal_chunk};
use crate::seal::closes::{Close, closes, next_to_close};
use crate::seal::columns::signed;
use crate::seal::quiescence::Quiescence;
use crate::seal::sums::{UnequalSums, unequal_sums};

/// Why a month was not closed.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    #[error("the month is not over")]
    NotOver,
    #[error("{0} must be closed first")]
    NotNext(Month),
    /// It is before the month whose turn it is, which is given, and was never closed; or there is no entry yet.
    #[error("there is nothing to close")]
    Nothing(Option<Month>),
    /// A transaction that began before is still in flight: a matter of seconds.
    #[error("transactions are in flight")]
    Busy,
    /// An account's sums are not those of its transfers: somebody wrote to the books past `post`.
    #[error("account {} of book {} does not agree with its transfers", .0.number, .0.book)]
    Sums(UnequalSums),
    /// What is left cannot be sealed, so the close cannot cover it.
    #[error("not sealed")]
    Seal(#[from] SealError),
    /// The key that signs the close does not answer.
    #[error(transparent)]
    Sign(#[from] SignFailed),
    /// PostgreSQL failed; nothing was closed.
    #[error("database")]
    Database(#[from] sqlx::Error),
}

/// Compares every account with its transfers, as must be done before a close: it reads the whole book, so outside of the
/// transaction that keeps the sealer waiting.
pub async fn check_all_sums(connection: &mut PgConnection) -> Result<(), CloseError> {
    match unequal_sums(connection, 1).await?.pop() {
        None => Ok(()),
        Some(unequal) => Err(CloseError::Sums(unequal)),
    }
}

/// What is known before the book is read: that `month` was closed before, or why it cannot be closed. An entry that is not sealed yet may
/// still be the first of all, so [`close`] looks again.
pub async fn turn(connection: &mut PgConnection, month: Month, at: DateTime<Utc>) -> Result<Option<Close>, CloseError> {
    let mut known = closes(&mut *connection).await?;
    if let Some(place) = known.iter().position(|close| close.month == month) {
        return Ok(Some(known.swap_remove(place)));
    }
    if paris_date(at) <= month.last_day() {
        return Err(CloseError::NotOver);
    }
    match next_to_close(connection).await? {
        Some(next) if next < month => Err(CloseError::NotNext(next)),
        Some(next) if next > month => Err(CloseError::Nothing(Some(next))),
        _ => Ok(None),
    }
}

/// Closes `month`; `true` when it was this call that did. Seals what is left, so that the close covers it.
pub async fn close(
    tx: &mut PgTransaction<'_>,
    key: &NoteKey,
    month: Month,
    by: Uuid,
    quiescence: Quiescence,
    at: DateTime<Utc>,
) -> Result<(Close, bool), CloseError> {
    lock(tx, true).await?;
    if let Some(known) = turn(tx, month, at).await? {
        return Ok((known, false));
    }
    let mut from = None;
    let (tree, below) = loop {
        let chunk = seal_chunk(tx, key, from, at).await?;
        from = chunk.next;
        if from.is_none() {
            break (chunk.tree, chunk.below);
        }
    };
    if below < quiescence.0 {
        return Err(CloseError::Busy);
    }
    // What was sealed just now may be the first entry of all.
    turn(tx, month, at).await?;
    if next_to_close(tx).await?.is_none() {
        return Err(CloseError::Nothing(None));
    }
    let checkpoint = Checkpoint::of_close(key.name(), tree.size(), tree.root(), month);
    let close = Close {
        month,
        at,
        by,
        size: checkpoint.size,
        root: checkpoint.root,
        note: checkpoint.sign(key)?,
        verifier: key.verifier().to_string(),
    };
    sqlx::query!(
        "insert into ledger.close (month, at, closed_by, size, root, note, verifier) values ($1, $2, $3, $4, $5, $6, $7)",
        month.first_day(),
        at,
        by,
        signed(close.size)?,
        close.root.bytes().as_slice(),
        close.note,
        close.verifier,
    )
    .execute(&mut **tx)
    .await?;
    Ok((close, true))
}
