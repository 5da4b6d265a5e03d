//! What a print shop gets: one archive with PDF parts, CSV parts and checksums, written while it is sent.
//!
//! **The invariant.** An archive that opens is whole: its directory and `SHA256SUMS` come last, so whatever stops it midway
//! (a fault, a key that is not loaded, a connection that breaks) leaves a file that no program takes for complete.
//!
//! **Memory is constant**, whatever the batch: a part of [`PART_BOOKLETS`] booklets is read, signed, drawn, sent and forgotten;
//! each processor draws one part while those before are sent. A client that reads slowly holds the work back and no connection
//! to the database; one that goes away, or stops reading for two minutes, ends it.
//!
//! `scripts/bench-print` measures it. On two processors that twenty processes shared, a run of 10,000 booklets had taken 72 MB at most
//! after five minutes and after twelve, and was stopped at fifteen, before its end: it still has to be measured on a quiet machine.
//!
//! The hand-over is an act with the caller's id: it needs an approved [proof](crate::paper::proofs) of the settings as they are, and a reason
//! when a booklet was printed before. Fetching the archive of one act again is the same act, and leaves a trace each time.
//!
//! **Rejected.** One PDF of all booklets: its tables are kept until the end, some 50 kB a page. One CSV of all vouchers: it would wait
//! for the last part, in memory or, worse, on a disk.

mod archive;

use database::{Rejection, UseCaseError};
use std::ops::RangeInclusive;

use access::{Caller, audit};
use catalogue::Programme;
use chrono::{DateTime, Utc};
use ledger::BatchId;
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use utoipa::ToSchema;
use voucher::Host;
use web::{Created, Problem};

use crate::batches::batch::{self, BatchRow};
use crate::paper::in_vain::{self, Acceptable, Accepted};
use crate::paper::print::{self, NewPrint};
use crate::paper::settings::{self, Settings};
use crate::{PrintId, PrintRejection, paper::booklets::PaperFormat, paper::logos::LogoInk};
use crate::{paper::print::ReprintReason, paper::proofs};

pub(crate) use archive::{Job, start};

/// Booklets of one part: some 6 MB of PDF.
pub const PART_BOOKLETS: u32 = 100;

/// Booklets to be handed to a printer.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPrinterFile {
    /// Made by the caller.
    pub id: PrintId,
    /// First booklet; 1 when absent.
    pub from: Option<u32>,
    /// Last booklet; the batch's last one when absent.
    pub to: Option<u32>,
    /// The layout; a proof of it is approved.
    #[serde(default)]
    pub format: PaperFormat,
    /// In grey or in colour, as on the proof.
    #[serde(default)]
    pub logos: LogoInk,
    /// Why booklets that were printed before are printed again.
    pub reason: Option<ReprintReason>,
    /// What would be printed in vain, and is wanted all the same.
    #[serde(default)]
    #[schema(value_type = Vec<Acceptable>)]
    pub accept: Accepted,
}

/// A hand-over to a printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct PrinterFile {
    pub id: PrintId,
    pub batch_id: BatchId,
    /// First booklet.
    pub from: u32,
    /// Last booklet.
    pub to: u32,
    pub format: PaperFormat,
    /// Vouchers in all.
    pub vouchers: u32,
    /// PDF files in the archive.
    pub parts: u32,
}

#[derive(Debug)]
pub enum PrinterFileRejection {
    /// No proof of the settings as they are.
    NotApproved,
    NoFile,
    Print(PrintRejection),
}

impl Rejection for PrinterFileRejection {}

impl From<PrinterFileRejection> for Problem {
    fn from(rejection: PrinterFileRejection) -> Self {
        match rejection {
            PrinterFileRejection::NotApproved => {
                Self::refused("proof-not-approved", "Ces carnets ne peuvent pas partir chez l'imprimeur.").detail(
                    "Aucun bon à tirer des réglages actuels n'est approuvé : demandez-en un (« proofs »), relisez-le, approuvez-le.",
                )
            }
            PrinterFileRejection::NoFile => Self::not_found("Ce fichier d'impression"),
            PrinterFileRejection::Print(rejection) => rejection.into(),
        }
    }
}

