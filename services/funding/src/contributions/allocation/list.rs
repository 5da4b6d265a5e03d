//! What was allocated, in order of id.

use access::OrganisationId;
use catalogue::ProgrammeId;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use standards::Cents;
use utoipa::ToSchema;
use web::Page;

use crate::support::ids::AllocationId;

/// An allocation in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AllocationRow {
    pub id: AllocationId,
    pub funder_id: OrganisationId,
    pub programme_id: ProgrammeId,
    pub amount: Cents,
    pub at: DateTime<Utc>,
}

/// Those of one funder or of all; `after` is the last one of the page before.
pub async fn list(
    connection: &mut PgConnection,
    funder: Option<OrganisationId>,
    after: Option<AllocationId>,
    limit: i64,
) -> Result<Page<AllocationRow>, sqlx::Error> {
    let items = sqlx::query_as!(
        AllocationRow,
        r#"select id as "id: AllocationId", funder_id as "funder_id: OrganisationId", programme_id as "programme_id: ProgrammeId",
               cents as "amount: Cents", at
           from funding.allocation
           where ($1::uuid is null or funder_id = $1) and ($2::uuid is null or id > $2)
           order by id limit $3"#,
        funder.map(OrganisationId::uuid),
        after.map(AllocationId::uuid),
        limit + 1,
    )
    .fetch_all(connection)
    .await?;
    Ok(Page::new(items, limit, |one| one.id))
}
