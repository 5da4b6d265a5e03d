//! What goes to the printer: the booklets as PDF, or the vouchers as CSV for a printer with its own layout.
//!
//! Tokens are signed again for each print and stored nowhere: Ed25519 is deterministic, so every print of a voucher bears the same
//! token. Whoever prints holds what becomes money at the hand-over, so each print is in the audit trail before it is made, and a
//! booklet that was printed before is printed again only with a reason ([`ReprintReason`]). When the old paper must be refused, its
//! booklets are [reissued](crate::vouchers::reissue::reissue()) instead.

mod on_paper;
mod reason;
mod record;

use database::{Rejection, UseCaseError};
use std::ops::RangeInclusive;

use access::Caller;
use catalogue::Programme;
use chrono::{DateTime, NaiveDate, Utc};
use ledger::BatchId;
use sqlx::PgTransaction;
use voucher::{Host, Idx, Kid, Token, VoucherId};
use web::Problem;

use crate::batches::batch::{self, BatchRow, Printed};
use crate::batches::mint;
use crate::keys::voucher_keys::VoucherKeys;
use crate::paper::in_vain::{self, Accepted, InVain};
use crate::paper::proofs::check_cover;
use crate::paper::settings::{self, Settings};
use crate::{PrintId, paper::booklets::PaperFormat, paper::logos::LogoInk};

pub(crate) use on_paper::{paper, paper_of, processors};
pub use reason::ReprintReason;
pub(crate) use record::{NewPrint, add as record, lock};

/// Booklets in one PDF: some 20 seconds of work and 20 MB; more are printed in parts.
pub const PRINT_BOOKLETS_MAX: u32 = 500;

#[derive(Debug)]
pub enum PrintRejection {
    NoBatch,
    NotMinted,
    Cancelled,
    /// Outside of these, or more than one file takes.
    Range(RangeInclusive<u32>),
    /// Beyond this last one.
    Serial(u32),
    /// Outside of these.
    Booklets(RangeInclusive<u32>),
    /// Vouchers: none, or more than one run takes.
    Run(usize),
    /// These vouchers were minted for a key, or with a secret, that this process does not hold.
    OtherKey,
    /// The last time on that day, and no reason is given.
    PrintedBefore(NaiveDate),
    /// The cover names neither a phone number nor a counter.
    NoContact,
    /// The partners' names take more than a page.
    CoverFull,
    InVain(InVain),
}

impl Rejection for PrintRejection {}

pub(crate) type PrintError = UseCaseError<PrintRejection>;

impl From<PrintRejection> for Problem {
    fn from(rejection: PrintRejection) -> Self {
        let refused = |kind| Self::refused(kind, "Ces chèques ne peuvent pas être imprimés.");
        match rejection {
            PrintRejection::NoBatch => Self::not_found("Ce lot"),
            PrintRejection::NoContact => Self::refused("no-contact", "La couverture ne dit pas où demander.").detail(
                "Une personne sans Internet doit pouvoir demander où aller. Donnez un numéro de téléphone ou une adresse postale \
                 (PUT …/paper, « phone » ou « address »), puis recommencez.",
            ),
            PrintRejection::CoverFull => Self::refused("cover-full", "Les noms ne tiennent pas sur la couverture.").detail(
                "Aucun nom de partenaire n'est coupé, et tous ensemble prennent plus d'une page. Donnez aux organisations des noms plus \
                 courts, ou faites un plan de financement qui en nomme moins.",
            ),
            PrintRejection::InVain(reason) => reason.into(),
            PrintRejection::NotMinted => refused("not-minted").detail("Émettez d'abord les chèques de ce lot."),
            PrintRejection::Cancelled => refused("batch-cancelled").detail("Ce lot est annulé."),
            PrintRejection::Range(numbers) => refused("print-range").detail(format!(
                "Demandez de 1 à {PRINT_BOOKLETS_MAX} carnets à la fois, avec « ?from= » et « &to= » ; ceux de ce lot sont numérotés de {} à {}.",
                numbers.start(),
                numbers.end(),
            )),
            PrintRejection::Serial(vouchers) => refused("print-range")
                .detail(format!("Ce lot compte {vouchers} chèques : donnez un numéro de 1 à {vouchers}.")),
            PrintRejection::Booklets(numbers) => refused("print-range").detail(format!(
                "Donnez « from » et « to » entre {} et {}, dans cet ordre.",
                numbers.start(),
                numbers.end(),
            )),
            PrintRejection::Run(vouchers) => {
                Self::refused("print-run", "Cette impression ne peut pas être préparée.").detail(format!(
                    "Demandez de 1 à {PRINT_VOUCHERS_MAX} chèques à la fois ; cette demande en compte {vouchers}."
                ))
            }
            PrintRejection::OtherKey => refused("key-not-loaded")
                .detail("Ces chèques ont été émis pour une autre clé de signature : l'opérateur doit la remettre en service."),
            PrintRejection::PrintedBefore(day) => refused("printed-before").detail(format!(
                "Des carnets demandés ont déjà été imprimés, la dernière fois le {}. Donnez un motif, par exemple « reason=damaged » \
                 (damaged, misprinted, lost_in_transit, other_format, reissued, interrupted). Si l'ancien papier peut être en de \
                 mauvaises mains, demandez plutôt une réédition de ces carnets (« reissues »).",
                day.format("%d/%m/%Y")
            )),
        }
    }
}

