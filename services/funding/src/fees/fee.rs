//! The operator's own upstream fee: an invoice for a funded batch, at the rate of its programme's terms.
//!
//! | event | books |
//! |---|---|
//! | invoiced | fee receivable → fees · fee receivable → VAT |
//! | [credited](credit()), whole or in part | fees → fee receivable · VAT → fee receivable |
//! | paid, seen on the statement by the invoice's number | bank → fee receivable |
//!
//! Never mixed with face value: no account of a funder or a programme is touched, and the waterfall knows nothing of it. Numbers
//! are one sequence a year without gap (CGI, annexe II, art. 242 nonies A): they are drawn under a lock, in the transaction that
//! books the invoice, and no invoice is ever deleted: what was wrong is credited, and a batch whose invoice was credited whole may be
//! invoiced again. Amounts are rounded half up: the fee first, then VAT on the rounded fee.
//!
//! An invoice and a credit note are [papers](paper): written at the first demand, from what is said [of seller and buyer](crate::fees::invoicing)
//! then, and kept; the same bytes are served ever after.

mod credit;
mod paper;
mod receipt;
mod view;

use access::{Caller, OrganisationId, audit};
use catalogue::ProgrammeId;
use chrono::{DateTime, Datelike, Utc};
use database::{NamedLock, UseCaseError};
use ledger::{Account, BatchId, EventKind, PartyId, TransferKind};
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use standards::{Cents, calendar};
use utoipa::ToSchema;
use web::{Created, Problem};

use crate::fees::invoicing::SERVICE_CODE_CHARS_MAX;
use crate::support::booking::{BookError, Event, book};
use crate::support::ids::FeeId;
use crate::support::remittance_text::{contains, words};

pub use credit::{CreditNote, NewCreditNote, credit, note, notes};
pub use paper::{credit_note_pdf, invoice_pdf};
pub(crate) use receipt::insert_receipt;
pub use view::{Fee, list, read};

/// Characters of an engagement number in Chorus Pro.
const ENGAGEMENT_CHARS_MAX: usize = 50;

/// A fee to be invoiced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFee {
    /// Made by the caller.
    pub id: FeeId,
    /// The programme: its sponsor is invoiced.
    pub programme_id: ProgrammeId,
    /// The funded batch.
    #[schema(value_type = uuid::Uuid)]
    pub batch_id: BatchId,
    /// The service code (code service) of a public buyer's order, for Chorus Pro; else the sponsor's own is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "FINANCES")]
    pub service_code: Option<String>,
    /// The engagement or order number (numéro d'engagement, bon de commande) that the buyer gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-EJ-00123")]
    pub engagement: Option<String>,
}

impl NewFee {
    fn check(&self) -> Result<(), FeeRejection> {
        let fits = |field, text: Option<&str>, chars_max| {
            let said = |text: &str| {
                !text.trim().is_empty() && text.chars().count() <= chars_max && !text.contains(char::is_control)
            };
            text.is_none_or(said)
                .then_some(())
                .ok_or(FeeRejection::Order { field, chars_max })
        };
        fits("service_code", self.service_code.as_deref(), SERVICE_CODE_CHARS_MAX)?;
        fits("engagement", self.engagement.as_deref(), ENGAGEMENT_CHARS_MAX)
    }

    fn is(&self, fee: &Fee) -> bool {
        (self.programme_id, self.batch_id) == (fee.programme_id, fee.batch_id)
            && (&self.service_code, &self.engagement) == (&fee.service_code, &fee.engagement)
    }
}

/// Why nothing was invoiced.
#[derive(Debug)]
pub enum FeeRejection {
    /// A reference of the order is empty, too long or has control characters.
    Order {
        field: &'static str,
        chars_max: usize,
    },
    NoBatch,
    /// No money is behind the batch yet, or none any more.
    NotFunded,
    /// The programme's terms have no fee, or less than a cent.
    NoFee,
    /// And its invoice is not credited whole.
    AlreadyInvoiced,
}

impl database::Rejection for FeeRejection {}

