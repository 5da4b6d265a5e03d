//! Blocking a booklet or a single voucher, for ever.
//!
//! **The invariant.** Each voucher blocked has a row of its own, written under the lock of its account: a claim or a reversal
//! that comes after sees it. What was left on it goes back to those who paid, cent for cent; a voucher that was claimed moves no
//! money (the structure did its work) but must not come back to life when its claim is reversed; one that was never handed
//! over gives up its part of the reserve at once or, revoked before its batch is funded, never gets one.

mod error;

use std::collections::HashSet;
use std::ops::RangeInclusive;

use access::{Caller, OrganisationId, Role, audit};
use catalogue::Programme;
use chrono::{DateTime, Utc};
use ledger::{BatchId, EventKind, Outcome, Posting, Transfer, TransferKind};
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use standards::Cents;
use utoipa::ToSchema;
use web::Created;

use crate::batches::batch::{self, BatchRow, Printed, stored};
use crate::batches::numbers::{self, Numbers};
use crate::batches::shares::{BatchShares, giving_back};
use crate::{RevocationId, batches::activate};

use error::RevokeError;
pub use error::RevokeRejection;

/// Why a voucher is blocked; always told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevocationReason {
    /// The person lost it.
    Lost,
    Stolen,
    /// The person died.
    Death,
    /// The person had no right to it.
    Ineligible,
    /// Somebody cheated.
    Fraud,
}

impl RevocationReason {
    const fn word(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Stolen => "stolen",
            Self::Death => "death",
            Self::Ineligible => "ineligible",
            Self::Fraud => "fraud",
        }
    }
}

/// What is to be blocked: a booklet, or one voucher.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRevocation {
    /// Made by the caller.
    pub id: RevocationId,
    pub batch_id: BatchId,
    /// A whole booklet.
    pub booklet: Option<u32>,
    /// Or one voucher, by its serial number.
    pub serial: Option<u32>,
    pub reason: RevocationReason,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Revocation {
    pub id: RevocationId,
    /// Vouchers blocked by this act; those that were blocked before are not counted.
    pub revoked: u32,
    /// Of which a structure had already claimed: they are paid, and blocked should the claim be reversed.
    pub already_claimed: u32,
    /// Owed back to the funders.
    pub returned: Cents,
}

/// Blocks a booklet or a voucher: asked by the programme's sponsor, or by the prescriber who handed the booklet over.
pub async fn revoke(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: &Programme,
    new: &NewRevocation,
    at: DateTime<Utc>,
) -> Result<Created<Revocation>, RevokeError> {
    let batch = batch::find(&mut **tx, programme.id, new.batch_id)
        .await?
        .ok_or(RevokeRejection::NoBatch)?;
    let (booklet, serials) = chosen(&batch, new)?;
    check_right(tx, who, programme, &batch, booklet).await?;
    numbers::lock(tx, &batch, Numbers::Keep).await?;
    let vouchers = batch::vouchers(&mut **tx, &batch, &serials).await?;
    if batch.minted_at.is_none() {
        return Err(RevokeRejection::NotMinted.into());
    }
    let shares = BatchShares::load(tx, &batch).await?;
    activate::lock(tx, &batch, &shares, &vouchers).await?;
    if let Some(known) = find(tx, programme, new, &serials, who.organisation()).await? {
        return known.map(Created::Existing).ok_or(RevokeError::IdReused);
    }
    if batch::is_over(tx, programme).await? {
        return Err(RevokeRejection::ProgrammeOver.into());
    }
    let blocked = activate::revoked(tx, &batch, &serials).await?;
    let fresh: Vec<Printed> = vouchers
        .into_iter()
        .filter(|voucher| !blocked.contains(&voucher.serial))
        .collect();
    let batch = batch::find(&mut **tx, programme.id, new.batch_id)
        .await?
        .ok_or(RevokeRejection::NoBatch)?;
    let shares = shares.under_locks(tx, &batch).await?;
    let (transfers, claimed) = transfers(tx, &batch, &shares, &fresh).await?;
    let done = Revocation {
        id: new.id,
        revoked: u32::try_from(fresh.len()).expect("a booklet has few vouchers"),
        already_claimed: u32::try_from(claimed.len()).expect("a booklet has few vouchers"),
        returned: Cents::try_sum(transfers.iter().map(Transfer::cents)).expect("a booklet is worth less than 64 bits"),
    };
    insert(tx, programme, new, &serials, who.organisation(), &done, &fresh, at).await?;
    if !transfers.is_empty() {
        // Derived: the caller made the id, and could have made it that of another event.
        let event = EventKind::Revoked.event_id(new.id.uuid());
        let posting = Posting::new(event, transfers).expect("ids come from each voucher's number");
        if let Some(Outcome::Rejected(rejection)) = ledger::post(tx, &[posting], at).await?.pop() {
            return Err(RevokeError::failed(rejection));
        }
    }
    audit(tx, who, at, "voucher.revoke", Some(new.id.uuid()), new.reason).await?;
    Ok(Created::New(done))
}

