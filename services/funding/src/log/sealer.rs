use std::sync::Arc;
use std::time::{Duration, Instant};

use ledger::seal::{SealError, seal, unequal_sums};
use sealed_log::NoteKey;
use sqlx::PgPool;
use web::Clock;

use crate::log::lag::LagAlert;

/// Seconds between two rounds of the sealer: how long a transfer stays without proof.
pub const SEAL_SECONDS: u64 = 3;

/// Seconds between two comparisons of every account with its transfers, which read the whole book.
pub const SUMS_SECONDS: u64 = 3600;

/// Accounts that are told one by one.
const UNEQUAL_SHOWN_MAX: u32 = 20;

/// Seals every [`SEAL_SECONDS`] until the pool is closed. A failure is loud (log and `ccn_seal_failures_total`) and tried again:
/// nothing is lost by waiting, but a book that cannot be sealed needs somebody. Every [`SUMS_SECONDS`] each account is compared with
/// its transfers (`ccn_unequal_accounts`). After each round, what still waits is shown (`ccn_unsealed_entries`, `ccn_seal_lag_seconds`), and
/// told when it waits for too long.
pub async fn run_sealer(pool: PgPool, clock: Clock, key: Arc<NoteKey>) {
    // At the machine's pace: the clock of a demonstration stands still.
    let mut rounds = tokio::time::interval(Duration::from_secs(SEAL_SECONDS));
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut compared, mut alert) = (Instant::now(), LagAlert::default());
    loop {
        tokio::select! {
            _ = rounds.tick() => {}
            () = pool.close_event() => return,
        }
        match seal(&pool, &key, clock.now()).await {
            Ok(sealed) => metrics::counter!("ccn_sealed_entries_total").increment(sealed.entries),
            Err(SealError::Database(sqlx::Error::PoolClosed)) => return,
            Err(error) => {
                metrics::counter!("ccn_seal_failures_total").increment(1);
                tracing::error!(error = &error as &dyn std::error::Error, "the books cannot be sealed");
            }
        }
        alert.look(&pool, clock.now()).await;
        if compared.elapsed() >= Duration::from_secs(SUMS_SECONDS) {
            compared = Instant::now();
            compare_sums(&pool).await;
        }
    }
}

async fn compare_sums(pool: &PgPool) {
    // A snapshot, because it has the time that reading the whole book takes.
    let unequal = match ledger::read::snapshot(pool).await {
        Ok(mut snapshot) => unequal_sums(&mut snapshot, UNEQUAL_SHOWN_MAX).await,
        Err(error) => Err(error),
    };
    match unequal {
        Ok(unequal) => {
            metrics::gauge!("ccn_unequal_accounts").set(u32::try_from(unequal.len()).unwrap_or(u32::MAX));
            for account in unequal {
                tracing::error!(book = %account.book, account = %account.number, "an account is not the sum of its transfers");
            }
        }
        Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "accounts cannot be compared"),
    }
}