impl From<FeeRejection> for Problem {
    fn from(rejection: FeeRejection) -> Self {
        match rejection {
            FeeRejection::Order { field, chars_max } => {
                Self::refused("fee-order", "Une référence de commande ne convient pas.")
                    .detail(format!(
                        "« {field} » : donnez de 1 à {chars_max} caractères sur une ligne, ou rien."
                    ))
                    .with("field", field)
            }
            FeeRejection::NoBatch => Self::not_found("Ce lot"),
            FeeRejection::NotFunded => Self::refused("not-funded", "Ce lot n'est pas financé.").detail(
                "La rémunération se facture quand l'argent d'un lot est réservé, et tant qu'il n'est pas annulé.",
            ),
            FeeRejection::NoFee => {
                Self::refused("no-fee", "Ce dispositif ne prévoit pas de rémunération de l'opérateur.")
                    .detail("Réglez « fee_rate » dans les règles de financement du dispositif.")
            }
            FeeRejection::AlreadyInvoiced => {
                Self::refused("already-invoiced", "La rémunération de ce lot est déjà facturée.")
                    .detail("Pour refaire une facture fausse, créez d'abord un avoir qui l'annule en entier.")
            }
        }
    }
}

/// An invoice's number: `F-2026-00001`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InvoiceNumber(Vec<String>);

impl InvoiceNumber {
    /// As it is compared.
    pub(crate) fn of(number: &str) -> Self {
        Self(words(number).into_iter().map(String::from).collect())
    }

    /// Whether a text quotes it, whatever its case, dashes, spaces and zeros.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        contains(&words(text), &self.0)
    }
}

/// What is invoiced for a batch: fee before VAT, and VAT. Nothing when the fee is less than a cent.
fn amounts(face_value: Cents, fee_rate: Decimal, vat_rate: Decimal) -> Option<(Cents, Cents)> {
    let part = |of: Cents, rate: Decimal| {
        let exact = Decimal::from(of.get()).checked_mul(rate)?;
        let cents = exact.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
        cents.to_i64().map(Cents::new)
    };
    let net = part(face_value, fee_rate).filter(|net| net.is_positive())?;
    Some((net, part(net, vat_rate)?))
}

struct BatchToInvoice {
    sponsor: OrganisationId,
    face_value: Cents,
    funded: bool,
}

/// Invoices the fee of a batch, or finds that it was invoiced before.
pub async fn invoice(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    new: &NewFee,
    at: DateTime<Utc>,
) -> Result<Created<Fee>, UseCaseError<FeeRejection>> {
    new.check()?;
    NamedLock::Invoices.take(tx).await?;
    if let Some(known) = read(&mut *tx, new.id).await? {
        return if new.is(&known) {
            Ok(Created::Existing(known))
        } else {
            Err(UseCaseError::IdReused)
        };
    }
    if is_invoiced(tx, new).await? {
        return Err(FeeRejection::AlreadyInvoiced.into());
    }
    let batch = batch(tx, new).await?.ok_or(FeeRejection::NoBatch)?;
    if !batch.funded {
        return Err(FeeRejection::NotFunded.into());
    }
    let terms = catalogue::funding_terms(&mut **tx, new.programme_id).await?;
    let (net, vat) = amounts(batch.face_value, terms.fee_rate, terms.vat_rate).ok_or(FeeRejection::NoFee)?;
    let number = insert(tx, new, &batch, (terms.fee_rate, net), (terms.vat_rate, vat), at).await?;
    let owed = Account::fee_receivable(PartyId::from_uuid(batch.sponsor.uuid()));
    let mut event = Event::new(EventKind::FeeInvoiced, new.id.uuid())
        .reference(number)
        .leg(TransferKind::FeeInvoiced, owed, Account::fees(), net)
        .map_err(BookError::from)?;
    if vat.is_positive() {
        event = event
            .leg(TransferKind::FeeInvoiced, owed, Account::vat(), vat)
            .map_err(BookError::from)?;
    }
    book(tx, event, at).await?;
    audit(tx, who, at, "fee.invoice", Some(new.id.uuid()), (net, vat)).await?;
    let made = read(&mut *tx, new.id).await?.ok_or(sqlx::Error::RowNotFound)?;
    Ok(Created::New(made))
}

