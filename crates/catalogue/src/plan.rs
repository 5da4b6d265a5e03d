mod share;

use access::OrganisationId;
use chrono::{DateTime, Utc};
use database::{NamedLock, Rejection, UseCaseError};
use serde::{Deserialize, Serialize};
use shares::{CappedPlan, Plan};
use sqlx::{PgConnection, PgExecutor, PgTransaction};
use standards::Cents;
use utoipa::ToSchema;
use web::{Created, Problem};

use crate::ProgrammeId;

pub use share::{AudienceQuota, NewShare, ShareMisfit, UsedCap, capped_plan};

ids::id_type! {
    /// One version of a programme's funding plan.
    pub struct PlanId;
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
    pub id: PlanId,
    pub programme_id: ProgrammeId,
    /// From 1; a batch keeps the version it was ordered under.
    pub version: i32,
    /// In order of priority.
    pub shares: Vec<ShareView>,
}

#[derive(Debug)]
pub enum CreatePlanRejection {
    /// The rates do not make a plan, or give somebody too little of a voucher.
    NotAPlan(shares::CappedPlanError),
    /// An audience that the catalogue does not have.
    NoAudience(String),
    /// A quota without audience.
    NoAudiences,
    NoProgramme,
    /// An amount or a rate that is of no such kind.
    Field(ShareMisfit),
}

impl Rejection for CreatePlanRejection {}

impl From<CreatePlanRejection> for Problem {
    fn from(rejection: CreatePlanRejection) -> Self {
        let refused = || Self::refused("not-a-plan", "Ce plan de financement ne convient pas.");
        match rejection {
            CreatePlanRejection::NotAPlan(error) => refused().detail(error.to_string()),
            CreatePlanRejection::NoAudience(label) => refused().detail(format!(
                "« {label} » n'est pas un public du catalogue : reprenez un des publics de l'import des bénéficiaires."
            )),
            CreatePlanRejection::NoAudiences => {
                refused().detail("« audience_quota » : donnez au moins un public, par exemple « Seniors ».")
            }
            CreatePlanRejection::Field(misfit) => refused().detail(misfit.to_string()),
            CreatePlanRejection::NoProgramme => Self::not_found("Ce dispositif"),
        }
    }
}

impl PlanView {
    /// The pure plan, which splits a voucher to the cent, as long as no limit acts.
    #[must_use]
    pub fn plan(&self) -> Plan {
        self.capped_plan().plan().clone()
    }

    /// The plan with its limits.
    #[must_use]
    pub fn capped_plan(&self) -> CappedPlan {
        capped_plan(&self.shares).expect("only capped plans are stored")
    }
}

