//! Closing a month: an act of the sealer, after which nothing is booked into it.
//!
//! 1. [`Quiet::wait`]: every transaction under way at this moment comes to its end, so whatever was posted before is there.
//! 2. [`close`], in one transaction that holds the sealer's lock: all of it is sealed, each entry on its own day as far as the day
//!    before it allows, and a checkpoint of its own that names the month is signed. The row is never changed and there is no way back.
//! 3. From then on the sealer books nothing before the first day after the last closed month ([`first_open_day`]). What comes late
//!    keeps its own `at`, and says that it is late.
//!
//! Months close in order, from that of the first entry, each once, none before it is over in Paris.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, PgPool, PgTransaction};
use standards::Month;
use standards::calendar::paris_date;
use uuid::Uuid;

use crate::proof::seal::{lock, seal_chunk};
use crate::proof::store::{hash, signed, unsigned};
use crate::proof::{Checkpoint, Hash, NoteKey, SealError, SignFailed, Unequal, unequal_sums};
use crate::{TransactionNumber, oldest_under_way};

/// Milliseconds between two looks at what is still under way.
const QUIET_POLL_MILLIS: u64 = 50;

/// A closed month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// Which.
    pub month: Month,
    /// When it was closed.
    pub at: DateTime<Utc>,
    /// By whom: an organisation.
    pub by: Uuid,
    /// Leaves of the log then; later ones are booked in later months.
    pub size: u64,
    /// Their root.
    pub root: Hash,
    /// The signed checkpoint that names the month.
    pub note: String,
    /// The verifier key of who signed it.
    pub verifier: String,
}

/// Why a month was not closed.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    /// It is still running, or to come.
    #[error("the month is not over")]
    NotOver,
    /// Another one comes first.
    #[error("{0} must be closed first")]
    NotNext(Month),
    /// It is before the month whose turn it is, which is given, and was never closed; or there is no entry yet.
    #[error("there is nothing to close")]
    Nothing(Option<Month>),
    /// A transaction of before is still under way: a matter of seconds.
    #[error("transactions are under way")]
    Busy,
    /// An account's sums are not those of its transfers: somebody wrote to the books past `post`.
    #[error("account {} of book {} does not agree with its transfers", .0.number, .0.book)]
    Sums(Unequal),
    /// What cannot be sealed.
    #[error("not sealed")]
    Seal(#[from] SealError),
    /// The key does not sign.
    #[error(transparent)]
    Sign(#[from] SignFailed),
    /// PostgreSQL.
    #[error("database")]
    Database(#[from] sqlx::Error),
}

/// That everything posted before some moment is committed or gone. Only waiting makes one, and closing takes one.
#[derive(Debug, Clone, Copy)]
pub struct Quiet(TransactionNumber);

impl Quiet {
    /// Waits until every transaction that is under way now has ended, at most for `patience`; nothing when one has not.
    pub async fn wait(pool: &PgPool, patience: Duration) -> sqlx::Result<Option<Self>> {
        let mut connection = pool.acquire().await?;
        // A number of its own, so above those of all that began before. (The snapshot's xmax would be above those of all that ended.)
        let own = sqlx::query_scalar!(r#"select pg_current_xact_id()::text::bigint as "number!""#)
            .fetch_one(&mut *connection)
            .await?;
        let pause = Duration::from_millis(QUIET_POLL_MILLIS);
        let mut waited = Duration::ZERO;
        while oldest_under_way(&mut connection).await? < own {
            if waited >= patience {
                return Ok(None);
            }
            tokio::time::sleep(pause).await;
            waited += pause;
        }
        Ok(Some(Self(own)))
    }
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
    quiet: Quiet,
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
    if below < quiet.0 {
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

/// All closed months, in order.
pub async fn closes(connection: &mut PgConnection) -> sqlx::Result<Vec<Close>> {
    let rows = sqlx::query!("select month, at, closed_by, size, root, note, verifier from ledger.close order by month")
        .fetch_all(connection)
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Close {
                month: Month::containing(row.month),
                at: row.at,
                by: row.closed_by,
                size: unsigned(row.size)?,
                root: hash(&row.root)?,
                note: row.note,
                verifier: row.verifier,
            })
        })
        .collect()
}

/// The month whose turn it is: after the last closed one, or that of the first entry; nothing before there is one.
pub async fn next_to_close(connection: &mut PgConnection) -> sqlx::Result<Option<Month>> {
    if let Some(open) = first_open_day(&mut *connection).await? {
        return Ok(Some(Month::containing(open)));
    }
    let first = sqlx::query_scalar!("select booked_on from ledger.leaf where seq = 0")
        .fetch_optional(connection)
        .await?;
    Ok(first.map(Month::containing))
}

/// The first day on which something may be booked; nothing while no month is closed.
pub async fn first_open_day(connection: &mut PgConnection) -> sqlx::Result<Option<NaiveDate>> {
    let last = sqlx::query_scalar!("select month from ledger.close order by month desc limit 1")
        .fetch_optional(connection)
        .await?;
    Ok(last.map(|month| Month::containing(month).next().first_day()))
}
