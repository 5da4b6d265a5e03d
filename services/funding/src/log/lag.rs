//! The lag of the seal, made loud: a gauge for whoever watches, a line for whoever reads.
//!
//! The sealer waits for every transaction of this database that began before: one that somebody forgot keeps it waiting for ever, and
//! nothing posted since can be proven, while everything else works.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use ledger::seal::{SealLag, seal_lag};
use sqlx::PgPool;

/// Seconds that an entry may wait for its place in the log before it is an error: the sealer comes every
/// [`SEAL_SECONDS`](crate::log::sealer::SEAL_SECONDS).
pub const SEAL_LAG_SECONDS_MAX: i64 = 60;

/// Seconds between two lines of the log that say the same.
const TOLD_EVERY_SECONDS: u64 = 60;

/// Reads the lag and shows it; says whether it is too long.
pub async fn show_seal_lag(pool: &PgPool, at: DateTime<Utc>) -> sqlx::Result<(SealLag, bool)> {
    let lag = seal_lag(&mut *pool.acquire().await?).await?;
    let seconds = lag.age(at).num_seconds();
    let gauge = |value: u64| f64::from(u32::try_from(value).unwrap_or(u32::MAX));
    metrics::gauge!("ccn_unsealed_entries").set(gauge(lag.entries));
    metrics::gauge!("ccn_seal_lag_seconds").set(gauge(u64::try_from(seconds).unwrap_or(0)));
    Ok((lag, seconds > SEAL_LAG_SECONDS_MAX))
}

/// Tells a lag that is too long at once, and then once a minute.
#[derive(Debug, Default)]
pub(super) struct LagAlert(Option<Instant>);

impl LagAlert {
    pub async fn look(&mut self, pool: &PgPool, at: DateTime<Utc>) {
        match show_seal_lag(pool, at).await {
            Ok((lag, true)) => self.tell(&lag, at),
            Ok((_, false)) => self.0 = None,
            Err(sqlx::Error::PoolClosed) => {}
            Err(error) => tracing::error!(
                error = &error as &dyn std::error::Error,
                "the lag of the seal cannot be read"
            ),
        }
    }

    fn tell(&mut self, lag: &SealLag, at: DateTime<Utc>) {
        if self
            .0
            .is_some_and(|told| told.elapsed() < Duration::from_secs(TOLD_EVERY_SECONDS))
        {
            return;
        }
        self.0 = Some(Instant::now());
        tracing::error!(
            entries = lag.entries,
            seconds = lag.age(at).num_seconds(),
            process = lag.waits_for.and_then(|waits_for| waits_for.process),
            transaction_seconds = lag.waits_for.and_then(|waits_for| waits_for.seconds),
            "entries wait for their seal for too long: see the PostgreSQL process that is named, if one is"
        );
    }
}
