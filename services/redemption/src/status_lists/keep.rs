//! The task that makes a round again and again.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::time::{MissedTickBehavior, interval};
use web::Clock;

use super::round::{Maker, Round, RoundError};
use super::cursor;

/// Seconds between two rounds. A claim is in the list that is published at most this long, and a round, after it was made; a
/// phone that has just asked asks again after [`LIST_TTL_SECONDS`](super::LIST_TTL_SECONDS).
pub const ROUND_SECONDS: u64 = 15;

/// Keeps the lists in step for as long as it is polled; in as many processes as like to.
///
/// Metered as `ccn_status_rounds_total` (`outcome`: `made`, `elsewhere`, `failed`), `ccn_status_round_seconds`,
/// `ccn_status_changed_vouchers_total`, `ccn_status_lists_signed_total` (`why`: `changed`, `old`) and `ccn_status_behind_seconds`: for how
/// long the lists have not been known to be in step, whoever makes them. That is the one to watch: it stays under a minute.
pub async fn keep(maker: Maker, clock: Clock) {
    let mut rounds = interval(Duration::from_secs(ROUND_SECONDS));
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        let at = clock.now();
        let started = Instant::now();
        let result = maker.round(at).await;
        metrics::histogram!("ccn_status_round_seconds").record(started.elapsed());
        record(&result);
        let behind = behind(&maker, at).await;
        if let Err(error) = result {
            let error = causes(&error);
            tracing::error!(error, behind_seconds = behind, "status lists were not brought in step");
        }
    }
}

fn record(result: &Result<Round, RoundError>) {
    let outcome = match result {
        Ok(Round::InStep(work)) => {
            let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
            metrics::counter!("ccn_status_changed_vouchers_total").increment(count(work.vouchers));
            metrics::counter!("ccn_status_lists_signed_total", "why" => "changed").increment(count(work.changed));
            metrics::counter!("ccn_status_lists_signed_total", "why" => "old").increment(count(work.renewed));
            "made"
        }
        Ok(Round::Elsewhere) => "elsewhere",
        Err(_) => "failed",
    };
    metrics::counter!("ccn_status_rounds_total", "outcome" => outcome).increment(1);
}

/// Seconds since the lists were last known to be in step; nothing when they never were, or the database does not answer.
async fn behind(maker: &Maker, at: DateTime<Utc>) -> Option<i64> {
    let in_step_at = cursor::in_step_at(&maker.pool).await.ok()??;
    let seconds = (at - in_step_at).num_seconds().max(0);
    metrics::gauge!("ccn_status_behind_seconds").set(u32::try_from(seconds).unwrap_or(u32::MAX));
    Some(seconds)
}

fn causes(error: &RoundError) -> String {
    let mut causes = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        causes.push_str(": ");
        causes.push_str(&error.to_string());
        source = error.source();
    }
    causes
}
