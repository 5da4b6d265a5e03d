//! The end of a programme: what was not used goes back to those who paid it.
//!
//! Three steps. First the end is declared (one row, committed): from then on nothing is funded, handed over, activated or
//! revoked, and a claim that is reversed no longer revives its voucher. Then it waits for those who were under way and may not have
//! seen the declaration. Then the books are swept: vouchers in chunks of [`EXPIRY_CHUNK_VOUCHERS`], each by the legs that opened it,
//! then what is left in reserve, batch by batch.
//!
//! **The invariant.** Each voucher is one posting named by its number, under its account's lock: claimed meanwhile, it is refused
//! and left alone; swept before, it is not found again. So a crash resumes. Whoever funds, opens or revives something reads whether
//! the programme is over under locks of its own, so its transaction has its number by then: when all with a number below the
//! declaration's have ended, nothing can come behind the sweep. The answer is read from the books, not counted on the way. The step
//! of the [calendar](crate::end::calendar::run_calendar_worker()) is written when all is swept.

use database::{Rejection, UseCaseError};
use std::time::Duration;

use access::{Caller, audit};
use catalogue::{ExpiryStep, Programme, ProgrammeId};
use chrono::{DateTime, Utc};
use ledger::seal::{Quiescence, QuiescenceTimeout};
use ledger::{Account, AccountNumber, BatchId, EventKind, Outcome, Posting, Transfer, TransferId, TransferKind};
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, PgTransaction};
use standards::Cents;
use utoipa::ToSchema;
use web::{Created, Problem};

use crate::ExpiryId;
use crate::batches::shares::giving_back;
use crate::end::calendar::{Doing, record};

/// Vouchers swept by one transaction.
pub const EXPIRY_CHUNK_VOUCHERS: u32 = 1_000;

/// How long the sweep waits for what was under way when the end was declared: longer than a reissue, within a request.
const QUIET_SECONDS_MAX: u64 = 60;

/// The end of a programme, to be declared.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExpiry {
    /// Made by the caller.
    pub id: ExpiryId,
}

/// What went back to the funders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Expiry {
    /// The id under which the end was first declared.
    pub id: ExpiryId,
    /// Vouchers that people had and did not use.
    pub vouchers: u32,
    pub returned: Cents,
    /// What was reserved for booklets that nobody got.
    pub reserved_returned: Cents,
}

#[derive(Debug)]
pub enum ExpireRejection {
    /// Until then, claims may still arrive.
    TooEarly(DateTime<Utc>),
    /// The end is declared; what was under way then has not ended, and nothing is swept yet.
    Busy,
}

impl Rejection for ExpireRejection {}

impl From<ExpireRejection> for Problem {
    fn from(rejection: ExpireRejection) -> Self {
        match rejection {
            ExpireRejection::TooEarly(from) => {
                let from = from
                    .with_timezone(&chrono_tz::Europe::Paris)
                    .format("%d/%m/%Y à %H h %M");
                Self::refused("too-early", "Ce dispositif n'est pas encore terminé.").detail(format!(
                    "Des encaissements faits sans réseau peuvent encore arriver. Recommencez à partir du {from} (heure de Paris)."
                ))
            }
            ExpireRejection::Busy => Self::new(
                http::StatusCode::SERVICE_UNAVAILABLE,
                "books-busy",
                "La fin est déclarée ; des opérations d'avant sont encore en cours.",
            )
            .detail("Recommencez dans une minute, avec le même identifiant : la reprise continuera."),
        }
    }
}

/// Declares the end of a programme and sweeps its books; harmless to repeat. The declaration leaves a trace of who made it.
pub async fn expire(
    pool: &PgPool,
    who: &Caller,
    programme: &Programme,
    new: &NewExpiry,
    at: DateTime<Utc>,
) -> Result<Created<Expiry>, UseCaseError<ExpireRejection>> {
    let calendar = catalogue::expiry_calendar(pool, programme).await?;
    let from = calendar.runs_from(ExpiryStep::Sweep);
    if at < from {
        return Err(ExpireRejection::TooEarly(from).into());
    }
    let declared = database::transaction(pool, "declare_expiry", |tx| {
        let (who, programme, new) = (who.clone(), programme.id, *new);
        Box::pin(async move { declare(tx, &who, programme, &new, at).await })
    })
    .await?;
    Quiescence::wait(pool, Duration::from_secs(QUIET_SECONDS_MAX))
        .await?
        .map_err(|QuiescenceTimeout| ExpireRejection::Busy)?;
    let mut after = Some(AccountNumber::new(0));
    while let Some(cursor) = after {
        let programme = programme.id;
        after = database::transaction(pool, "expire_vouchers", |tx| {
            Box::pin(async move { sweep_vouchers(tx, programme.book(), cursor, at).await })
        })
        .await?;
    }
    for batch in batches_in_reserve(pool, programme).await? {
        let programme = programme.id;
        database::transaction(pool, "expire_reserve", |tx| {
            Box::pin(async move { sweep_reserve(tx, programme.book(), batch, at).await })
        })
        .await?;
    }
    let expiry = outcome(pool, programme).await?;
    // Last: whoever finds the step done finds the books swept. A repetition finds the row of the first.
    database::transaction(pool, "record_sweep", |tx| {
        let (who, programme) = (who.clone(), programme.id);
        Box::pin(async move {
            let doing = Doing {
                who: &who,
                act: None,
                at,
            };
            record(tx, programme, &calendar, ExpiryStep::Sweep, &doing, &expiry).await
        })
    })
    .await?;
    Ok(if declared {
        Created::New(expiry)
    } else {
        Created::Existing(expiry)
    })
}

