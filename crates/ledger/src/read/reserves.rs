//! What a programme's end sweeps: vouchers that can be spent, reserves that hold something.

use sealed_log::{AccountNumber, BatchId, BookId, PartyId};
use sqlx::PgConnection;

/// Vouchers after `after` that can be spent, in order of number, at most `vouchers_max`.
pub async fn spendable_vouchers(
    connection: &mut PgConnection,
    book: BookId,
    after: AccountNumber,
    vouchers_max: u32,
) -> sqlx::Result<Vec<AccountNumber>> {
    sqlx::query_scalar!(
        r#"select number as "number!: AccountNumber" from ledger.voucher
           where book_id = $1 and number > $2 and spendable_cents > 0 order by number limit $3"#,
        book.uuid(),
        after.get(),
        i64::from(vouchers_max),
    )
    .fetch_all(connection)
    .await
}

/// Batches in whose reserve something is left, in order of id.
pub async fn open_reserves(connection: &mut PgConnection, book: BookId) -> sqlx::Result<Vec<BatchId>> {
    sqlx::query_scalar!(
        r#"select distinct batch_id as "batch!: BatchId" from ledger.funder_balance
           where book_id = $1 and kind = 'reserved' and cents > 0 order by 1"#,
        book.uuid(),
    )
    .fetch_all(connection)
    .await
}

/// The funders who ever had a reserve behind the batch, in order of id.
pub async fn reserve_funders(
    connection: &mut PgConnection,
    book: BookId,
    batch: BatchId,
) -> sqlx::Result<Vec<PartyId>> {
    sqlx::query_scalar!(
        r#"select funder_id as "funder!: PartyId" from ledger.funder_balance
           where book_id = $1 and kind = 'reserved' and batch_id = $2 order by 1"#,
        book.uuid(),
        batch.uuid(),
    )
    .fetch_all(connection)
    .await
}
