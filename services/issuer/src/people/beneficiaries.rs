use access::OrganisationId;
use catalogue::ProgrammeId;
use serde::Serialize;
use sqlx::PgExecutor;
use utoipa::ToSchema;
use web::Page;

use crate::BeneficiaryId;

/// A person as its prescriber finds it again: by the number in the prescriber's own files, without the identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Beneficiary {
    /// Names the person in every other request.
    pub id: BeneficiaryId,
    /// The number in the prescriber's own files.
    pub external_id: String,
    /// The audience (public).
    pub audience: String,
    /// Commune of residence, COG code.
    pub residence: String,
    /// Booklets granted.
    pub booklets: i32,
    /// Booklets given, replaced ones not counted.
    pub handed_over: i64,
}

/// The prescriber's own people in a programme, in order of id.
pub async fn beneficiaries(
    db: impl PgExecutor<'_>,
    prescriber: OrganisationId,
    programme: ProgrammeId,
    after: Option<BeneficiaryId>,
    limit: i64,
) -> Result<Page<Beneficiary>, sqlx::Error> {
    let items = sqlx::query_as!(
        Beneficiary,
        r#"select b.id as "id: BeneficiaryId", b.external_id, b.audience, b.residence, b.booklets,
               (select count(*) from issuer.hand_over h
                where h.book_id = $1 and h.beneficiary_id = b.id
                    and not exists (select from issuer.hand_over n where n.book_id = $1 and n.replaces = h.id)
               ) as "handed_over!"
           from issuer.beneficiary b
           where b.book_id = $1 and b.prescriber_id = $2 and ($3::uuid is null or b.id > $3)
           order by b.id limit $4"#,
        programme.uuid(),
        prescriber.uuid(),
        after.map(BeneficiaryId::uuid),
        limit + 1,
    )
    .fetch_all(db)
    .await?;
    Ok(Page::new(items, limit, |last| last.id))
}
