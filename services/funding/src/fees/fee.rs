//! The operator's own upstream fee: an invoice for a funded batch, at the rate of its programme's terms.
//!
//! It is no money of the fund: the invoice is paid to an account of the operator's own, which [its seller](crate::fees::invoicing) names,
//! and no book of the fund knows of it. What was [paid](payment) there the operator says itself.
//!
//! A number exists only with its [document](paper): both are made in one transaction, under a lock, from what is said [of seller and
//! buyer](crate::fees::invoicing) at that moment; while something of it lacks there is neither. So numbers are one sequence a year without
//! gap (CGI, annexe II, art. 242 nonies A). No invoice is ever deleted or written anew: what was wrong is [credited](credit()), and a batch
//! whose invoice was credited whole may be invoiced again. Amounts are rounded half up: the fee first, then VAT on the rounded fee.

mod credit;
mod paper;
mod payment;
mod view;

use access::{Caller, OrganisationId, audit};
use bounds::{Form, TextKind};
use catalogue::ProgrammeId;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use database::{NamedLock, UseCaseError};
use ledger::BatchId;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgTransaction};
use standards::{Cents, calendar};
use utoipa::ToSchema;
use web::{Created, Problem};

use crate::fees::invoicing::ChorusServiceCode;
use crate::support::ids::FeeId;
use crate::support::overflow;

pub use credit::{CreditNote, NewCreditNote, credit, credit_note_pdf, note, notes};
use paper::{BatchFacts, InvoiceFacts};
pub use payment::{FeePayment, NewFeePayment, pay, payments};
pub use view::{Fee, FeeLine, list, read};

bounds::text_kind! {
    /// The number of an engagement or an order, for Chorus Pro.
    pub struct Engagement: 1..=50, Form::Line;
}

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
    #[schema(value_type = Option<ChorusServiceCode>, example = "FINANCES")]
    pub service_code: Option<String>,
    /// The engagement or order number (numéro d'engagement, bon de commande) that the buyer gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Engagement>, example = "2026-EJ-00123")]
    pub engagement: Option<String>,
}

impl NewFee {
    fn check(&self) -> Result<(), FeeRejection> {
        fits::<ChorusServiceCode>("service_code", self.service_code.as_deref())?;
        fits::<Engagement>("engagement", self.engagement.as_deref())
    }

    fn is(&self, fee: &Fee) -> bool {
        (self.programme_id, self.batch_id) == (fee.programme_id, fee.batch_id)
            && (&self.service_code, &self.engagement) == (&fee.service_code, &fee.engagement)
    }
}

fn fits<K: TextKind>(field: &'static str, text: Option<&str>) -> Result<(), FeeRejection> {
    let chars_max = K::CHARS_MAX;
    let fits = text.is_none_or(K::fits);
    fits.then_some(()).ok_or(FeeRejection::Order { field, chars_max })
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
    /// What the law wants on the document and nobody said, in French.
    Lacks(Vec<String>),
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
            FeeRejection::Lacks(what) => paper::incomplete(&what),
        }
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
    sponsor_name: Option<String>,
    sponsor_siren: Option<String>,
    programme: String,
    booklets: i32,
    booklet_size: i32,
    face_value: Cents,
    funded_at: Option<DateTime<Utc>>,
    cancelled: bool,
}

impl BatchToInvoice {
    /// When money was put behind it, if it still is.
    fn funded_on(&self) -> Option<NaiveDate> {
        self.funded_at.filter(|_| !self.cancelled).map(calendar::paris_date)
    }

    fn whole_value(&self) -> Option<Cents> {
        let vouchers = i64::from(self.booklets).checked_mul(i64::from(self.booklet_size))?;
        vouchers.checked_mul(self.face_value.get()).map(Cents::new)
    }
}

