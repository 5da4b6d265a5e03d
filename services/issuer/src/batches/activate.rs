use database::{Rejection, UseCaseError};
use std::collections::HashSet;
use std::ops::RangeInclusive;

use access::{Caller, audit};
use catalogue::{Programme, Spendable};
use chrono::{DateTime, Utc};
use ledger::{Account, BatchId, EventKind, Outcome, PostError, Posting};
use sqlx::{PgPool, PgTransaction};
use web::{Created, Problem};

use crate::batches::batch::{self, Batch, BatchRow, Printed, stored};
use crate::batches::numbers::{self, Numbers};
use crate::batches::shares::BatchShares;

/// Vouchers opened by one transaction: with the 32 funders of the longest plan it stays below what one post takes.
pub const ACTIVATION_CHUNK_VOUCHERS: u32 = 2_000;

#[derive(Debug)]
pub enum ActivateRejection {
    NoBatch,
    /// In this programme each booklet is activated at its hand-over.
    ByHandOver,
    NotMinted,
    NotFunded,
    Cancelled,
    ProgrammeOver,
}

impl Rejection for ActivateRejection {}

type ActivateError = UseCaseError<ActivateRejection>;

impl From<ActivateRejection> for Problem {
    fn from(rejection: ActivateRejection) -> Self {
        match rejection {
            ActivateRejection::NoBatch => Self::not_found("Ce lot"),
            ActivateRejection::ByHandOver => {
                Self::refused("activated-by-hand-over", "Ce dispositif n'active pas les lots entiers.").detail(
                    "Chaque carnet prend sa valeur quand il est remis à une personne : il n'y a rien à activer ici.",
                )
            }
            ActivateRejection::NotMinted => {
                Self::refused("not-minted", "Ce lot n'est pas encore émis.").detail("Émettez d'abord ses chèques.")
            }
            ActivateRejection::NotFunded => Self::refused("not-funded", "Ce lot n'est pas financé.")
                .detail("Financez d'abord le lot : aucun chèque ne circule sans sa contrepartie."),
            ActivateRejection::Cancelled => Self::refused("batch-cancelled", "Ce lot est annulé."),
            ActivateRejection::ProgrammeOver => Self::refused("programme-over", "Ce dispositif est terminé."),
        }
    }
}

/// Makes a whole funded batch spendable, in chunks: a crash resumes and never repeats, because each voucher's transfers are
/// named by its batch and serial number. Vouchers revoked before stay closed. The first chunk in which this request opens something carries
/// its line in the trail.
pub async fn activate(
    pool: &PgPool,
    who: &Caller,
    programme: &Programme,
    id: BatchId,
    at: DateTime<Utc>,
) -> Result<Created<Batch>, ActivateError> {
    if programme.spendable != Spendable::Batch {
        return Err(ActivateRejection::ByHandOver.into());
    }
    let (mut first, mut audited) = (1, false);
    loop {
        let Chunk { batch, last, opened } = database::transaction(pool, "activate_chunk", |tx| {
            let (who, programme) = (who.clone(), programme.clone());
            Box::pin(async move {
                let chunk = activate_from(tx, &programme, id, first, at).await?;
                if chunk.opened && !audited {
                    audit(tx, &who, at, "batch.activate", Some(id.uuid()), ()).await?;
                }
                Ok::<_, ActivateError>(chunk)
            })
        })
        .await?;
        audited |= opened;
        match last {
            None => return Ok(Created::Existing(batch.view())),
            Some(last) if last == batch.vouchers() => return Ok(Created::New(batch.view())),
            Some(last) => first = last + 1,
        }
    }
}

/// What a chunk came to.
struct Chunk {
    batch: BatchRow,
    /// Its last serial number; nothing when the batch was activated before.
    last: Option<u32>,
    /// Whether a voucher was opened, or the batch completed.
    opened: bool,
}

