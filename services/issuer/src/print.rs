//! What goes to the printer: the booklets as PDF, or the vouchers as CSV for a printer with its own layout.
//!
//! Tokens are signed again for each print and stored nowhere: Ed25519 is deterministic, so every print of a voucher bears the same
//! token. Whoever prints holds what becomes money at the hand-over, so each print is in the audit trail before it is made.

use access::Caller;
use catalogue::Programme;
use chrono::{DateTime, Utc};
use ledger::BatchId;
use sqlx::PgTransaction;
use voucher::{Host, Idx, Kid, LastDay, SignError, Terms, Token, VoucherId};
use web::Problem;

use crate::batch::{self, BatchRow, Printed};
use crate::signers::Signers;

/// Booklets in one PDF: some 20 seconds of work and 20 MB; more are printed in parts.
pub const PRINT_BOOKLETS_MAX: u32 = 500;

/// Why nothing was printed.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// No such batch in the programme.
    #[error("no such batch")]
    NoBatch,
    /// The batch has no vouchers yet.
    #[error("not minted")]
    NotMinted,
    /// It was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The batch has no such booklets, or they are too many for one file.
    #[error("1 to {PRINT_BOOKLETS_MAX} booklets of 1 to {0}")]
    Range(u32),
    /// These vouchers were minted for a key that this process does not hold.
    #[error("the key of these vouchers is not loaded")]
    OtherKey,
    /// The security module does not sign.
    #[error("not signed")]
    Signing(#[from] SignError),
    /// The PDF could not be written.
    #[error("pdf: {0}")]
    Pdf(String),
    /// PostgreSQL.
    #[error("database")]
    Database(#[from] sqlx::Error),
}

impl From<PrintError> for Problem {
    fn from(error: PrintError) -> Self {
        let refused = |kind| Self::refused(kind, "Ces chèques ne peuvent pas être imprimés.");
        match error {
            PrintError::NoBatch => Self::not_found("Ce lot"),
            PrintError::NotMinted => refused("not-minted").detail("Émettez d'abord les chèques de ce lot."),
            PrintError::Cancelled => refused("batch-cancelled").detail("Ce lot est annulé."),
            PrintError::Range(booklets) => refused("print-range").detail(format!(
                "Demandez de 1 à {PRINT_BOOKLETS_MAX} carnets à la fois, par exemple « ?from=1&to=100 » ; ce lot en compte {booklets}."
            )),
            PrintError::OtherKey => refused("key-not-loaded")
                .detail("Ces chèques ont été émis pour une autre clé de signature : l'opérateur doit la remettre en service."),
            PrintError::Signing(_) | PrintError::Pdf(_) | PrintError::Database(_) => Self::internal(&error),
        }
    }
}

/// Vouchers in one PDF of several batches.
pub(crate) const PRINT_VOUCHERS_MAX: usize = 10 * PRINT_BOOKLETS_MAX as usize;

/// Which booklets of a batch, and for what.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Booklets {
    /// All, with their tokens, for a printer with its own layout.
    AllAsCsv,
    /// Some, drawn; up to the last one when no end is named.
    Range { from: u32, to: Option<u32> },
}

/// Vouchers to be printed, before they are signed.
#[derive(Debug, Clone)]
pub(crate) struct ToPrint {
    pub batch: BatchRow,
    vouchers: Vec<Printed>,
}

/// A voucher with its token: as good as the paper, so it is neither logged nor stored.
pub(crate) struct Signed {
    pub serial: u32,
    pub booklet: u32,
    pub token: Token,
    pub id: VoucherId,
}

/// Reads what is to be printed and leaves the trace of it.
pub(crate) async fn prepare(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: &Programme,
    id: BatchId,
    booklets: Booklets,
    at: DateTime<Utc>,
) -> Result<ToPrint, PrintError> {
    let batch = batch::find(&mut **tx, programme.id, id)
        .await?
        .ok_or(PrintError::NoBatch)?;
    if batch.minted_at.is_none() {
        return Err(PrintError::NotMinted);
    }
    if batch.cancelled_at.is_some() {
        return Err(PrintError::Cancelled);
    }
    let (action, from, to) = match booklets {
        Booklets::AllAsCsv => ("batch.export_vouchers", 1, batch.booklets),
        Booklets::Range { from, to } => ("batch.print_booklets", from, to.unwrap_or(batch.booklets)),
    };
    let (Some(first), Some(last)) = (batch.serials_of(from), batch.serials_of(to)) else {
        return Err(PrintError::Range(batch.booklets));
    };
    let drawn = matches!(booklets, Booklets::Range { .. });
    if from > to || (drawn && to - from >= PRINT_BOOKLETS_MAX) {
        return Err(PrintError::Range(batch.booklets));
    }
    let vouchers = batch::vouchers(&mut **tx, &batch, &(*first.start()..=*last.end())).await?;
    access::audit(tx, who, at, action, Some(id.uuid()), [from, to]).await?;
    Ok(ToPrint { batch, vouchers })
}

impl ToPrint {
    /// How many vouchers.
    pub(crate) const fn len(&self) -> usize {
        self.vouchers.len()
    }

    /// Signs, in order of serial number. CPU only: about 40,000 a second.
    pub(crate) fn signed<'a>(&'a self, signers: &'a Signers) -> impl Iterator<Item = Result<Signed, PrintError>> + 'a {
        self.vouchers.iter().map(|voucher| {
            let kid = Kid::new(voucher.kid);
            let signer = signers.get(kid).ok_or(PrintError::OtherKey)?;
            let (series, idx) = voucher
                .number
                .as_voucher()
                .expect("vouchers are minted under voucher numbers");
            let id = VoucherId::new(voucher.token_id);
            let terms = Terms {
                series,
                idx: Idx::new(idx).expect("a voucher number holds 24 bits of idx"),
                cents: u16::try_from(self.batch.face_value.get())
                    .expect("the catalogue keeps face values within the token's 16 bits"),
                day: LastDay::from_date(self.batch.last_day)
                    .expect("the catalogue keeps last days within the token's 16 bits"),
                id,
            };
            let booklet = self.batch.booklet_of(voucher.serial);
            Ok(Signed {
                serial: voucher.serial,
                booklet,
                token: signer.token(&terms)?,
                id,
            })
        })
    }

    /// `serial,token,short_code,face_value,booklet`: the printer's file.
    pub(crate) fn csv(&self, signers: &Signers, host: &Host) -> Result<Vec<u8>, PrintError> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let written = "a Vec takes every write";
        writer
            .write_record(["serial", "token", "short_code", "face_value", "booklet"])
            .expect(written);
        for voucher in self.signed(signers) {
            let voucher = voucher?;
            let (token, code) = (voucher.token.to_url(host), voucher.id.short_code().to_string());
            let (serial, booklet) = (voucher.serial.to_string(), voucher.booklet.to_string());
            let face_value = self.batch.face_value.to_string();
            writer
                .write_record([&serial, &token, &code, &face_value, &booklet])
                .expect(written);
        }
        Ok(writer.into_inner().expect(written))
    }
}
