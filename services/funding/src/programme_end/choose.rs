use access::{Caller, OrganisationId, audit};
use catalogue::{ProgrammeId, UnusedValue};
use chrono::{DateTime, Utc};
use database::UseCaseError;
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use utoipa::ToSchema;
use web::{Created, Problem};

use super::contest::{ContestOver, check_open};
use super::issue;
use crate::support::ids::ExpiryChoiceId;

/// A funder's choice, to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUnusedValueChoice {
    /// Made by the caller.
    pub id: ExpiryChoiceId,
    /// Free money for the next order, or back to its bank account.
    pub method: UnusedValue,
}

/// A funder's choice, as it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnusedValueChoice {
    pub id: ExpiryChoiceId,
    pub funder_id: OrganisationId,
    /// What becomes of it.
    pub method: UnusedValue,
    pub at: DateTime<Utc>,
}

/// Why a choice was not taken.
#[derive(Debug)]
pub enum ChooseRejection {
    Closed(ContestOver),
    /// The statement does not name the caller as one.
    NotAFunder,
}

impl database::Rejection for ChooseRejection {}

impl From<ChooseRejection> for Problem {
    fn from(rejection: ChooseRejection) -> Self {
        match rejection {
            ChooseRejection::Closed(closed) => closed.into(),
            ChooseRejection::NotAFunder => {
                Self::forbidden("Seul un financeur nommé dans l'état contradictoire choisit ce que devient sa part.")
            }
        }
    }
}

/// A funder says what shall become of its unused value, as often as it likes until the statement's last day; the last choice counts.
pub(crate) async fn choose(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: ProgrammeId,
    new: NewUnusedValueChoice,
    at: DateTime<Utc>,
) -> Result<Created<UnusedValueChoice>, UseCaseError<ChooseRejection>> {
    let wanted = UnusedValueChoice {
        id: new.id,
        funder_id: who.organisation(),
        method: new.method,
        at,
    };
    if let Some(known) = read(tx, programme, Some(new.id)).await?.pop() {
        return before(wanted, known);
    }
    check_open(tx, programme, at)
        .await
        .map_err(|error| error.map_rejection(ChooseRejection::Closed))?;
    if !issue::funds(tx, programme, who.organisation()).await? {
        return Err(ChooseRejection::NotAFunder.into());
    }
    let inserted = sqlx::query!(
        "insert into funding.expiry_choice (programme_id, id, funder_id, method, at) values ($1, $2, $3, $4, $5)
         on conflict (programme_id, id) do nothing",
        programme.uuid(),
        new.id.uuid(),
        wanted.funder_id.uuid(),
        new.method.word(),
        at,
    )
    .execute(&mut **tx)
    .await
    .map_err(|error| match error {
        error if database::is_constraint(&error, "expiry_choice_funder") => {
            UseCaseError::Rejected(ChooseRejection::NotAFunder)
        }
        error => error.into(),
    })?
    .rows_affected()
        == 1;
    if !inserted {
        // The same id at the same moment: the other request's choice counts.
        let known = read(tx, programme, Some(new.id)).await?.pop();
        return before(wanted, known.ok_or(sqlx::Error::RowNotFound)?);
    }
    audit(
        tx,
        who,
        at,
        "expiry.choose",
        Some(programme.uuid()),
        (new.id, new.method),
    )
    .await?;
    Ok(Created::New(wanted))
}

fn before(
    wanted: UnusedValueChoice,
    known: UnusedValueChoice,
) -> Result<Created<UnusedValueChoice>, UseCaseError<ChooseRejection>> {
    if (UnusedValueChoice { at: known.at, ..wanted }) == known {
        Ok(Created::Existing(known))
    } else {
        Err(UseCaseError::IdReused)
    }
}

/// The choices made, in order of time: one, or all.
pub(crate) async fn read(
    tx: &mut PgTransaction<'_>,
    programme: ProgrammeId,
    only: Option<ExpiryChoiceId>,
) -> Result<Vec<UnusedValueChoice>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id as "id: ExpiryChoiceId", funder_id as "funder_id: OrganisationId", method, at
           from funding.expiry_choice where programme_id = $1 and ($2::uuid is null or id = $2) order by at, id"#,
        programme.uuid(),
        only.map(ExpiryChoiceId::uuid),
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| UnusedValueChoice {
            id: row.id,
            funder_id: row.funder_id,
            method: UnusedValue::from_word(&row.method),
            at: row.at,
        })
        .collect())
}
