//! Handing a booklet to a person: the moment at which, in most programmes, reserved money becomes vouchers.
//!
//! **The invariant.** A booklet is given once (a constraint), to a person of the prescriber's own list, while its batch is funded;
//! its vouchers are opened in the same transaction, all or none. A person gets at most the booklets granted at the import;
//! a booklet that was lost and replaced does not count.
//!
//! **A replacement** is a new whole booklet for one that was lost or stolen with something left on it: what was unused went back
//! to the funders when the lost one was revoked, and the new booklet opens from its own batch's reserve. The paper is simply
//! another booklet; no voucher's value is ever split or moved to another voucher.
//!
//! Locks: the batch's [numbers], reserves and vouchers ([`ledger::lock`]), then the person's row, so that two desks cannot both give the last booklet.
//! Hand-overs of one batch take turns, because they share its reserve; claims share nothing but their structure's account.

mod error;
mod replace;

use access::{Caller, OrganisationId, audit};
use catalogue::{Programme, Spendable};
use chrono::{DateTime, Utc};
use ledger::{BatchId, EventKind, Outcome, Posting};
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use utoipa::ToSchema;
use web::Created;

use crate::batches::batch::{self, BatchRow, Printed, stored};
use crate::batches::numbers::{self, Numbers};
use crate::batches::shares::BatchShares;
use crate::{BeneficiaryId, HandOverId, batches::activate, end::calendar};

use error::HandOverError;
pub use error::HandOverRejection;
pub use replace::{NewReplacement, replace};

/// A booklet to be given to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHandOver {
    /// Made by the caller.
    pub id: HandOverId,
    pub batch_id: BatchId,
    /// The booklet's number in the batch, from 1.
    pub booklet: u32,
    pub beneficiary_id: BeneficiaryId,
}

/// A booklet that a person has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HandOver {
    pub id: HandOverId,
    pub batch_id: BatchId,
    pub booklet: u32,
    pub beneficiary_id: BeneficiaryId,
    /// The hand-over that it replaces.
    pub replaces: Option<HandOverId>,
    pub at: DateTime<Utc>,
    /// Serial numbers of its vouchers.
    pub vouchers: Vec<u32>,
}

/// Gives a booklet to one of the prescriber's own people.
pub async fn hand_over(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: &Programme,
    new: &NewHandOver,
    at: DateTime<Utc>,
) -> Result<Created<HandOver>, HandOverError> {
    let hand_over = give(tx, who.organisation(), programme, new, None, at).await?;
    if let Created::New(_) = hand_over {
        audit(tx, who, at, "booklet.hand_over", Some(new.id.uuid()), ()).await?;
    }
    Ok(hand_over)
}

async fn give(
    tx: &mut PgTransaction<'_>,
    prescriber: OrganisationId,
    programme: &Programme,
    new: &NewHandOver,
    replaces: Option<HandOverId>,
    at: DateTime<Utc>,
) -> Result<Created<HandOver>, HandOverError> {
    let batch = batch::find(&mut **tx, programme.id, new.batch_id)
        .await?
        .ok_or(HandOverRejection::NoBatch)?;
    let serials = batch.serials_of(new.booklet).ok_or(HandOverRejection::NoBooklet)?;
    numbers::lock(tx, &batch, Numbers::Keep).await?;
    let vouchers = batch::vouchers(&mut **tx, &batch, &serials).await?;
    if batch.minted_at.is_none() {
        return Err(HandOverRejection::NotMinted.into());
    }
    let shares = BatchShares::load(tx, &batch).await?;
    activate::lock(tx, &batch, &shares, &vouchers).await?;
    let wanted = HandOver {
        id: new.id,
        batch_id: new.batch_id,
        booklet: new.booklet,
        beneficiary_id: new.beneficiary_id,
        replaces,
        at,
        vouchers: serials.clone().collect(),
    };
    if let Some(known) = find(tx, programme, new.id).await? {
        let same = HandOver {
            at: known.hand_over.at,
            ..wanted
        };
        let same = known.prescriber == prescriber && known.hand_over == same;
        return if same {
            Ok(Created::Existing(known.hand_over))
        } else {
            Err(HandOverError::IdReused)
        };
    }
    let batch = check_batch(tx, programme, new.batch_id, at).await?;
    // A lost booklet is replaced until the end: its person had it before hand-overs stopped.
    if replaces.is_none()
        && let Some(since) = calendar::stopped_since(tx, programme, at).await?
    {
        return Err(HandOverRejection::Stopped(since).into());
    }
    let shares = shares.under_locks(tx, &batch).await?;
    if !activate::revoked(tx, &batch, &serials).await?.is_empty() {
        return Err(HandOverRejection::Blocked.into());
    }
    check_person(tx, prescriber, programme, &wanted).await?;
    insert(tx, prescriber, programme, &wanted).await?;
    if programme.spendable == Spendable::HandOver {
        open(tx, &wanted, &shares, &vouchers, at).await?;
    }
    Ok(Created::New(wanted))
}

