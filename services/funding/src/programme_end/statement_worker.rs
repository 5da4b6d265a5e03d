use std::time::Duration;

use access::Caller;
use catalogue::{ExpiryCalendar, ExpiryStep, Programme, ProgrammeId};
use chrono::{DateTime, Utc};
use database::UseCaseError;
use serde::Serialize;
use sqlx::PgPool;
use standards::calendar::paris_date;
use tokio::time::{MissedTickBehavior, interval};
use utoipa::ToSchema;
use web::{Clock, Created};

use super::issue;
use super::refund_unused_value::{NewUnusedValueRefund, RefundUnusedValueRejection, refund_unused_value};
use crate::support::DocumentSigner;

/// Seconds between two rounds: the steps have days.
pub const STATEMENT_SECONDS: u64 = 3_600;

/// What a round did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct StatementRound {
    /// Statements issued.
    pub issued: Vec<ProgrammeId>,
    /// Programmes of which credits were given.
    pub refunded: Vec<ProgrammeId>,
    /// Programmes of which something failed; the reason is in the logs, and the next round tries again.
    pub failed: Vec<ProgrammeId>,
}

/// What of a programme waits for the clock.
struct Waiting {
    programme: ProgrammeId,
    /// Swept, and without statement.
    to_state: bool,
    /// Has a statement that nobody contests and that can be contested no more, and a funder who got nothing yet, or has something there
    /// again.
    to_refund: bool,
}

/// Issues the statements that are due, and gives the credits of those that stand; harmless to repeat, and to do in several places at once.
pub(crate) async fn round(
    pool: &PgPool,
    documents: &DocumentSigner,
    at: DateTime<Utc>,
) -> Result<StatementRound, sqlx::Error> {
    let mut round = StatementRound::default();
    let waiting = waiting(pool, at).await?;
    if waiting.is_empty() {
        return Ok(round);
    }
    for (programme, calendar) in catalogue::expiry_calendars(pool).await? {
        let Some(waits) = waiting.iter().find(|waits| waits.programme == programme.id) else {
            continue;
        };
        let id = programme.id;
        if waits.to_state && calendar.is_due(ExpiryStep::Statement, at) {
            match state(pool, documents, &programme, &calendar, at).await {
                Ok(true) => round.issued.push(id),
                Ok(false) => {}
                Err(()) => round.failed.push(id),
            }
        }
        if waits.to_refund {
            match credit(pool, &programme, at).await {
                Ok(Created::New(_)) => round.refunded.push(id),
                Ok(Created::Existing(_)) => {}
                Err(error) => {
                    failed(id, "giving back", &error);
                    round.failed.push(id);
                }
            }
        }
    }
    Ok(round)
}

/// The failure was told.
async fn state(
    pool: &PgPool,
    documents: &DocumentSigner,
    programme: &Programme,
    calendar: &ExpiryCalendar,
    at: DateTime<Utc>,
) -> Result<bool, ()> {
    let issued = issue::issue(pool, documents, programme, calendar, at).await;
    if let Ok(true) = issued {
        let late = calendar.is_late(ExpiryStep::Statement, at).to_string();
        metrics::counter!("ccn_expiry_steps_total", "step" => "statement", "late" => late).increment(1);
    }
    issued.map_err(|error| failed(programme.id, "statement", &error))
}

async fn credit(
    pool: &PgPool,
    programme: &Programme,
    at: DateTime<Utc>,
) -> Result<Created<Vec<super::refund_unused_value::UnusedValueRefund>>, UseCaseError<RefundUnusedValueRejection>> {
    let act = ids::derive_uuid(b"expiry giving back", &[programme.id.uuid().as_bytes()]);
    let new = NewUnusedValueRefund {
        execute_on: paris_date(at),
        override_reason: None,
    };
    refund_unused_value(pool, &Caller::clock(act), programme, &new, at).await
}

fn failed(programme: ProgrammeId, step: &'static str, error: &(dyn std::error::Error + 'static)) {
    metrics::counter!("ccn_expiry_failures_total", "step" => step).increment(1);
    tracing::error!(error, %programme, step, "a step of the expiry calendar failed");
}

async fn waiting(pool: &PgPool, at: DateTime<Utc>) -> Result<Vec<Waiting>, sqlx::Error> {
    sqlx::query_as!(
        Waiting,
        r#"select p.id as "programme!: ProgrammeId", s.programme_id is null as "to_state!",
               coalesce(s.contest_until < $1, false) as "to_refund!"
           from catalogue.programme p
           join issuer.expiry_step_done d on d.book_id = p.id and d.step = 'sweep'
           left join funding.expiry_statement s on s.programme_id = p.id
           where s.programme_id is null
               or (s.contest_until < $1
                   and (exists (
                           select from funding.expiry_party f
                           where f.programme_id = p.id and f.funds and not exists (
                               select from funding.unused_value_refund g
                               where g.programme_id = p.id and g.funder_id = f.organisation_id))
                       or exists (
                           select from ledger.funder_balance a
                           where a.book_id = p.id and a.kind in ('available', 'refundable') and a.cents > 0))
                   and not exists (
                       select from (
                           select distinct on (r.organisation_id) r.answer from funding.expiry_response r
                           where r.programme_id = p.id order by r.organisation_id, r.at desc, r.id desc) last
                       where last.answer = 'contested'))
           order by p.created_at, p.id"#,
        paris_date(at),
    )
    .fetch_all(pool)
    .await
}

/// Issues what is due, at once and then every [`STATEMENT_SECONDS`], until the pool is closed; in as many processes as like to. Metered
/// as `ccn_expiry_steps_total` (`step`: `statement`) and `ccn_expiry_failures_total`: the last is the one to watch.
pub async fn run_statement_worker(pool: PgPool, clock: Clock, documents: DocumentSigner) {
    // At the machine's pace: the clock of a demonstration stands still.
    let mut rounds = interval(Duration::from_secs(STATEMENT_SECONDS));
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = rounds.tick() => {}
            () = pool.close_event() => return,
        }
        match round(&pool, &documents, clock.now()).await {
            Ok(round) if round == StatementRound::default() => {}
            Ok(round) => tracing::info!(
                issued = round.issued.len(),
                refunded = round.refunded.len(),
                "adversarial statements went on"
            ),
            Err(sqlx::Error::PoolClosed) => return,
            Err(error) => {
                metrics::counter!("ccn_expiry_failures_total", "step" => "all").increment(1);
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "adversarial statements stand still"
                );
            }
        }
    }
}
