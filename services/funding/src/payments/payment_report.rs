//! The bank's report on a payment file (pain.002): loaded whole or not at all, once.
//!
//! | the report says | and we | then |
//! |---|---|---|
//! | rejected or cancelled, of a payment under way | know it, with the same amount if one is given | `rejected`: in transit → clearing · clearing → payable (a refund: in transit → deposited) |
//! | the same, of a payment on a statement already | | `too_late`: nothing is booked, the money comes back as a line of a statement |
//! | the same, with another amount | | `amount_differs`: nothing is booked |
//! | anything, of an end-to-end id that is none of ours | | `unknown` |
//! | anything else | | `recorded` |
//!
//! The bank's dates are kept and shown. A report from before its payment file was made is refused whole.
//!
//! A file or group rejected as a whole rejects all its payments under way, named or not. What is left for a person is a
//! break ([`crate::bank::breaks`]). The raw file is kept with its SHA-256; the report's id is made from it, so that loading it twice changes nothing.

mod decide;
mod view;
mod write;

use access::audit;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Europe::Paris;
use database::{NamedLock, UseCaseError};
use sha2::{Digest, Sha256};
use sqlx::PgTransaction;
use standards::calendar;
use standards::pain002::{self, Pain002Error, StatusReport};
use web::{Created, Problem};

use crate::bank::settlement_parts::parts_of;
use crate::payments::payment_report::decide::DecidedLine;
use crate::payments::rejected_payments::{RejectablePayment, posting};
use crate::support::booking::book_all;
use crate::{bank::breaks, support::ids::PaymentReportId};

pub use view::{PaymentReportView, read};

/// How far the bank's clock and ours may differ.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(5);

/// Why a report was not loaded.
#[derive(Debug)]
pub enum ReportRejection {
    Invalid(Pain002Error),
    /// On a file that we did not send.
    UnknownFile(String),
    /// Made before the payment file that it is on: a mistake of the bank, or another file of the same name.
    TooEarly {
        made_at: DateTime<Utc>,
        file_made_at: DateTime<Utc>,
    },
    /// The bank's identifier is this other report's.
    AlreadyLoaded(PaymentReportId),
}

impl database::Rejection for ReportRejection {}

impl From<ReportRejection> for Problem {
    fn from(rejection: ReportRejection) -> Self {
        match rejection {
            ReportRejection::Invalid(error) => Self::refused(
                "payment-report-invalid",
                "Ce fichier n'est pas un compte rendu de virements utilisable.",
            )
            .detail(error.to_string())
            .with("line", error.line)
            .with("element", error.element),
            ReportRejection::UnknownFile(message_id) => Self::refused(
                "payment-report-unknown-file",
                "Ce compte rendu porte sur un fichier de virements que le fonds n'a pas envoyé.",
            )
            .detail("Vérifiez qu'il vient du compte cantonné du fonds. Rien n'a changé.")
            .with("original_message_id", message_id),
            ReportRejection::TooEarly { made_at, file_made_at } => Self::refused(
                "payment-report-too-early",
                "Ce compte rendu date d'avant le fichier de virements dont il parle.",
            )
            .detail(format!(
                "La banque le date du {}, le fichier est du {}. Demandez à la banque le compte rendu de ce fichier-ci. Rien n'a changé.",
                date(made_at),
                date(file_made_at)
            ))
            .with("created_at", made_at)
            .with("file_made_at", file_made_at),
            ReportRejection::AlreadyLoaded(id) => Self::refused(
                "payment-report-already-loaded",
                "Ce compte rendu est déjà chargé, sous une autre forme.",
            )
            .detail("Il dit la même chose, du même fichier, à la même date. Rien n'a changé.")
            .with("payment_report_id", id),
        }
    }
}

/// In Paris.
fn date(at: DateTime<Utc>) -> impl std::fmt::Display {
    at.with_timezone(&Paris).format("%d/%m/%Y à %H:%M:%S")
}

/// A report as it was read, with its bytes.
#[derive(Debug)]
pub struct ParsedReport {
    report: StatusReport,
    sha256: [u8; 32],
    raw: Vec<u8>,
}

