use access::Caller;
use catalogue::{ExpiryCalendar, ExpiryStep, Programme, ProgrammeId};
use chrono::{DateTime, Utc};
use database::UseCaseError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::{PgPool, PgTransaction};
use standards::calendar::paris_date;
use utoipa::ToSchema;

use super::accept::counts;
use super::distribution::{self, Distribution};
use super::step::{self, Doing, record};
use super::sums::{self, BookletCount, BookletSums};
use crate::{ExpiryId, end::expire::ExpireRejection, end::expire::NewExpiry};

/// The steps that are the issuer's and that the clock does, in order.
const STEPS: [ExpiryStep; 4] = [
    ExpiryStep::Alert,
    ExpiryStep::Block,
    ExpiryStep::Acceptance,
    ExpiryStep::Sweep,
];

/// A step that was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct StepDone {
    /// Of which programme.
    pub programme_id: ProgrammeId,
    pub step: ExpiryStep,
    /// Whether its day had passed.
    pub late: bool,
}

/// What a round did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExpiryRound {
    /// In the order in which they were done.
    pub steps: Vec<StepDone>,
    /// Programmes whose next step failed; the reason is in the logs, and the next round tries again.
    pub failed: Vec<ProgrammeId>,
}

/// Does every step that is due and not done, programme by programme, in order; harmless to repeat, and to do in several places at once.
pub async fn expiry_round(pool: &PgPool, at: DateTime<Utc>) -> Result<ExpiryRound, sqlx::Error> {
    let mut round = ExpiryRound::default();
    for (programme, calendar) in catalogue::expiry_calendars(pool).await? {
        let due: Vec<ExpiryStep> = STEPS.into_iter().filter(|&step| calendar.is_due(step, at)).collect();
        if due.is_empty() {
            continue;
        }
        let done = done(pool, programme.id).await?;
        for step in due
            .into_iter()
            .filter(|step| !done.iter().any(|word| word == step.word()))
        {
            match do_step(pool, &programme, &calendar, step, at).await {
                Ok(true) => {
                    let late = calendar.is_late(step, at);
                    metrics::counter!("ccn_expiry_steps_total", "step" => step.word(), "late" => late.to_string())
                        .increment(1);
                    round.steps.push(StepDone {
                        programme_id: programme.id,
                        step,
                        late,
                    });
                }
                // Another instance was faster.
                Ok(false) => {}
                Err(error) => {
                    metrics::counter!("ccn_expiry_failures_total", "step" => step.word()).increment(1);
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, programme = %programme.id, step = step.word(), "a step of the expiry calendar failed");
                    round.failed.push(programme.id);
                    // In order: what follows waits for what failed.
                    break;
                }
            }
        }
    }
    Ok(round)
}

async fn done(pool: &PgPool, programme: ProgrammeId) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "select step from issuer.expiry_step where book_id = $1",
        programme.uuid()
    )
    .fetch_all(pool)
    .await
}

/// False when it was done before.
async fn do_step(
    pool: &PgPool,
    programme: &Programme,
    calendar: &ExpiryCalendar,
    step: ExpiryStep,
    at: DateTime<Utc>,
) -> Result<bool, UseCaseError<ExpireRejection>> {
    let act = ids::derive_uuid(
        b"expiry step",
        &[programme.id.uuid().as_bytes(), step.word().as_bytes()],
    );
    let clock = Caller::clock(act);
    if step == ExpiryStep::Sweep {
        // The sweep writes its row itself, whoever asked for it.
        let new = NewExpiry {
            id: ExpiryId::from_uuid(act),
        };
        crate::end::expire::expire(pool, &clock, programme, &new, at).await?;
        return Ok(true);
    }
    let counted = database::transaction(pool, "expiry_step", |tx| {
        let (programme, calendar, clock) = (programme.clone(), *calendar, clock.clone());
        Box::pin(async move {
            let data = match step {
                ExpiryStep::Alert => json!(sums::count(tx, programme.id).await?),
                ExpiryStep::Block => block(tx, &programme).await?,
                _ => tacit(tx, programme.id).await?,
            };
            let doing = Doing {
                who: &clock,
                act: None,
                at,
            };
            let recorded = record(tx, programme.id, &calendar, step, &doing, &data).await?;
            Ok::<_, sqlx::Error>(recorded.then_some(data))
        })
    })
    .await?;
    if let (ExpiryStep::Alert, Some(data)) = (step, &counted) {
        alert(programme, calendar, data, at);
    }
    Ok(counted.is_some())
}

/// The counts of the day on which hand-overs stop, and what the sponsor had decided.
async fn block(tx: &mut PgTransaction<'_>, programme: &Programme) -> Result<Value, sqlx::Error> {
    let mut data = json!(sums::count(tx, programme.id).await?);
    let decision = distribution::last(&mut **tx, programme).await?;
    let stopped = decision
        .as_ref()
        .is_none_or(|decision| decision.decision == Distribution::Stop);
    data["stopped"] = json!(stopped);
    data["decision"] = json!(decision);
    Ok(data)
}

/// Silence is acceptance, of what was counted when hand-overs stopped.
async fn tacit(tx: &mut PgTransaction<'_>, programme: ProgrammeId) -> Result<Value, sqlx::Error> {
    let counted = step::find(tx, programme, ExpiryStep::Block).await?;
    let sums: BookletSums = counted.map_or_else(
        || Ok(BookletSums::default()),
        |step| counts(&step).map(|count| count.sums),
    )?;
    Ok(json!({"tacit": true, "sums": sums}))
}

/// Says that a programme ends soon: once, and only to whom it still helps. There is no mail; the log and the metric are for those who
/// watch them, and the sponsor reads the calendar.
fn alert(programme: &Programme, calendar: &ExpiryCalendar, data: &Value, at: DateTime<Utc>) {
    let Ok(BookletCount { sums, .. }) = BookletCount::deserialize(data) else {
        return;
    };
    if paris_date(at) > calendar.printed_day || sums.issued.booklets == 0 {
        return;
    }
    metrics::counter!("ccn_expiry_alerts_total").increment(1);
    tracing::warn!(
        programme = %programme.id, sponsor = %programme.sponsor_id, printed_day = %calendar.printed_day,
        issued = sums.issued.booklets, handed_over = sums.handed_over.booklets,
        never_handed_over = sums.never_handed_over.booklets, started = sums.started.booklets,
        "a programme ends soon"
    );
}
