use bounds::{ListKind, Name, TextKind};
use chrono::{DateTime, Utc};
use database::{Rejection, UseCaseError};
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use standards::siret::Siren;
use utoipa::ToSchema;
use web::{Created, Problem};

use crate::{Caller, audit};

ids::id_type! {
    /// An organisation; a structure's or a funder's id in the books is the same.
    pub struct OrganisationId;
}

/// What an organisation may do (the table of roles in docs/GLOSSARY.md). One body may have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the platform and the fund's bank account.
    Operator,
    /// Runs a programme and orders vouchers (commanditaire).
    Sponsor,
    /// Hands vouchers over (prescripteur).
    Prescriber,
    /// Redeems vouchers (structure de médiation).
    Structure,
    /// Admits structures (labellisateur).
    Accreditor,
    /// Puts money in the fund (financeur).
    Funder,
    Auditor,
}

impl Role {
    const ALL: [Self; 7] = [
        Self::Operator,
        Self::Sponsor,
        Self::Prescriber,
        Self::Structure,
        Self::Accreditor,
        Self::Funder,
        Self::Auditor,
    ];

    /// The word in JSON and in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Sponsor => "sponsor",
            Self::Prescriber => "prescriber",
            Self::Structure => "structure",
            Self::Accreditor => "accreditor",
            Self::Funder => "funder",
            Self::Auditor => "auditor",
        }
    }

    /// The word on the screen.
    #[must_use]
    pub const fn french(self) -> &'static str {
        match self {
            Self::Operator => "opérateur",
            Self::Sponsor => "commanditaire",
            Self::Prescriber => "prescripteur",
            Self::Structure => "structure de médiation",
            Self::Accreditor => "labellisateur",
            Self::Funder => "financeur",
            Self::Auditor => "auditeur",
        }
    }

    /// The role of this word; the database's constraint knows no other.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

bounds::list_kind! {
    /// What an organisation may do; each once.
    pub struct Roles: [Role; 1..=Role::ALL.len()];
}

/// An organisation to be created.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrganisation {
    /// Made by the caller.
    pub id: OrganisationId,
    /// As it appears to people.
    #[schema(value_type = Name, example = "Département de la Côte-d'Or")]
    pub name: String,
    /// SIREN, 9 digits, when it has one.
    pub siren: Option<Siren>,
    #[schema(value_type = Roles)]
    pub roles: Vec<Role>,
}

/// An organisation as it is known.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Organisation {
    pub id: OrganisationId,
    /// As it appears to people.
    pub name: String,
    /// SIREN, 9 digits.
    pub siren: Option<String>,
    /// In alphabetical order of their words.
    pub roles: Vec<Role>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

#[derive(Debug)]
pub enum CreateRejection {
    NoName,
    /// Too long, or with control characters.
    Name,
    NoRole,
}

impl Rejection for CreateRejection {}

impl From<CreateRejection> for Problem {
    fn from(rejection: CreateRejection) -> Self {
        match rejection {
            CreateRejection::NoName => {
                Self::refused("no-name", "L'organisation n'a pas de nom.").detail("Remplissez le champ « name ».")
            }
            CreateRejection::Name => Self::refused("name", "Le nom de l'organisation ne convient pas.").detail(
                format!("« name » : une ligne de {} caractères au plus.", Name::CHARS_MAX),
            ),
            CreateRejection::NoRole => Self::refused("no-role", "L'organisation n'a aucun rôle.")
                .detail("Donnez au moins un rôle dans « roles », par exemple « sponsor »."),
        }
    }
}

/// Creates an organisation because the operator asks for it, and says so in the trail.
pub(crate) async fn create_by(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    new: &NewOrganisation,
    at: DateTime<Utc>,
) -> Result<Created<Organisation>, UseCaseError<CreateRejection>> {
    let organisation = create(tx, new, at).await?;
    if let Created::New(_) = organisation {
        audit(tx, who, at, "organisation.create", Some(new.id.uuid()), &new.roles).await?;
    }
    Ok(organisation)
}

/// Creates an organisation, or finds that it was created before with the same content.
pub async fn create(
    tx: &mut PgTransaction<'_>,
    new: &NewOrganisation,
    at: DateTime<Utc>,
) -> Result<Created<Organisation>, UseCaseError<CreateRejection>> {
    if new.name.trim().is_empty() {
        return Err(CreateRejection::NoName.into());
    }
    if !Name::fits(&new.name) {
        return Err(CreateRejection::Name.into());
    }
    if !Roles::fits(new.roles.len()) {
        return Err(CreateRejection::NoRole.into());
    }
    let mut roles: Vec<&str> = new.roles.iter().map(|role| role.word()).collect();
    roles.sort_unstable();
    roles.dedup();
    let siren = new.siren.as_ref().map(ToString::to_string);
    let inserted = sqlx::query!(
        "insert into access.organisation (id, name, siren, roles, created_at) values ($1, $2, $3, $4, $5)
         on conflict (id) do nothing",
        new.id.uuid(),
        new.name.trim(),
        siren,
        &roles as &[&str],
        at,
    )
    .execute(&mut **tx)
    .await?
    .rows_affected()
        == 1;
    let known = sqlx::query!(
        "select name, siren, roles, created_at from access.organisation where id = $1",
        new.id.uuid()
    )
    .fetch_one(&mut **tx)
    .await?;
    if known.name != new.name.trim() || known.siren != siren || known.roles != roles {
        return Err(UseCaseError::IdReused);
    }
    let organisation = Organisation {
        id: new.id,
        name: known.name,
        siren: known.siren,
        roles: known.roles.iter().filter_map(|word| Role::from_word(word)).collect(),
        created_at: known.created_at,
    };
    Ok(if inserted {
        Created::New(organisation)
    } else {
        Created::Existing(organisation)
    })
}