/// Whether it was declared now.
async fn declare(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: ProgrammeId,
    new: &NewExpiry,
    at: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let declared = sqlx::query!(
        "insert into issuer.expiry (book_id, id, at) values ($1, $2, $3) on conflict do nothing",
        programme.uuid(),
        new.id.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?
    .rows_affected()
        == 1;
    if declared {
        audit(tx, who, at, "programme.expire", Some(programme.uuid()), ()).await?;
    }
    Ok(declared)
}

/// Sweeps the vouchers after a cursor; the next cursor, or nothing at the end.
async fn sweep_vouchers(
    tx: &mut PgTransaction<'_>,
    book: ledger::BookId,
    after: AccountNumber,
    at: DateTime<Utc>,
) -> Result<Option<AccountNumber>, UseCaseError<ExpireRejection>> {
    let numbers = ledger::read::spendable_vouchers(tx, book, after, EXPIRY_CHUNK_VOUCHERS).await?;
    let openings = ledger::read::openings(tx, book, &numbers).await?;
    let postings: Vec<Posting> = numbers
        .iter()
        .filter_map(|&number| {
            let transfers = giving_back(book, TransferKind::Expired, number, openings.get(&number)?);
            let event = EventKind::expired(book, number);
            Some(Posting::new(event, transfers).expect("an opening has legs, each with an id of its own"))
        })
        .collect();
    let outcomes = ledger::post(tx, &postings, at).await?;
    let (mut swept, mut claimed_meanwhile) = (0, 0);
    for outcome in outcomes {
        match outcome {
            Outcome::Posted | Outcome::AlreadyPosted => swept += 1,
            Outcome::Rejected(ledger::Rejection::Short { .. }) => claimed_meanwhile += 1,
            Outcome::Rejected(rejection) => return Err(UseCaseError::failed(rejection)),
        }
    }
    tracing::debug!(swept, claimed_meanwhile, "vouchers expired");
    let whole = u32::try_from(numbers.len()) == Ok(EXPIRY_CHUNK_VOUCHERS);
    Ok(numbers.last().copied().filter(|_| whole))
}

async fn batches_in_reserve(pool: &PgPool, programme: &Programme) -> Result<Vec<BatchId>, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    ledger::read::open_reserves(&mut connection, programme.id.book()).await
}

async fn sweep_reserve(
    tx: &mut PgTransaction<'_>,
    book: ledger::BookId,
    batch: BatchId,
    at: DateTime<Utc>,
) -> Result<(), UseCaseError<ExpireRejection>> {
    let funders = ledger::read::reserve_funders(tx, book, batch).await?;
    let reserves: Vec<Account> = funders
        .iter()
        .map(|&funder| Account::reserved(book, batch, funder))
        .collect();
    let owed = funders.iter().map(|&funder| Account::refundable(book, funder));
    ledger::lock(tx, &reserves.iter().copied().chain(owed.clone()).collect::<Vec<_>>()).await?;
    let left = ledger::read::balances(tx, &reserves).await?;
    let legs = reserves
        .iter()
        .zip(owed)
        .zip(left)
        .filter(|(_, cents)| cents.is_positive());
    let transfers: Vec<Transfer> = legs
        .map(|((&from, to), cents)| {
            let funder = to.party().expect("what is owed is owed to somebody").uuid();
            let id = TransferId::derive(b"batch expired", &[batch.uuid().as_bytes(), funder.as_bytes()]);
            Transfer::new(id, TransferKind::BatchExpired, from, to, cents).expect("positive, in one book")
        })
        .collect();
    if transfers.is_empty() {
        return Ok(());
    }
    let event = EventKind::BatchExpired.event_id(batch.uuid());
    let posting = Posting::new(event, transfers).expect("each funder has one leg with an id of its own");
    match ledger::post(tx, &[posting], at).await?.pop() {
        Some(Outcome::Rejected(rejection)) => Err(UseCaseError::failed(rejection)),
        _ => Ok(()),
    }
}

/// What the books say went back because of the end.
async fn outcome(pool: &PgPool, programme: &Programme) -> Result<Expiry, sqlx::Error> {
    let row = sqlx::query!(
        r#"select e.id as "id: ExpiryId", f.vouchers as "vouchers!", f.cents as "returned!: Cents",
               r.cents as "reserved_returned!: Cents"
           from issuer.expiry e
           cross join (
               select count(distinct number) as vouchers, coalesce(sum(cents), 0)::bigint as cents
               from ledger.forfeited_voucher where book_id = $1 and by_expiry) f
           cross join (
               select coalesce(sum(expired_cents), 0)::bigint as cents from ledger.reserve_movement where book_id = $1) r
           where e.book_id = $1"#,
        programme.id.uuid(),
    )
    .fetch_one(pool)
    .await?;
    Ok(Expiry {
        id: row.id,
        vouchers: u32::try_from(row.vouchers).expect("a series has 24 bits of vouchers"),
        returned: row.returned,
        reserved_returned: row.reserved_returned,
    })
}
