//! What people read: the calendar of a programme's end, and its statement with what was answered.

use access::{Caller, OrganisationId};
use catalogue::{DaysSetting, ExpiryCalendar, ExpiryStep, Programme, ProgrammeId, UnusedValue};
use chrono::{DateTime, NaiveDate, Utc};
use data_encoding::HEXLOWER;
use serde::Serialize;
use serde_json::Value;
use sqlx::{PgPool, PgTransaction};
use standards::calendar::paris_date;
use utoipa::ToSchema;

use super::choose::{self, UnusedValueChoice};
use super::reader::MoneyReader;
use super::refund_unused_value::{self, UnusedValueRefund};
use super::respond::{self, StatementAnswer, StatementResponse};

/// The calendar of a programme's end.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CalendarView {
    pub programme_id: ProgrammeId,
    /// D: the date on the paper.
    pub printed_day: NaiveDate,
    /// The last day accepted.
    pub last_day: NaiveDate,
    /// In order of their days.
    pub steps: Vec<ExpiryStepView>,
    /// What the sponsor decided about hand-overs, in order of time.
    pub decisions: Vec<DecisionView>,
    /// For how long the statement may be contested.
    pub contest: DaysSetting,
    /// What becomes of unused value when its funder does not choose.
    pub unused_value: UnusedValue,
    /// True when nobody chose that.
    pub unused_value_by_default: bool,
}

/// Where a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StepState {
    /// Its day has not come.
    ToCome,
    /// Its day has come, and it is not done yet.
    Due,
    Done,
    /// Without object: the programme was created after its day.
    Moot,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ExpiryStepView {
    pub step: ExpiryStep,
    /// What people call it.
    pub name: &'static str,
    /// Its Paris day.
    pub due_on: NaiveDate,
    /// The days before or after D that place it, and whether anybody chose them.
    pub offset: Option<DaysSetting>,
    pub state: StepState,
    /// When it was done.
    pub done_at: Option<DateTime<Utc>>,
    /// Done on a later day.
    pub late: bool,
    /// Who did it; nobody when the clock did.
    pub by: Option<OrganisationId>,
    /// What was counted, decided, or given back then.
    pub data: Option<Value>,
}

/// A decision about hand-overs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DecisionView {
    /// `continue` or `stop`.
    pub decision: String,
    pub reason: String,
    pub by: OrganisationId,
    pub at: DateTime<Utc>,
}

/// A step that was done.
struct StepRow {
    step: String,
    done_at: DateTime<Utc>,
    late: bool,
    by: Option<OrganisationId>,
    data: Value,
}

/// The calendar as a reader may see it.
pub(crate) async fn calendar(
    pool: &PgPool,
    programme: &Programme,
    reader: MoneyReader,
    at: DateTime<Utc>,
) -> Result<CalendarView, sqlx::Error> {
    let calendar = catalogue::expiry_calendar(pool, programme).await?;
    let mut done = done(pool, programme.id).await?;
    if !reader.sees_points() {
        for step in &mut done {
            if let Some(data) = step.data.as_object_mut() {
                data.remove("points");
            }
        }
    }
    let decisions = sqlx::query_as!(
        DecisionView,
        r#"select decision as "decision!", reason as "reason!", by_organisation as "by!: OrganisationId", at as "at!"
           from issuer.distribution_decided where book_id = $1 order by at, id"#,
        programme.id.uuid(),
    )
    .fetch_all(pool)
    .await?;
    let (unused_value, unused_value_by_default) = calendar.unused_value();
    Ok(CalendarView {
        programme_id: programme.id,
        printed_day: programme.printed_day,
        last_day: programme.last_day,
        steps: ExpiryStep::ALL
            .into_iter()
            .map(|step| view(&calendar, step, &mut done, at))
            .collect(),
        decisions,
        contest: calendar.contest(),
        unused_value,
        unused_value_by_default,
    })
}

fn view(calendar: &ExpiryCalendar, step: ExpiryStep, all: &mut Vec<StepRow>, at: DateTime<Utc>) -> ExpiryStepView {
    let done = all
        .iter()
        .position(|done| done.step == step.word())
        .map(|index| all.swap_remove(index));
    // Nobody does it: the day does.
    let by_itself = step == ExpiryStep::Refusal && calendar.is_due(step, at);
    let state = match &done {
        Some(_) => StepState::Done,
        None if by_itself => StepState::Done,
        None if !calendar.applies(step) => StepState::Moot,
        None if calendar.is_due(step, at) => StepState::Due,
        None => StepState::ToCome,
    };
    ExpiryStepView {
        step,
        name: step.french(),
        due_on: calendar.due_on(step),
        offset: calendar.offset(step),
        state,
        done_at: by_itself
            .then(|| calendar.runs_from(step))
            .or_else(|| done.as_ref().map(|done| done.done_at)),
        late: done.as_ref().is_some_and(|done| done.late),
        by: done.as_ref().and_then(|done| done.by),
        data: done.map(|done| done.data),
    }
}

