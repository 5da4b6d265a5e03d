//! New numbers for booklets whose paper must be refused: a carton stolen in transit, a file of tokens in wrong hands.
//!
//! **The invariant.** An old number is never given again and never worth anything: it leaves [`issuer.voucher`], where accounts are
//! opened from, for `issuer.withdrawn_voucher`, which other services see as *revoked*. The new number has the same serial, so the
//! booklet, its money and its funders' shares stay what they were; nothing moves in the books.
//!
//! Only booklets that nobody holds: what was handed over, activated or revoked has a life of its own (a lost booklet is revoked and
//! replaced). One call takes one booklet, a range, or a whole batch; it is one transaction, so a batch is never half withdrawn.
//! To withdraw without printing anew, [cancel](crate::batches::cancel::cancel()) the batch or [revoke](crate::vouchers::revoke::revoke()) the booklets: that gives the money
//! back.
//!
//! **Locks.** The batch's [numbers], alone: whoever acts on a voucher reads its old number and is done before, or its new
//! one. Then its reserves, which the end of a batch takes, and the draw of places ([`mint::lock_places`]): a place that is withdrawn here
//! is never drawn there.
//!
//! [`issuer.voucher`]: crate::batches::mint::mint()

use database::{Rejection, UseCaseError};
use std::ops::RangeInclusive;

use access::{Caller, audit};
use catalogue::Programme;
use chrono::{DateTime, Utc};
use ledger::BatchId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgTransaction;
use utoipa::ToSchema;
use web::{Created, Problem};

use crate::batches::batch::{self, BatchRow, stored};
use crate::batches::mint;
use crate::batches::numbers::{self, Numbers};
use crate::batches::shares::BatchShares;
use crate::batches::withdraw::withdraw;
use crate::keys::public_keys::choice::NoKey;
use crate::keys::voucher_keys::VoucherKeys;
use crate::{ReissueId, batches::activate};

/// Vouchers reissued by one call: some 15 seconds.
pub const REISSUE_VOUCHERS_MAX: u32 = 100_000;

/// Vouchers drawn by one statement.
const DRAW_VOUCHERS: usize = 5_000;

/// Why the old paper must be refused; always told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReissueReason {
    /// Stolen before it was given to anybody.
    Stolen,
    /// It never arrived, nobody knows where it is.
    LostInTransit,
    /// Somebody saw the codes who should not.
    Disclosed,
    /// The printer's waste was not destroyed.
    Misprinted,
}

impl ReissueReason {
    const fn word(self) -> &'static str {
        match self {
            Self::Stolen => "stolen",
            Self::LostInTransit => "lost_in_transit",
            Self::Disclosed => "disclosed",
            Self::Misprinted => "misprinted",
        }
    }
}

/// Booklets that get new numbers.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReissue {
    /// Made by the caller.
    pub id: ReissueId,
    /// First booklet; 1 when absent.
    pub from: Option<u32>,
    /// Last booklet; the batch's last one when absent.
    pub to: Option<u32>,
    pub reason: ReissueReason,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reissue {
    pub id: ReissueId,
    pub batch_id: BatchId,
    /// First booklet.
    pub from: u32,
    /// Last booklet.
    pub to: u32,
    /// Vouchers whose old numbers are refused from now on.
    pub vouchers: u32,
}

#[derive(Debug)]
pub enum ReissueRejection {
    NoBatch,
    NotMinted,
    Cancelled,
    /// Outside of these, or too many at once.
    Range(RangeInclusive<u32>),
    /// The first of these booklets that somebody holds.
    HandedOver(u32),
    /// The batch, or a part of it, can be spent.
    Activated,
    /// The serial number of the first.
    Revoked(u32),
    ProgrammeOver,
    NoKey(NoKey),
}

impl Rejection for ReissueRejection {}

type ReissueError = UseCaseError<ReissueRejection>;

