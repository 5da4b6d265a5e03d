//! The run of every night.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Europe::Paris;
use database::UseCaseError;
use sealed_log::NoteKey;
use sqlx::PgPool;
use standards::calendar;
use web::{Clock, Created};

use crate::controls::reconciliation::alerts;
use crate::controls::reconciliation::document::RunTrigger;
use crate::controls::reconciliation::run::{RunRejection, RunRequest, run};
use crate::controls::reconciliation::store::{Stored, latest};
use crate::support::ids::ReconciliationId;

/// Seconds between two looks at the clock.
const LOOK_SECONDS: u64 = 30;

/// When runs are due, and what is too old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nightly {
    /// The Paris time of day; never when absent.
    pub at: Option<NaiveTime>,
    /// Days that a break may take.
    pub break_days_max: u32,
}

/// A time at which a run is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NightlyReconciliation {
    /// The Paris date.
    pub date: NaiveDate,
    pub due: DateTime<Utc>,
}

/// The last time that a run was due, when it is due every day at `time` in Paris.
#[must_use]
pub fn last_due(now: DateTime<Utc>, time: NaiveTime) -> NightlyReconciliation {
    let today = calendar::paris_date(now);
    let night = |date: NaiveDate| NightlyReconciliation {
        date,
        due: paris_instant(date, time),
    };
    let due = night(today);
    if due.due <= now {
        due
    } else {
        night(today.pred_opt().unwrap_or(today))
    }
}

/// A time that the change of the hour skips is an hour later; one that comes twice is the first.
fn paris_instant(date: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    let local = date.and_time(time);
    let in_paris = |local| Paris.from_local_datetime(&local).earliest();
    in_paris(local)
        .or_else(|| in_paris(local + TimeDelta::hours(1)))
        .map_or_else(|| local.and_utc(), |local| local.to_utc())
}

/// Runs the night that is due, unless it was run. Nights that passed while nobody ran are made up for by one run: what was then
/// can be compared no more.
pub async fn run_night(
    pool: &PgPool,
    key: &NoteKey,
    nightly: Nightly,
    at: DateTime<Utc>,
) -> Result<Option<Stored>, UseCaseError<RunRejection>> {
    let Some(time) = nightly.at else { return Ok(None) };
    let night = last_due(at, time).date;
    let ran = sqlx::query_scalar!(
        r#"select exists (select from funding.reconciliation where night >= $1) as "ran!""#,
        night
    )
    .fetch_one(pool)
    .await?;
    if ran {
        return Ok(None);
    }
    let request = RunRequest {
        id: ReconciliationId::derive(b"reconciliation-night", &[night.to_string().as_bytes()]),
        at,
        occasion: RunTrigger::Night,
        night: Some(night),
        break_days_max: nightly.break_days_max,
    };
    match run(pool, key, &request, None).await {
        Ok(Created::New(stored)) => Ok(Some(stored)),
        // Another instance's.
        Ok(Created::Existing(_)) | Err(UseCaseError::Rejected(RunRejection::InProgress | RunRejection::NightRun)) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Runs every night until the pool is closed. What fails is loud (log and `ccn_reconciliation_errors_total`) and tried again.
pub async fn run_reconciliation_worker(pool: PgPool, clock: Clock, key: Arc<NoteKey>, nightly: Nightly) {
    if let Ok(Some(last)) = show_last(&pool).await {
        alerts::show(&last.document);
    }
    // At the machine's pace: the clock of a demonstration stands still.
    let mut looks = tokio::time::interval(Duration::from_secs(LOOK_SECONDS));
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = looks.tick() => {}
            () = pool.close_event() => return,
        }
        match run_night(&pool, &key, nightly, clock.now()).await {
            Ok(_) => {}
            Err(UseCaseError::Database(sqlx::Error::PoolClosed)) => return,
            Err(error) => {
                metrics::counter!("ccn_reconciliation_errors_total").increment(1);
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the nightly reconciliation cannot run"
                );
            }
        }
    }
}

async fn show_last(pool: &PgPool) -> Result<Option<Stored>, sqlx::Error> {
    latest(&mut *pool.acquire().await?).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(now: &str, time: &str) -> (String, String) {
        let night = last_due(now.parse().unwrap(), time.parse().unwrap());
        (night.date.to_string(), night.due.to_rfc3339())
    }

    #[test]
    fn a_night_begins_when_it_is_due_in_paris_and_not_before() {
        for (now, time, date, instant) in [
            // Winter: 3:00 in Paris is 2:00 UTC.
            (
                "2026-01-10T01:59:59Z",
                "03:00:00",
                "2026-01-09",
                "2026-01-09T02:00:00+00:00",
            ),
            (
                "2026-01-10T02:00:00Z",
                "03:00:00",
                "2026-01-10",
                "2026-01-10T02:00:00+00:00",
            ),
            // Summer: 1:00 UTC.
            (
                "2026-07-10T01:00:00Z",
                "03:00:00",
                "2026-07-10",
                "2026-07-10T01:00:00+00:00",
            ),
            // After midnight in Paris, before it in Greenwich.
            (
                "2026-07-09T22:30:00Z",
                "00:15:00",
                "2026-07-10",
                "2026-07-09T22:15:00+00:00",
            ),
        ] {
            assert_eq!(due(now, time), (date.to_owned(), instant.to_owned()), "{now}");
        }
    }

    #[test]
    fn the_changes_of_the_hour_neither_skip_a_night_nor_repeat_it() {
        // 29 March 2026: 2:30 does not exist; 25 October: 2:30 comes twice.
        assert_eq!(due("2026-03-29T12:00:00Z", "02:30:00").1, "2026-03-29T01:30:00+00:00");
        assert_eq!(due("2026-10-25T12:00:00Z", "02:30:00").1, "2026-10-25T00:30:00+00:00");
        assert_eq!(due("2026-10-25T00:45:00Z", "02:30:00").0, "2026-10-25");
    }
}
