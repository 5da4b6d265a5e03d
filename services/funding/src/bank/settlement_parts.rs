//! What of a payment to a structure is of which programme: it goes back there when the payment does not arrive.

use std::collections::BTreeMap;

use ledger::BookId;
use sqlx::PgTransaction;
use standards::Cents;
use uuid::Uuid;

use crate::support::ids::PaymentId;

/// The sums of payments' settlement lines, by programme.
pub(crate) type SettlementParts = BTreeMap<PaymentId, Vec<(BookId, Cents)>>;

/// Those of `payments`; a refund has none.
pub(crate) async fn parts_of(tx: &mut PgTransaction<'_>, payments: &[Uuid]) -> Result<SettlementParts, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select payment_id as "payment: PaymentId", book_id as "book: BookId", sum(cents)::bigint as "cents!: Cents"
           from funding.settlement_line where payment_id = any($1)
           group by payment_id, book_id order by payment_id, book_id"#,
        payments,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut parts = SettlementParts::new();
    for row in rows {
        parts.entry(row.payment).or_default().push((row.book, row.cents));
    }
    Ok(parts)
}
