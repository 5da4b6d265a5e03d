use std::collections::HashMap;

use access::OrganisationId;
use chrono::{DateTime, Utc};
use database::UseCaseError;
use ledger::{AccountKind, EventKind, Rejection};
use sqlx::{PgConnection, PgTransaction};
use standards::Cents;
use uuid::Uuid;

use crate::bank::breaks::explain::lines::SuspenseLines;
use crate::bank::breaks::explain::parts::BookedPart;
use crate::bank::breaks::explain::{ExplainRejection, NewExplanationPart};
use crate::bank::breaks::view::BreakView;
use crate::contributions::mandate::receipt;
use crate::log::events::part_id;
use crate::support::booking::{BookError, book_all};
use crate::{support::ids::CallId, support::ids::ExplanationId, support::ids::MandateId, support::ids::PaymentId};

/// Books the parts and keeps what was said; the sums must agree.
pub(super) async fn write(
    tx: &mut PgTransaction<'_>,
    id: ExplanationId,
    breaks: &[BreakView],
    parts: &[NewExplanationPart],
    why: &str,
    at: DateTime<Utc>,
) -> Result<(), UseCaseError<ExplainRejection>> {
    let lines = SuspenseLines::of(tx, breaks).await?;
    let sum = Cents::try_sum(parts.iter().map(|part| part.amount)).unwrap_or_default();
    if sum != lines.cents {
        return Err(ExplainRejection::Sum {
            lines: lines.cents,
            parts: sum,
        }
        .into());
    }
    let (mut postings, mut references) = (Vec::new(), Vec::new());
    let (mut answers, mut receipts) = (Vec::new(), Vec::new());
    for (number, part) in (1..).zip(parts) {
        let own = part_id(id, number);
        let reference = lines.reference_of(number, parts.len());
        let BookedPart {
            event,
            reference,
            answer,
            receipt,
        } = part.booked(tx, own, reference).await?;
        postings.push(event.posting().map_err(BookError::from)?);
        references.push(reference);
        answers.extend(answer);
        receipts.extend(receipt);
    }
    book_all(tx, postings, at).await.map_err(|error| match error {
        // Of what is explained, a contribution that is taken back asks for money that may be elsewhere.
        BookError::Refused(Rejection::Short { account, needed, left }) if account.kind() == AccountKind::Deposited => {
            UseCaseError::Rejected(ExplainRejection::Placed { needed, free: left })
        }
        // Nobody gives back more of the bank's charges than was taken.
        BookError::Refused(Rejection::Short { account, left, .. }) if account.kind() == AccountKind::ChargesOwed => {
            UseCaseError::Rejected(ExplainRejection::Charges(left))
        }
        error => error.into(),
    })?;
    insert(tx, id, &lines, parts, &references, why, at).await?;
    insert_answers(tx, &lines, &answers, at).await?;
    receipt::insert_explained(tx, (lines.statements[0], lines.numbers[0]), &receipts).await?;
    Ok(())
}

/// The groups of what a person said that lines were of these payments, by payment.
pub(crate) async fn explained_payments(
    connection: &mut PgConnection,
    payments: &[PaymentId],
) -> Result<HashMap<PaymentId, Vec<Uuid>>, sqlx::Error> {
    let ids: Vec<Uuid> = payments.iter().map(|payment| payment.uuid()).collect();
    let rows = sqlx::query!(
        r#"select payment_id as "payment!: PaymentId", explanation_id as "explanation: ExplanationId", part
           from funding.explanation_part where payment_id = any($1) order by payment_id, what"#,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    let mut groups: HashMap<PaymentId, Vec<Uuid>> = HashMap::new();
    for row in rows {
        let event = EventKind::Explained.event_id(part_id(row.explanation, row.part));
        groups.entry(row.payment).or_default().push(event.uuid());
    }
    Ok(groups)
}

async fn insert(
    tx: &mut PgTransaction<'_>,
    id: ExplanationId,
    lines: &SuspenseLines,
    parts: &[NewExplanationPart],
    references: &[String],
    why: &str,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into funding.explanation (id, why, at) values ($1, $2, $3)",
        id.uuid(),
        why,
        at,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into funding.explained_line (statement_id, line, explanation_id)
         select l.statement_id, l.line, $1 from unnest($2::uuid[], $3::int[]) as l (statement_id, line)",
        id.uuid(),
        &lines.statements,
        &lines.numbers,
    )
    .execute(&mut **tx)
    .await?;
    let numbers: Vec<i32> = (1..).take(parts.len()).collect();
    let whats: Vec<_> = parts.iter().map(|part| part.what.word().to_owned()).collect();
    let cents: Vec<_> = parts.iter().map(|part| part.amount.get()).collect();
    let funders: Vec<_> = parts
        .iter()
        .map(|part| part.funder_id.map(OrganisationId::uuid))
        .collect();
    let payments: Vec<_> = parts.iter().map(|part| part.payment_id.map(PaymentId::uuid)).collect();
    let calls: Vec<_> = parts.iter().map(|part| part.call_id.map(CallId::uuid)).collect();
    let mandates: Vec<_> = parts.iter().map(|part| part.mandate_id.map(MandateId::uuid)).collect();
    sqlx::query!(
        "insert into funding.explanation_part (explanation_id, part, what, cents, funder_id, payment_id, call_id,
             mandate_id, reference)
         select $1, p.* from unnest($2::int[], $3::text[], $4::bigint[], $5::uuid[], $6::uuid[], $7::uuid[], $8::uuid[],
             $9::text[]) as p",
        id.uuid(),
        &numbers,
        &whats,
        &cents,
        &funders as &[Option<Uuid>],
        &payments as &[Option<Uuid>],
        &calls as &[Option<Uuid>],
        &mandates as &[Option<Uuid>],
        references,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The evidence is the first of the lines.
async fn insert_answers(
    tx: &mut PgTransaction<'_>,
    lines: &SuspenseLines,
    answers: &[(PaymentId, &'static str, Option<&'static str>)],
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let payments: Vec<_> = answers.iter().map(|(payment, ..)| payment.uuid()).collect();
    let words: Vec<_> = answers.iter().map(|(_, answer, _)| (*answer).to_owned()).collect();
    let reasons: Vec<_> = answers.iter().map(|(.., reason)| reason.map(str::to_owned)).collect();
    sqlx::query!(
        "insert into funding.payment_answer (payment_id, answer, reason, statement_id, line, at)
         select a.payment_id, a.answer, a.reason, $1, $2, $3
         from unnest($4::uuid[], $5::text[], $6::text[]) as a (payment_id, answer, reason)",
        lines.statements[0],
        lines.numbers[0],
        at,
        &payments,
        &words,
        &reasons as &[Option<String>],
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