impl From<ReissueRejection> for Problem {
    fn from(rejection: ReissueRejection) -> Self {
        let refused = |kind| Self::refused(kind, "Ces carnets ne peuvent pas être réédités.");
        match rejection {
            ReissueRejection::NoBatch => Self::not_found("Ce lot"),
            ReissueRejection::NotMinted => {
                refused("not-minted").detail("Les chèques de ce lot ne sont pas encore émis.")
            }
            ReissueRejection::Cancelled => {
                refused("batch-cancelled").detail("Ce lot est annulé : ses chèques sont déjà sans valeur.")
            }
            ReissueRejection::Range(numbers) => refused("reissue-range").detail(format!(
                "Donnez « from » et « to » entre {} et {}, pour {REISSUE_VOUCHERS_MAX} chèques au plus à la fois.",
                numbers.start(),
                numbers.end(),
            )),
            ReissueRejection::HandedOver(booklet) => refused("already-handed-over").detail(format!(
                "Le carnet n° {booklet} est chez une personne : révoquez-le et remplacez-le, et rééditez les autres."
            )),
            ReissueRejection::Activated => refused("already-activated")
                .detail("Les chèques de ce lot ont déjà leur valeur : révoquez les carnets perdus un par un."),
            ReissueRejection::Revoked(serial) => refused("revoked").detail(format!(
                "Le chèque n° {serial} est déjà révoqué : il ne renaît pas. Rééditez les autres carnets."
            )),
            ReissueRejection::ProgrammeOver => refused("programme-over").detail("Ce dispositif est terminé."),
            ReissueRejection::NoKey(none) => none.into(),
        }
    }
}

/// Withdraws the numbers of these booklets and draws new ones, to be signed by the key that is the one to use now.
pub async fn reissue(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: &Programme,
    batch: BatchId,
    new: &NewReissue,
    keys: &VoucherKeys,
    at: DateTime<Utc>,
) -> Result<Created<Reissue>, ReissueError> {
    let ordered = batch::find(&mut **tx, programme.id, batch)
        .await?
        .ok_or(ReissueRejection::NoBatch)?;
    let numbers = ordered.booklet_numbers();
    let (from, to) = (new.from.unwrap_or(*numbers.start()), new.to.unwrap_or(*numbers.end()));
    let range = || ReissueRejection::Range(numbers.clone());
    let (first, last) = (
        ordered.serials_of(from).ok_or_else(range)?,
        ordered.serials_of(to).ok_or_else(range)?,
    );
    let serials = *first.start()..=*last.end();
    let vouchers = last
        .end()
        .checked_sub(first.start() - 1)
        .filter(|_| from <= to)
        .ok_or_else(range)?;
    if vouchers > REISSUE_VOUCHERS_MAX {
        return Err(range().into());
    }
    let wanted = Reissue {
        id: new.id,
        batch_id: batch,
        from,
        to,
        vouchers,
    };
    numbers::lock(tx, &ordered, Numbers::Change).await?;
    let shares = BatchShares::load(tx, &ordered).await?;
    activate::lock(tx, &ordered, &shares, &[]).await?;
    crate::paper::print::lock(tx, &ordered).await?;
    mint::lock_places(tx, programme.id, mint::Places::Withdraw).await?;
    if let Some(same) = known(tx, programme, &wanted, new.reason, who).await? {
        return if same {
            Ok(Created::Existing(wanted))
        } else {
            Err(ReissueError::IdReused)
        };
    }
    let locked = batch::find(&mut **tx, programme.id, batch)
        .await?
        .ok_or(ReissueRejection::NoBatch)?;
    check(tx, programme, &locked, (from, to), &serials).await?;
    let kid = mint::key_for(tx, &locked, &keys.signers, at)
        .await
        .map_err(|error| error.map_rejection(ReissueRejection::NoKey))?;
    insert(tx, programme, &wanted, new.reason, who, at).await?;
    withdraw(tx, &locked, &serials, wanted.id, at).await?;
    let mut missing: Vec<u32> = serials.collect();
    while !missing.is_empty() {
        let rest = missing.split_off(missing.len().min(DRAW_VOUCHERS));
        mint::draw_all(tx, &locked, (kid, &keys.secrets), at, missing).await?;
        missing = rest;
    }
    let detail = json!({"reissue": new.id, "booklets": [from, to], "reason": new.reason});
    audit(tx, who, at, "batch.reissue", Some(batch.uuid()), detail).await?;
    Ok(Created::New(wanted))
}

