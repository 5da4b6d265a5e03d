use sqlx::PgTransaction;
use standards::Cents;
use uuid::Uuid;

use crate::support::ids::StatementId;

/// Money of an invoice that came: which line of which statement brought it.
pub(crate) async fn insert_receipt(
    tx: &mut PgTransaction<'_>,
    fee: Uuid,
    (statement, line): (StatementId, i32),
    cents: Cents,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into funding.fee_receipt (fee_id, statement_id, line, cents) values ($1, $2, $3, $4)",
        fee,
        statement.uuid(),
        line,
        cents.get(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
