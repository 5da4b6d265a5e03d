//! A funding plan takes effect on other people's money: whoever proposes it, each of its funders must have signed.

use access::OrganisationId;
use catalogue::{CreatePlanError, NewPlan, PlanView, ProgrammeId};
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgTransaction;
use standards::calendar;
use web::{Made, Problem};

/// A funder of a plan that has signed nothing for the programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unsigned {
    /// As the plan names it.
    pub funder_id: OrganisationId,
    /// None when there is no such funder.
    pub name: Option<String>,
}

/// Why a plan was not agreed.
#[derive(Debug, thiserror::Error)]
pub enum AgreeError {
    /// These funders have no convention for the programme that covers today.
    #[error("{} funders without convention", .0.len())]
    NoConvention(Vec<Unsigned>),
    /// The id names another plan.
    #[error("same id, other content")]
    SameIdOtherContent,
    /// The catalogue refuses it.
    #[error("not created")]
    Create(#[source] CreatePlanError),
    /// PostgreSQL.
    #[error("database")]
    Database(#[from] sqlx::Error),
}

impl From<CreatePlanError> for AgreeError {
    fn from(error: CreatePlanError) -> Self {
        match error {
            // Plans of two programmes do not wait for each other: one id can be used for both at once.
            CreatePlanError::Database(error) if database::is_constraint(&error, "plan_pk") => Self::SameIdOtherContent,
            error => Self::Create(error),
        }
    }
}

impl From<AgreeError> for Problem {
    fn from(error: AgreeError) -> Self {
        match error {
            AgreeError::NoConvention(funders) => no_convention(&funders),
            AgreeError::SameIdOtherContent => Self::same_id_other_content(),
            AgreeError::Create(error) => error.into(),
            AgreeError::Database(error) => Self::internal(&error),
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
    programme: ProgrammeId,
    new: &NewPlan,
    at: DateTime<Utc>,
) -> Result<Made<PlanView>, AgreeError> {
    let made = catalogue::create_plan(tx, programme, new, at).await?;
    if let Made::Now(plan) = &made {
        let unsigned = unsigned(tx, plan, at).await?;
        if !unsigned.is_empty() {
            return Err(AgreeError::NoConvention(unsigned));
        }
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