/// What is read under the locks.
async fn check(
    tx: &mut PgTransaction<'_>,
    programme: &Programme,
    batch: &BatchRow,
    (from, to): (u32, u32),
    serials: &RangeInclusive<u32>,
) -> Result<(), ReissueError> {
    match batch {
        BatchRow { minted_at: None, .. } => return Err(ReissueRejection::NotMinted.into()),
        BatchRow {
            cancelled_at: Some(_), ..
        } => return Err(ReissueRejection::Cancelled.into()),
        BatchRow {
            activated_at: Some(_), ..
        } => return Err(ReissueRejection::Activated.into()),
        _ => {}
    }
    if batch::is_over(tx, programme).await? {
        return Err(ReissueRejection::ProgrammeOver.into());
    }
    let facts = sqlx::query!(
        r#"select
               (select min(h.booklet) from issuer.hand_over h
                where h.book_id = $1 and h.batch_id = $2 and h.booklet between $3 and $4) as handed_over,
               exists (select from issuer.voucher v join ledger.voucher a on a.book_id = $1 and a.number = v.number
                where v.book_id = $1 and v.batch_id = $2 and v.serial between $5 and $6) as "opened!""#,
        batch.book().uuid(),
        batch.id.uuid(),
        stored(from),
        stored(to),
        stored(*serials.start()),
        stored(*serials.end()),
    )
    .fetch_one(&mut **tx)
    .await?;
    if let Some(booklet) = facts.handed_over {
        return Err(ReissueRejection::HandedOver(u32::try_from(booklet).unwrap_or_default()).into());
    }
    if facts.opened {
        return Err(ReissueRejection::Activated.into());
    }
    match activate::revoked(tx, batch, serials).await?.into_iter().min() {
        Some(serial) => Err(ReissueRejection::Revoked(serial).into()),
        None => Ok(()),
    }
}

/// Whether the act of this id is this one; nothing when there is none.
async fn known(
    tx: &mut PgTransaction<'_>,
    programme: &Programme,
    wanted: &Reissue,
    reason: ReissueReason,
    who: &Caller,
) -> Result<Option<bool>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select (batch_id, first_booklet, last_booklet, reason, by_organisation)
               = ($3::uuid, $4::int, $5::int, $6::text, $7::uuid) as "same!"
           from issuer.reissue where book_id = $1 and id = $2"#,
        programme.id.uuid(),
        wanted.id.uuid(),
        wanted.batch_id.uuid(),
        stored(wanted.from),
        stored(wanted.to),
        reason.word(),
        who.organisation().uuid(),
    )
    .fetch_optional(&mut **tx)
    .await
}

async fn insert(
    tx: &mut PgTransaction<'_>,
    programme: &Programme,
    wanted: &Reissue,
    reason: ReissueReason,
    who: &Caller,
    at: DateTime<Utc>,
) -> Result<(), ReissueError> {
    let inserted = sqlx::query!(
        "insert into issuer.reissue (book_id, id, batch_id, first_booklet, last_booklet, reason, vouchers, by_organisation, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        programme.id.uuid(),
        wanted.id.uuid(),
        wanted.batch_id.uuid(),
        stored(wanted.from),
        stored(wanted.to),
        reason.word(),
        stored(wanted.vouchers),
        who.organisation().uuid(),
        at,
    )
    .execute(&mut **tx)
    .await;
    match inserted {
        // Two acts of one id on different batches hold different locks: the primary key decides.
        Err(error) if database::is_constraint(&error, "reissue_pk") => Err(ReissueError::IdReused),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}
