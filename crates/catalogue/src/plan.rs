use access::OrganisationId;
use chrono::{DateTime, Utc};
use ledger::{PartyId, Plan};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sqlx::{PgExecutor, PgTransaction};
use standards::Cents;
use utoipa::ToSchema;
use web::{Made, Problem};

use crate::ProgrammeId;

database::id_type! {
    /// One version of a programme's funding plan.
    pub struct PlanId;
}

/// A funder's part of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShare {
    /// The funder.
    pub funder_id: OrganisationId,
    /// Its rate: `"0.3339"` is 33.39 %.
    #[schema(value_type = String, example = "0.3339")]
    pub rate: Decimal,
}

/// A funding plan to be agreed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPlan {
    /// Made by the caller.
    pub id: PlanId,
    /// In order of priority; the rates sum to 1.
    pub shares: Vec<NewShare>,
}

/// A funder's part, as it stands.
pub type ShareView = NewShare;

/// A plan as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlanView {
    /// Its id.
    pub id: PlanId,
    /// The programme.
    pub programme_id: ProgrammeId,
    /// From 1; a batch keeps the version it was ordered under.
    pub version: i32,
    /// In order of priority.
    pub shares: Vec<ShareView>,
}

/// Why a plan was not agreed.
#[derive(Debug, thiserror::Error)]
pub enum CreatePlanError {
    /// The rates do not make a plan, or give somebody too little of a voucher.
    #[error("not a plan: {0}")]
    NotAPlan(#[from] ledger::PlanError),
    /// No such programme.
    #[error("no such programme")]
    NoProgramme,
    /// A rate has more decimals than the 8 that are kept.
    #[error("a rate has more than 8 decimals")]
    TooFine,
    /// The id names another plan.
    #[error("same id, other content")]
    SameIdOtherContent,
    /// PostgreSQL.
    #[error("database")]
    Database(#[from] sqlx::Error),
}

impl From<CreatePlanError> for Problem {
    fn from(error: CreatePlanError) -> Self {
        let refused = || Self::refused("not-a-plan", "Ce plan de financement ne convient pas.");
        match error {
            CreatePlanError::NotAPlan(error) => refused().detail(error.to_string()),
            CreatePlanError::TooFine => refused().detail("Un taux a au plus 8 décimales, par exemple « 0.33305 »."),
            CreatePlanError::NoProgramme => Self::not_found("Ce dispositif"),
            CreatePlanError::SameIdOtherContent => Self::same_id_other_content(),
            CreatePlanError::Database(error) => Self::internal(&error),
        }
    }
}

fn as_plan(shares: &[NewShare]) -> Result<Plan, ledger::PlanError> {
    Plan::new(
        shares
            .iter()
            .map(|share| (PartyId::from_uuid(share.funder_id.uuid()), share.rate))
            .collect(),
    )
}

impl PlanView {
    /// The pure plan, which splits a voucher to the cent.
    #[must_use]
    pub fn plan(&self) -> Plan {
        as_plan(&self.shares).expect("only plans are stored")
    }
}

/// Decimals kept of a rate.
const RATE_DECIMALS_MAX: u32 = 8;

/// Agrees a new version of a programme's plan, or finds that it was agreed before.
pub async fn create_plan(
    tx: &mut PgTransaction<'_>,
    programme: ProgrammeId,
    new: &NewPlan,
    at: DateTime<Utc>,
) -> Result<Made<PlanView>, CreatePlanError> {
    // Versions are numbered one after the other. Not by a lock on the programme's row: that takes the right to change it.
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1, 0))",
        format!("plan {programme}")
    )
    .execute(&mut **tx)
    .await?;
    let face_value = sqlx::query_scalar!(
        "select face_value_cents from catalogue.programme where id = $1",
        programme.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(CreatePlanError::NoProgramme)?;
    if let Some(known) = plan(&mut **tx, new.id).await? {
        let same = known.programme_id == programme && known.shares == normalized(&new.shares);
        return if same {
            Ok(Made::Before(known))
        } else {
            Err(CreatePlanError::SameIdOtherContent)
        };
    }
    if new
        .shares
        .iter()
        .any(|share| share.rate.normalize().scale() > RATE_DECIMALS_MAX)
    {
        return Err(CreatePlanError::TooFine);
    }
    as_plan(&new.shares)?.check(Cents::new(face_value))?;
    let version = sqlx::query_scalar!(
        "insert into catalogue.plan (id, programme_id, version, created_at)
         select $1, $2, coalesce(max(version), 0) + 1, $3 from catalogue.plan where programme_id = $2
         returning version",
        new.id.uuid(),
        programme.uuid(),
        at,
    )
    .fetch_one(&mut **tx)
    .await?;
    let ranks: Vec<i32> = (1..).take(new.shares.len()).collect();
    let funders: Vec<_> = new.shares.iter().map(|share| share.funder_id.uuid()).collect();
    let rates: Vec<_> = new.shares.iter().map(|share| share.rate).collect();
    sqlx::query!(
        "insert into catalogue.plan_share (plan_id, rank, funder_id, rate)
         select $1, rank, funder_id, rate from unnest($2::int[], $3::uuid[], $4::numeric[]) as s (rank, funder_id, rate)",
        new.id.uuid(),
        &ranks,
        &funders,
        &rates,
    )
    .execute(&mut **tx)
    .await?;
    Ok(Made::Now(PlanView {
        id: new.id,
        programme_id: programme,
        version,
        shares: normalized(&new.shares),
    }))
}

/// The plan of this id: the one that a batch keeps.
pub async fn plan(db: impl PgExecutor<'_>, id: PlanId) -> Result<Option<PlanView>, sqlx::Error> {
    let rows = sqlx::query!(
        "select p.programme_id, p.version, s.funder_id, s.rate
         from catalogue.plan p join catalogue.plan_share s on s.plan_id = p.id
         where p.id = $1 order by s.rank",
        id.uuid(),
    )
    .fetch_all(db)
    .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    Ok(Some(PlanView {
        id,
        programme_id: ProgrammeId::from_uuid(first.programme_id),
        version: first.version,
        shares: rows
            .iter()
            .map(|row| NewShare {
                funder_id: OrganisationId::from_uuid(row.funder_id),
                rate: row.rate.normalize(),
            })
            .collect(),
    }))
}

/// The newest version of a programme's plan: the one that an order takes.
pub async fn current_plan(tx: &mut PgTransaction<'_>, programme: ProgrammeId) -> Result<Option<PlanView>, sqlx::Error> {
    let newest = sqlx::query_scalar!(
        "select id from catalogue.plan where programme_id = $1 order by version desc limit 1",
        programme.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?;
    match newest {
        Some(id) => plan(&mut **tx, PlanId::from_uuid(id)).await,
        None => Ok(None),
    }
}

/// `0.50` and `0.5` are the same rate.
fn normalized(shares: &[NewShare]) -> Vec<NewShare> {
    shares
        .iter()
        .map(|share| NewShare {
            rate: share.rate.normalize(),
            ..*share
        })
        .collect()
}
