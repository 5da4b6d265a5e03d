use access::{Caller, CreateRejection, NewOrganisation, OrganisationId, Role, audit};
use chrono::{DateTime, Utc};
use database::UseCaseError;
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use standards::{Bic, Iban, Siren};
use utoipa::ToSchema;
use web::{Created, Problem};

/// A funder, to be created or as it is known. Its bank account is where a refund goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Funder {
    /// Made by the caller; also its organisation's.
    pub id: OrganisationId,
    /// SIREN, 9 digits.
    pub siren: Siren,
    /// As it appears to people.
    #[schema(value_type = bounds::Name, example = "Département de la Côte-d'Or")]
    pub name: String,
    /// Its account, for refunds.
    pub iban: Iban,
    pub bic: Option<Bic>,
}

/// Why a funder was not created.
#[derive(Debug)]
pub enum CreateFunderRejection {
    /// Its organisation exists, without this role.
    NotAFunder,
    SirenTaken,
    Organisation(CreateRejection),
}

impl database::Rejection for CreateFunderRejection {}

impl From<CreateFunderRejection> for Problem {
    fn from(rejection: CreateFunderRejection) -> Self {
        match rejection {
            CreateFunderRejection::NotAFunder => Self::refused(
                "not-a-funder",
                "Cette organisation existe déjà et n'a pas le rôle « financeur ».",
            )
            .detail("Créez l'organisation avec le rôle « funder », ou choisissez un nouvel identifiant."),
            CreateFunderRejection::SirenTaken => {
                Self::refused("siren-taken", "Un autre financeur porte déjà ce SIREN.")
                    .detail("Reprenez le financeur existant plutôt que d'en créer un second.")
            }
            CreateFunderRejection::Organisation(error) => error.into(),
        }
    }
}

/// Creates a funder and its organisation, or finds that it was created before. A body that is already an organisation
/// with several hats, one of them funder, keeps them all.
pub async fn create(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    new: &Funder,
    at: DateTime<Utc>,
) -> Result<Created<Funder>, UseCaseError<CreateFunderRejection>> {
    ensure_organisation(tx, new, at).await?;
    let inserted = sqlx::query!(
        "insert into funding.funder (id, siren, name, iban, bic, created_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (id) do nothing",
        new.id.uuid(),
        new.siren.as_str(),
        new.name.trim(),
        new.iban.electronic(),
        new.bic.as_ref().map(Bic::as_str),
        at,
    )
    .execute(&mut **tx)
    .await
    .map_err(|error| match error {
        error if database::is_constraint(&error, "funder_siren_unique") => {
            UseCaseError::Rejected(CreateFunderRejection::SirenTaken)
        }
        error => error.into(),
    })?
    .rows_affected()
        == 1;
    if inserted {
        audit(tx, who, at, "funder.create", Some(new.id.uuid()), ()).await?;
        return Ok(Created::New(new.clone()));
    }
    let known = sqlx::query!(
        "select siren, name, iban, bic from funding.funder where id = $1",
        new.id.uuid()
    )
    .fetch_one(&mut **tx)
    .await?;
    let same = known.siren == new.siren.as_str()
        && known.name == new.name.trim()
        && known.iban == new.iban.electronic()
        && known.bic.as_deref() == new.bic.as_ref().map(Bic::as_str);
    if same {
        Ok(Created::Existing(new.clone()))
    } else {
        Err(UseCaseError::IdReused)
    }
}

async fn ensure_organisation(
    tx: &mut PgTransaction<'_>,
    new: &Funder,
    at: DateTime<Utc>,
) -> Result<(), UseCaseError<CreateFunderRejection>> {
    let known = sqlx::query!(
        "select siren, roles from access.organisation where id = $1",
        new.id.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?;
    match known {
        None => {
            let organisation = NewOrganisation {
                id: new.id,
                name: new.name.clone(),
                siren: Some(new.siren),
                roles: vec![Role::Funder],
            };
            access::create(tx, &organisation, at)
                .await
                .map_err(|error| error.map_rejection(CreateFunderRejection::Organisation))?;
            Ok(())
        }
        Some(known) if !known.roles.iter().any(|role| role == Role::Funder.word()) => {
            Err(CreateFunderRejection::NotAFunder.into())
        }
        Some(known) if known.siren.as_deref().is_some_and(|siren| siren != new.siren.as_str()) => {
            Err(UseCaseError::IdReused)
        }
        Some(_) => Ok(()),
    }
}