fn chosen(batch: &BatchRow, new: &NewRevocation) -> Result<(u32, RangeInclusive<u32>), RevokeRejection> {
    match (new.booklet, new.serial) {
        (Some(booklet), None) => Ok((booklet, batch.serials_of(booklet).ok_or(RevokeRejection::NoBooklet)?)),
        (None, Some(serial)) if (1..=batch.vouchers()).contains(&serial) => {
            Ok((batch.booklet_of(serial), serial..=serial))
        }
        (None, Some(_)) => Err(RevokeRejection::NoBooklet),
        _ => Err(RevokeRejection::BookletOrSerial),
    }
}

async fn check_right(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: &Programme,
    batch: &BatchRow,
    booklet: u32,
) -> Result<(), RevokeError> {
    if who.has(Role::Sponsor) && who.organisation() == programme.sponsor_id {
        return Ok(());
    }
    let gave_it = who.has(Role::Prescriber)
        && sqlx::query_scalar!(
            r#"select exists (select from issuer.hand_over
                   where book_id = $1 and batch_id = $2 and booklet = $3 and prescriber_id = $4) as "gave_it!""#,
            programme.id.uuid(),
            batch.id.uuid(),
            stored(booklet),
            who.organisation().uuid(),
        )
        .fetch_one(&mut **tx)
        .await?;
    if gave_it {
        Ok(())
    } else {
        Err(RevokeRejection::NoBooklet.into())
    }
}

/// What goes back, and which serial numbers were claimed already.
async fn transfers(
    tx: &mut PgTransaction<'_>,
    batch: &BatchRow,
    shares: &BatchShares,
    vouchers: &[Printed],
) -> Result<(Vec<Transfer>, HashSet<u32>), sqlx::Error> {
    let numbers: Vec<_> = vouchers.iter().map(|voucher| voucher.number).collect();
    let states = ledger::read::voucher_states(tx, batch.book(), &numbers).await?;
    let openings = ledger::read::openings(tx, batch.book(), &numbers).await?;
    let has_reserve = batch.funded_at.is_some() && batch.cancelled_at.is_none();
    let (mut transfers, mut claimed) = (Vec::new(), HashSet::new());
    for voucher in vouchers {
        match states.get(&voucher.number) {
            Some(state) if state.left.is_positive() => {
                let openings = openings.get(&voucher.number).map(Vec::as_slice).unwrap_or_default();
                transfers.extend(giving_back(
                    batch.book(),
                    TransferKind::Revoked,
                    voucher.number,
                    openings,
                ));
            }
            Some(_) => {
                claimed.insert(voucher.serial);
            }
            None if has_reserve => transfers.extend(shares.giving_up(voucher.number, voucher.serial)),
            None => {}
        }
    }
    Ok((transfers, claimed))
}

/// The act of this id: nothing, `Some(None)` when it is another act, or what came of it.
async fn find(
    tx: &mut PgTransaction<'_>,
    programme: &Programme,
    new: &NewRevocation,
    serials: &RangeInclusive<u32>,
    by: OrganisationId,
) -> Result<Option<Option<Revocation>>, sqlx::Error> {
    let known = sqlx::query!(
        r#"select batch_id as "batch_id: BatchId", first_serial, last_serial, reason,
               by_organisation as "by: OrganisationId", revoked, already_claimed, returned_cents as "returned: Cents"
           from issuer.revocation_act where book_id = $1 and id = $2"#,
        programme.id.uuid(),
        new.id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(known.map(|known| {
        let same = known.batch_id == new.batch_id
            && (known.first_serial, known.last_serial) == (stored(*serials.start()), stored(*serials.end()))
            && known.reason == new.reason.word()
            && known.by == by;
        same.then(|| Revocation {
            id: new.id,
            revoked: u32::try_from(known.revoked).unwrap_or_default(),
            already_claimed: u32::try_from(known.already_claimed).unwrap_or_default(),
            returned: known.returned,
        })
    }))
}

#[expect(clippy::too_many_arguments, reason = "one row has as many columns")]
async fn insert(
    tx: &mut PgTransaction<'_>,
    programme: &Programme,
    new: &NewRevocation,
    serials: &RangeInclusive<u32>,
    by: OrganisationId,
    done: &Revocation,
    vouchers: &[Printed],
    at: DateTime<Utc>,
) -> Result<(), RevokeError> {
    let numbers: Vec<i64> = vouchers.iter().map(|voucher| voucher.number.get()).collect();
    sqlx::query!(
        "insert into issuer.revocation_act (book_id, id, batch_id, first_serial, last_serial, reason, by_organisation, revoked,
             already_claimed, returned_cents, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        programme.id.uuid(),
        new.id.uuid(),
        new.batch_id.uuid(),
        stored(*serials.start()),
        stored(*serials.end()),
        new.reason.word(),
        by.uuid(),
        stored(done.revoked),
        stored(done.already_claimed),
        done.returned.get(),
        at,
    )
    .execute(&mut **tx)
    .await
    .map_err(|error| match error {
        // Two acts of one id on different batches hold different locks: the primary key decides.
        error if database::is_constraint(&error, "revocation_act_pk") => RevokeError::IdReused,
        error => error.into(),
    })?;
    sqlx::query!(
        "insert into issuer.revocation (book_id, number, act_id, at) select $1, number, $2, $3 from unnest($4::bigint[]) as v (number)",
        programme.id.uuid(),
        new.id.uuid(),
        at,
        &numbers,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