/// The state of the batch and the programme, read under the locks.
async fn check_batch(
    tx: &mut PgTransaction<'_>,
    programme: &Programme,
    id: BatchId,
    at: DateTime<Utc>,
) -> Result<BatchRow, HandOverError> {
    let batch = batch::find(&mut **tx, programme.id, id)
        .await?
        .ok_or(HandOverRejection::NoBatch)?;
    let whole = programme.spendable == Spendable::Batch;
    match &batch {
        BatchRow {
            cancelled_at: Some(_), ..
        } => return Err(HandOverRejection::Cancelled.into()),
        BatchRow { funded_at: None, .. } => return Err(HandOverRejection::NotFunded.into()),
        BatchRow { activated_at: None, .. } if whole => return Err(HandOverRejection::NotActivated.into()),
        _ => {}
    }
    let last_day_passed = standards::calendar::paris_date(at) > programme.last_day;
    if last_day_passed || batch::is_over(tx, programme).await? {
        return Err(HandOverRejection::ProgrammeOver.into());
    }
    Ok(batch)
}

/// Locks the person's row, so that its booklets are counted by one desk at a time.
async fn check_person(
    tx: &mut PgTransaction<'_>,
    prescriber: OrganisationId,
    programme: &Programme,
    wanted: &HandOver,
) -> Result<(), HandOverError> {
    let granted = sqlx::query_scalar!(
        "select booklets from issuer.beneficiary where book_id = $1 and id = $2 and prescriber_id = $3 for update",
        programme.id.uuid(),
        wanted.beneficiary_id.uuid(),
        prescriber.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(HandOverRejection::NotYourBeneficiary)?;
    let has = sqlx::query_scalar!(
        r#"select count(*) as "has!" from issuer.hand_over h
           where h.book_id = $1 and h.beneficiary_id = $2
               and not exists (select from issuer.hand_over n where n.book_id = $1 and n.replaces = h.id)"#,
        programme.id.uuid(),
        wanted.beneficiary_id.uuid(),
    )
    .fetch_one(&mut **tx)
    .await?;
    if wanted.replaces.is_none() && has >= i64::from(granted) {
        return Err(HandOverRejection::CapReached(u32::try_from(granted).unwrap_or_default()).into());
    }
    Ok(())
}

async fn insert(
    tx: &mut PgTransaction<'_>,
    prescriber: OrganisationId,
    programme: &Programme,
    new: &HandOver,
) -> Result<(), HandOverError> {
    sqlx::query!(
        "insert into issuer.hand_over (book_id, id, batch_id, booklet, beneficiary_id, prescriber_id, replaces, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        programme.id.uuid(),
        new.id.uuid(),
        new.batch_id.uuid(),
        stored(new.booklet),
        new.beneficiary_id.uuid(),
        prescriber.uuid(),
        new.replaces.map(HandOverId::uuid),
        new.at,
    )
    .execute(&mut **tx)
    .await
    .map_err(HandOverRejection::of_insert)?;
    Ok(())
}

/// Reserved → voucher for the whole booklet, as one event named by the hand-over.
async fn open(
    tx: &mut PgTransaction<'_>,
    given: &HandOver,
    shares: &BatchShares,
    vouchers: &[Printed],
    at: DateTime<Utc>,
) -> Result<(), HandOverError> {
    let transfers = vouchers.iter().flat_map(|voucher| shares.opening(voucher)).collect();
    // Derived: the caller made the id, and could have made it that of another event.
    let event = EventKind::HandedOver.event_id(given.id.uuid());
    let posting = Posting::new(event, transfers).expect("the shares sum to the face value");
    match ledger::post(tx, &[posting], at).await?.pop() {
        Some(Outcome::Rejected(rejection)) => Err(HandOverError::failed(rejection)),
        _ => Ok(()),
    }
}

/// A hand-over as it is stored, with who made it.
struct StoredHandOver {
    prescriber: OrganisationId,
    hand_over: HandOver,
}

async fn find(
    tx: &mut PgTransaction<'_>,
    programme: &Programme,
    id: HandOverId,
) -> Result<Option<StoredHandOver>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select h.batch_id as "batch_id: BatchId", h.booklet, h.beneficiary_id as "beneficiary_id: BeneficiaryId",
               h.prescriber_id as "prescriber: OrganisationId", h.replaces as "replaces: HandOverId", h.at, b.booklet_size,
               b.series_position / b.booklet_size as "booklets_before!"
           from issuer.hand_over h join issuer.batch b on b.book_id = h.book_id and b.id = h.batch_id
           where h.book_id = $1 and h.id = $2"#,
        programme.id.uuid(),
        id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| {
        let kept = "booklets and sizes are positive";
        let (booklet, size, before) = (
            u32::try_from(row.booklet).expect(kept),
            u32::try_from(row.booklet_size).expect(kept),
            u32::try_from(row.booklets_before).expect(kept),
        );
        let in_batch = booklet - before;
        let hand_over = HandOver {
            id,
            batch_id: row.batch_id,
            booklet,
            beneficiary_id: row.beneficiary_id,
            replaces: row.replaces,
            at: row.at,
            vouchers: ((in_batch - 1) * size + 1..=in_batch * size).collect(),
        };
        StoredHandOver {
            prescriber: row.prescriber,
            hand_over,
        }
    }))
}
