use access::{Caller, OrganisationId};
use catalogue::{ExpiryStep, Programme};
use chrono::{DateTime, NaiveDate, Utc};
use database::{Rejection, UseCaseError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgTransaction;
use utoipa::ToSchema;
use web::{Created, Problem};

use super::step::{self, Doing, RecordedStep, record};
use super::sums::BookletCount;
use crate::AcceptanceId;

/// The sponsor accepts the counts that it read in the calendar, and repeats them: nobody accepts what it did not see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAcceptance {
    /// Made by the caller.
    pub id: AcceptanceId,
    /// Booklets issued.
    pub issued: i64,
    /// Booklets handed over.
    pub handed_over: i64,
    /// Booklets never handed over.
    pub never_handed_over: i64,
    /// Booklets started.
    pub started: i64,
}

/// The counts were accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Acceptance {
    pub id: AcceptanceId,
    pub by: OrganisationId,
    pub at: DateTime<Utc>,
}

#[derive(Debug)]
pub enum AcceptRejection {
    /// When they are counted; never, in a programme too short for it.
    TooEarly(Option<NaiveDate>),
    /// By silence, since that day.
    Tacit(NaiveDate),
    /// Before, by another act.
    Accepted,
    Differ([i64; 4]),
}

impl Rejection for AcceptRejection {}

impl From<AcceptRejection> for Problem {
    fn from(rejection: AcceptRejection) -> Self {
        let refused = |kind| Self::refused(kind, "Ce décompte ne peut pas être accepté.");
        let french = |day: NaiveDate| day.format("%d/%m/%Y").to_string();
        match rejection {
            AcceptRejection::TooEarly(Some(from)) => refused("too-early").detail(format!(
                "Il est arrêté le {}, quand les remises cessent. Lisez-le ensuite dans le calendrier d'échéance.",
                french(from)
            )),
            AcceptRejection::TooEarly(None) => refused("no-count").detail(
                "Ce dispositif est trop court pour que son calendrier prévoie un décompte : l'état contradictoire en tient lieu.",
            ),
            AcceptRejection::Tacit(day) => refused("acceptance-over").detail(format!(
                "Sans réponse de votre part le {} au soir, le décompte est accepté tacitement. L'état contradictoire pourra être contesté.",
                french(day)
            )),
            AcceptRejection::Accepted => refused("already-accepted").detail("Votre organisation l'a déjà accepté."),
            AcceptRejection::Differ([issued, handed_over, never_handed_over, started]) => refused("counts-differ")
                .detail(format!(
                    "Le décompte est : {issued} carnets émis, {handed_over} remis, {never_handed_over} jamais remis, {started} entamés. Vérifiez-le, puis acceptez ces nombres."
                )),
        }
    }
}

/// The sponsor accepts the counts that were made when hand-overs stopped, until the end of the day of the acceptance.
pub async fn accept(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: &Programme,
    new: &NewAcceptance,
    at: DateTime<Utc>,
) -> Result<Created<Acceptance>, UseCaseError<AcceptRejection>> {
    let calendar = catalogue::expiry_calendar(&mut **tx, programme).await?;
    let wanted = [new.issued, new.handed_over, new.never_handed_over, new.started];
    if let Some(known) = step::find(tx, programme.id, ExpiryStep::Acceptance).await? {
        return before(new, wanted, &known).map_err(|error| match error {
            UseCaseError::Rejected(AcceptRejection::Accepted) if known.by.is_none() => {
                AcceptRejection::Tacit(calendar.due_on(ExpiryStep::Acceptance)).into()
            }
            error => error,
        });
    }
    if calendar.is_due(ExpiryStep::Acceptance, at) {
        return Err(AcceptRejection::Tacit(calendar.due_on(ExpiryStep::Acceptance)).into());
    }
    let Some(counted) = step::find(tx, programme.id, ExpiryStep::Block).await? else {
        let from = calendar.applies(ExpiryStep::Block);
        return Err(AcceptRejection::TooEarly(from.then(|| calendar.due_on(ExpiryStep::Block))).into());
    };
    let count = counts(&counted)?;
    if count.sums.booklets() != wanted {
        return Err(AcceptRejection::Differ(count.sums.booklets()).into());
    }
    let doing = Doing {
        who,
        act: Some(new.id.uuid()),
        at,
    };
    let data = json!({"tacit": false, "sums": count.sums});
    if record(tx, programme.id, &calendar, ExpiryStep::Acceptance, &doing, &data).await? {
        return Ok(Created::New(Acceptance {
            id: new.id,
            by: who.organisation(),
            at,
        }));
    }
    // The same act at the same moment: the other request's answer counts.
    let known = step::find(tx, programme.id, ExpiryStep::Acceptance).await?;
    before(new, wanted, &known.ok_or(sqlx::Error::RowNotFound)?)
}

/// The counts that a step kept.
pub(super) fn counts(step: &RecordedStep) -> Result<BookletCount, sqlx::Error> {
    BookletCount::deserialize(&step.data).map_err(|error| sqlx::Error::Decode(error.into()))
}

fn before(
    new: &NewAcceptance,
    wanted: [i64; 4],
    known: &RecordedStep,
) -> Result<Created<Acceptance>, UseCaseError<AcceptRejection>> {
    let by = match (known.act, known.by) {
        (Some(act), Some(by)) if act == new.id.uuid() => OrganisationId::from_uuid(by),
        _ => return Err(AcceptRejection::Accepted.into()),
    };
    let accepted: super::BookletSums =
        serde_json::from_value(known.data["sums"].clone()).map_err(|error| sqlx::Error::Decode(error.into()))?;
    if accepted.booklets() != wanted {
        return Err(UseCaseError::IdReused);
    }
    Ok(Created::Existing(Acceptance {
        id: new.id,
        by,
        at: known.done_at,
    }))
}
