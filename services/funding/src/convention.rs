use access::OrganisationId;
use catalogue::ProgrammeId;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use standards::Cents;
use utoipa::ToSchema;
use web::{Made, Problem};

use crate::{ConventionId, known};

/// What a funder signed to give to a programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Convention {
    /// Made by the caller.
    pub id: ConventionId,
    /// Who gives.
    pub funder_id: OrganisationId,
    /// To what.
    pub programme_id: ProgrammeId,
    /// How much at most.
    pub amount: Cents,
    /// When it was signed.
    pub signed_on: NaiveDate,
    /// First day of its effect.
    pub starts_on: NaiveDate,
    /// Last day of its effect.
    pub ends_on: NaiveDate,
}

/// Why a convention was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// Zero or less.
    #[error("the amount is not positive")]
    NotPositive,
    /// It ends before it starts.
    #[error("the days are not in order")]
    Days,
    /// No such funder.
    #[error("no such funder")]
    NoFunder,
    /// No such programme.
    #[error("no such programme")]
    NoProgramme,
    /// The id names another convention.
    #[error("same id, other content")]
    SameIdOtherContent,
    /// PostgreSQL.
    #[error("database")]
    Database(#[from] sqlx::Error),
}

impl From<SignError> for Problem {
    fn from(error: SignError) -> Self {
        let refused = || Self::refused("convention-field", "Cette convention ne peut pas être enregistrée.");
        match error {
            SignError::NotPositive => refused().detail("« amount » doit être supérieur à zéro."),
            SignError::Days => refused().detail("« ends_on » vient avant « starts_on » : corrigez les dates."),
            SignError::NoFunder => Self::not_found("Ce financeur"),
            SignError::NoProgramme => Self::not_found("Ce dispositif"),
            SignError::SameIdOtherContent => Self::same_id_other_content(),
            SignError::Database(error) => Self::internal(&error),
        }
    }
}

/// Records a convention, or finds that it was recorded before.
pub async fn sign(
    tx: &mut PgTransaction<'_>,
    new: &Convention,
    at: DateTime<Utc>,
) -> Result<Made<Convention>, SignError> {
    if !known::programme(tx, new.programme_id).await? {
        return Err(SignError::NoProgramme);
    }
    let inserted = sqlx::query!(
        "insert into funding.convention (id, funder_id, programme_id, cents, signed_on, starts_on, ends_on, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do nothing",
        new.id.uuid(),
        new.funder_id.uuid(),
        new.programme_id.uuid(),
        new.amount.get(),
        new.signed_on,
        new.starts_on,
        new.ends_on,
        at,
    )
    .execute(&mut **tx)
    .await
    .map_err(|error| match error {
        error if database::is_constraint(&error, "convention_positive") => SignError::NotPositive,
        error if database::is_constraint(&error, "convention_days_in_order") => SignError::Days,
        error if database::is_constraint(&error, "convention_funder") => SignError::NoFunder,
        error => error.into(),
    })?
    .rows_affected()
        == 1;
    if inserted {
        return Ok(Made::Now(new.clone()));
    }
    let known = sqlx::query_as!(
        Convention,
        r#"select id as "id: ConventionId", funder_id as "funder_id: OrganisationId",
               programme_id as "programme_id: ProgrammeId", cents as "amount: Cents", signed_on, starts_on, ends_on
           from funding.convention where id = $1"#,
        new.id.uuid(),
    )
    .fetch_one(&mut **tx)
    .await?;
    if known == *new {
        Ok(Made::Before(known))
    } else {
        Err(SignError::SameIdOtherContent)
    }
}
