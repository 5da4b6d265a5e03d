use access::{Caller, audit};
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
    who: &Caller,
    new: &NewProgramme,
    at: DateTime<Utc>,
) -> Result<Created<Programme>, CreateProgrammeError> {
    let programme = catalogue::create(tx, who.organisation(), new, at).await?;
    catalogue::open_series(tx, new.id, at).await?;
    if let Created::New(_) = programme {
        audit(tx, who, at, "programme.create", Some(new.id.uuid()), ()).await?;
    }
    Ok(programme)
}
