//! Whether a statement can still be answered: the same for whoever accepts or contests it, and for whoever chooses what becomes of its part.

use catalogue::ProgrammeId;
use chrono::{DateTime, NaiveDate, Utc};
use database::UseCaseError;
use sqlx::PgTransaction;
use standards::calendar::paris_date;
use web::Problem;

use super::issue;

/// Why nothing can be answered.
#[derive(Debug)]
pub enum ContestOver {
    NoStatement,
    /// After this day.
    Over(NaiveDate),
}

impl database::Rejection for ContestOver {}

impl From<ContestOver> for Problem {
    fn from(rejection: ContestOver) -> Self {
        match rejection {
            ContestOver::NoStatement => Self::not_found("L'état contradictoire de ce dispositif"),
            ContestOver::Over(until) => Self::refused("contest-over", "Le délai pour répondre à cet état est passé.")
                .detail(format!(
                    "Il courait jusqu'au {} ; sans réponse, l'état est accepté. Adressez-vous à l'opérateur.",
                    until.format("%d/%m/%Y")
                )),
        }
    }
}

/// The statement of a programme is there, and its last day has not passed.
pub(super) async fn check_open(
    tx: &mut PgTransaction<'_>,
    programme: ProgrammeId,
    at: DateTime<Utc>,
) -> Result<(), UseCaseError<ContestOver>> {
    let until = issue::contest_until(tx, programme)
        .await?
        .ok_or(ContestOver::NoStatement)?;
    if paris_date(at) > until {
        return Err(ContestOver::Over(until).into());
    }
    Ok(())
}
