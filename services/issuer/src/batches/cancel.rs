use access::{Caller, audit};
use bounds::{Reason, TextKind};
use catalogue::Programme;
use chrono::{DateTime, Utc};
use database::{Rejection, UseCaseError};
use ledger::{BatchId, EventKind, Outcome, Posting, TransferId, TransferKind};
use serde::Deserialize;
use sqlx::PgTransaction;
use utoipa::ToSchema;
use web::{Created, Problem};

use crate::batches::batch::{self, Batch};
use crate::batches::shares::BatchShares;

/// A batch to be given up.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCancellation {
    /// Why, in words; names nobody.
    #[schema(value_type = Reason, example = "Carnets abîmés chez l'imprimeur")]
    pub reason: String,
}

#[derive(Debug)]
pub enum CancelRejection {
    NoBatch,
    Reason,
    HandedOver,
    /// Its vouchers are spendable, or some are: its activation stopped half-way.
    Activated,
}

impl Rejection for CancelRejection {}

impl From<CancelRejection> for Problem {
    fn from(rejection: CancelRejection) -> Self {
        let refused = |kind| Self::refused(kind, "Ce lot ne peut pas être annulé.");
        match rejection {
            CancelRejection::NoBatch => Self::not_found("Ce lot"),
            CancelRejection::Reason => refused("no-reason").detail(format!(
                "Donnez un motif dans « reason », de 1 à {} caractères.",
                Reason::CHARS_MAX
            )),
            CancelRejection::HandedOver => refused("already-handed-over")
                .detail("Des carnets sont déjà chez des personnes : révoquez plutôt les carnets qui restent."),
            CancelRejection::Activated => {
                refused("already-activated").detail("Ses chèques circulent déjà : révoquez les carnets un par un.")
            }
        }
    }
}

/// Gives up a batch of which nothing was handed over: all that is reserved behind it is owed back.
pub async fn cancel(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: &Programme,
    id: BatchId,
    new: &NewCancellation,
    at: DateTime<Utc>,
) -> Result<Created<Batch>, UseCaseError<CancelRejection>> {
    let reason = new.reason.trim();
    if !Reason::fits(reason) {
        return Err(CancelRejection::Reason.into());
    }
    let ordered = batch::find(&mut **tx, programme.id, id)
        .await?
        .ok_or(CancelRejection::NoBatch)?;
    let shares = BatchShares::load(tx, &ordered).await?;
    ledger::lock(tx, &shares.accounts()).await?;
    let mut batch = batch::find(&mut **tx, programme.id, id)
        .await?
        .ok_or(CancelRejection::NoBatch)?;
    let known = sqlx::query!(
        r#"select cancelled_reason,
               exists (select from issuer.hand_over h where h.book_id = $1 and h.batch_id = $2) as "handed_over!",
               exists (select from issuer.voucher v join ledger.voucher a on a.book_id = v.book_id and a.number = v.number
                       where v.book_id = $1 and v.batch_id = $2) as "opened!"
           from issuer.batch where book_id = $1 and id = $2"#,
        batch.book().uuid(),
        id.uuid(),
    )
    .fetch_one(&mut **tx)
    .await?;
    match known.cancelled_reason {
        Some(before) if before == reason => return Ok(Created::Existing(batch.view())),
        Some(_) => return Err(UseCaseError::IdReused),
        None if known.handed_over => return Err(CancelRejection::HandedOver.into()),
        None if known.opened => return Err(CancelRejection::Activated.into()),
        None => {}
    }
    let shares = shares.under_locks(tx, &batch).await?;
    release_all(tx, &shares, id, at).await?;
    sqlx::query!(
        "update issuer.batch set cancelled_at = $3, cancelled_reason = $4 where book_id = $1 and id = $2",
        batch.book().uuid(),
        id.uuid(),
        at,
        reason,
    )
    .execute(&mut **tx)
    .await?;
    audit(tx, who, at, "batch.cancel", Some(id.uuid()), ()).await?;
    batch.cancelled_at = Some(at);
    Ok(Created::New(batch.view()))
}

async fn release_all(
    tx: &mut PgTransaction<'_>,
    shares: &BatchShares,
    id: BatchId,
    at: DateTime<Utc>,
) -> Result<(), UseCaseError<CancelRejection>> {
    let reserves: Vec<_> = shares.funders().map(|funder| shares.reserved(funder)).collect();
    let left = ledger::read::balances(tx, &reserves).await?;
    let legs = shares
        .funders()
        .zip(left)
        .filter(|(_, cents)| cents.is_positive())
        .zip(0_u8..);
    let transfers: Vec<_> = legs
        .map(|((funder, cents), leg)| {
            let transfer = TransferId::derive(b"batch cancelled", &[id.uuid().as_bytes(), &[leg]]);
            shares.release(transfer, TransferKind::BatchCancelled, funder, cents)
        })
        .collect();
    if transfers.is_empty() {
        return Ok(());
    }
    let event = EventKind::BatchCancelled.event_id(id.uuid());
    let posting = Posting::new(event, transfers).expect("each funder has one leg with an id of its own");
    match ledger::post(tx, &[posting], at).await?.pop() {
        Some(Outcome::Rejected(rejection)) => Err(UseCaseError::failed(rejection)),
        _ => Ok(()),
    }
}
