use std::time::Duration;

use sqlx::PgPool;
use tokio::time::{MissedTickBehavior, interval};
use web::Clock;

use super::round::expiry_round;

/// Seconds between two rounds. Steps have days, and hand-overs stop without them: an hour is soon enough.
pub const CALENDAR_SECONDS: u64 = 3_600;

/// Does what is due of every programme's end, at once and then every [`CALENDAR_SECONDS`], until the pool is closed; in as many
/// processes as like to. Metered as `ccn_expiry_steps_total` (`step`, `late`), `ccn_expiry_alerts_total` and
/// `ccn_expiry_failures_total`: the last is the one to watch.
pub async fn run_calendar_worker(pool: PgPool, clock: Clock) {
    // At the machine's pace: the clock of a demonstration stands still.
    let mut rounds = interval(Duration::from_secs(CALENDAR_SECONDS));
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = rounds.tick() => {}
            () = pool.close_event() => return,
        }
        match expiry_round(&pool, clock.now()).await {
            Ok(round) if round.steps.is_empty() => {}
            Ok(round) => tracing::info!(steps = round.steps.len(), "the expiry calendar went on"),
            Err(sqlx::Error::PoolClosed) => return,
            Err(error) => {
                metrics::counter!("ccn_expiry_failures_total", "step" => "all").increment(1);
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the expiry calendar stands still"
                );
            }
        }
    }
}
