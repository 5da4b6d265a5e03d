//! Invoices and credit notes on paper: written at the first demand, and kept.
//!
//! What the books know comes from the invoice, the rest from what is said of [seller and buyer](crate::fees::invoicing) at that moment; while
//! something of it lacks there is no paper, and the answer says what to give. Settings that change later change no paper. Each holds its
//! [data](cii) too (Factur-X), from the same figures.

mod cii;
mod credit_note;
mod invoice;
mod mentions;

use access::{Caller, audit};
use catalogue::ProgrammeId;
use chrono::{DateTime, NaiveDate, Utc};
use data_encoding::HEXLOWER;
use database::UseCaseError;
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool, PgTransaction};
use standards::{Cents, calendar};
use web::Problem;

use super::credit::{CreditNote, notes};
use super::view::{Fee, read};
use crate::fees::invoicing::{Buyer, Seller, buyer, seller};
use crate::{support::FundAccount, support::ids::CreditNoteId, support::ids::FeeId};

/// Why there is no paper.
#[derive(Debug)]
pub enum PaperRejection {
    Unknown,
    /// What the law wants on it and nobody said, in French.
    Lacks(Vec<String>),
}

impl database::Rejection for PaperRejection {}

impl From<PaperRejection> for Problem {
    fn from(rejection: PaperRejection) -> Self {
        match rejection {
            PaperRejection::Unknown => Self::not_found("Ce document"),
            PaperRejection::Lacks(what) => Self::refused(
                "invoice-incomplete",
                "Il manque ce que la loi veut sur une facture : elle ne peut pas encore être écrite.",
            )
            .detail(format!("{}.", what.join(" ; ")))
            .with("lacks", what),
        }
    }
}

/// All that is written on a paper besides its own lines.
struct InvoiceFacts {
    fee: Fee,
    seller: Seller,
    buyer: Buyer,
    programme: String,
    batch: BatchFacts,
}

struct BatchFacts {
    booklets: i32,
    booklet_size: i32,
    face_value: Cents,
    funded_on: NaiveDate,
}

/// The invoice as PDF: as it was issued, or issued now.
pub async fn invoice_pdf(
    pool: &PgPool,
    who: &Caller,
    fund: &FundAccount,
    id: FeeId,
    at: DateTime<Utc>,
) -> Result<Vec<u8>, UseCaseError<PaperRejection>> {
    let mut connection = pool.acquire().await?;
    if let Some(pdf) = kept_invoice(&mut connection, id).await? {
        return Ok(pdf);
    }
    let facts = facts(&mut connection, id, at).await?;
    drop(connection);
    let pdf = invoice::written(&facts, fund).render().map_err(UseCaseError::failed)?;
    let issued = database::transaction(pool, "issue_invoice", |tx| {
        let (who, pdf) = (who.clone(), pdf.clone());
        Box::pin(async move { keep(tx, &who, (Some(id), None), &pdf, at).await })
    });
    issued.await?;
    // Whoever was first.
    let mut connection = pool.acquire().await?;
    Ok(kept_invoice(&mut connection, id)
        .await?
        .ok_or(PaperRejection::Unknown)?)
}

/// The credit note as PDF: as it was issued, or issued now.
pub async fn credit_note_pdf(
    pool: &PgPool,
    who: &Caller,
    note: &CreditNote,
    at: DateTime<Utc>,
) -> Result<Vec<u8>, UseCaseError<PaperRejection>> {
    let mut connection = pool.acquire().await?;
    if let Some(pdf) = kept_credit_note(&mut connection, note.id).await? {
        return Ok(pdf);
    }
    let facts = facts(&mut connection, note.fee_id, at).await?;
    let all = notes(&mut connection, note.fee_id).await?;
    drop(connection);
    let earlier = all.iter().take_while(|one| one.id != note.id).map(|one| one.gross);
    let earlier = Cents::try_sum(earlier).unwrap_or_default();
    let pdf = credit_note::written(&facts, note, earlier)
        .render()
        .map_err(UseCaseError::failed)?;
    let issued = database::transaction(pool, "issue_credit_note", |tx| {
        let (who, pdf, id) = (who.clone(), pdf.clone(), note.id);
        Box::pin(async move { keep(tx, &who, (None, Some(id)), &pdf, at).await })
    });
    issued.await?;
    let mut connection = pool.acquire().await?;
    let kept = kept_credit_note(&mut connection, note.id).await?;
    Ok(kept.ok_or(PaperRejection::Unknown)?)
}

