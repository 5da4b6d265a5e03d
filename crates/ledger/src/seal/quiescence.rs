use std::time::Duration;

use sqlx::PgPool;

use crate::read::{TransactionNumber, lowest_in_flight};

/// Milliseconds between two looks at what is still in flight.
const QUIESCENCE_POLL_MILLIS: u64 = 50;

/// A transaction that was in flight at the beginning is still not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a transaction is still in flight")]
pub struct QuiescenceTimeout;

/// That everything posted before some moment is committed or gone: only waiting makes one, and [`close`](crate::seal::close()) takes one.
#[derive(Debug, Clone, Copy)]
pub struct Quiescence(pub(super) TransactionNumber);

impl Quiescence {
    /// Waits until every transaction that is in flight now has ended, at most for `patience`.
    pub async fn wait(pool: &PgPool, patience: Duration) -> sqlx::Result<Result<Self, QuiescenceTimeout>> {
        let mut connection = pool.acquire().await?;
        // A number of its own, so above those of all that began before. (The snapshot's xmax would be above those of all that ended.)
        let own = sqlx::query_scalar!(r#"select pg_current_xact_id()::text::bigint as "number!""#)
            .fetch_one(&mut *connection)
            .await?;
        let pause = Duration::from_millis(QUIESCENCE_POLL_MILLIS);
        let mut waited = Duration::ZERO;
        while lowest_in_flight(&mut connection).await? < own {
            if waited >= patience {
                return Ok(Err(QuiescenceTimeout));
            }
            tokio::time::sleep(pause).await;
            waited += pause;
        }
        Ok(Ok(Self(own)))
    }
}
