use std::sync::Arc;
use std::time::Duration;

use ledger::proof::{NoteKey, SealError, seal};
use sqlx::PgPool;
use web::Clock;

/// Seconds between two rounds of the sealer: how long a transfer stays without proof.
pub const SEAL_SECONDS: u64 = 3;

/// Seals every [`SEAL_SECONDS`] until the pool is closed. A failure is loud (log and `ccn_seal_failures_total`) and tried again:
/// nothing is lost by waiting, but a book that cannot be sealed needs somebody.
pub async fn keep_sealed(pool: PgPool, clock: Clock, key: Arc<NoteKey>) {
    // At the machine's pace: the clock of a demonstration stands still.
    let mut rounds = tokio::time::interval(Duration::from_secs(SEAL_SECONDS));
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = rounds.tick() => {}
            () = pool.close_event() => return,
        }
        match seal(&pool, &key, clock.now()).await {
            Ok(sealed) => metrics::counter!("ccn_sealed_transfers_total").increment(sealed.transfers),
            Err(SealError::Database(sqlx::Error::PoolClosed)) => return,
            Err(error) => {
                metrics::counter!("ccn_seal_failures_total").increment(1);
                tracing::error!(error = &error as &dyn std::error::Error, "the books cannot be sealed");
            }
        }
    }
}
