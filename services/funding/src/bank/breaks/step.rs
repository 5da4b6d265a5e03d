//! Who looks after a break, and its end.

use access::audit;
use bounds::{TextKind, Words};
use chrono::{DateTime, Utc};
use database::{NamedLock, UseCaseError};
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use utoipa::ToSchema;
use web::{Created, Problem};

use crate::bank::breaks::view::{BreakView, read};
use crate::support::ids::BreakId;

/// Who looks after a break from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOwner {
    /// A team rather than a name.
    #[schema(value_type = Words, example = "Comptabilité")]
    pub owner: String,
}

/// The end of a break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClosing {
    /// Why nothing is left to do.
    #[schema(value_type = Words, example = "Vérifié avec la banque.")]
    pub why: String,
}

/// Why nothing changed.
#[derive(Debug)]
pub enum StepRejection {
    Unknown,
    /// Empty, too long or with control characters.
    Words,
    NotExplained,
    Closed,
}

impl database::Rejection for StepRejection {}

impl From<StepRejection> for Problem {
    fn from(rejection: StepRejection) -> Self {
        match rejection {
            StepRejection::Unknown => Self::not_found("Cet écart"),
            StepRejection::Words => {
                Self::refused("break-words", "Le texte manque ou ne convient pas.").detail(format!(
                    "« why », « owner » : écrivez une phrase d'au plus {} caractères, sans retour à la ligne.",
                    Words::CHARS_MAX
                ))
            }
            StepRejection::NotExplained => Self::refused("break-not-explained", "Cet écart n'est pas encore expliqué.")
                .detail("Dites d'abord ce qu'il était, puis fermez-le."),
            StepRejection::Closed => Self::refused("break-closed", "Cet écart est fermé."),
        }
    }
}

/// The break, under the statements' lock: its steps are numbered one after the other, and who loads a statement closes breaks by the
/// way.
pub(super) async fn locked(tx: &mut PgTransaction<'_>, id: BreakId) -> Result<Option<BreakView>, sqlx::Error> {
    NamedLock::Statements.take(tx).await?;
    read(tx, id).await
}

/// Adds a step after those that `seen` has.
pub(super) async fn add(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    seen: &BreakView,
    (state, owner, why): (&str, Option<&str>, &str),
    at: DateTime<Utc>,
) -> Result<BreakView, sqlx::Error> {
    let number = i32::try_from(seen.steps.len() + 1).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query!(
        "insert into funding.break_step (break_id, number, state, owner, why, organisation_id, at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        seen.id.uuid(),
        number,
        state,
        owner,
        why,
        who.organisation().uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    read(tx, seen.id).await?.ok_or(sqlx::Error::RowNotFound)
}

/// Gives the break to somebody.
pub async fn own(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    id: BreakId,
    new: NewOwner,
    at: DateTime<Utc>,
) -> Result<Created<BreakView>, UseCaseError<StepRejection>> {
    if !Words::fits(&new.owner) {
        return Err(StepRejection::Words.into());
    }
    let seen = locked(tx, id).await?.ok_or(StepRejection::Unknown)?;
    if seen.owner.as_deref() == Some(&new.owner) {
        return Ok(Created::Existing(seen));
    }
    if seen.state == "closed" {
        return Err(StepRejection::Closed.into());
    }
    let why = format!("Confié à : {}", new.owner);
    let made = add(
        tx,
        who,
        &seen,
        (seen.state.as_str(), Some(new.owner.as_str()), why.as_str()),
        at,
    )
    .await?;
    audit(tx, who, at, "break.own", Some(id.uuid()), ()).await?;
    Ok(Created::New(made))
}

/// Ends the break, which must be explained.
pub async fn close(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    id: BreakId,
    new: NewClosing,
    at: DateTime<Utc>,
) -> Result<Created<BreakView>, UseCaseError<StepRejection>> {
    if !Words::fits(&new.why) {
        return Err(StepRejection::Words.into());
    }
    let seen = locked(tx, id).await?.ok_or(StepRejection::Unknown)?;
    match seen.state.as_str() {
        "explained" => {}
        "closed" if seen.steps.last().is_some_and(|last| last.why == new.why) => return Ok(Created::Existing(seen)),
        "closed" => return Err(StepRejection::Closed.into()),
        _ => return Err(StepRejection::NotExplained.into()),
    }
    let made = add(tx, who, &seen, ("closed", seen.owner.as_deref(), new.why.as_str()), at).await?;
    audit(tx, who, at, "break.close", Some(id.uuid()), ()).await?;
    Ok(Created::New(made))
}
