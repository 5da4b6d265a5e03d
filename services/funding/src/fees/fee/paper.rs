//! Invoices and credit notes as documents. What the books of batches know comes from the invoice, the rest from what is said of [seller and
//! buyer](crate::fees::invoicing) when it is made. Each holds its [data](cii) too (Factur-X), from the same figures.

mod cii;
mod credit_note;
mod invoice;
mod mentions;

use access::OrganisationId;
use chrono::{DateTime, NaiveDate, Utc};
use data_encoding::HEXLOWER;
use document::DocumentError;
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use standards::{Cents, calendar};
use web::Problem;

use super::credit::CreditNote;
use super::view::Fee;
use crate::fees::invoicing::{Buyer, Seller, buyer, seller};

/// All that is written on a document besides its own lines.
pub(super) struct InvoiceFacts {
    pub fee: Fee,
    pub seller: Seller,
    pub buyer: Buyer,
    pub programme: String,
    pub batch: BatchFacts,
}

pub(super) struct BatchFacts {
    pub booklets: i32,
    pub booklet_size: i32,
    pub face_value: Cents,
    pub funded_on: NaiveDate,
}

/// What is missing, told to whoever asked for an invoice or a credit note.
pub(super) fn incomplete(what: &[String]) -> Problem {
    Problem::refused(
        "invoice-incomplete",
        "Il manque ce que la loi veut sur une facture : elle ne peut pas encore être faite.",
    )
    .detail(format!("{}.", what.join(" ; ")))
    .with("lacks", what)
}

pub(super) fn invoice(facts: &InvoiceFacts) -> Result<Vec<u8>, DocumentError> {
    invoice::written(facts).render()
}

/// A credit note that is not among what the invoice in `facts` counts as credited.
pub(super) fn credit_note(facts: &InvoiceFacts, note: &CreditNote) -> Result<Vec<u8>, DocumentError> {
    credit_note::written(facts, note, facts.fee.credited).render()
}

/// What the audit trail keeps of a document.
pub(super) fn digest(pdf: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(pdf))
}

/// Who sells and who buys, as of `at`; or what nobody said of them and the law wants, in French.
pub(super) async fn parties(
    connection: &mut PgConnection,
    sponsor: OrganisationId,
    vat_rate: Decimal,
    at: DateTime<Utc>,
) -> Result<Result<(Seller, Buyer), Vec<String>>, sqlx::Error> {
    let seller = seller(&mut *connection, at).await?;
    let buyer = buyer(connection, sponsor, at).await?;
    let mut lacks = Vec::new();
    match &seller {
        None => lacks.push("dites qui facture : PUT /funding/v1/invoicing/seller".to_owned()),
        Some(seller) => lacks.extend(tax(seller, vat_rate)),
    }
    if buyer.is_none() {
        lacks.push(format!(
            "dites à qui facturer : PUT /funding/v1/invoicing/buyers/{sponsor}"
        ));
    }
    Ok(match (seller, buyer) {
        (Some(seller), Some(buyer)) if lacks.is_empty() => Ok((seller, buyer)),
        _ => Err(lacks),
    })
}

/// What stands on a paper about an invoice that was made before.
pub(super) async fn facts(
    connection: &mut PgConnection,
    fee: Fee,
    at: DateTime<Utc>,
) -> Result<Result<InvoiceFacts, Vec<String>>, sqlx::Error> {
    let rate = fee.lines.first().map_or(Decimal::ZERO, |line| line.vat_rate);
    let (seller, buyer) = match parties(&mut *connection, fee.sponsor_id, rate, at).await? {
        Ok(parties) => parties,
        Err(lacks) => return Ok(Err(lacks)),
    };
    let row = sqlx::query!(
        r#"select b.booklets as "booklets!", b.booklet_size as "booklet_size!", b.face_value_cents as "face_value!: Cents",
               b.funded_at as "funded_at!", p.name
           from issuer.batch_memo b join catalogue.programme p on p.id = b.book_id
           where b.book_id = $1 and b.batch_id = $2"#,
        fee.programme_id.uuid(),
        fee.batch_id.uuid(),
    )
    .fetch_one(connection)
    .await?;
    Ok(Ok(InvoiceFacts {
        fee,
        seller,
        buyer,
        programme: row.name,
        batch: BatchFacts {
            booklets: row.booklets,
            booklet_size: row.booklet_size,
            face_value: row.face_value,
            funded_on: calendar::paris_date(row.funded_at),
        },
    }))
}

/// What the seller did not say of VAT at this rate.
fn tax(seller: &Seller, rate: Decimal) -> Option<String> {
    if !rate.is_zero() && seller.vat_number.is_none() {
        Some("la facture porte de la TVA : donnez « vat_number » à PUT /funding/v1/invoicing/seller".to_owned())
    } else if rate.is_zero() && seller.vat_exemption.is_none() {
        Some(
            "la facture est sans TVA : donnez dans « vat_exemption », à PUT /funding/v1/invoicing/seller, le texte qui l'en dispense \
             (par exemple « TVA non applicable, art. 293 B du CGI »)"
                .to_owned(),
        )
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
