use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::{support::ids::PaymentId, support::ids::PaymentReportId};

/// What a file gave: its first report, and the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PaymentReportFileView {
    #[serde(flatten)]
    pub first: PaymentReportView,
    /// The other reports of the file, in its order.
    pub further: Vec<PaymentReportView>,
}

/// A report as it was understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PaymentReportView {
    /// Made from the file's bytes, and its place in the file.
    pub id: PaymentReportId,
    /// The bank's identifier.
    pub identification: String,
    /// When the bank made it; in Paris time where it names no zone. None of reports that were loaded before it was read.
    pub created_at: Option<DateTime<Utc>>,
    /// Of the payment file.
    pub original_message_id: String,
    /// When that file was made, as the bank repeats it.
    pub original_created_at: Option<DateTime<Utc>>,
    /// In the bank's order, then the payments rejected with their whole file.
    pub lines: Vec<ReportLineView>,
    /// Payments that went back to what they paid.
    pub rejected: usize,
    /// Lines that a person must look at.
    pub unexplained: usize,
}

/// What the bank says of one payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReportLineView {
    /// From 1.
    pub line: i32,
    /// As the bank wrote it.
    pub end_to_end: Option<String>,
    #[schema(example = "RJCT")]
    pub status: Option<String>,
    /// ISO code, or the bank's own.
    #[schema(example = "AC04")]
    pub reason: Option<String>,
    /// When the payment met the bank's conditions, where it says so.
    pub accepted_at: Option<DateTime<Utc>>,
    pub payment_id: Option<PaymentId>,
    /// `recorded`, `rejected`, or for a person: `unknown`, `amount_differs`, `too_late` (on a statement already).
    #[schema(example = "rejected")]
    pub outcome: String,
}

/// The report of this id.
pub async fn read(
    connection: &mut PgConnection,
    id: PaymentReportId,
) -> Result<Option<PaymentReportView>, sqlx::Error> {
    let Some(report) = sqlx::query!(
        "select identification, original_message_id, created_at, original_created_at from funding.payment_report where id = $1",
        id.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?
    else {
        return Ok(None);
    };
    let lines = sqlx::query_as!(
        ReportLineView,
        r#"select line, end_to_end, status, reason, accepted_at, payment_id as "payment_id: PaymentId", outcome
           from funding.payment_report_line where report_id = $1 order by line"#,
        id.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let count = |matches: &dyn Fn(&str) -> bool| lines.iter().filter(|line| matches(&line.outcome)).count();
    Ok(Some(PaymentReportView {
        id,
        identification: report.identification,
        created_at: report.created_at,
        original_message_id: report.original_message_id,
        original_created_at: report.original_created_at,
        rejected: count(&|outcome| outcome == super::decide::REJECTED),
        unexplained: count(&|outcome| outcome != super::decide::REJECTED && outcome != super::decide::RECORDED),
        lines,
    }))
}
