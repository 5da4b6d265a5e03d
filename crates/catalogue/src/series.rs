use chrono::{DateTime, NaiveDate, Utc};
use database::{NamedLock, UseCaseError};
use sqlx::{PgExecutor, PgTransaction};

use crate::ProgrammeId;

/// Why no series was opened; nobody who asks can mend it.
#[derive(Debug, thiserror::Error)]
pub enum SeriesError {
    #[error("all 65,536 series are in use")]
    AllInUse,
    #[error("database")]
    Database(#[from] sqlx::Error),
}

impl<R> From<SeriesError> for UseCaseError<R> {
    fn from(error: SeriesError) -> Self {
        Self::failed(error)
    }
}

/// The newest series of a programme, opened when it has none. Its number is in every token minted from it.
pub async fn open_series(
    tx: &mut PgTransaction<'_>,
    programme: ProgrammeId,
    at: DateTime<Utc>,
) -> Result<u16, SeriesError> {
    NamedLock::Series.take(tx).await?;
    let series = sqlx::query_scalar!(
        "with known as (
             select series from catalogue.series where programme_id = $1 order by series desc limit 1
         ), made as (
             insert into catalogue.series (series, programme_id, created_at)
             select coalesce((select max(series) from catalogue.series), 0) + 1, $1, $2
             where not exists (select from known)
               and coalesce((select max(series) from catalogue.series), 0) < 65535
             returning series
         )
         select series from known union all select series from made",
        programme.uuid(),
        at,
    )
    .fetch_optional(&mut **tx)
    .await?
    .flatten()
    .ok_or(SeriesError::AllInUse)?;
    u16::try_from(series).map_err(|_| SeriesError::AllInUse)
}

/// The programme whose vouchers carry this series.
pub async fn programme_of_series(db: impl PgExecutor<'_>, series: u16) -> Result<Option<ProgrammeId>, sqlx::Error> {
    let id = sqlx::query_scalar!(
        "select programme_id from catalogue.series where series = $1",
        i32::from(series)
    )
    .fetch_optional(db)
    .await?;
    Ok(id.map(ProgrammeId::from_uuid))
}

/// What a scanner shows of a series, and when that became known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesFact {
    pub series: u16,
    /// Whose vouchers carry it.
    pub programme: ProgrammeId,
    /// The programme's name.
    pub name: String,
    /// The validity date on the paper.
    pub printed_day: NaiveDate,
    /// When the series was opened.
    pub opened_at: DateTime<Utc>,
}

/// All series of programmes that can still be claimed on `day`, in order.
pub async fn current_series(db: impl PgExecutor<'_>, day: NaiveDate) -> Result<Vec<SeriesFact>, sqlx::Error> {
    let rows = sqlx::query!(
        "select s.series, s.programme_id, s.created_at, p.name, p.printed_day
         from catalogue.series s join catalogue.programme p on p.id = s.programme_id
         where p.last_day >= $1 order by s.series",
        day
    )
    .fetch_all(db)
    .await?;
    let fact = rows.into_iter().map(|row| SeriesFact {
        series: u16::try_from(row.series).expect("series_fits_token keeps it"),
        programme: ProgrammeId::from_uuid(row.programme_id),
        name: row.name,
        printed_day: row.printed_day,
        opened_at: row.created_at,
    });
    Ok(fact.collect())
}
