//! What became of a payment beside the statements: a report of the bank, or nobody's approval. An answer of a statement is written with its
//! lines ([`crate::bank::statement`], [`crate::bank::breaks`]).

use chrono::{DateTime, Utc};
use sqlx::PgTransaction;
use uuid::Uuid;

use crate::support::ids::PaymentReportId;

/// Each payment that a kept report rejects.
pub(crate) async fn reject_by_report(
    tx: &mut PgTransaction<'_>,
    report: PaymentReportId,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into funding.payment_answer (payment_id, answer, reason, report_id, line, at)
         select l.payment_id, 'rejected', coalesce(l.reason, l.status), l.report_id, l.line, $2
         from funding.payment_report_line l where l.report_id = $1 and l.outcome = 'rejected'",
        report.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Each payment of an order, a settlement or a refund, that was not approved.
pub(crate) async fn reject_order(
    tx: &mut PgTransaction<'_>,
    settlement: Option<Uuid>,
    refund: Option<Uuid>,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into funding.payment_answer (payment_id, answer, decided_order_id, at)
         select id, 'rejected', coalesce($1::uuid, $2::uuid), $3 from funding.payment where settlement_id = $1 or refund_id = $2",
        settlement,
        refund,
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
