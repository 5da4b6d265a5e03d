use chrono::{DateTime, Utc};
use sqlx::PgTransaction;
use standards::pain002::{BankInstant, StatusReport};
use uuid::Uuid;

use crate::bank::payment_answer;
use crate::payments::payment_report::ReportFile;
use crate::payments::payment_report::decide::DecidedLine;
use crate::support::ids::PaymentReportId;

/// Keeps the file, before its reports.
pub(super) async fn write_file(
    tx: &mut PgTransaction<'_>,
    file: &ReportFile,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into funding.payment_report_file (sha256, raw, loaded_at) values ($1, $2, $3) on conflict (sha256) do nothing",
        &file.sha256,
        &file.raw,
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Keeps a report, its lines and the bank's answers to our payments.
pub(super) async fn write(
    tx: &mut PgTransaction<'_>,
    id: PaymentReportId,
    (sha256, part, report): (&[u8; 32], i32, &StatusReport),
    decided: &[DecidedLine],
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into funding.payment_report (id, sha256, part, identification, original_message_id, loaded_at, created_at,
             original_created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        id.uuid(),
        sha256,
        part,
        report.id,
        report.original_message_id,
        at,
        report.created.at(),
        report.original_created.map(BankInstant::at),
    )
    .execute(&mut **tx)
    .await?;
    let verdicts = || decided.iter().map(|line| line.verdict.as_ref());
    let numbers: Vec<i32> = (1..).take(decided.len()).collect();
    let end_to_ends: Vec<_> = decided.iter().map(|line| line.end_to_end.clone()).collect();
    let statuses: Vec<_> = verdicts()
        .map(|verdict| verdict.map(|verdict| verdict.status.code().to_owned()))
        .collect();
    let reasons: Vec<_> = verdicts()
        .map(|verdict| verdict.and_then(|verdict| verdict.reason.clone()))
        .collect();
    let payments: Vec<_> = decided
        .iter()
        .map(|line| line.payment.as_ref().map(|payment| payment.id.uuid()))
        .collect();
    let accepted: Vec<_> = decided.iter().map(|line| line.accepted_at).collect();
    let own_reasons: Vec<bool> = decided.iter().map(|line| line.own_reason).collect();
    let outcomes: Vec<_> = decided.iter().map(|line| line.outcome.to_owned()).collect();
    sqlx::query!(
        "insert into funding.payment_report_line (report_id, line, end_to_end, status, reason, payment_id, outcome, accepted_at,
             own_reason)
         select $1, l.* from unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::timestamptz[],
             $9::bool[]) as l",
        id.uuid(),
        &numbers,
        &end_to_ends as &[Option<String>],
        &statuses as &[Option<String>],
        &reasons as &[Option<String>],
        &payments as &[Option<Uuid>],
        &outcomes,
        &accepted as &[Option<DateTime<Utc>>],
        &own_reasons,
    )
    .execute(&mut **tx)
    .await?;
    payment_answer::reject_by_report(tx, id, at).await
}
