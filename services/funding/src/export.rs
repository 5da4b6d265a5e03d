//! What an export of the books needs beside the log: the report, and the names of the organisations. Nobody's name: funders,
//! structures and programmes only.

use std::collections::BTreeMap;

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::waterfall::{self, WaterfallError};

/// Names of organisations and programmes, by their ids.
pub async fn names(connection: &mut PgConnection) -> sqlx::Result<BTreeMap<Uuid, String>> {
    let rows = sqlx::query!(
        r#"select id as "id!", name as "name!" from funding.funder
           union all select id, name from catalogue.programme
           union all select structure_id, name from redemption.payee"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// The whole report as CSV, for who holds the database itself.
pub async fn waterfall_csv(pool: &PgPool) -> Result<Vec<u8>, ExportError> {
    Ok(waterfall::csv(&waterfall::whole(pool).await?)?)
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// It cannot be made.
    #[error(transparent)]
    Waterfall(#[from] WaterfallError),
    /// It cannot be written.
    #[error("csv")]
    Csv(#[from] csv::Error),
}