async fn kept_invoice(connection: &mut PgConnection, id: FeeId) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar!("select pdf from funding.invoice_paper where fee_id = $1", id.uuid())
        .fetch_optional(connection)
        .await
}

async fn kept_credit_note(connection: &mut PgConnection, id: CreditNoteId) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar!(
        "select pdf from funding.invoice_paper where credit_note_id = $1",
        id.uuid()
    )
    .fetch_optional(connection)
    .await
}

/// Keeps a paper, unless somebody was faster.
async fn keep(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    (fee, note): (Option<FeeId>, Option<CreditNoteId>),
    pdf: &[u8],
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let digest: [u8; 32] = Sha256::digest(pdf).into();
    let (fee, note) = (fee.map(FeeId::uuid), note.map(CreditNoteId::uuid));
    let kept = sqlx::query!(
        "insert into funding.invoice_paper (fee_id, credit_note_id, pdf, sha256, issued_at) values ($1, $2, $3, $4, $5)
         on conflict do nothing",
        fee,
        note,
        pdf,
        &digest,
        at,
    )
    .execute(&mut **tx)
    .await?;
    if kept.rows_affected() == 1 {
        let digest = HEXLOWER.encode(&digest);
        audit(tx, who, at, "fee.issue_paper", fee.or(note), digest).await?;
    }
    Ok(())
}

async fn facts(
    connection: &mut PgConnection,
    id: FeeId,
    at: DateTime<Utc>,
) -> Result<InvoiceFacts, UseCaseError<PaperRejection>> {
    let fee = read(&mut *connection, id).await?.ok_or(PaperRejection::Unknown)?;
    let (seller, buyer) = (
        seller(&mut *connection, at).await?,
        buyer(&mut *connection, fee.sponsor_id, at).await?,
    );
    let (batch, programme) = batch(connection, &fee).await?;
    let rates = fee.lines.iter().map(|line| line.vat_rate);
    let mut lacks = Vec::new();
    match &seller {
        None => lacks.push("dites qui facture : PUT /funding/v1/invoicing/seller".to_owned()),
        Some(seller) => lacks.extend(tax(seller, rates)),
    }
    if buyer.is_none() {
        lacks.push(format!(
            "dites à qui facturer : PUT /funding/v1/invoicing/buyers/{}",
            fee.sponsor_id
        ));
    }
    match (seller, buyer) {
        (Some(seller), Some(buyer)) if lacks.is_empty() => Ok(InvoiceFacts {
            fee,
            seller,
            buyer,
            programme,
            batch,
        }),
        _ => Err(PaperRejection::Lacks(lacks).into()),
    }
}

/// What the seller did not say of VAT at these rates.
fn tax(seller: &Seller, mut rates: impl Iterator<Item = Decimal>) -> Option<String> {
    let taxed = rates.any(|rate| !rate.is_zero());
    if taxed && seller.vat_number.is_none() {
        Some("la facture porte de la TVA : donnez « vat_number » à PUT /funding/v1/invoicing/seller".to_owned())
    } else if !taxed && seller.vat_exemption.is_none() {
        Some(
            "la facture est sans TVA : donnez dans « vat_exemption », à PUT /funding/v1/invoicing/seller, le texte qui l'en dispense \
             (par exemple « TVA non applicable, art. 293 B du CGI »)"
                .to_owned(),
        )
    } else {
        None
    }
}

/// The batch of an invoice, and its programme's name.
async fn batch(connection: &mut PgConnection, fee: &Fee) -> Result<(BatchFacts, String), UseCaseError<PaperRejection>> {
    let programme: ProgrammeId = fee.programme_id;
    let row = sqlx::query!(
        r#"select b.booklets as "booklets!", b.booklet_size as "booklet_size!", b.face_value_cents as "face_value!: Cents",
               b.funded_at as "funded_at!", p.name
           from issuer.batch_memo b join catalogue.programme p on p.id = b.book_id
           where b.book_id = $1 and b.batch_id = $2"#,
        programme.uuid(),
        fee.batch_id.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .ok_or(PaperRejection::Unknown)?;
    let batch = BatchFacts {
        booklets: row.booklets,
        booklet_size: row.booklet_size,
        face_value: row.face_value,
        funded_on: calendar::paris_date(row.funded_at),
    };
    Ok((batch, row.name))
}

#[cfg(test)]
mod tests;
