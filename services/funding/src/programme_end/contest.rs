//! Whether a statement can still be answered: the same for whoever accepts or contests it, and for whoever chooses what becomes of its part.

use catalogue::ProgrammeId;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgTransaction;
use standards::calendar::paris_date;
use web::Problem;

use super::issue;

/// Why nothing can be answered.
#[derive(Debug, thiserror::Error)]
pub enum Closed {
    /// There is no statement yet.
    #[error("no statement")]
    NoStatement,
    /// The last day has passed.
    #[error("until {0}")]
    Over(NaiveDate),
    /// PostgreSQL.
    #[error("database")]
    Database(#[from] sqlx::Error),
}

impl From<Closed> for Problem {
    fn from(error: Closed) -> Self {
        match error {
            Closed::NoStatement => Self::not_found("L'état contradictoire de ce dispositif"),
            Closed::Over(until) => Self::refused("contest-over", "Le délai pour répondre à cet état est passé.")
                .detail(format!(
                    "Il courait jusqu'au {} ; sans réponse, l'état est accepté. Adressez-vous à l'opérateur.",
                    until.format("%d/%m/%Y")
                )),
            Closed::Database(error) => Self::internal(&error),
        }
    }
}

/// The statement of a programme is there, and its last day has not passed.
pub(super) async fn check_open(
    tx: &mut PgTransaction<'_>,
    programme: ProgrammeId,
    at: DateTime<Utc>,
) -> Result<(), Closed> {
    let until = issue::contest_until(tx, programme).await?.ok_or(Closed::NoStatement)?;
    if paris_date(at) > until {
        return Err(Closed::Over(until));
    }
    Ok(())
}
