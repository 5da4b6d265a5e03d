use access::{Caller, OrganisationId, audit};
use bounds::{Form, TextKind};
use catalogue::ProgrammeId;
use chrono::{DateTime, Utc};
use database::UseCaseError;
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use utoipa::ToSchema;
use web::{Created, Problem};

use super::contest::{ContestOver, check_open};
use crate::support::ids::ExpiryResponseId;

bounds::text_kind! {
    /// What is false in a statement, and what would be right.
    pub struct ContestReasons: 1..=4_000, Form::Lines;
}

/// What somebody answers to a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatementAnswer {
    Accepted,
    Contested,
}

impl StatementAnswer {
    const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Contested => "contested",
        }
    }

    /// The constraint knows no other.
    pub(crate) fn from_word(word: &str) -> Self {
        if word == Self::Contested.word() {
            Self::Contested
        } else {
            Self::Accepted
        }
    }
}

/// An answer to be given.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStatementResponse {
    /// Made by the caller.
    pub id: ExpiryResponseId,
    /// Accepted or contested.
    pub answer: StatementAnswer,
    /// Asked for when it is contested: what is wrong, and what would be right.
    #[schema(value_type = Option<ContestReasons>)]
    pub reasons: Option<String>,
}

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatementResponse {
    pub id: ExpiryResponseId,
    pub organisation_id: OrganisationId,
    /// Accepted or contested.
    pub answer: StatementAnswer,
    pub reasons: Option<String>,
    pub at: DateTime<Utc>,
}

/// Why an answer was not taken.
#[derive(Debug)]
pub enum RespondRejection {
    Closed(ContestOver),
    /// Contested without any, or with too many words.
    Reasons,
    /// The statement does not name the caller.
    NotAParty,
}

impl database::Rejection for RespondRejection {}

impl From<RespondRejection> for Problem {
    fn from(rejection: RespondRejection) -> Self {
        match rejection {
            RespondRejection::Closed(closed) => closed.into(),
            RespondRejection::Reasons => Self::refused("no-reasons", "Cette réponse ne peut pas être enregistrée.").detail(format!(
                "Pour contester, dites dans « reasons » ce qui est faux et ce qui serait juste, en {} caractères au plus.",
                ContestReasons::CHARS_MAX
            )),
            RespondRejection::NotAParty => Self::forbidden(
                "Répondent à un état contradictoire le commanditaire du dispositif et les financeurs qui y sont nommés.",
            ),
        }
    }
}

/// Answers a statement: its sponsor and its funders, as often as they like until its last day; every answer is kept.
pub(crate) async fn respond(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: ProgrammeId,
    new: &NewStatementResponse,
    at: DateTime<Utc>,
) -> Result<Created<StatementResponse>, UseCaseError<RespondRejection>> {
    let reasons = new
        .reasons
        .as_deref()
        .map(str::trim)
        .filter(|reasons| !reasons.is_empty());
    let missing = new.answer == StatementAnswer::Contested && reasons.is_none();
    if missing || reasons.is_some_and(|reasons| !ContestReasons::fits(reasons)) {
        return Err(RespondRejection::Reasons.into());
    }
    let wanted = StatementResponse {
        id: new.id,
        organisation_id: who.organisation(),
        answer: new.answer,
        reasons: reasons.map(str::to_owned),
        at,
    };
    if let Some(known) = read(tx, programme, Some(new.id)).await?.pop() {
        return before(wanted, known);
    }
    check_open(tx, programme, at)
        .await
        .map_err(|error| error.map_rejection(RespondRejection::Closed))?;
    let inserted = sqlx::query!(
        "insert into funding.expiry_response (programme_id, id, organisation_id, answer, reasons, at)
         values ($1, $2, $3, $4, $5, $6) on conflict (programme_id, id) do nothing",
        programme.uuid(),
        new.id.uuid(),
        wanted.organisation_id.uuid(),
        wanted.answer.word(),
        wanted.reasons,
        at,
    )
    .execute(&mut **tx)
    .await
    .map_err(|error| match error {
        error if database::is_constraint(&error, "expiry_response_party") => {
            UseCaseError::Rejected(RespondRejection::NotAParty)
        }
        error => error.into(),
    })?
    .rows_affected()
        == 1;
    if !inserted {
        // The same id at the same moment: the other request's answer counts.
        let known = read(tx, programme, Some(new.id)).await?.pop();
        return before(wanted, known.ok_or(sqlx::Error::RowNotFound)?);
    }
    audit(
        tx,
        who,
        at,
        "expiry.respond",
        Some(programme.uuid()),
        (new.id, new.answer),
    )
    .await?;
    if new.answer == StatementAnswer::Contested {
        tracing::warn!(%programme, by = %wanted.organisation_id, "an adversarial statement is contested");
    }
    Ok(Created::New(wanted))
}

fn before(
    wanted: StatementResponse,
    known: StatementResponse,
) -> Result<Created<StatementResponse>, UseCaseError<RespondRejection>> {
    if (StatementResponse { at: known.at, ..wanted }) == known {
        Ok(Created::Existing(known))
    } else {
        Err(UseCaseError::IdReused)
    }
}

/// The answers to a statement, in order of time: one, or all.
pub(crate) async fn read(
    tx: &mut PgTransaction<'_>,
    programme: ProgrammeId,
    only: Option<ExpiryResponseId>,
) -> Result<Vec<StatementResponse>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id as "id: ExpiryResponseId", organisation_id as "organisation_id: OrganisationId", answer, reasons, at
           from funding.expiry_response where programme_id = $1 and ($2::uuid is null or id = $2) order by at, id"#,
        programme.uuid(),
        only.map(ExpiryResponseId::uuid),
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| StatementResponse {
            id: row.id,
            organisation_id: row.organisation_id,
            answer: StatementAnswer::from_word(&row.answer),
            reasons: row.reasons,
            at: row.at,
        })
        .collect())
}

/// Who contests it: those whose last answer says so.
pub(crate) fn contesting(responses: &[StatementResponse]) -> Vec<OrganisationId> {
    let last: std::collections::BTreeMap<OrganisationId, StatementAnswer> = responses
        .iter()
        .map(|response| (response.organisation_id, response.answer))
        .collect();
    let contested = last
        .into_iter()
        .filter(|(_, answer)| *answer == StatementAnswer::Contested);
    contested.map(|(organisation, _)| organisation).collect()
}
