//! Money of mandates that came: which line of which statement brought it. The bank's room says so, a line at a time or an explanation at a
//! time.

use sqlx::PgTransaction;
use standards::Cents;
use uuid::Uuid;

use crate::support::ids::{MandateId, StatementId};

/// A line that a rule knew: what it brought to the mandate, and the rest, which is an ordinary contribution.
pub(crate) async fn insert(
    tx: &mut PgTransaction<'_>,
    mandate: Uuid,
    (statement, line): (StatementId, i32),
    cents: Cents,
    rest: Cents,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into funding.mandate_receipt (mandate_id, statement_id, line, cents, rest_cents) values ($1, $2, $3, $4, $5)",
        mandate,
        statement.uuid(),
        line,
        cents.get(),
        rest.get(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A line that a person explained as the money of these mandates.
pub(crate) async fn insert_explained(
    tx: &mut PgTransaction<'_>,
    (statement, line): (Uuid, i32),
    receipts: &[(MandateId, Cents)],
) -> Result<(), sqlx::Error> {
    let mandates: Vec<_> = receipts.iter().map(|(mandate, _)| mandate.uuid()).collect();
    let cents: Vec<_> = receipts.iter().map(|(_, cents)| cents.get()).collect();
    sqlx::query!(
        "insert into funding.mandate_receipt (mandate_id, statement_id, line, cents, rest_cents)
         select r.mandate_id, $1, $2, r.cents, 0 from unnest($3::uuid[], $4::bigint[]) as r (mandate_id, cents)",
        statement,
        line,
        &mandates,
        &cents,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
