use access::OrganisationId;
use catalogue::{NewProgramme, Programme};
use chrono::{DateTime, Utc};
use sqlx::PgTransaction;
use web::{Created, Problem};

/// Why a programme was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateProgrammeError {
    /// It breaks a rule of the catalogue.
    #[error("the catalogue refuses it")]
    Catalogue(#[from] catalogue::CreateError),
    /// No series could be opened for it.
    #[error("no series")]
    Series(#[from] catalogue::SeriesError),
    /// PostgreSQL.
    #[error("database")]
    Database(#[from] sqlx::Error),
}

impl From<CreateProgrammeError> for Problem {
    fn from(error: CreateProgrammeError) -> Self {
        match error {
            CreateProgrammeError::Catalogue(error) => error.into(),
            CreateProgrammeError::Series(error) => Self::internal(&error),
            CreateProgrammeError::Database(error) => Self::internal(&error),
        }
    }
}

/// Creates a programme and opens its first series, so that it can be ordered for at once.
pub async fn create_programme(
    tx: &mut PgTransaction<'_>,
    sponsor: OrganisationId,
    new: &NewProgramme,
    at: DateTime<Utc>,
) -> Result<Created<Programme>, CreateProgrammeError> {
    let made = catalogue::create(tx, sponsor, new, at).await?;
    catalogue::open_series(tx, new.id, at).await?;
    Ok(made)
}
