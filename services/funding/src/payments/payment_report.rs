//! The bank's reports on payment files (pain.002): a file of one or more is loaded whole or not at all, once. Of several, those that
//! are known are passed over.
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
//! break ([`crate::bank::breaks`]). The raw file is kept with its SHA-256; the
//! ids of its reports are made from it, so that loading it twice changes nothing.

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

pub use view::{PaymentReportFileView, PaymentReportView, read};

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

/// A file of reports as it was read, with its bytes.
#[derive(Debug)]
pub struct ReportFile {
    /// At least one, in the order of the file.
    reports: Vec<StatusReport>,
    sha256: [u8; 32],
    raw: Vec<u8>,
}

/// Reads a file; needs no database.
pub fn parse(bytes: Vec<u8>) -> Result<ReportFile, ReportRejection> {
    Ok(ReportFile {
        reports: pain002::read(&bytes).map_err(ReportRejection::Invalid)?,
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

/// Loads the reports of a file, or finds that the same file was loaded before.
pub async fn load(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    file: &ReportFile,
    at: DateTime<Utc>,
) -> Result<Created<PaymentReportFileView>, UseCaseError<ReportRejection>> {
    // The statements' lock: a payment is debited or rejected, by one of them.
    NamedLock::Statements.take(tx).await?;
    let mut views: Vec<PaymentReportView> = Vec::with_capacity(file.reports.len());
    let mut is_new = false;
    for (part, report) in (1..).zip(&file.reports) {
        let own = file.id_of(part);
        let view = match read(tx, own).await? {
            Some(view) => view,
            None => match told_before(tx, report).await? {
                // The file is this report: whoever sends it learns that it came in another form.
                Some(other) if file.reports.len() == 1 => return Err(ReportRejection::AlreadyLoaded(other).into()),
                Some(other) => read(tx, other).await?.ok_or(sqlx::Error::RowNotFound)?,
                None => {
                    write::write_file(tx, file, at).await?;
                    is_new = true;
                    load_one(tx, who, own, (&file.sha256, part, report), at).await?
                }
            },
        };
        // A bank may put the same report twice into one file.
        if views.iter().all(|known| known.id != view.id) {
            views.push(view);
        }
    }
    let mut views = views.into_iter();
    let view = PaymentReportFileView {
        first: views.next().ok_or(sqlx::Error::RowNotFound)?,
        further: views.collect(),
    };
    Ok(if is_new {
        Created::New(view)
    } else {
        Created::Existing(view)
    })
}

impl ReportFile {
    /// Made from the file's bytes and the report's place in it.
    fn id_of(&self, part: i32) -> PaymentReportId {
        if part == 1 {
            return PaymentReportId::derive(b"payment-report", &[&self.sha256]);
        }
        PaymentReportId::derive(b"payment-report-of-file", &[&self.sha256, &part.to_be_bytes()])
    }
}

async fn load_one(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    id: PaymentReportId,
    (sha256, part, report): (&[u8; 32], i32, &StatusReport),
    at: DateTime<Utc>,
) -> Result<PaymentReportView, UseCaseError<ReportRejection>> {
    let known = decide::payments(tx, report).await?;
    let decided = decide::decide(report, &known);
    if known.is_empty() {
        return Err(ReportRejection::UnknownFile(report.original_message_id.clone()).into());
    }
    check_date(report, decide::file_made_at(tx, report).await?)?;
    write::write(tx, id, (sha256, part, report), &decided, at).await?;
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
    Ok(view)
}

/// A report that says the same in other bytes. The bank's identifier alone tells nothing: it is used again.
async fn told_before(
    tx: &mut PgTransaction<'_>,
    report: &StatusReport,
) -> Result<Option<PaymentReportId>, sqlx::Error> {
    let named = sqlx::query!(
        r#"select r.id as "id: PaymentReportId", r.part, f.raw
           from funding.payment_report r join funding.payment_report_file f using (sha256)
           where r.identification = $1 and r.original_message_id = $2 order by r.loaded_at, r.id"#,
        report.id,
        report.original_message_id,
    )
    .fetch_all(&mut **tx)
    .await?;
    let said = without_lines(report.clone());
    // A kept file that somebody damaged is told by its own identity, not here.
    let same = |raw: &[u8], part: i32| {
        let known = pain002::read(raw)
            .ok()
            .and_then(|all| (1..).zip(all).find(|(own, _)| *own == part));
        known.is_some_and(|(_, known)| without_lines(known) == said)
    };
    let mut named = named.into_iter();
    Ok(named.find(|row| same(&row.raw, row.part)).map(|row| row.id))
}

/// Other bytes have other lines.
fn without_lines(mut report: StatusReport) -> StatusReport {
    for payment in report.groups.iter_mut().flat_map(|group| &mut group.payments) {
        payment.line = 0;
    }
    report
}
