//! The end of a programme, day by day. The days are [`catalogue::ExpiryCalendar`]'s; here is what happens on them:
//!
//! | step | by | what is written |
//! |---|---|---|
//! | alert | the clock | the four [sums](BookletSums): issued, handed over, never handed over, started |
//! | block | the clock | the same sums anew, and what the sponsor had [decided](decide_distribution()) |
//! | acceptance | the sponsor ([accept](accept())), or the clock: tacit | the sums of the block, and who accepted them |
//! | refusal | nobody | nothing: the last day is in the token |
//! | sweep | the clock, or whoever asks ([`expire`](crate::end::expire::expire())) | what went back to the funders |
//!
//! The statement that follows shows money, funder by funder: it is funding's, which reads the steps done through
//! `issuer.expiry_step_done` and shows the whole calendar.
//!
//! **The invariant.** A step is one row, written with what it did and with its trace, in one transaction (the sweep, which takes many, writes
//! its row in the last one). The key of the row decides: of two instances that work at once, one writes. A process that dies between two
//! steps leaves the next ones for the next [round](expiry_round()); days that were missed are caught up in order, and marked late.
//!
//! **Hand-overs stop by the clock, not by the row** ([`stopped_since`]): a rule that held only once a task had run would be none. A lost
//! booklet is still replaced: the person had it before.
//!
//! **Rejected.** A lock around a round: held over a sweep of a million vouchers it would keep a transaction open for minutes, and
//! the keys already decide.

mod accept;
mod distribution;
mod keep;
mod round;
mod step;
mod sums;

use access::{Caller, audit};
use catalogue::{ExpirySettings, ExpirySettingsRejection, ExpiryStep, Programme};
use chrono::{DateTime, Utc};
use database::{Rejection, UseCaseError};
use sqlx::PgTransaction;
use web::{Created, Problem};

pub use accept::{AcceptRejection, Acceptance, NewAcceptance, accept};
pub(crate) use distribution::stopped_since;
pub use distribution::{DecideRejection, Decision, Distribution, NewDecision, decide_distribution};
pub use keep::{CALENDAR_SECONDS, run_calendar_worker};
pub use round::{ExpiryRound, StepDone, expiry_round};
pub(crate) use step::{Doing, record};
pub use sums::{BatchSums, BookletCount, BookletSums, PointSums, Sum};

#[derive(Debug)]
pub enum SetCalendarRejection {
    /// A step is due or done.
    InProgress,
    Settings(ExpirySettingsRejection),
}

impl Rejection for SetCalendarRejection {}

impl From<SetCalendarRejection> for Problem {
    fn from(rejection: SetCalendarRejection) -> Self {
        match rejection {
            SetCalendarRejection::InProgress => Self::refused(
                "expiry-under-way",
                "Le calendrier d'échéance de ce dispositif est déjà engagé.",
            )
            .detail(
                "Il ne change plus une fois sa première étape atteinte. Pour continuer ou arrêter les remises, prenez une décision : « distribution-decisions ».",
            ),
            SetCalendarRejection::Settings(rejection) => rejection.into(),
        }
    }
}

/// Sets the calendar of a programme, until its first step is due; harmless to repeat.
pub async fn set_calendar(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: &Programme,
    settings: &ExpirySettings,
    at: DateTime<Utc>,
) -> Result<Created<ExpirySettings>, UseCaseError<SetCalendarRejection>> {
    let calendar = catalogue::expiry_calendar(&mut **tx, programme).await?;
    if calendar.settings == *settings {
        return Ok(Created::Existing(*settings));
    }
    // What can never be set is told before what can no longer be.
    settings.check().map_err(SetCalendarRejection::Settings)?;
    if ExpiryStep::ALL.into_iter().any(|step| calendar.is_due(step, at)) || step::any(tx, programme.id).await? {
        return Err(SetCalendarRejection::InProgress.into());
    }
    catalogue::set_expiry_settings(tx, programme.id, settings, at)
        .await
        .map_err(|error| error.map_rejection(SetCalendarRejection::Settings))?;
    audit(tx, who, at, "expiry.settings", Some(programme.id.uuid()), settings).await?;
    Ok(Created::New(*settings))
}
