use access::{Caller, OrganisationId, Role, audit};
use catalogue::ProgrammeId;
use chrono::{DateTime, Utc};
use database::{Rejection, UseCaseError};
use serde::{Deserialize, Serialize};
use sqlx::{PgExecutor, PgTransaction};
use utoipa::ToSchema;
use web::{Created, Problem};

/// A prescriber to be admitted to a programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPrescriber {
    /// The prescriber's organisation.
    pub id: OrganisationId,
}

/// A prescriber of a programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct AdmittedPrescriber {
    /// The organisation.
    pub id: OrganisationId,
    /// When it was admitted.
    pub since: DateTime<Utc>,
}

#[derive(Debug)]
pub enum AdmitRejection {
    /// No such organisation, or not one that prescribes.
    NotAPrescriber,
}

impl Rejection for AdmitRejection {}

impl From<AdmitRejection> for Problem {
    fn from(rejection: AdmitRejection) -> Self {
        match rejection {
            AdmitRejection::NotAPrescriber => Self::refused(
                "not-a-prescriber",
                "Cette organisation n'est pas un prescripteur.",
            )
            .detail(
                "Vérifiez son identifiant, ou demandez à l'opérateur une organisation qui ait le rôle « prescriber ».",
            ),
        }
    }
}

/// Lets a prescriber import people and hand booklets over in a programme; harmless to repeat.
pub async fn admit_prescriber(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: ProgrammeId,
    new: &NewPrescriber,
    at: DateTime<Utc>,
) -> Result<Created<AdmittedPrescriber>, UseCaseError<AdmitRejection>> {
    let prescribes = sqlx::query_scalar!(
        r#"select exists (select from access.organisation where id = $1 and $2 = any(roles)) as "prescribes!""#,
        new.id.uuid(),
        Role::Prescriber.word(),
    )
    .fetch_one(&mut **tx)
    .await?;
    if !prescribes {
        return Err(AdmitRejection::NotAPrescriber.into());
    }
    let inserted = sqlx::query!(
        "insert into issuer.programme_prescriber (book_id, prescriber_id, since) values ($1, $2, $3) on conflict do nothing",
        programme.uuid(),
        new.id.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?
    .rows_affected()
        == 1;
    if inserted {
        audit(tx, who, at, "prescriber.admit", Some(new.id.uuid()), programme).await?;
        return Ok(Created::New(AdmittedPrescriber { id: new.id, since: at }));
    }
    let since = sqlx::query_scalar!(
        "select since from issuer.programme_prescriber where book_id = $1 and prescriber_id = $2",
        programme.uuid(),
        new.id.uuid(),
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(Created::Existing(AdmittedPrescriber { id: new.id, since }))
}

/// Whether a prescriber was admitted to a programme.
pub(crate) async fn is_admitted(
    db: impl PgExecutor<'_>,
    programme: ProgrammeId,
    prescriber: OrganisationId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from issuer.programme_prescriber where book_id = $1 and prescriber_id = $2) as "admitted!""#,
        programme.uuid(),
        prescriber.uuid(),
    )
    .fetch_one(db)
    .await
}