/// Agrees a new version of a programme's plan, or finds that it was agreed before.
pub async fn create_plan(
    tx: &mut PgTransaction<'_>,
    programme: ProgrammeId,
    new: &NewPlan,
    at: DateTime<Utc>,
) -> Result<Created<PlanView>, UseCaseError<CreatePlanRejection>> {
    // Versions are numbered one after the other. Not by a lock on the programme's row: that takes the right to change it.
    NamedLock::PlanVersions(programme.uuid()).take(tx).await?;
    let face_value = sqlx::query_scalar!(
        "select face_value_cents from catalogue.programme where id = $1",
        programme.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(CreatePlanRejection::NoProgramme)?;
    if let Some(known) = plan(&mut **tx, new.id).await? {
        let same = known.programme_id == programme && known.shares == normalized(&new.shares);
        return if same {
            Ok(Created::Existing(known))
        } else {
            Err(UseCaseError::IdReused)
        };
    }
    let shares = normalized(&new.shares);
    shares
        .iter()
        .try_for_each(NewShare::check)
        .map_err(CreatePlanRejection::Field)?;
    let agreed = capped_plan(&shares).map_err(CreatePlanRejection::NotAPlan)?;
    agreed
        .plan()
        .check(Cents::new(face_value))
        .map_err(|error| CreatePlanRejection::NotAPlan(error.into()))?;
    check_audiences(tx, &shares).await?;
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
    insert_shares(tx, new.id, &shares).await?;
    Ok(Created::New(PlanView {
        id: new.id,
        programme_id: programme,
        version,
        shares,
    }))
}

async fn check_audiences(
    tx: &mut PgTransaction<'_>,
    shares: &[NewShare],
) -> Result<(), UseCaseError<CreatePlanRejection>> {
    let quotas = || shares.iter().filter_map(|share| share.audience_quota.as_ref());
    if quotas().any(|quota| quota.audiences.is_empty()) {
        return Err(CreatePlanRejection::NoAudiences.into());
    }
    let wanted: Vec<String> = quotas().flat_map(|quota| quota.audiences.clone()).collect();
    let unknown = sqlx::query_scalar!(
        r#"select w.label as "label!" from unnest($1::text[]) as w (label)
           where not exists (select from catalogue.audience a where a.label = w.label) limit 1"#,
        &wanted,
    )
    .fetch_optional(&mut **tx)
    .await?;
    unknown.map_or(Ok(()), |label| Err(CreatePlanRejection::NoAudience(label).into()))
}

async fn insert_shares(tx: &mut PgTransaction<'_>, plan: PlanId, shares: &[NewShare]) -> Result<(), sqlx::Error> {
    for (rank, share) in (1_i32..).zip(shares) {
        let quota = share.audience_quota.as_ref();
        sqlx::query!(
            "insert into catalogue.plan_share (plan_id, rank, funder_id, rate, cap_cents, order_minimum_cents, used_rate,
                 used_cap_cents, audience_quota, quota_audiences, taken_over_by)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            plan.uuid(),
            rank,
            share.funder_id.uuid(),
            share.rate,
            share.cap.map(Cents::get),
            share.order_minimum.map(Cents::get),
            share.used_cap.and_then(|cap| cap.rate),
            share.used_cap.and_then(|cap| cap.amount).map(Cents::get),
            quota.map(|quota| quota.rate),
            quota.map(|quota| quota.audiences.as_slice()),
            share.taken_over_by.map(OrganisationId::uuid),
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// The plan of this id: the one that a batch was ordered under.
pub async fn plan(db: impl PgExecutor<'_>, id: PlanId) -> Result<Option<PlanView>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select p.programme_id, p.version, s.funder_id, s.rate, s.cap_cents as "cap: Cents",
               s.order_minimum_cents as "order_minimum: Cents", s.used_rate, s.used_cap_cents as "used_cap: Cents",
               s.audience_quota, s.quota_audiences, s.taken_over_by
           from catalogue.plan p join catalogue.plan_share s on s.plan_id = p.id
           where p.id = $1 order by s.rank"#,
        id.uuid(),
    )
    .fetch_all(db)
    .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let (programme_id, version) = (ProgrammeId::from_uuid(first.programme_id), first.version);
    let shares = rows.into_iter().map(|row| {
        let used_cap = UsedCap {
            rate: row.used_rate,
            amount: row.used_cap,
        };
        let share = NewShare {
            funder_id: OrganisationId::from_uuid(row.funder_id),
            rate: row.rate,
            cap: row.cap,
            order_minimum: row.order_minimum,
            used_cap: Some(used_cap),
            audience_quota: row
                .audience_quota
                .zip(row.quota_audiences)
                .map(|(rate, audiences)| AudienceQuota { rate, audiences }),
            taken_over_by: row.taken_over_by.map(OrganisationId::from_uuid),
        };
        share.normalized()
    });
    Ok(Some(PlanView {
        id,
        programme_id,
        version,
        shares: shares.collect(),
    }))
}

/// The newest version of a programme's plan: the one that an order takes.
pub async fn current_plan(tx: &mut PgTransaction<'_>, programme: ProgrammeId) -> Result<Option<PlanView>, sqlx::Error> {
    newest_plan(tx, programme).await
}

/// The same, for who only reads.
pub async fn newest_plan(
    connection: &mut PgConnection,
    programme: ProgrammeId,
) -> Result<Option<PlanView>, sqlx::Error> {
    let newest = sqlx::query_scalar!(
        "select id from catalogue.plan where programme_id = $1 order by version desc limit 1",
        programme.uuid()
    )
    .fetch_optional(&mut *connection)
    .await?;
    match newest {
        Some(id) => plan(connection, PlanId::from_uuid(id)).await,
        None => Ok(None),
    }
}

fn normalized(shares: &[NewShare]) -> Vec<NewShare> {
    shares.iter().map(NewShare::normalized).collect()
}