/// Whether an invoice of the batch stands, whole or in part. Under the lock.
async fn is_invoiced(tx: &mut PgTransaction<'_>, new: &NewFee) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (
               select from funding.fee_state
               where programme_id = $1 and batch_id = $2 and credited_net_cents + credited_vat_cents < gross_cents) as "is!""#,
        new.programme_id.uuid(),
        new.batch_id.uuid(),
    )
    .fetch_one(&mut **tx)
    .await
}

async fn batch(tx: &mut PgTransaction<'_>, new: &NewFee) -> Result<Option<BatchToInvoice>, sqlx::Error> {
    sqlx::query_as!(
        BatchToInvoice,
        r#"select p.sponsor_id as "sponsor: OrganisationId",
               (b.booklets::bigint * b.booklet_size * b.face_value_cents) as "face_value!: Cents",
               b.funded_at is not null and b.cancelled_at is null as "funded!"
           from issuer.batch_memo b join catalogue.programme p on p.id = b.book_id
           where b.book_id = $1 and b.batch_id = $2"#,
        new.programme_id.uuid(),
        new.batch_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await
}

/// The invoice's number.
async fn insert(
    tx: &mut PgTransaction<'_>,
    new: &NewFee,
    batch: &BatchToInvoice,
    (fee_rate, net): (Decimal, Cents),
    (vat_rate, vat): (Decimal, Cents),
    at: DateTime<Utc>,
) -> Result<String, sqlx::Error> {
    let day = calendar::paris_date(at);
    sqlx::query_scalar!(
        "insert into funding.fee (id, programme_id, batch_id, sponsor_id, year, sequence, number, face_value_cents, fee_rate, net_cents,
             vat_rate, vat_cents, invoiced_on, at, service_code, engagement)
         select $1, $2, $3, $4, $5::int, n.next, format('F-%s-%s', $5::int, lpad(n.next::text, 5, '0')), $6, $7, $8, $9, $10, $11, $12,
             $13, $14
         from (select coalesce(max(sequence), 0) + 1 as next from funding.fee where year = $5::int) n
         returning number",
        new.id.uuid(),
        new.programme_id.uuid(),
        new.batch_id.uuid(),
        batch.sponsor.uuid(),
        day.year(),
        batch.face_value.get(),
        fee_rate,
        net.get(),
        vat_rate,
        vat.get(),
        day,
        at,
        new.service_code,
        new.engagement,
    )
    .fetch_one(&mut **tx)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fee_and_vat_are_rounded_half_up_one_after_the_other() {
        let of = |cents: i64, fee: &str, vat: &str| {
            let (net, vat) = amounts(Cents::new(cents), fee.parse().unwrap(), vat.parse().unwrap()).unwrap();
            (net.get(), vat.get())
        };
        assert_eq!(of(100_000, "0.03", "0.2"), (3_000, 600));
        // 1.5 cents are 2, and 20 % of them 0.4 of a cent.
        assert_eq!(of(150, "0.01", "0.2"), (2, 0));
        assert_eq!(of(12_345, "0.0333", "0.055"), (411, 23));
        assert_eq!(amounts(Cents::new(49), Decimal::new(1, 2), Decimal::ZERO), None);
        assert_eq!(amounts(Cents::new(1000), Decimal::ZERO, Decimal::ZERO), None);
    }

    #[test]
    fn an_invoice_is_found_however_it_is_quoted() {
        let number = InvoiceNumber::of("F-2026-00012");
        for text in ["F-2026-00012", "REGLEMENT FACTURE f2026 12", "F/2026/00012 merci"] {
            assert!(number.is_in(text), "{text}");
        }
        for text in ["", "F-2026-00013", "F-2026-000120", "2026 12", "F-2025-00012"] {
            assert!(!number.is_in(text), "{text}");
        }
    }
}
