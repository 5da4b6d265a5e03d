//! Stopping a structure's claims, with a reason, and letting it claim again. What it claimed before stays owed to it;
//! whether it is paid meanwhile is the settlement's business.

use access::{Caller, audit};
use bounds::{Reason, TextKind};
use chrono::{DateTime, Utc};
use database::{Rejection, UseCaseError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgTransaction;
use utoipa::ToSchema;
use web::{Created, Problem};

use crate::{ids::StructureId, ids::SuspensionId};

/// A suspension to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSuspension {
    /// Made by the caller.
    pub id: SuspensionId,
    /// Why; names no person.
    #[schema(value_type = Reason)]
    pub reason: String,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Suspension {
    pub id: SuspensionId,
    /// Who may not claim.
    pub structure_id: StructureId,
    pub reason: String,
    pub suspended_at: DateTime<Utc>,
    /// Until when, once it is lifted.
    pub lifted_at: Option<DateTime<Utc>>,
}

#[derive(Debug)]
pub enum SuspendRejection {
    Reason,
    NoStructure,
    NoSuspension,
    /// Under another id.
    Already,
}

impl Rejection for SuspendRejection {}

impl From<SuspendRejection> for Problem {
    fn from(rejection: SuspendRejection) -> Self {
        match rejection {
            SuspendRejection::Reason => Self::refused("reason", "Le motif ne convient pas.").detail(format!(
                "« reason » : donnez un motif de {} caractères au plus, sans nommer personne.",
                Reason::CHARS_MAX
            )),
            SuspendRejection::NoStructure => Self::not_found("Cette structure"),
            SuspendRejection::NoSuspension => Self::not_found("Cette suspension"),
            SuspendRejection::Already => Self::refused("already-suspended", "Cette structure est déjà suspendue.")
                .detail("Levez d'abord la suspension en cours, ou laissez-la."),
        }
    }
}

/// Suspends a structure, once at a time.
pub async fn suspend(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    structure: StructureId,
    new: &NewSuspension,
    at: DateTime<Utc>,
) -> Result<Created<Suspension>, UseCaseError<SuspendRejection>> {
    let reason = new.reason.trim();
    if !Reason::fits(reason) {
        return Err(SuspendRejection::Reason.into());
    }
    let inserted = sqlx::query!(
        "insert into redemption.suspension (id, structure_id, reason, suspended_at, suspended_by)
         values ($1, $2, $3, $4, $5) on conflict (id) do nothing",
        new.id.uuid(),
        structure.uuid(),
        reason,
        at,
        who.organisation().uuid(),
    )
    .execute(&mut **tx)
    .await
    .map_err(|error| match error {
        error if database::is_constraint(&error, "suspension_structure") => SuspendRejection::NoStructure.into(),
        error if database::is_constraint(&error, "suspension_one_at_a_time") => SuspendRejection::Already.into(),
        error => UseCaseError::Database(error),
    })?
    .rows_affected()
        == 1;
    let known = read(tx, new.id)
        .await?
        .filter(|known| known.structure_id == structure && known.reason == reason);
    let known = known.ok_or(UseCaseError::IdReused)?;
    if inserted {
        audit(
            tx,
            who,
            at,
            "structure.suspend",
            Some(structure.uuid()),
            json!({ "id": new.id }),
        )
        .await?;
        Ok(Created::New(known))
    } else {
        Ok(Created::Existing(known))
    }
}

/// Lifts a suspension; repeating it changes nothing.
pub async fn lift(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    structure: StructureId,
    id: SuspensionId,
    at: DateTime<Utc>,
) -> Result<Suspension, UseCaseError<SuspendRejection>> {
    let lifted = sqlx::query!(
        "update redemption.suspension set lifted_at = $3 where id = $1 and structure_id = $2 and lifted_at is null",
        id.uuid(),
        structure.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?
    .rows_affected()
        == 1;
    if lifted {
        audit(
            tx,
            who,
            at,
            "structure.lift_suspension",
            Some(structure.uuid()),
            json!({ "id": id }),
        )
        .await?;
    }
    read(tx, id)
        .await?
        .filter(|known| known.structure_id == structure)
        .ok_or(SuspendRejection::NoSuspension.into())
}

async fn read(tx: &mut PgTransaction<'_>, id: SuspensionId) -> Result<Option<Suspension>, sqlx::Error> {
    sqlx::query_as!(
        Suspension,
        r#"select id as "id: SuspensionId", structure_id as "structure_id: StructureId", reason, suspended_at, lifted_at
           from redemption.suspension where id = $1"#,
        id.uuid()
    )
    .fetch_optional(&mut **tx)
    .await
}