/// Opens the chunk that starts at a serial number.
async fn activate_from(
    tx: &mut PgTransaction<'_>,
    programme: &Programme,
    id: BatchId,
    first: u32,
    at: DateTime<Utc>,
) -> Result<Chunk, ActivateError> {
    let batch = batch::find(&mut **tx, programme.id, id)
        .await?
        .ok_or(ActivateRejection::NoBatch)?;
    if batch.minted_at.is_none() {
        return Err(ActivateRejection::NotMinted.into());
    }
    let last = batch.vouchers().min(first + ACTIVATION_CHUNK_VOUCHERS - 1);
    numbers::lock(tx, &batch, Numbers::Keep).await?;
    let vouchers = batch::vouchers(&mut **tx, &batch, &(first..=last)).await?;
    let shares = BatchShares::load(tx, &batch).await?;
    lock(tx, &batch, &shares, &vouchers).await?;
    let mut batch = batch::find(&mut **tx, programme.id, id)
        .await?
        .ok_or(ActivateRejection::NoBatch)?;
    match &batch {
        BatchRow {
            cancelled_at: Some(_), ..
        } => return Err(ActivateRejection::Cancelled.into()),
        BatchRow {
            activated_at: Some(_), ..
        } => {
            return Ok(Chunk {
                batch,
                last: None,
                opened: false,
            });
        }
        BatchRow { funded_at: None, .. } => return Err(ActivateRejection::NotFunded.into()),
        _ => {}
    }
    if batch::is_over(tx, programme).await? {
        return Err(ActivateRejection::ProgrammeOver.into());
    }
    let shares = shares.under_locks(tx, &batch).await?;
    let blocked = revoked(tx, &batch, &(first..=last)).await?;
    let postings: Vec<Posting> = vouchers
        .iter()
        .filter(|voucher| !blocked.contains(&voucher.serial))
        .map(|voucher| {
            let event = EventKind::activated(id, voucher.serial);
            Posting::new(event, shares.opening(voucher)).expect("the shares sum to the face value")
        })
        .collect();
    let mut opened = 0;
    for outcome in ledger::post(tx, &postings, at).await? {
        match outcome {
            Outcome::Rejected(rejection) => return Err(ActivateError::failed(rejection)),
            Outcome::Posted => opened += 1,
            Outcome::AlreadyPosted => {}
        }
    }
    batch.activated_at = (last == batch.vouchers()).then_some(at);
    sqlx::query!(
        "update issuer.batch set activated_at = $3, activated_vouchers = activated_vouchers + $4
         where book_id = $1 and id = $2",
        batch.book().uuid(),
        id.uuid(),
        batch.activated_at,
        opened,
    )
    .execute(&mut **tx)
    .await?;
    Ok(Chunk {
        opened: opened > 0 || batch.activated_at.is_some(),
        batch,
        last: Some(last),
    })
}

/// Locks all that an act on these vouchers may post to: reserves, refundables and the vouchers that are open.
pub(crate) async fn lock(
    tx: &mut PgTransaction<'_>,
    batch: &BatchRow,
    shares: &BatchShares,
    vouchers: &[Printed],
) -> Result<(), PostError> {
    let mut accounts = shares.accounts();
    accounts.extend(
        vouchers
            .iter()
            .map(|voucher| Account::voucher(batch.book(), voucher.number)),
    );
    ledger::lock(tx, &accounts).await
}

/// Serial numbers, among these, that are blocked.
pub(crate) async fn revoked(
    tx: &mut PgTransaction<'_>,
    batch: &BatchRow,
    serials: &RangeInclusive<u32>,
) -> Result<HashSet<u32>, sqlx::Error> {
    let rows = sqlx::query_scalar!(
        "select v.serial from issuer.voucher v
         join issuer.revocation r on r.book_id = v.book_id and r.number = v.number
         where v.book_id = $1 and v.batch_id = $2 and v.serial between $3 and $4",
        batch.book().uuid(),
        batch.id.uuid(),
        stored(*serials.start()),
        stored(*serials.end()),
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|serial| u32::try_from(serial).ok())
        .collect())
}