/// Vouchers in one PDF of several batches.
const PRINT_VOUCHERS_MAX: usize = 10 * PRINT_BOOKLETS_MAX as usize;

/// Which booklets of a batch, and for what.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Booklets {
    /// All, with their tokens, for a printer with its own layout.
    AllAsCsv { accept: Accepted },
    /// Some, drawn; up to the last one when no end is named.
    Range {
        from: Option<u32>,
        to: Option<u32>,
        format: PaperFormat,
        logos: LogoInk,
        reason: Option<ReprintReason>,
        accept: Accepted,
        id: PrintId,
    },
}

/// With what is printed.
#[derive(Debug, Clone)]
pub(crate) struct Press {
    pub keys: VoucherKeys,
    pub host: Host,
}

/// Vouchers to be printed, before they are signed.
#[derive(Debug, Clone)]
pub(crate) struct ToPrint {
    pub batch: BatchRow,
    pub format: PaperFormat,
    pub settings: Settings,
    pub vouchers: Vec<Printed>,
}

/// A voucher with its token: as good as the paper, so it is neither logged nor stored.
pub(crate) struct SignedVoucher {
    pub serial: u32,
    pub booklet: u32,
    pub token: Token,
    pub id: VoucherId,
}

/// A batch that has vouchers and was not cancelled.
async fn printable(tx: &mut PgTransaction<'_>, programme: &Programme, id: BatchId) -> Result<BatchRow, PrintError> {
    let batch = batch::find(&mut **tx, programme.id, id)
        .await?
        .ok_or(PrintRejection::NoBatch)?;
    if batch.minted_at.is_none() {
        return Err(PrintRejection::NotMinted.into());
    }
    if batch.cancelled_at.is_some() {
        return Err(PrintRejection::Cancelled.into());
    }
    Ok(batch)
}

/// Reads what is to be printed and leaves the trace of it.
pub(crate) async fn prepare(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: &Programme,
    id: BatchId,
    booklets: Booklets,
    press: &Press,
    at: DateTime<Utc>,
) -> Result<ToPrint, PrintError> {
    let batch = printable(tx, programme, id).await?;
    let (Booklets::AllAsCsv { accept } | Booklets::Range { accept, .. }) = booklets;
    if let Some(reason) = in_vain::reason(tx, programme, &press.host, accept, at).await? {
        return Err(PrintRejection::InVain(reason).into());
    }
    let numbers = batch.booklet_numbers();
    let (from, to) = match booklets {
        Booklets::AllAsCsv { .. } => (*numbers.start(), *numbers.end()),
        Booklets::Range { from, to, .. } => (from.unwrap_or(*numbers.start()), to.unwrap_or(*numbers.end())),
    };
    let (Some(first), Some(last)) = (batch.serials_of(from), batch.serials_of(to)) else {
        return Err(PrintRejection::Range(numbers).into());
    };
    let (drawn, ink) = match booklets {
        Booklets::AllAsCsv { .. } => (false, LogoInk::default()),
        Booklets::Range { logos, .. } => (true, logos),
    };
    if from > to || (drawn && to - from >= PRINT_BOOKLETS_MAX) {
        return Err(PrintRejection::Range(numbers).into());
    }
    let settings = settings::settings(tx, programme, Some(batch.plan), ink, &press.host).await?;
    let format = match booklets {
        Booklets::AllAsCsv { .. } => {
            access::audit(tx, who, at, "batch.export_vouchers", Some(id.uuid()), [from, to]).await?;
            PaperFormat::default()
        }
        Booklets::Range {
            format,
            reason,
            id: print,
            ..
        } => {
            check_cover(programme, format, &settings)?;
            lock(tx, &batch).await?;
            let new = NewPrint {
                id: print,
                booklets: &(from..=to),
                kind: "booklets",
                format,
                reason,
                settings: Some(settings.digest(programme, format)),
            };
            record(tx, who, &batch, &new, at).await?;
            let (range, again) = ([from, to], reason.map(ReprintReason::word));
            match again {
                None => access::audit(tx, who, at, "batch.print_booklets", Some(id.uuid()), range).await?,
                Some(reason) => {
                    let detail = serde_json::json!({"booklets": range, "reason": reason});
                    access::audit(tx, who, at, "batch.reprint_booklets", Some(id.uuid()), detail).await?;
                }
            }
            format
        }
    };
    // After the lock: booklets that are reissued meanwhile are read whole, before or after.
    let vouchers = batch::vouchers(&mut **tx, &batch, &(*first.start()..=*last.end())).await?;
    check_keys(&vouchers, &press.keys)?;
    Ok(ToPrint {
        batch,
        format,
        settings,
        vouchers,
    })
}