/// Reads a file; needs no database.
pub fn parse(bytes: Vec<u8>) -> Result<ParsedReport, ReportRejection> {
    Ok(ParsedReport {
        report: pain002::read(&bytes).map_err(ReportRejection::Invalid)?,
        sha256: Sha256::digest(&bytes).into(),
        raw: bytes,
    })
}

/// A report made before its file speaks of something else, and money goes back on its word. Refused for the latest instant that it can
/// mean, with [`CLOCKS_DIFFER`] to spare.
fn check_date(report: &StatusReport, file_made_at: Option<DateTime<Utc>>) -> Result<(), ReportRejection> {
    match file_made_at {
        Some(file_made_at) if report.created.latest() + CLOCKS_DIFFER < file_made_at => {
            Err(ReportRejection::TooEarly {
                made_at: report.created.at(),
                file_made_at,
            })
        }
        _ => Ok(()),
    }
}

/// Loads a report, or finds that the same file was loaded before.
pub async fn load(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    parsed: &ParsedReport,
    at: DateTime<Utc>,
) -> Result<Created<PaymentReportView>, UseCaseError<ReportRejection>> {
    // The statements' lock: a payment is debited or rejected, by one of them.
    NamedLock::Statements.take(tx).await?;
    let id = PaymentReportId::derive(b"payment-report", &[&parsed.sha256]);
    if let Some(view) = read(tx, id).await? {
        return Ok(Created::Existing(view));
    }
    if let Some(other) = told_before(tx, &parsed.report).await? {
        return Err(ReportRejection::AlreadyLoaded(other).into());
    }
    let known = decide::payments(tx, &parsed.report).await?;
    let decided = decide::decide(&parsed.report, &known);
    if known.is_empty() {
        return Err(ReportRejection::UnknownFile(parsed.report.original_message_id.clone()).into());
    }
    check_date(&parsed.report, decide::file_made_at(tx, &parsed.report).await?)?;
    write::write(tx, id, parsed, &decided, at).await?;
    let openings = decide::openings(&decided, calendar::paris_date(at));
    breaks::open(tx, who, breaks::BreakSource::Report(id), &openings, at).await?;
    breaks::resolve_due_breaks(tx, who, at).await?;
    let rejected: Vec<&RejectablePayment> = decided.iter().filter_map(DecidedLine::rejected).collect();
    let ids: Vec<_> = rejected.iter().map(|payment| payment.id.uuid()).collect();
    let parts = parts_of(tx, &ids).await?;
    let postings = rejected.iter().map(|payment| posting(payment, &parts));
    book_all(tx, postings.collect::<Result<_, _>>()?, at).await?;
    let view = read(tx, id).await?.ok_or(sqlx::Error::RowNotFound)?;
    let counts = (view.rejected, view.unexplained);
    audit(tx, who, at, "payment_report.load", Some(id.uuid()), counts).await?;
    tracing::info!(
        rejected = view.rejected,
        unexplained = view.unexplained,
        "payment report loaded"
    );
    Ok(Created::New(view))
}

/// A report that says the same in other bytes. The bank's identifier alone tells nothing: it is used again.
async fn told_before(
    tx: &mut PgTransaction<'_>,
    report: &StatusReport,
) -> Result<Option<PaymentReportId>, sqlx::Error> {
    let named = sqlx::query!(
        r#"select id as "id: PaymentReportId", raw from funding.payment_report
           where identification = $1 and original_message_id = $2 order by loaded_at, id"#,
        report.id,
        report.original_message_id,
    )
    .fetch_all(&mut **tx)
    .await?;
    let said = without_lines(report.clone());
    // A kept file that somebody damaged is told by its own identity, not here.
    let same = |raw: &[u8]| pain002::read(raw).is_ok_and(|known| without_lines(known) == said);
    Ok(named.into_iter().find(|row| same(&row.raw)).map(|row| row.id))
}

/// Other bytes have other lines.
fn without_lines(mut report: StatusReport) -> StatusReport {
    for payment in report.groups.iter_mut().flat_map(|group| &mut group.payments) {
        payment.line = 0;
    }
    report
}
