use access::{Caller, OrganisationId, audit};
use bounds::{Reason, TextKind};
use catalogue::{ExpiryStep, Programme};
use chrono::{DateTime, NaiveDate, Utc};
use database::{Rejection, UseCaseError};
use serde::{Deserialize, Serialize};
use sqlx::{PgExecutor, PgTransaction};
use standards::calendar::paris_date;
use utoipa::ToSchema;
use web::{Created, Problem};

use crate::DecisionId;

/// What becomes of hand-overs near the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// They go on until the last day.
    Continue,
    /// They stop at once.
    Stop,
}

impl Distribution {
    const fn word(self) -> &'static str {
        match self {
            Self::Continue => "continue",
            Self::Stop => "stop",
        }
    }
}

/// A decision to be taken.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDecision {
    /// Made by the caller.
    pub id: DecisionId,
    /// What becomes of hand-overs.
    pub decision: Distribution,
    /// Why; funders read it.
    #[schema(value_type = Reason)]
    pub reason: String,
}

/// A decision as it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Decision {
    pub id: DecisionId,
    /// What becomes of hand-overs.
    pub decision: Distribution,
    pub reason: String,
    pub by: OrganisationId,
    pub at: DateTime<Utc>,
}

#[derive(Debug)]
pub enum DecideRejection {
    Reason,
    /// Hand-overs are stopped since that day.
    TooLate(NaiveDate),
    ProgrammeOver,
}

impl Rejection for DecideRejection {}

impl From<DecideRejection> for Problem {
    fn from(rejection: DecideRejection) -> Self {
        let refused = |kind| Self::refused(kind, "Cette décision ne peut pas être prise.");
        match rejection {
            DecideRejection::Reason => refused("no-reason").detail(format!(
                "Donnez un motif dans « reason », de 1 à {} caractères : les financeurs le liront.",
                Reason::CHARS_MAX
            )),
            DecideRejection::TooLate(since) => refused("too-late").detail(format!(
                "Les remises sont arrêtées depuis le {} : la décision de continuer se prend avant ce jour.",
                since.format("%d/%m/%Y")
            )),
            DecideRejection::ProgrammeOver => {
                refused("programme-over").detail("Le dernier jour de ce dispositif est passé.")
            }
        }
    }
}

/// Decides that hand-overs go on past the day on which they would stop, or that they stop at once.
pub async fn decide_distribution(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: &Programme,
    new: &NewDecision,
    at: DateTime<Utc>,
) -> Result<Created<Decision>, UseCaseError<DecideRejection>> {
    let reason = new.reason.trim();
    if !Reason::fits(reason) {
        return Err(DecideRejection::Reason.into());
    }
    let wanted = Decision {
        id: new.id,
        decision: new.decision,
        reason: reason.to_owned(),
        by: who.organisation(),
        at,
    };
    if let Some(known) = find(tx, programme, new.id).await? {
        let same = Decision { at: known.at, ..wanted } == known;
        return if same {
            Ok(Created::Existing(known))
        } else {
            Err(UseCaseError::IdReused)
        };
    }
    let calendar = catalogue::expiry_calendar(&mut **tx, programme).await?;
    if calendar.is_due(ExpiryStep::Refusal, at) {
        return Err(DecideRejection::ProgrammeOver.into());
    }
    if new.decision == Distribution::Continue && calendar.is_due(ExpiryStep::Block, at) {
        return Err(DecideRejection::TooLate(calendar.due_on(ExpiryStep::Block)).into());
    }
    let inserted = sqlx::query!(
        "insert into issuer.distribution_decision (book_id, id, decision, reason, by_organisation, at)
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        programme.id.uuid(),
        new.id.uuid(),
        new.decision.word(),
        reason,
        wanted.by.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?
    .rows_affected()
        == 1;
    if !inserted {
        // The same id at the same moment: the other request's answer counts.
        return match find(tx, programme, new.id).await? {
            Some(known) if (Decision { at: known.at, ..wanted }) == known => Ok(Created::Existing(known)),
            _ => Err(UseCaseError::IdReused),
        };
    }
    audit(
        tx,
        who,
        at,
        "expiry.distribution",
        Some(programme.id.uuid()),
        (new.id, new.decision),
    )
    .await?;
    Ok(Created::New(wanted))
}

/// The day since which nothing is handed over in a programme, if it has come: the sponsor's last decision, or else the calendar's day.
pub(crate) async fn stopped_since(
    tx: &mut PgTransaction<'_>,
    programme: &Programme,
    at: DateTime<Utc>,
) -> Result<Option<NaiveDate>, sqlx::Error> {
    if let Some(decision) = last(&mut **tx, programme).await? {
        return Ok((decision.decision == Distribution::Stop).then(|| paris_date(decision.at)));
    }
    let calendar = catalogue::expiry_calendar(&mut **tx, programme).await?;
    let due = calendar.is_due(ExpiryStep::Block, at);
    Ok(due.then(|| calendar.due_on(ExpiryStep::Block)))
}

/// The decision that counts.
pub(crate) async fn last(db: impl PgExecutor<'_>, programme: &Programme) -> Result<Option<Decision>, sqlx::Error> {
    Ok(read(db, programme, None).await?.pop())
}

async fn find(
    tx: &mut PgTransaction<'_>,
    programme: &Programme,
    id: DecisionId,
) -> Result<Option<Decision>, sqlx::Error> {
    Ok(read(&mut **tx, programme, Some(id)).await?.pop())
}

/// In order of time: the last one counts.
async fn read(
    db: impl PgExecutor<'_>,
    programme: &Programme,
    only: Option<DecisionId>,
) -> Result<Vec<Decision>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id as "id: DecisionId", decision, reason, by_organisation as "by: OrganisationId", at
           from issuer.distribution_decision where book_id = $1 and ($2::uuid is null or id = $2) order by at, id"#,
        programme.id.uuid(),
        only.map(DecisionId::uuid),
    )
    .fetch_all(db)
    .await?;
    let decision = |word: &str| {
        if word == Distribution::Stop.word() {
            Distribution::Stop
        } else {
            Distribution::Continue
        }
    };
    Ok(rows
        .into_iter()
        .map(|row| Decision {
            id: row.id,
            decision: decision(&row.decision),
            reason: row.reason,
            by: row.by,
            at: row.at,
        })
        .collect())
}
