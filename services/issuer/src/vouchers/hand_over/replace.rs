use std::ops::RangeInclusive;

use access::{Caller, audit};
use catalogue::Programme;
use chrono::{DateTime, Utc};
use ledger::BatchId;
use serde::Deserialize;
use sqlx::PgTransaction;
use utoipa::ToSchema;
use web::Created;

use super::{HandOver, HandOverError, HandOverRejection, NewHandOver, find, give};
use crate::HandOverId;
use crate::batches::batch::{self, BatchRow, stored};

/// A booklet to be given in place of a lost one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReplacement {
    /// Made by the caller.
    pub id: HandOverId,
    /// The hand-over of the lost booklet, which was revoked.
    pub hand_over_id: HandOverId,
    /// The batch of the new booklet.
    pub batch_id: BatchId,
    /// The new booklet's number in that batch.
    pub booklet: u32,
}

/// Gives a booklet in place of a lost or stolen one, which the same prescriber gave and which was revoked whole, with something
/// left on it. It does not count towards the person's booklets.
pub async fn replace(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: &Programme,
    new: &NewReplacement,
    at: DateTime<Utc>,
) -> Result<Created<HandOver>, HandOverError> {
    let lost = find(tx, programme, new.hand_over_id)
        .await?
        .filter(|lost| lost.prescriber == who.organisation());
    let lost = lost.ok_or(HandOverRejection::NoLostBooklet)?.hand_over;
    let batch = batch::find(&mut **tx, programme.id, lost.batch_id)
        .await?
        .ok_or(HandOverRejection::NoLostBooklet)?;
    let serials = batch.serials_of(lost.booklet).ok_or(HandOverRejection::NoLostBooklet)?;
    check_lost(tx, &batch, &serials).await?;
    let given = NewHandOver {
        id: new.id,
        batch_id: new.batch_id,
        booklet: new.booklet,
        beneficiary_id: lost.beneficiary_id,
    };
    let hand_over = give(tx, who.organisation(), programme, &given, Some(lost.id), at).await?;
    if let Created::New(_) = hand_over {
        audit(tx, who, at, "booklet.replace", Some(new.id.uuid()), new.hand_over_id).await?;
    }
    Ok(hand_over)
}

/// A revocation is for ever, and a revoked voucher is claimed no more: what is read here without a lock stays so.
async fn check_lost(
    tx: &mut PgTransaction<'_>,
    batch: &BatchRow,
    serials: &RangeInclusive<u32>,
) -> Result<(), HandOverError> {
    let vouchers = batch::vouchers(&mut **tx, batch, serials).await?;
    let revoked = sqlx::query!(
        r#"select count(*) as "all!", count(*) filter (where a.reason in ('lost', 'stolen')) as "lost!"
           from issuer.voucher v
           join issuer.revocation r on r.book_id = v.book_id and r.number = v.number
           join issuer.revocation_act a on a.book_id = r.book_id and a.id = r.act_id
           where v.book_id = $1 and v.batch_id = $2 and v.serial between $3 and $4"#,
        batch.book().uuid(),
        batch.id.uuid(),
        stored(*serials.start()),
        stored(*serials.end()),
    )
    .fetch_one(&mut **tx)
    .await?;
    let whole = i64::try_from(vouchers.len()).expect("a booklet has few vouchers");
    if revoked.all < whole {
        return Err(HandOverRejection::LostNotRevoked.into());
    }
    if revoked.lost < whole {
        return Err(HandOverRejection::NotLost.into());
    }
    let numbers: Vec<_> = vouchers.iter().map(|voucher| voucher.number).collect();
    let spent = ledger::read::last_claims(tx, batch.book(), &numbers).await?;
    if spent.len() == numbers.len() {
        return Err(HandOverRejection::NothingLeft.into());
    }
    Ok(())
}
