//! Structures as the accreditor and the operator see them.

use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;
use web::Page;

use crate::ids::StructureId;

/// A structure in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct StructureView {
    pub id: StructureId,
    /// Its SIRET; absent for a place that has none.
    #[schema(example = "21210231300013")]
    pub siret: Option<String>,
    /// As it appears to people.
    pub name: String,
    pub commune: String,
    /// Whether it was admitted.
    pub accredited: bool,
    /// Whether it may not claim at present.
    pub suspended: bool,
    /// Whether it can be paid.
    pub has_bank_details: bool,
}

/// Structures in order of register number, after the one named by `after`; only (not) accredited ones if asked.
pub async fn list(
    pool: &PgPool,
    accredited: Option<bool>,
    after: Option<&str>,
    limit: i64,
) -> Result<Page<StructureView>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select s.id as "id: StructureId", s.pivot, s.siret, s.name, s.commune,
               (a.structure_id is not null) as "accredited!",
               exists (select from redemption.suspension u where u.structure_id = s.id and u.lifted_at is null)
                   as "suspended!",
               exists (select from redemption.bank_details b where b.structure_id = s.id) as "has_bank_details!"
           from redemption.structure s
           left join redemption.accreditation a on a.structure_id = s.id
           where s.pivot > $1 and ($2::boolean is null or (a.structure_id is not null) = $2)
           order by s.pivot limit $3"#,
        after.unwrap_or_default(),
        accredited,
        limit + 1,
    )
    .fetch_all(pool)
    .await?;
    let page = Page::new(rows, limit, |last| last.pivot.clone());
    Ok(page.map(|row| StructureView {
        id: row.id,
        siret: row.siret,
        name: row.name,
        commune: row.commune,
        accredited: row.accredited,
        suspended: row.suspended,
        has_bank_details: row.has_bank_details,
    }))
}
