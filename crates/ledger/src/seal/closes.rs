//! The months that are closed, as they are stored.

use chrono::{DateTime, NaiveDate, Utc};
use sealed_log::Hash;
use sqlx::PgConnection;
use standards::Month;
use uuid::Uuid;

use crate::seal::columns::{hash, unsigned};

/// A month into which nothing is booked any more, and the signed checkpoint that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// The month that nothing is booked into any more.
    pub month: Month,
    /// The instant of the act.
    pub at: DateTime<Utc>,
    /// The organisation that closed it.
    pub by: Uuid,
    /// Leaves of the log then; later ones are booked in later months.
    pub size: u64,
    /// The root of these leaves.
    pub root: Hash,
    /// The signed checkpoint that names the month.
    pub note: String,
    /// The verifier key of who signed it.
    pub verifier: String,
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

/// The last closed month, and how many leaves there were at its close.
pub(super) async fn last_close(connection: &mut PgConnection) -> sqlx::Result<Option<(Month, u64)>> {
    let last = sqlx::query!("select month, size from ledger.close order by month desc limit 1")
        .fetch_optional(connection)
        .await?;
    last.map(|last| Ok((Month::containing(last.month), unsigned(last.size)?)))
        .transpose()
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
    let last = last_close(connection).await?;
    Ok(last.map(|(month, _)| month.next().first_day()))
}
