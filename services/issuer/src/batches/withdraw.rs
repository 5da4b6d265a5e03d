//! Vouchers whose numbers are withdrawn, kept beside those that are good.

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use sqlx::PgTransaction;

use crate::batches::batch::{BatchRow, stored};
use crate::id::ReissueId;

/// Moves the vouchers of these serial numbers out of the way, as they were: their numbers are never given again.
pub(crate) async fn withdraw(
    tx: &mut PgTransaction<'_>,
    batch: &BatchRow,
    serials: &RangeInclusive<u32>,
    reissue: ReissueId,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with old as (
             delete from issuer.voucher where book_id = $1 and batch_id = $2 and serial between $3 and $4
             returning number, serial, code_digest, kid)
         insert into issuer.withdrawn_voucher (book_id, number, batch_id, serial, code_digest, kid, reissue_id, at)
         select $1, number, $2, serial, code_digest, kid, $5, $6 from old",
        batch.book().uuid(),
        batch.id.uuid(),
        stored(*serials.start()),
        stored(*serials.end()),
        reissue.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await
    .map(drop)
}
