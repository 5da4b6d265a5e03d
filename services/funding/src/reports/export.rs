//! What an export of the books needs beside the log: the report, and the names of the organisations. No beneficiary's: funders,
//! structures and programmes only.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use uuid::Uuid;

pub use crate::reports::waterfall::{
    csv as waterfall_csv, pdf as waterfall_pdf, whole as report, xlsx as waterfall_xlsx,
};

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
