use access::{Caller, audit};
use catalogue::{CreateRejection, NewProgramme, Programme};
use chrono::{DateTime, Utc};
use database::UseCaseError;
use sqlx::PgTransaction;
use web::Created;

/// Creates a programme and opens its first series, so that it can be ordered for at once.
pub async fn create_programme(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    new: &NewProgramme,
    at: DateTime<Utc>,
) -> Result<Created<Programme>, UseCaseError<CreateRejection>> {
    let programme = catalogue::create(tx, who.organisation(), new, at).await?;
    catalogue::open_series(tx, new.id, at).await?;
    if let Created::New(_) = programme {
        audit(tx, who, at, "programme.create", Some(new.id.uuid()), ()).await?;
    }
    Ok(programme)
}
