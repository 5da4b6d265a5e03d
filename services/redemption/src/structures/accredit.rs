//! Admitting a structure: it meets the criteria, and from then on it is an organisation that may claim.

use access::{Caller, NewOrganisation, Role, audit};
use chrono::{DateTime, Utc};
use database::{Rejection, UseCaseError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgTransaction;
use standards::{Siren, Siret};
use utoipa::ToSchema;
use web::{Created, Problem};

use crate::structures::criteria::{DescribedPlace, UnmetCriterion, unmet};
use crate::{ids::AccreditationId, ids::StructureId};

/// An accreditation to be given.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccreditation {
    /// Made by the caller.
    pub id: AccreditationId,
}

/// An accreditation.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Accreditation {
    pub id: AccreditationId,
    pub structure_id: StructureId,
    pub accredited_at: DateTime<Utc>,
}

#[derive(Debug)]
pub enum AccreditRejection {
    NoStructure,
    Unmet(Vec<UnmetCriterion>),
    /// Under another id.
    Already(DateTime<Utc>),
    Organisation(access::CreateRejection),
}

impl Rejection for AccreditRejection {}

impl From<AccreditRejection> for Problem {
    fn from(rejection: AccreditRejection) -> Self {
        match rejection {
            AccreditRejection::NoStructure => Self::not_found("Cette structure"),
            AccreditRejection::Unmet(reasons) => Self::refused(
                "not-accreditable",
                "Cette structure ne remplit pas encore les critères.",
            )
            .detail(
                reasons
                    .iter()
                    .map(|reason| reason.problem.as_str())
                    .collect::<Vec<_>>()
                    .join(" "),
            )
            .with("reasons", reasons),
            AccreditRejection::Already(at) => {
                Self::refused("already-accredited", "Cette structure est déjà labellisée.")
                    .detail("Il n'y a rien à faire.")
                    .with("accredited_at", at)
            }
            AccreditRejection::Organisation(rejection) => rejection.into(),
        }
    }
}

/// Admits a structure, once.
pub async fn accredit(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    structure: StructureId,
    new: NewAccreditation,
    at: DateTime<Utc>,
) -> Result<Created<Accreditation>, UseCaseError<AccreditRejection>> {
    let known = sqlx::query!(
        "select name, place from redemption.structure where id = $1",
        structure.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(AccreditRejection::NoStructure)?;
    if let Some(before) = accredited_before(tx, structure, new).await? {
        return Ok(Created::Existing(before));
    }
    let place = DescribedPlace::deserialize(&known.place).map_err(UseCaseError::failed)?;
    let reasons = unmet(&place);
    if !reasons.is_empty() {
        return Err(AccreditRejection::Unmet(reasons).into());
    }
    sqlx::query!(
        "insert into redemption.accreditation (structure_id, id, accredited_at, accredited_by) values ($1, $2, $3, $4)",
        structure.uuid(),
        new.id.uuid(),
        at,
        who.organisation().uuid(),
    )
    .execute(&mut **tx)
    .await
    .map_err(|error| match error {
        error if database::is_constraint(&error, "accreditation_id_unique") => UseCaseError::IdReused,
        // Somebody else admitted it at this moment.
        error if database::is_constraint(&error, "accreditation_pk") => AccreditRejection::Already(at).into(),
        error => error.into(),
    })?;
    let siren: Option<Siren> = known.place["pivot"]
        .as_str()
        .and_then(|pivot| Some(pivot.parse::<Siret>().ok()?.siren()));
    let organisation = NewOrganisation {
        id: structure.organisation(),
        name: known.name,
        siren,
        roles: vec![Role::Structure],
    };
    access::create(tx, &organisation, at)
        .await
        .map_err(|error| error.map_rejection(AccreditRejection::Organisation))?;
    audit(
        tx,
        who,
        at,
        "structure.accredit",
        Some(structure.uuid()),
        json!({ "id": new.id }),
    )
    .await?;
    Ok(Created::New(Accreditation {
        id: new.id,
        structure_id: structure,
        accredited_at: at,
    }))
}

async fn accredited_before(
    tx: &mut PgTransaction<'_>,
    structure: StructureId,
    new: NewAccreditation,
) -> Result<Option<Accreditation>, UseCaseError<AccreditRejection>> {
    let known = sqlx::query!(
        r#"select id as "id: AccreditationId", accredited_at from redemption.accreditation where structure_id = $1"#,
        structure.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?;
    match known {
        None => Ok(None),
        Some(known) if known.id == new.id => Ok(Some(Accreditation {
            id: new.id,
            structure_id: structure,
            accredited_at: known.accredited_at,
        })),
        Some(known) => Err(AccreditRejection::Already(known.accredited_at).into()),
    }
}