/// Records a hand-over to a printer, or finds it.
pub async fn make(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: &Programme,
    id: BatchId,
    new: &NewPrinterFile,
    host: &Host,
    at: DateTime<Utc>,
) -> Result<Created<PrinterFile>, UseCaseError<PrinterFileRejection>> {
    let found = printable(tx, programme, id).await?;
    if let Some(reason) = in_vain::reason(tx, programme, host, new.accept, at).await? {
        return Err(PrinterFileRejection::Print(PrintRejection::InVain(reason)).into());
    }
    print::lock(tx, &found).await?;
    let batch = printable(tx, programme, id).await?;
    let numbers = batch.booklet_numbers();
    let (from, to) = (new.from.unwrap_or(*numbers.start()), new.to.unwrap_or(*numbers.end()));
    if from > to || !numbers.contains(&from) || !numbers.contains(&to) {
        return Err(PrinterFileRejection::Print(PrintRejection::Booklets(numbers)).into());
    }
    let wanted = view(&batch, new.id, &(from..=to), new.format);
    let settings = settings::settings(tx, programme, Some(batch.plan), new.logos, host).await?;
    let digest = settings.digest(programme, new.format);
    if let Some((known, of)) = known(tx, &batch, new.id).await? {
        let current = settings::of_digest(tx, programme, Some(batch.plan), known.format, &of, host).await?;
        let other_ink = current.is_some() && *of != digest;
        return if known == wanted && !other_ink {
            Ok(Created::Existing(known))
        } else {
            Err(UseCaseError::IdReused)
        };
    }
    if !proofs::is_approved(tx, programme, &digest).await? {
        return Err(PrinterFileRejection::NotApproved.into());
    }
    let print = NewPrint {
        id: new.id,
        booklets: &(from..=to),
        kind: "printer_file",
        format: new.format,
        reason: new.reason,
        settings: Some(digest),
    };
    match print::record(tx, who, &batch, &print, at).await {
        Err(UseCaseError::Database(error)) if database::is_constraint(&error, "print_pk") => {
            return Err(UseCaseError::IdReused);
        }
        recorded => recorded.map_err(|error| error.map_rejection(PrinterFileRejection::Print))?,
    }
    let detail = serde_json::json!({"print": new.id, "booklets": [from, to], "reason": new.reason});
    audit(tx, who, at, "batch.printer_file", Some(id.uuid()), detail).await?;
    Ok(Created::New(wanted))
}

/// All that the archive of a hand-over is made of, while its settings are still those that were approved. Leaves the trace of the download.
pub(crate) async fn prepare(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: &Programme,
    batch: BatchId,
    id: PrintId,
    host: &Host,
    at: DateTime<Utc>,
) -> Result<(PrinterFile, BatchRow, Settings), UseCaseError<PrinterFileRejection>> {
    let batch = printable(tx, programme, batch).await?;
    let (file, digest) = known(tx, &batch, id).await?.ok_or(PrinterFileRejection::NoFile)?;
    let settings = settings::of_digest(tx, programme, Some(batch.plan), file.format, &digest, host)
        .await?
        .ok_or(PrinterFileRejection::NotApproved)?;
    audit(tx, who, at, "print.download", Some(id.uuid()), batch.id).await?;
    Ok((file, batch, settings))
}

async fn printable(
    tx: &mut PgTransaction<'_>,
    programme: &Programme,
    id: BatchId,
) -> Result<BatchRow, UseCaseError<PrinterFileRejection>> {
    let rejection = match batch::find(&mut **tx, programme.id, id).await? {
        None => PrintRejection::NoBatch,
        Some(BatchRow {
            cancelled_at: Some(_), ..
        }) => PrintRejection::Cancelled,
        Some(BatchRow { minted_at: None, .. }) => PrintRejection::NotMinted,
        Some(batch) => return Ok(batch),
    };
    Err(PrinterFileRejection::Print(rejection).into())
}

fn view(batch: &BatchRow, id: PrintId, booklets: &RangeInclusive<u32>, format: PaperFormat) -> PrinterFile {
    let count = booklets.end() - booklets.start() + 1;
    PrinterFile {
        id,
        batch_id: batch.id,
        from: *booklets.start(),
        to: *booklets.end(),
        format,
        vouchers: count * batch.booklet_size,
        parts: count.div_ceil(PART_BOOKLETS),
    }
}

async fn known(
    tx: &mut PgTransaction<'_>,
    batch: &BatchRow,
    id: PrintId,
) -> Result<Option<(PrinterFile, Vec<u8>)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select first_booklet, last_booklet, format, settings_sha256 as "digest!" from issuer.print
           where book_id = $1 and id = $2 and batch_id = $3 and kind = 'printer_file'"#,
        batch.book().uuid(),
        id.uuid(),
        batch.id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| {
        let booklet = |number: i32| u32::try_from(number).expect("print_booklets keeps it");
        let booklets = booklet(row.first_booklet)..=booklet(row.last_booklet);
        (
            view(batch, id, &booklets, PaperFormat::of_word(&row.format)),
            row.digest,
        )
    }))
}
