use chrono::{DateTime, Utc};
use database::UseCaseError;
use sqlx::PgTransaction;

use super::{NewRefund, RefundMethod, RefundMoney, RefundRejection, payment_id};
use crate::support::ids::message_id;

/// The refund, and its payment where the bank pays it.
pub(super) async fn insert(
    tx: &mut PgTransaction<'_>,
    new: NewRefund,
    money: RefundMoney,
    at: DateTime<Utc>,
) -> Result<(), UseCaseError<RefundRejection>> {
    sqlx::query!(
        "insert into funding.refund (id, funder_id, programme_id, cents, method, execute_on, at, message_id, unspent_cents)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        new.id.uuid(),
        new.funder_id.uuid(),
        new.programme_id.map(catalogue::ProgrammeId::uuid),
        money.all.get(),
        new.method.word(),
        new.execute_on,
        at,
        message_id(new.id.uuid()),
        money.unspent.get(),
    )
    .execute(&mut **tx)
    .await
    .map_err(|error| match error {
        // The locks are the funder's and the programme's: for others the same id may be used at the same time.
        error if database::is_constraint(&error, "refund_pk") => UseCaseError::IdReused,
        error => error.into(),
    })?;
    if new.method == RefundMethod::Credit {
        return Ok(());
    }
    let payment = payment_id(new);
    sqlx::query!(
        "insert into funding.payment (id, refund_id, party_id, end_to_end, holder, iban, bic, cents, at)
         select $1, $2, f.id, $4, f.name, f.iban, f.bic, $5, $6 from funding.funder f where f.id = $3",
        payment.uuid(),
        new.id.uuid(),
        new.funder_id.uuid(),
        payment.end_to_end(),
        money.all.get(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
