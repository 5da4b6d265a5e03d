//! A funding plan takes effect on other people's money: whoever proposes it, each of its funders must have signed.

use access::{Caller, OrganisationId, Role, audit};
use catalogue::{CreatePlanRejection, NewPlan, PlanView, ProgrammeId};
use chrono::{DateTime, Utc};
use database::UseCaseError;
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::PgTransaction;
use standards::{Cents, calendar};
use web::{Created, Problem};

/// A funder of a plan that has signed nothing for the programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unsigned {
    /// As the plan names it.
    pub funder_id: OrganisationId,
    /// None when there is no such funder.
    pub name: Option<String>,
}

/// A share that is beyond what its funder signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Beyond {
    /// As the plan names it.
    pub funder_id: OrganisationId,
    pub name: String,
    /// The highest rate that it signed, when every convention has one and the share is above.
    pub rate: Option<Decimal>,
    /// What it signed to put behind vouchers at most, when every convention has a cap and the share has none or more.
    pub cap: Option<Cents>,
}

/// Why a plan was not agreed.
#[derive(Debug)]
pub enum AgreeRejection {
    NoProgramme,
    /// The caller runs neither the programme nor the fund.
    NotItsSponsor,
    /// With these funders, or none that covers today.
    NoConvention(Vec<Unsigned>),
    Beyond(Vec<Beyond>),
    Create(CreatePlanRejection),
}

impl database::Rejection for AgreeRejection {}

impl From<AgreeRejection> for Problem {
    fn from(rejection: AgreeRejection) -> Self {
        match rejection {
            AgreeRejection::NoProgramme => Self::not_found("Ce dispositif"),
            AgreeRejection::NotItsSponsor => {
                Self::forbidden("Le plan est arrêté par le commanditaire du dispositif ou par l'opérateur.")
            }
            AgreeRejection::NoConvention(funders) => no_convention(&funders),
            AgreeRejection::Beyond(shares) => beyond_convention(&shares),
            AgreeRejection::Create(error) => error.into(),
        }
    }
}

fn no_convention(funders: &[Unsigned]) -> Problem {
    let names: Vec<String> = funders
        .iter()
        .map(|funder| funder.name.clone().unwrap_or_else(|| funder.funder_id.to_string()))
        .collect();
    Problem::refused(
        "no-convention",
        "Un financeur du plan n'a pas de convention en cours pour ce dispositif.",
    )
    .detail(format!(
        "Sans convention signée qui couvre la date d'aujourd'hui : {}. Faites d'abord enregistrer la convention par l'opérateur.",
        names.join(", ")
    ))
    .with("funders", funders)
}

/// Agrees a new version of a programme's plan, or finds that it was agreed before; conventions that ended since do not
/// undo what was agreed.
pub async fn agree(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: ProgrammeId,
    new: &NewPlan,
    at: DateTime<Utc>,
) -> Result<Created<PlanView>, UseCaseError<AgreeRejection>> {
    let known = catalogue::programme(&mut **tx, programme).await?;
    let sponsor = known.ok_or(AgreeRejection::NoProgramme)?.sponsor_id;
    let its_sponsor = who.has(Role::Sponsor) && who.organisation() == sponsor;
    if !who.has(Role::Operator) && !its_sponsor {
        return Err(AgreeRejection::NotItsSponsor.into());
    }
    let made = catalogue::create_plan(tx, programme, new, at)
        .await
        .map_err(|error| match error {
            // Plans of two programmes do not wait for each other: one id can be used for both at once.
            UseCaseError::Database(error) if database::is_constraint(&error, "plan_pk") => UseCaseError::IdReused,
            error => error.map_rejection(AgreeRejection::Create),
        })?;
    if let Created::New(plan) = &made {
        let unsigned = unsigned(tx, plan, at).await?;
        if !unsigned.is_empty() {
            return Err(AgreeRejection::NoConvention(unsigned).into());
        }
        let beyond = beyond(tx, plan, at).await?;
        if !beyond.is_empty() {
            return Err(AgreeRejection::Beyond(beyond).into());
        }
        audit(tx, who, at, "plan.create", Some(new.id.uuid()), &new.shares).await?;
    }
    Ok(made)
}

/// The plan's funders without a convention for its programme today (Paris date), in the plan's order.
async fn unsigned(
    tx: &mut PgTransaction<'_>,
    plan: &PlanView,
    at: DateTime<Utc>,
) -> Result<Vec<Unsigned>, sqlx::Error> {
    let funders: Vec<_> = plan.shares.iter().map(|share| share.funder_id.uuid()).collect();
    sqlx::query_as!(
        Unsigned,
        r#"select s.funder_id as "funder_id!: OrganisationId", f.name as "name?"
           from unnest($1::uuid[]) with ordinality as s (funder_id, rank)
           left join funding.funder f on f.id = s.funder_id
           where not exists (
               select from funding.convention c
               where c.funder_id = s.funder_id and c.programme_id = $2 and $3 between c.starts_on and c.ends_on)
           order by s.rank"#,
        &funders,
        plan.programme_id.uuid(),
        calendar::paris_date(at),
    )
    .fetch_all(&mut **tx)
    .await
}

fn beyond_convention(shares: &[Beyond]) -> Problem {
    let told: Vec<String> = shares
        .iter()
        .map(|share| {
            let rate = share.rate.map(|rate| format!("taux d'au plus {rate}"));
            let cap = share
                .cap
                .map(|cap| format!("plafond (« cap ») d'au plus {}", cap.to_french()));
            let limits: Vec<String> = rate.into_iter().chain(cap).collect();
            format!("{} : {}.", share.name, limits.join(", "))
        })
        .collect();
    Problem::refused(
        "beyond-convention",
        "Une part du plan dépasse ce que son financeur a signé.",
    )
    .detail(told.join(" "))
    .with("funders", shares)
}

/// The shares whose funder signed less, in all its conventions of today.
async fn beyond(tx: &mut PgTransaction<'_>, plan: &PlanView, at: DateTime<Utc>) -> Result<Vec<Beyond>, sqlx::Error> {
    let funders: Vec<_> = plan.shares.iter().map(|share| share.funder_id.uuid()).collect();
    let signed = sqlx::query!(
        r#"select c.funder_id as "funder_id: OrganisationId", f.name,
               case when bool_and(c.rate is not null) then max(c.rate) end as rate,
               case when bool_and(c.cap_cents is not null) then sum(c.cap_cents)::bigint end as "cap: Cents"
           from funding.convention c join funding.funder f on f.id = c.funder_id
           where c.funder_id = any($1) and c.programme_id = $2 and $3 between c.starts_on and c.ends_on
           group by c.funder_id, f.name"#,
        &funders,
        plan.programme_id.uuid(),
        calendar::paris_date(at),
    )
    .fetch_all(&mut **tx)
    .await?;
    let beyond = plan.shares.iter().filter_map(|share| {
        let signed = signed.iter().find(|signed| signed.funder_id == share.funder_id)?;
        let rate = signed.rate.filter(|&most| share.rate > most);
        let cap = signed.cap.filter(|&most| share.cap.is_none_or(|cap| cap > most));
        (rate.is_some() || cap.is_some()).then(|| Beyond {
            funder_id: share.funder_id,
            name: signed.name.clone(),
            rate: rate.map(|rate| rate.normalize()),
            cap,
        })
    });
    Ok(beyond.collect())
}
