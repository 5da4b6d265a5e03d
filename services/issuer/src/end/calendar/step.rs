use access::{Caller, audit};
use catalogue::{ExpiryCalendar, ExpiryStep, ProgrammeId};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::PgTransaction;
use uuid::Uuid;

/// Who does a step, and when.
pub(crate) struct Doing<'a> {
    pub who: &'a Caller,
    /// The id that the caller made; none where the act has a row of its own, and for the clock.
    pub act: Option<Uuid>,
    pub at: DateTime<Utc>,
}

/// Writes a step with its trace; false when it was done before.
pub(crate) async fn record(
    tx: &mut PgTransaction<'_>,
    programme: ProgrammeId,
    calendar: &ExpiryCalendar,
    step: ExpiryStep,
    doing: &Doing<'_>,
    data: &impl Serialize,
) -> Result<bool, sqlx::Error> {
    let data = serde_json::to_value(data).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let late = calendar.is_late(step, doing.at);
    let by = (!doing.who.is_clock()).then(|| doing.who.organisation().uuid());
    let recorded = sqlx::query!(
        "insert into issuer.expiry_step (book_id, step, act_id, due_on, done_at, by_organisation, late, data)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (book_id, step) do nothing",
        programme.uuid(),
        step.word(),
        doing.act,
        calendar.due_on(step),
        doing.at,
        by,
        late,
        data,
    )
    .execute(&mut **tx)
    .await?
    .rows_affected()
        == 1;
    if recorded {
        audit(tx, doing.who, doing.at, action(step), Some(programme.uuid()), late).await?;
    }
    Ok(recorded)
}

const fn action(step: ExpiryStep) -> &'static str {
    match step {
        ExpiryStep::Alert => "expiry.alert",
        ExpiryStep::Block => "expiry.block",
        ExpiryStep::Acceptance => "expiry.accept",
        ExpiryStep::Refusal => "expiry.refuse",
        ExpiryStep::Sweep => "expiry.sweep",
        ExpiryStep::Statement => "expiry.state",
    }
}

/// A step that was done.
pub(crate) struct RecordedStep {
    pub act: Option<Uuid>,
    pub by: Option<Uuid>,
    pub done_at: DateTime<Utc>,
    pub data: Value,
}

/// A step, if it was done.
pub(crate) async fn find(
    tx: &mut PgTransaction<'_>,
    programme: ProgrammeId,
    step: ExpiryStep,
) -> Result<Option<RecordedStep>, sqlx::Error> {
    sqlx::query_as!(
        RecordedStep,
        "select act_id as act, by_organisation as by, done_at, data from issuer.expiry_step where book_id = $1 and step = $2",
        programme.uuid(),
        step.word(),
    )
    .fetch_optional(&mut **tx)
    .await
}

/// Whether any step was done.
pub(crate) async fn any(tx: &mut PgTransaction<'_>, programme: ProgrammeId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from issuer.expiry_step where book_id = $1) as "any!""#,
        programme.uuid()
    )
    .fetch_one(&mut **tx)
    .await
}
