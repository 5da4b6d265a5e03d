//! What was paid of an invoice. It came to the operator's own account, of which no statement is loaded here: the operator says it.

use access::{Caller, audit};
use bounds::{TextKind, Words};
use chrono::{DateTime, NaiveDate, Utc};
use database::{NamedLock, UseCaseError};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgTransaction};
use standards::{Cents, calendar};
use utoipa::ToSchema;
use web::{Created, Problem};

use super::view::read;
use crate::support::ids::{FeeId, FeePaymentId};

/// A payment of an invoice, to be written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFeePayment {
    /// Made by the caller.
    pub id: FeePaymentId,
    /// Below zero for what was given back, or written down by mistake.
    #[schema(example = "360.00")]
    pub amount: Cents,
    /// The bank's day.
    pub paid_on: NaiveDate,
    /// By which it is found on the operator's own statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Words>, example = "VIR DEPARTEMENT 21 F-2026-00001")]
    pub reference: Option<String>,
}

/// A payment of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FeePayment {
    pub id: FeePaymentId,
    pub fee_id: FeeId,
    pub amount: Cents,
    pub paid_on: NaiveDate,
    pub reference: Option<String>,
}

/// Why it was not written down.
#[derive(Debug)]
pub enum FeePaymentRejection {
    NoInvoice,
    /// Nothing, more than is owed, or back more than was received.
    Amount {
        owed: Cents,
        received: Cents,
    },
    /// Before the invoice, or in the future.
    Day {
        from: NaiveDate,
        to: NaiveDate,
    },
    Words,
}

impl database::Rejection for FeePaymentRejection {}

impl From<FeePaymentRejection> for Problem {
    fn from(rejection: FeePaymentRejection) -> Self {
        match rejection {
            FeePaymentRejection::NoInvoice => Self::not_found("Cette facture"),
            FeePaymentRejection::Amount { owed, received } => {
                Self::refused("fee-payment-amount", "Ce montant ne convient pas à la facture.")
                    .detail(format!(
                        "Il reste dû {} et {} est reçu : notez au plus ce qui reste dû, ou, en négatif, au plus ce qui est reçu.",
                        owed.to_french(),
                        received.to_french()
                    ))
                    .with("owed", owed)
                    .with("received", received)
            }
            FeePaymentRejection::Day { from, to } => {
                Self::refused("fee-payment-day", "Ce jour ne convient pas.").detail(format!(
                    "Donnez le jour de la banque, du {} (la facture) au {} (aujourd'hui).",
                    from.format("%d/%m/%Y"),
                    to.format("%d/%m/%Y")
                ))
            }
            FeePaymentRejection::Words => Self::refused("fee-payment-words", "La référence ne convient pas.").detail(
                format!("« reference » : donnez au plus {} caractères, sans retour à la ligne, ou rien.", Words::CHARS_MAX),
            ),
        }
    }
}

/// Writes down what was paid of an invoice, or finds that it was.
pub async fn pay(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    fee: FeeId,
    new: &NewFeePayment,
    at: DateTime<Utc>,
) -> Result<Created<FeePayment>, UseCaseError<FeePaymentRejection>> {
    if !new.reference.as_deref().is_none_or(Words::fits) {
        return Err(FeePaymentRejection::Words.into());
    }
    // A credit note never takes off what is paid.
    NamedLock::Invoices.take(tx).await?;
    let wanted = FeePayment {
        id: new.id,
        fee_id: fee,
        amount: new.amount,
        paid_on: new.paid_on,
        reference: new.reference.clone(),
    };
    if let Some(known) = rows(&mut *tx, Some(new.id), None).await?.pop() {
        return if known == wanted {
            Ok(Created::Existing(known))
        } else {
            Err(UseCaseError::IdReused)
        };
    }
    let invoice = read(&mut *tx, fee).await?.ok_or(FeePaymentRejection::NoInvoice)?;
    let back = new.amount.checked_neg().is_none_or(|back| back > invoice.received);
    if new.amount.is_zero() || new.amount > invoice.owed || back {
        let (owed, received) = (invoice.owed, invoice.received);
        return Err(FeePaymentRejection::Amount { owed, received }.into());
    }
    let (from, to) = (invoice.invoiced_on, calendar::paris_date(at));
    if new.paid_on < from || new.paid_on > to {
        return Err(FeePaymentRejection::Day { from, to }.into());
    }
    sqlx::query!(
        "insert into funding.fee_payment (id, fee_id, cents, paid_on, reference, organisation_id, at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        new.id.uuid(),
        fee.uuid(),
        new.amount.get(),
        new.paid_on,
        new.reference,
        who.organisation().uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    audit(tx, who, at, "fee.pay", Some(new.id.uuid()), (fee, new.amount)).await?;
    Ok(Created::New(wanted))
}

/// Payments of an invoice, in the order of their days.
pub async fn payments(connection: &mut PgConnection, fee: FeeId) -> Result<Vec<FeePayment>, sqlx::Error> {
    rows(connection, None, Some(fee)).await
}

async fn rows(
    connection: &mut PgConnection,
    only: Option<FeePaymentId>,
    of: Option<FeeId>,
) -> Result<Vec<FeePayment>, sqlx::Error> {
    sqlx::query_as!(
        FeePayment,
        r#"select id as "id: FeePaymentId", fee_id as "fee_id: FeeId", cents as "amount: Cents", paid_on, reference
           from funding.fee_payment where ($1::uuid is null or id = $1) and ($2::uuid is null or fee_id = $2)
           order by paid_on, at, id"#,
        only.map(FeePaymentId::uuid),
        of.map(FeeId::uuid),
    )
    .fetch_all(connection)
    .await
}
