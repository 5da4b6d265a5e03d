//! The files that the operator hands to the bank: the same bytes however often they are asked for.

use chrono::{DateTime, NaiveDate, Utc};
use database::UseCaseError;
use sqlx::PgPool;
use standards::pain001::{Payment, PaymentFile, PaymentFileError};
use standards::{Cents, Month};
use web::Problem;

use crate::payments::approval::approval;
use crate::payments::payment_order::PaymentOrder;
use crate::{support::FundAccount, support::ids::RefundId, support::ids::SettlementId};

/// Why there is no file.
#[derive(Debug)]
pub enum FileRejection {
    /// No such settlement or refund.
    Unknown,
    NotApproved,
    /// It was rejected, and is never sent.
    Withdrawn(PaymentOrder),
    /// The format cannot say it; empty where everybody is held, or the refund is a credit.
    Format(PaymentFileError),
}

impl database::Rejection for FileRejection {}

impl From<FileRejection> for Problem {
    fn from(rejection: FileRejection) -> Self {
        match rejection {
            FileRejection::Unknown => Self::not_found("Ce fichier de virements"),
            FileRejection::Format(PaymentFileError::Empty) => Self::refused("no-payment", "Il n'y a rien à virer.")
                .detail("Aucun virement n'est prévu : toutes les sommes sont retenues, nulles ou données en crédit."),
            FileRejection::NotApproved => Self::new(
                http::StatusCode::CONFLICT,
                "approval-waiting",
                "Ce fichier de virements attend l'accord d'une autre personne.",
            )
            .detail("Son total dépasse le seuil d'approbation. Le fichier est disponible dès l'accord donné."),
            FileRejection::Withdrawn(order) => Self::refused(
                "payment-order-rejected",
                "Ce fichier de virements a été rejeté : il ne sera jamais envoyé.",
            )
            .detail(order.after_rejection()),
            FileRejection::Format(error) => {
                Self::refused("payment-file", "Le fichier de virements ne peut pas être écrit.")
                    .detail(error.to_string())
            }
        }
    }
}

/// What the header of a file says.
struct Header {
    message_id: String,
    at: DateTime<Utc>,
    execute_on: NaiveDate,
    remittance: String,
}

/// The pain.001 of a settlement, and its message id.
pub async fn settlement(
    pool: &PgPool,
    fund: &FundAccount,
    id: SettlementId,
) -> Result<(String, Vec<u8>), UseCaseError<FileRejection>> {
    let row = sqlx::query!(
        "select month, at, execute_on, message_id from funding.settlement where id = $1",
        id.uuid()
    )
    .fetch_optional(pool)
    .await?
    .ok_or(FileRejection::Unknown)?;
    approved(pool, PaymentOrder::Settlement(id)).await?;
    let remittance = format!("Cheques culture numerique {}", Month::containing(row.month));
    let header = Header {
        message_id: row.message_id,
        at: row.at,
        execute_on: row.execute_on,
        remittance,
    };
    write(pool, fund, header, PaymentOrder::Settlement(id)).await
}

/// The pain.001 of a refund, and its message id.
pub async fn refund(
    pool: &PgPool,
    fund: &FundAccount,
    id: RefundId,
) -> Result<(String, Vec<u8>), UseCaseError<FileRejection>> {
    let row = sqlx::query!(
        "select at, execute_on, message_id, programme_id from funding.refund where id = $1",
        id.uuid()
    )
    .fetch_optional(pool)
    .await?
    .ok_or(FileRejection::Unknown)?;
    approved(pool, PaymentOrder::Refund(id)).await?;
    let remittance = if row.programme_id.is_some() {
        "Cheques culture numerique, valeur non utilisee rendue".to_owned()
    } else {
        "Cheques culture numerique, credit rendu".to_owned()
    };
    let header = Header {
        message_id: row.message_id,
        at: row.at,
        execute_on: row.execute_on,
        remittance,
    };
    write(pool, fund, header, PaymentOrder::Refund(id)).await
}

/// Whether it may be sent.
async fn approved(pool: &PgPool, order: PaymentOrder) -> Result<(), UseCaseError<FileRejection>> {
    let mut connection = pool.acquire().await?;
    match approval(&mut connection, order).await?.state.as_str() {
        "not_needed" | "approved" => Ok(()),
        "rejected" => Err(FileRejection::Withdrawn(order).into()),
        _ => Err(FileRejection::NotApproved.into()),
    }
}

async fn write(
    pool: &PgPool,
    fund: &FundAccount,
    header: Header,
    order: PaymentOrder,
) -> Result<(String, Vec<u8>), UseCaseError<FileRejection>> {
    let rows = sqlx::query!(
        r#"select end_to_end, holder, iban, bic, cents as "amount: Cents"
           from funding.payment where settlement_id = $1 or refund_id = $2 order by end_to_end"#,
        order.settlement(),
        order.refund(),
    )
    .fetch_all(pool)
    .await?;
    let unreadable = |what: &str| sqlx::Error::Decode(format!("a payment was stored with a wrong {what}").into());
    let payments = rows
        .into_iter()
        .map(|row| {
            Ok(Payment {
                end_to_end: row.end_to_end,
                creditor_name: row.holder,
                iban: row.iban.parse().map_err(|_| unreadable("IBAN"))?,
                bic: row
                    .bic
                    .map(|bic| bic.parse())
                    .transpose()
                    .map_err(|_| unreadable("BIC"))?,
                amount: row.amount,
                remittance: header.remittance.clone(),
            })
        })
        .collect::<Result<Vec<_>, sqlx::Error>>()?;
    let file = PaymentFile {
        message_id: header.message_id.clone(),
        created_at: header.at,
        debtor_name: fund.name.clone(),
        debtor_iban: fund.iban.clone(),
        debtor_bic: fund.bic.clone(),
        requested_execution: header.execute_on,
        payments,
    };
    Ok((header.message_id, file.write().map_err(FileRejection::Format)?))
}