/// The issuer's steps, and the statement.
async fn done(pool: &PgPool, programme: ProgrammeId) -> Result<Vec<StepRow>, sqlx::Error> {
    sqlx::query_as!(
        StepRow,
        r#"select step as "step!", done_at as "done_at!", late as "late!", by_organisation as "by: OrganisationId", data as "data!"
           from issuer.expiry_step_done where book_id = $1
           union all
           select 'statement', issued_at, late, null, jsonb_build_object(
               'contest_until', contest_until, 'pdf_sha256', encode(pdf_sha256, 'hex'))
           from funding.expiry_statement where programme_id = $1"#,
        programme.uuid(),
    )
    .fetch_all(pool)
    .await
}

/// A statement and what became of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ExpiryStatementView {
    pub programme_id: ProgrammeId,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// The day on which it should have been.
    pub due_on: NaiveDate,
    /// Issued on a later day.
    pub late: bool,
    /// The last day on which it may be contested.
    pub contest_until: NaiveDate,
    pub standing: ProgrammeStanding,
    /// Those whose last answer contests it.
    pub contested_by: Vec<OrganisationId>,
    /// Its files, as they were issued.
    pub files: Vec<FileView>,
    /// What it says: the content of its JSON file.
    #[schema(value_type = Object)]
    pub content: Value,
    /// Every answer, in order of time.
    pub responses: Vec<StatementResponse>,
    /// The choices of funders, in order of time; a funder sees its own.
    pub choices: Vec<UnusedValueChoice>,
    /// What was given back; a funder sees its own.
    pub refunded: Vec<UnusedValueRefund>,
}

/// How a statement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProgrammeStanding {
    /// It may be contested, and not everybody has answered.
    Open,
    /// Somebody's last answer contests it.
    Contested,
    /// Everybody's last answer accepts it.
    Accepted,
    /// Its last day has passed, and nobody contests it.
    TacitlyAccepted,
}

/// A file of a statement.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FileView {
    pub href: String,
    pub content_type: &'static str,
    /// Its digest, in hexadecimal.
    pub sha256: String,
    pub bytes: i32,
}

/// The statement as a reader may see it, if it was issued.
pub(crate) async fn statement(
    tx: &mut PgTransaction<'_>,
    programme: &Programme,
    who: &Caller,
    reader: MoneyReader,
    at: DateTime<Utc>,
) -> Result<Option<ExpiryStatementView>, sqlx::Error> {
    let Some(row) = sqlx::query!(
        r#"select issued_at, due_on, late, contest_until, data, data_sha256, csv_sha256, pdf_sha256,
               octet_length(data) as "data_bytes!", octet_length(csv) as "csv_bytes!", octet_length(pdf) as "pdf_bytes!",
               (select count(*) from funding.expiry_party p where p.programme_id = s.programme_id) as "parties!"
           from funding.expiry_statement s where programme_id = $1"#,
        programme.id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    else {
        return Ok(None);
    };
    let file = |ending: &str, content_type, sha256: &[u8], bytes| FileView {
        href: format!("/funding/v1/programmes/{}/expiry-statement.{ending}", programme.id),
        content_type,
        sha256: HEXLOWER.encode(sha256),
        bytes,
    };
    let files = vec![
        file("pdf", "application/pdf", &row.pdf_sha256, row.pdf_bytes),
        file("json", "application/json", &row.data_sha256, row.data_bytes),
        file("csv", "text/csv", &row.csv_sha256, row.csv_bytes),
    ];
    let responses = respond::read(tx, programme.id, None).await?;
    let mut choices = choose::read(tx, programme.id, None).await?;
    let mut refunded = refund_unused_value::read(tx, programme.id).await?;
    if !reader.sees_points() {
        choices.retain(|choice| choice.funder_id == who.organisation());
        refunded.retain(|given| given.funder_id == who.organisation());
    }
    let contested_by = respond::contesting(&responses);
    Ok(Some(ExpiryStatementView {
        programme_id: programme.id,
        issued_at: row.issued_at,
        due_on: row.due_on,
        late: row.late,
        contest_until: row.contest_until,
        standing: standing(&responses, row.parties, paris_date(at) > row.contest_until),
        contested_by,
        files,
        content: serde_json::from_slice(&row.data).map_err(|error| sqlx::Error::Decode(error.into()))?,
        responses,
        choices,
        refunded,
    }))
}

fn standing(responses: &[StatementResponse], parties: i64, over: bool) -> ProgrammeStanding {
    if !respond::contesting(responses).is_empty() {
        return ProgrammeStanding::Contested;
    }
    let accepting: std::collections::BTreeSet<OrganisationId> = responses
        .iter()
        .filter(|response| response.answer == StatementAnswer::Accepted)
        .map(|response| response.organisation_id)
        .collect();
    if i64::try_from(accepting.len()) == Ok(parties) {
        ProgrammeStanding::Accepted
    } else if over {
        ProgrammeStanding::TacitlyAccepted
    } else {
        ProgrammeStanding::Open
    }
}