/// Invoices the fee of a batch, with its number and its document, or finds that it was invoiced before.
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
    let funded_on = batch.funded_on().ok_or(FeeRejection::NotFunded)?;
    let terms = catalogue::funding_terms(&mut **tx, new.programme_id).await?;
    let base = batch.whole_value().ok_or_else(overflow)?;
    let (net, vat) = amounts(base, terms.fee_rate, terms.vat_rate).ok_or(FeeRejection::NoFee)?;
    let parties = paper::parties(&mut *tx, batch.sponsor, terms.vat_rate, at).await?;
    let (seller, buyer) = parties.map_err(FeeRejection::Lacks)?;
    let day = calendar::paris_date(at);
    let (sequence, number) = next_number(tx, day).await?;
    let line = FeeLine::of_batch(new.batch_id, base, (terms.fee_rate, net), (terms.vat_rate, vat));
    let gross = net.checked_add(vat).ok_or_else(overflow)?;
    let facts = InvoiceFacts {
        fee: Fee {
            id: new.id,
            number,
            invoiced_on: day,
            sponsor_id: batch.sponsor,
            sponsor: batch.sponsor_name.clone(),
            sponsor_siren: batch.sponsor_siren.clone(),
            programme_id: new.programme_id,
            batch_id: new.batch_id,
            service_code: new.service_code.clone(),
            engagement: new.engagement.clone(),
            lines: vec![line],
            net,
            vat,
            gross,
            credited: Cents::ZERO,
            received: Cents::ZERO,
            owed: gross,
        },
        seller,
        buyer,
        batch: BatchFacts {
            booklets: batch.booklets,
            booklet_size: batch.booklet_size,
            face_value: batch.face_value,
            funded_on,
        },
        programme: batch.programme,
    };
    let pdf = paper::invoice(&facts).map_err(UseCaseError::failed)?;
    insert(tx, &facts.fee, sequence, &pdf, at).await?;
    let issued = (net, vat, paper::digest(&pdf));
    audit(tx, who, at, "fee.invoice", Some(new.id.uuid()), issued).await?;
    Ok(Created::New(facts.fee))
}

/// The invoice as it was issued, as PDF.
pub async fn invoice_pdf(connection: &mut PgConnection, id: FeeId) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar!("select pdf from funding.fee where id = $1", id.uuid())
        .fetch_optional(connection)
        .await
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
        r#"select p.sponsor_id as "sponsor: OrganisationId", o.name as "sponsor_name?", o.siren as "sponsor_siren?",
               p.name as programme, b.booklets as "booklets!", b.booklet_size as "booklet_size!",
               b.face_value_cents as "face_value!: Cents", b.funded_at, b.cancelled_at is not null as "cancelled!"
           from issuer.batch_memo b
           join catalogue.programme p on p.id = b.book_id
           left join access.organisation o on o.id = p.sponsor_id
           where b.book_id = $1 and b.batch_id = $2"#,
        new.programme_id.uuid(),
        new.batch_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await
}

/// The year's next: `F-2026-00001`. Under the lock, and used in the same transaction or not at all.
async fn next_number(tx: &mut PgTransaction<'_>, day: NaiveDate) -> Result<(i32, String), sqlx::Error> {
    let sequence = sqlx::query_scalar!(
        r#"select coalesce(max(sequence), 0) + 1 as "next!" from funding.fee where year = $1"#,
        day.year()
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((sequence, format!("F-{}-{sequence:05}", day.year())))
}

async fn insert(
    tx: &mut PgTransaction<'_>,
    fee: &Fee,
    sequence: i32,
    pdf: &[u8],
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let line = fee.lines.first().ok_or(sqlx::Error::RowNotFound)?;
    sqlx::query!(
        "insert into funding.fee (id, programme_id, batch_id, sponsor_id, year, sequence, number, face_value_cents, fee_rate, net_cents,
             vat_rate, vat_cents, invoiced_on, at, service_code, engagement, pdf, sha256)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, sha256($17))",
        fee.id.uuid(),
        fee.programme_id.uuid(),
        fee.batch_id.uuid(),
        fee.sponsor_id.uuid(),
        fee.invoiced_on.year(),
        sequence,
        fee.number,
        line.base.get(),
        line.rate,
        line.net.get(),
        line.vat_rate,
        line.vat.get(),
        fee.invoiced_on,
        at,
        fee.service_code,
        fee.engagement,
        pdf,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
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
}
