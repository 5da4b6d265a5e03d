//! Whether a statement can still be answered: the same for whoever accepts or contests it, and for whoever chooses what becomes of its part.

use catalogue::ProgrammeId;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgTransaction;
use standards::calendar::paris_date;
use web::Problem;

use super::issue;

/// Why nothing can be answered.
#[derive(Debug, thiserror::Error)]
pub enum ContestOver {
    /// There is no statement yet.
    #[error("no statement")]
    NoStatement,
    /// The last day has passed.
    #[error("until {0}")]
    Over(NaiveDate),
    #[error("database")]
    Database(#[from] sqlx::Error),
}

impl From<ContestOver> for Problem {
    fn from(error: ContestOver) -> Self {
        match error {
            ContestOver::NoStatement => Self::not_found("L'état contradictoire de ce dispositif"),
            ContestOver::Over(until) => Self::refused("contest-over", "Le délai pour répondre à cet état est passé.")
                .detail(format!(
                    "Il courait jusqu'au {} ; sans réponse, l'état est accepté. Adressez-vous à l'opérateur.",
                    until.format("%d/%m/%Y")
                )),
            ContestOver::Database(error) => Self::internal(&error),
        }
    }
}

/// The statement of a programme is there, and its last day has not passed.
pub(super) async fn check_open(
    tx: &mut PgTransaction<'_>,
    programme: ProgrammeId,
    at: DateTime<Utc>,
) -> Result<(), ContestOver> {
    let until = issue::contest_until(tx, programme)
        .await?
        .ok_or(ContestOver::NoStatement)?;
    if paris_date(at) > until {
        return Err(ContestOver::Over(until));
    }
    Ok(())
}
