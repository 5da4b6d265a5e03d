use access::OrganisationId;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use standards::Cents;
use utoipa::ToSchema;
use web::Page;

use crate::bank::statement::LineDetails;
use crate::{
    support::ids::BreakId, support::ids::CallId, support::ids::ExplanationId, support::ids::PaymentId,
    support::ids::PaymentReportId, support::ids::StatementId,
};

/// A break and its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BreakView {
    pub id: BreakId,
    /// `missing`, `unexpected`, `amount_differs`, `duplicate`, `late` or `returned`.
    #[schema(example = "unexpected")]
    pub kind: String,
    /// `open`, `explained` or `closed`.
    #[schema(example = "open")]
    pub state: String,
    /// Who looks after it; nobody yet when absent.
    pub owner: Option<String>,
    /// Positive when money came in, or should have.
    pub amount: Cents,
    /// The bank's day.
    pub opened_on: NaiveDate,
    /// The statement on whose line it shows.
    pub statement_id: Option<StatementId>,
    /// The bank's report on whose line it shows.
    pub payment_report_id: Option<PaymentReportId>,
    /// That line, from 1; 0 is the balance of the account before the first statement.
    pub line: Option<i32>,
    /// What the payer wrote; else the bank's own words; else whatever the bank gives.
    #[schema(example = "VIR DEPARTEMENT 21 SOLDE 2026")]
    pub text: Option<String>,
    #[serde(flatten)]
    pub details: LineDetails,
    /// The payment that is on no statement.
    pub payment_id: Option<PaymentId>,
    /// The call that is not paid.
    pub call_id: Option<CallId>,
    /// What the line was, once it is explained: `several` when it was explained with other lines, or as several things.
    #[schema(example = "contribution")]
    pub explained_as: Option<String>,
    /// The explanation that says so.
    pub explanation_id: Option<ExplanationId>,
    /// Its life, oldest first.
    pub steps: Vec<BreakStepView>,
}

/// One step of a break's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BreakStepView {
    /// `open`, `explained` or `closed` from then on.
    pub state: String,
    /// Who looked after it.
    pub owner: Option<String>,
    pub why: String,
    pub organisation_id: OrganisationId,
    pub at: DateTime<Utc>,
}

/// The break of this id.
pub async fn read(connection: &mut PgConnection, id: BreakId) -> Result<Option<BreakView>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select b.kind, b.cents as "amount: Cents", b.opened_on, b.statement_id as "statement_id: StatementId",
               b.report_id as "report_id: PaymentReportId", b.line,
               coalesce(nullif(s.remittance, ''), s.bank_words, s.other_texts) as "text?", s.counterparty_name as "counterparty_name?",
               s.counterparty as "counterparty?", s.end_to_end as "end_to_end?", s.bank_words as "bank_words?",
               s.entry_words as "entry_words?", s.other_texts as "other_texts?", s.file_id as "file_id?",
               s.return_reason as "return_reason?", s.own_amount as "own_amount?", s.charges as "charges?", b.payment_id as "payment_id: PaymentId",
               b.call_id as "call_id: CallId", l.explanation_id as "explanation_id?: ExplanationId", case
                   when l.explanation_id is null then null
                   when (select count(*) from funding.explained_line o where o.explanation_id = l.explanation_id) = 1
                       and (select count(*) from funding.explanation_part p where p.explanation_id = l.explanation_id) = 1
                   then (select p.what from funding.explanation_part p where p.explanation_id = l.explanation_id)
                   else 'several' end as what
           from funding.break b
           left join funding.explained_line l on l.statement_id = b.statement_id and l.line = b.line
           left join funding.statement_line s on s.statement_id = b.statement_id and s.line = b.line
           where b.id = $1"#,
        id.uuid(),
    );
    let Some(row) = row.fetch_optional(&mut *connection).await? else {
        return Ok(None);
    };
    let steps = sqlx::query_as!(
        BreakStepView,
        r#"select state, owner, why, organisation_id as "organisation_id: OrganisationId", at
           from funding.break_step where break_id = $1 order by number"#,
        id.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let last = steps.last().ok_or(sqlx::Error::RowNotFound)?;
    Ok(Some(BreakView {
        id,
        kind: row.kind,
        state: last.state.clone(),
        owner: last.owner.clone(),
        amount: row.amount,
        opened_on: row.opened_on,
        statement_id: row.statement_id,
        payment_report_id: row.report_id,
        line: row.line,
        text: row.text,
        details: LineDetails {
            counterparty_name: row.counterparty_name,
            counterparty_account: row.counterparty,
            end_to_end: row.end_to_end,
            bank_words: row.bank_words,
            entry_words: row.entry_words,
            other_texts: row.other_texts,
            file_id: row.file_id,
            return_reason: row.return_reason,
            own_amount: row.own_amount,
            charges: row.charges,
        },
        payment_id: row.payment_id,
        call_id: row.call_id,
        explained_as: row.what,
        explanation_id: row.explanation_id,
        steps,
    }))
}

/// Breaks in a state (all that are not closed when none is given), oldest first.
pub async fn list(
    connection: &mut PgConnection,
    state: Option<&str>,
    after: Option<BreakId>,
    limit: i64,
) -> Result<Page<BreakView>, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        r#"select b.id as "id: BreakId"
           from funding.break b
           cross join lateral (select s.state from funding.break_step s
                               where s.break_id = b.id order by s.number desc limit 1) last
           where case when $1::text is null then last.state <> 'closed' else last.state = $1 end
               and ($2::uuid is null or (b.opened_on, b.id) > (select a.opened_on, a.id from funding.break a where a.id = $2))
           order by b.opened_on, b.id limit $3"#,
        state,
        after.map(BreakId::uuid),
        limit + 1,
    )
    .fetch_all(&mut *connection)
    .await?;
    let Page { items: ids, next } = Page::new(ids, limit, |last| *last);
    let mut items = Vec::with_capacity(ids.len());
    for id in ids {
        items.extend(read(&mut *connection, id).await?);
    }
    Ok(Page { items, next })
}
