use access::{Caller, OrganisationId, audit};
use catalogue::Programme;
use chrono::{DateTime, Utc};
use database::{Rejection, UseCaseError};
use ledger::{Account, BatchId, EventKind, Outcome, PartyId, Posting, Transfer, TransferId, TransferKind};
use serde::Serialize;
use shares::{CappedPlan, Order, Plan};
use sqlx::PgTransaction;
use standards::Cents;
use utoipa::ToSchema;
use web::{Created, Problem};

use crate::batches::activate;
use crate::batches::batch::{self, Batch, BatchRow};
use crate::batches::shares::BatchShares;

/// What one funder lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Shortfall {
    pub funder_id: OrganisationId,
    pub funder: Option<String>,
    /// Its share of the batch.
    pub needed: Cents,
    /// What it allocated to the programme and is free.
    pub available: Cents,
    /// The difference.
    pub missing: Cents,
}

#[derive(Debug)]
pub enum FundRejection {
    NoBatch,
    Cancelled,
    ProgrammeOver,
    Short(Vec<Shortfall>),
}

impl Rejection for FundRejection {}

impl From<FundRejection> for Problem {
    fn from(rejection: FundRejection) -> Self {
        match rejection {
            FundRejection::NoBatch => Self::not_found("Ce lot"),
            FundRejection::Cancelled => Self::refused("batch-cancelled", "Ce lot est annulé."),
            FundRejection::ProgrammeOver => Self::refused("programme-over", "Ce dispositif est terminé."),
            FundRejection::Short(shortfalls) => {
                let told: Vec<String> = shortfalls.iter().map(Shortfall::sentence).collect();
                Self::refused("not-funded", "Il manque de l'argent pour financer ce lot.")
                    .detail(told.join(" "))
                    .with("shortfalls", shortfalls)
            }
        }
    }
}

impl Shortfall {
    fn sentence(&self) -> String {
        let funder = self.funder.clone().unwrap_or_else(|| self.funder_id.to_string());
        format!(
            "{funder} : il manque {} (part du lot {}, disponible {}).",
            self.missing.to_french(),
            self.needed.to_french(),
            self.available.to_french()
        )
    }
}

/// Reserves the money of a whole batch, one leg a funder, or nothing of it. Vouchers that were revoked before stay closed, and
/// need none.
///
/// The plan that the batch was ordered under may have limits: what it becomes for this batch is computed from what its
/// funders have behind earlier batches, read under the locks of their money, and kept with the batch.
pub async fn fund(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: &Programme,
    id: BatchId,
    at: DateTime<Utc>,
) -> Result<Created<Batch>, UseCaseError<FundRejection>> {
    let ordered = batch::find(&mut **tx, programme.id, id)
        .await?
        .ok_or(FundRejection::NoBatch)?;
    let capped_plan = catalogue::plan(&mut **tx, ordered.plan)
        .await?
        .ok_or(sqlx::Error::RowNotFound)?
        .capped_plan();
    let all = BatchShares::of(&ordered, capped_plan.plan().clone());
    let available = |funder| Account::available(programme.id.book(), funder);
    let accounts: Vec<Account> = all.funders().map(available).chain(all.accounts()).collect();
    ledger::lock(tx, &accounts).await?;
    let mut batch = batch::find(&mut **tx, programme.id, id)
        .await?
        .ok_or(FundRejection::NoBatch)?;
    if batch.cancelled_at.is_some() {
        return Err(FundRejection::Cancelled.into());
    }
    if batch.funded_at.is_some() {
        return Ok(Created::Existing(batch.view()));
    }
    if batch::is_over(tx, programme).await? {
        return Err(FundRejection::ProgrammeOver.into());
    }
    let shares = effective(tx, &batch, &capped_plan).await?;
    let blocked = activate::revoked(tx, &batch, &(1..=batch.vouchers())).await?;
    let needed = shares.to_reserve(batch.vouchers(), &blocked);
    let available: Vec<Account> = shares.funders().map(available).collect();
    reserve(tx, &shares, id, &needed, &available, at).await?;
    sqlx::query!(
        "update issuer.batch set funded_at = $3 where book_id = $1 and id = $2",
        batch.book().uuid(),
        id.uuid(),
        at
    )
    .execute(&mut **tx)
    .await?;
    audit(tx, who, at, "batch.fund", Some(id.uuid()), ()).await?;
    batch.funded_at = Some(at);
    Ok(Created::New(batch.view()))
}