/// Booklets of a batch, as a part of a run.
pub(crate) struct RunPart {
    pub programme: Programme,
    pub batch: BatchId,
    pub booklets: Booklets,
}

/// Reads what is to be printed together, and leaves the trace of each part: of all of them, or of none.
pub(crate) async fn prepare_run(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    parts: &[RunPart],
    press: &Press,
    at: DateTime<Utc>,
) -> Result<Vec<ToPrint>, PrintError> {
    let mut run = Vec::new();
    for part in parts {
        run.push(prepare(tx, who, &part.programme, part.batch, part.booklets, press, at).await?);
    }
    let vouchers = run.iter().map(ToPrint::len).sum();
    if (1..=PRINT_VOUCHERS_MAX).contains(&vouchers) {
        Ok(run)
    } else {
        Err(PrintRejection::Run(vouchers).into())
    }
}

/// Reads one voucher that is to be shown on a phone, and leaves the trace of it.
pub(crate) async fn prepare_one(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: &Programme,
    id: BatchId,
    serial: u32,
    press: &Press,
    at: DateTime<Utc>,
) -> Result<ToPrint, PrintError> {
    let batch = printable(tx, programme, id).await?;
    if !(1..=batch.vouchers()).contains(&serial) {
        return Err(PrintRejection::Serial(batch.vouchers()).into());
    }
    let settings = settings::settings(tx, programme, Some(batch.plan), LogoInk::default(), &press.host).await?;
    let vouchers = batch::vouchers(&mut **tx, &batch, &(serial..=serial)).await?;
    check_keys(&vouchers, &press.keys)?;
    access::audit(tx, who, at, "voucher.image", Some(id.uuid()), serial).await?;
    Ok(ToPrint {
        batch,
        format: PaperFormat::default(),
        settings,
        vouchers,
    })
}

fn id_of(voucher: &Printed, keys: &VoucherKeys) -> Option<VoucherId> {
    keys.secrets.id_of(voucher.number, (voucher.id_key, &voucher.nonce))
}

/// What cannot be signed is not printed: it is refused here, before the trace of a print is kept.
fn check_keys(vouchers: &[Printed], keys: &VoucherKeys) -> Result<(), PrintRejection> {
    let loaded =
        |voucher: &Printed| keys.signers.get(Kid::new(voucher.kid)).is_some() && id_of(voucher, keys).is_some();
    if vouchers.iter().all(loaded) {
        Ok(())
    } else {
        Err(PrintRejection::OtherKey)
    }
}

impl ToPrint {
    /// How many vouchers.
    const fn len(&self) -> usize {
        self.vouchers.len()
    }

    /// Signs, in order of serial number. CPU only: about 40,000 a second.
    pub(crate) fn signed<'a>(
        &'a self,
        keys: &'a VoucherKeys,
    ) -> impl Iterator<Item = Result<SignedVoucher, PrintError>> + 'a {
        self.vouchers.iter().map(|voucher| {
            let kid = Kid::new(voucher.kid);
            let signer = keys.signers.get(kid).ok_or(PrintRejection::OtherKey)?;
            let id = id_of(voucher, keys).ok_or(PrintRejection::OtherKey)?;
            let (series, idx) = voucher
                .number
                .as_voucher()
                .expect("vouchers are minted under voucher numbers");
            let idx = Idx::new(idx).expect("a voucher number holds 24 bits of idx");
            let terms = mint::terms(&self.batch, series, idx, id);
            // What does not open its commitment would be refused at every claim: somebody changed the batch or the voucher.
            if !voucher.commitment().is_to(&terms.to_bytes(kid)) {
                return Err(UseCaseError::failed("a voucher is not what it was minted as"));
            }
            let booklet = self.batch.booklet_of(voucher.serial);
            Ok(SignedVoucher {
                serial: voucher.serial,
                booklet,
                token: signer.token(&terms).map_err(UseCaseError::failed)?,
                id,
            })
        })
    }

    /// `serial,token,short_code,face_value,booklet`: the printer's file.
    pub(crate) fn csv(&self, press: &Press) -> Result<Vec<u8>, PrintError> {
        let signed: Vec<SignedVoucher> = self.signed(&press.keys).collect::<Result<_, _>>()?;
        Ok(self.csv_of(&signed, &press.host))
    }

    /// The same for vouchers that are signed already.
    pub(crate) fn csv_of(&self, signed: &[SignedVoucher], host: &Host) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let written = "a Vec takes every write";
        writer
            .write_record(["serial", "token", "short_code", "face_value", "booklet"])
            .expect(written);
        for voucher in signed {
            let (token, code) = (voucher.token.to_url(host), voucher.id.short_code().to_string());
            let (serial, booklet) = (voucher.serial.to_string(), voucher.booklet.to_string());
            let face_value = self.batch.face_value.to_string();
            writer
                .write_record([&serial, &token, &code, &face_value, &booklet])
                .expect(written);
        }
        writer.into_inner().expect(written)
    }
}
