//! Reminders, driven by the clock. Each call is reminded once at each of its programme's days after the due day; a day that was
//! missed because nothing ran is not made up for when a later one is reached.

use std::time::Duration;

use access::{Caller, audit};
use chrono::{DateTime, Utc};
use sqlx::{PgPool, PgTransaction};
use standards::calendar;
use web::Clock;

use crate::support::ids::CallId;

/// Seconds between two looks at what is due: reminders are by the day.
const REMIND_SECONDS: u64 = 600;

/// Reminds what is due, and tells how many calls were.
pub async fn remind(tx: &mut PgTransaction<'_>, at: DateTime<Utc>) -> Result<usize, sqlx::Error> {
    let reminded = sqlx::query!(
        r#"insert into funding.reminder (call_id, days, missing_cents, reminded_on, at)
           select k.id, d.days, k.missing_cents, $1, $2
           from funding.call_state k
           left join lateral (
               select t.reminder_days from catalogue.funding_terms t
               where t.programme_id = k.programme_id order by t.version desc limit 1) t on true
           cross join lateral (
               select max(u.days) as days from unnest(coalesce(t.reminder_days, $3)) as u (days) where k.due_on + u.days <= $1) d
           where k.missing_cents > 0 and d.days is not null
               and not exists (select from funding.reminder r where r.call_id = k.id and r.days >= d.days)
           on conflict (call_id, days) do nothing
           returning call_id as "call: CallId", days"#,
        calendar::paris_date(at),
        at,
        &catalogue::FundingTerms::default().reminder_days,
    )
    .fetch_all(&mut **tx)
    .await?;
    for reminder in &reminded {
        let act = ids::derive_uuid(
            b"reminder",
            &[reminder.call.uuid().as_bytes(), &reminder.days.to_be_bytes()],
        );
        audit(
            tx,
            &Caller::clock(act),
            at,
            "call.remind",
            Some(reminder.call.uuid()),
            reminder.days,
        )
        .await?;
    }
    Ok(reminded.len())
}

/// Reminds every `REMIND_SECONDS` until the pool is closed. A failure is loud (log and `ccn_reminder_failures_total`) and tried
/// again: nothing is lost by waiting.
pub async fn run_reminder_worker(pool: PgPool, clock: Clock) {
    let mut rounds = tokio::time::interval(Duration::from_secs(REMIND_SECONDS));
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = rounds.tick() => {}
            () = pool.close_event() => return,
        }
        let at = clock.now();
        let reminded = database::transaction(&pool, "remind", |tx| Box::pin(async move { remind(tx, at).await })).await;
        match reminded {
            Ok(calls) => metrics::counter!("ccn_reminders_total").increment(calls as u64),
            Err(sqlx::Error::PoolClosed) => return,
            Err(error) => {
                metrics::counter!("ccn_reminder_failures_total").increment(1);
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "calls for funds cannot be reminded"
                );
            }
        }
    }
}