/// What the plan becomes for this batch; kept when a limit acts.
async fn effective(
    tx: &mut PgTransaction<'_>,
    batch: &BatchRow,
    capped_plan: &CappedPlan,
) -> Result<BatchShares, sqlx::Error> {
    let funders: Vec<PartyId> = capped_plan.plan().funders().iter().map(|(funder, _)| *funder).collect();
    let order = Order {
        vouchers: batch.vouchers(),
        face_value: batch.face_value,
    };
    let plan = capped_plan.effective(order, &committed(tx, batch, &funders).await?);
    if plan != *capped_plan.plan() {
        tracing::info!(batch = %batch.id, funders = plan.funders().len(), "a limit acts on the batch");
        keep(tx, batch, &plan).await?;
    }
    Ok(BatchShares::of(batch, plan))
}

/// What each funder has behind earlier batches of the programme, net of what came back of them. All of its reserves are funded
/// under the lock of its available money, which the caller holds.
async fn committed(
    tx: &mut PgTransaction<'_>,
    batch: &BatchRow,
    funders: &[PartyId],
) -> Result<Vec<Cents>, sqlx::Error> {
    let parties: Vec<uuid::Uuid> = funders.iter().map(|funder| funder.uuid()).collect();
    sqlx::query_scalar!(
        r#"select coalesce(sum(case a.kind when 'reserved' then a.credited_cents when 'refundable' then -a.credited_cents end), 0)::bigint
               as "cents!: Cents"
           from unnest($2::uuid[]) with ordinality as f (funder_id, rank)
           left join ledger.funder_balance a on a.book_id = $1 and a.funder_id = f.funder_id
           group by f.rank order by f.rank"#,
        batch.book().uuid(),
        &parties,
    )
    .fetch_all(&mut **tx)
    .await
}

async fn keep(tx: &mut PgTransaction<'_>, batch: &BatchRow, plan: &Plan) -> Result<(), sqlx::Error> {
    let ranks: Vec<i32> = (1..).take(plan.funders().len()).collect();
    let funders: Vec<uuid::Uuid> = plan.funders().iter().map(|(funder, _)| funder.uuid()).collect();
    let rates: Vec<_> = plan.funders().iter().map(|&(_, rate)| rate).collect();
    sqlx::query!(
        "insert into issuer.batch_share (book_id, batch_id, rank, funder_id, rate)
         select $1, $2, rank, funder_id, rate from unnest($3::int[], $4::uuid[], $5::numeric[]) as s (rank, funder_id, rate)",
        batch.book().uuid(),
        batch.id.uuid(),
        &ranks,
        &funders,
        &rates,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Available → reserved, as one event named by the batch.
async fn reserve(
    tx: &mut PgTransaction<'_>,
    shares: &BatchShares,
    id: BatchId,
    needed: &[(ledger::PartyId, Cents)],
    available: &[Account],
    at: DateTime<Utc>,
) -> Result<(), UseCaseError<FundRejection>> {
    let legs = needed
        .iter()
        .zip(available)
        .filter(|((_, cents), _)| cents.is_positive())
        .zip(0_u8..);
    let transfers: Vec<Transfer> = legs
        .map(|((&(funder, cents), &from), leg)| {
            let transfer = TransferId::derive(b"batch funded", &[id.uuid().as_bytes(), &[leg]]);
            Transfer::new(
                transfer,
                TransferKind::BatchFunded,
                from,
                shares.reserved(funder),
                cents,
            )
            .expect("a positive share goes from available to reserved in one book")
        })
        .collect();
    if transfers.is_empty() {
        return Ok(());
    }
    let event = EventKind::BatchFunded.event_id(id.uuid());
    let posting = Posting::new(event, transfers).expect("each funder of a plan has one leg with an id of its own");
    match ledger::post(tx, &[posting], at).await?.pop() {
        Some(Outcome::Posted | Outcome::AlreadyPosted) => Ok(()),
        refused => {
            tracing::info!(?refused, "batch not funded");
            Err(FundRejection::Short(shortfalls(tx, needed, available).await?).into())
        }
    }
}

async fn shortfalls(
    tx: &mut PgTransaction<'_>,
    needed: &[(ledger::PartyId, Cents)],
    available: &[Account],
) -> Result<Vec<Shortfall>, sqlx::Error> {
    let held = ledger::read::balances(tx, available).await?;
    let funders: Vec<uuid::Uuid> = needed.iter().map(|(funder, _)| funder.uuid()).collect();
    let names = sqlx::query!("select id, name from access.organisation where id = any($1)", &funders)
        .fetch_all(&mut **tx)
        .await?;
    let short = needed.iter().zip(held).filter_map(|(&(funder, needed), available)| {
        let missing = needed.checked_sub(available).filter(|missing| missing.is_positive())?;
        let name = names
            .iter()
            .find(|row| row.id == funder.uuid())
            .map(|row| row.name.clone());
        Some(Shortfall {
            funder_id: OrganisationId::from_uuid(funder.uuid()),
            funder: name,
            needed,
            available,
            missing,
        })
    });
    Ok(short.collect())
}
