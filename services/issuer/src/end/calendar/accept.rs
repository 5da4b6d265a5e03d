use access::{Caller, OrganisationId};
use catalogue::{ExpiryStep, Programme};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgTransaction;
use utoipa::ToSchema;
use web::{Created, Problem};

use super::step::{self, Doing, Known, record};
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

/// Why counts were not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// They are not counted yet, or never will be.
    #[error("not counted: {0:?}")]
    TooEarly(Option<NaiveDate>),
    /// Accepted by silence.
    #[error("tacitly accepted since {0}")]
    Tacit(NaiveDate),
    /// Accepted before, by another act.
    #[error("accepted before")]
    Accepted,
    #[error("the counts differ")]
    Differ([i64; 4]),
    /// The id names another acceptance.
    #[error("same id, other content")]
    SameIdOtherContent,
    #[error("database")]
    Database(#[from] sqlx::Error),
}

impl From<AcceptError> for Problem {
    fn from(error: AcceptError) -> Self {
        let refused = |kind| Self::refused(kind, "Ce décompte ne peut pas être accepté.");
        let french = |day: NaiveDate| day.format("%d/%m/%Y").to_string();
        match error {
            AcceptError::TooEarly(Some(from)) => refused("too-early").detail(format!(
                "Il est arrêté le {}, quand les remises cessent. Lisez-le ensuite dans le calendrier d'échéance.",
                french(from)
            )),
            AcceptError::TooEarly(None) => refused("no-count").detail(
                "Ce dispositif est trop court pour que son calendrier prévoie un décompte : l'état contradictoire en tient lieu.",
            ),
            AcceptError::Tacit(day) => refused("acceptance-over").detail(format!(
                "Sans réponse de votre part le {} au soir, le décompte est accepté tacitement. L'état contradictoire pourra être contesté.",
                french(day)
            )),
            AcceptError::Accepted => refused("already-accepted").detail("Votre organisation l'a déjà accepté."),
            AcceptError::Differ([issued, handed_over, never_handed_over, started]) => refused("counts-differ")
                .detail(format!(
                    "Le décompte est : {issued} carnets émis, {handed_over} remis, {never_handed_over} jamais remis, {started} entamés. Vérifiez-le, puis acceptez ces nombres."
                )),
            AcceptError::SameIdOtherContent => Self::same_id_other_content(),
            AcceptError::Database(error) => Self::internal(&error),
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
) -> Result<Created<Acceptance>, AcceptError> {
    let calendar = catalogue::expiry_calendar(&mut **tx, programme).await?;
    let wanted = [new.issued, new.handed_over, new.never_handed_over, new.started];
    if let Some(known) = step::find(tx, programme.id, ExpiryStep::Acceptance).await? {
        return before(new, wanted, &known).map_err(|error| match error {
            AcceptError::Accepted if known.by.is_none() => AcceptError::Tacit(calendar.due_on(ExpiryStep::Acceptance)),
            error => error,
        });
    }
    if calendar.is_due(ExpiryStep::Acceptance, at) {
        return Err(AcceptError::Tacit(calendar.due_on(ExpiryStep::Acceptance)));
    }
    let Some(counted) = step::find(tx, programme.id, ExpiryStep::Block).await? else {
        let from = calendar.applies(ExpiryStep::Block);
        return Err(AcceptError::TooEarly(from.then(|| calendar.due_on(ExpiryStep::Block))));
    };
    let count = counts(&counted)?;
    if count.sums.booklets() != wanted {
        return Err(AcceptError::Differ(count.sums.booklets()));
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
pub(super) fn counts(step: &Known) -> Result<BookletCount, sqlx::Error> {
    BookletCount::deserialize(&step.data).map_err(|error| sqlx::Error::Decode(error.into()))
}

fn before(new: &NewAcceptance, wanted: [i64; 4], known: &Known) -> Result<Created<Acceptance>, AcceptError> {
    let by = match (known.act, known.by) {
        (Some(act), Some(by)) if act == new.id.uuid() => OrganisationId::from_uuid(by),
        _ => return Err(AcceptError::Accepted),
    };
    let accepted: super::BookletSums =
        serde_json::from_value(known.data["sums"].clone()).map_err(|error| sqlx::Error::Decode(error.into()))?;
    if accepted.booklets() != wanted {
        return Err(AcceptError::SameIdOtherContent);
    }
    Ok(Created::Existing(Acceptance {
        id: new.id,
        by,
        at: known.done_at,
    }))
}
