//! Claims whose evidence has left the house in clear. A voucher that others may have read must never be spent again.
//!
//! A disclosure names a book and an instant: of all its claims until then. It is written, and committed, before the first byte of the export
//! is, so that no reversal opens a voucher whose evidence somebody is reading. It counts at once and for ever.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use database::NamedLock;
use ledger::BookId;
use sqlx::PgTransaction;
use uuid::Uuid;

use crate::ids::ClaimId;

/// Keeps disclosures of this book away until the end of the transaction: what a reversal gives back is then secret, or known to be none.
pub(crate) async fn hold_off(tx: &mut PgTransaction<'_>, book: BookId) -> Result<(), sqlx::Error> {
    NamedLock::Evidence(book.uuid()).take_shared(tx).await
}

/// Whether the evidence of this claim was disclosed.
pub(crate) async fn is_disclosed(
    tx: &mut PgTransaction<'_>,
    book: BookId,
    claim: ClaimId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (
               select from redemption.claim c join redemption.evidence_disclosure d on d.book_id = c.book_id and d.claims_until >= c.at
               where c.book_id = $1 and c.id = $2) as "disclosed!""#,
        book.uuid(),
        claim.uuid(),
    )
    .fetch_one(&mut **tx)
    .await
}

/// Notes that the evidence of every claim of these books made until `at` goes out in clear, before it does.
pub async fn disclose(tx: &mut PgTransaction<'_>, books: &[BookId], at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let books: BTreeSet<Uuid> = books.iter().map(|book| book.uuid()).collect();
    for book in &books {
        NamedLock::Evidence(*book).take(tx).await?;
    }
    let books: Vec<Uuid> = books.into_iter().collect();
    sqlx::query!(
        "insert into redemption.evidence_disclosure (book_id, claims_until, at)
         select book_id, $2, $2 from unnest($1::uuid[]) as b (book_id) on conflict do nothing",
        &books,
        at,
    )
    .execute(&mut **tx)
    .await
    .map(drop)
}
