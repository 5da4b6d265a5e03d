use access::OrganisationId;
use catalogue::ProgrammeId;
use ledger::PartyId;
use sqlx::PgTransaction;
use uuid::Uuid;

/// Whether there is such a programme; a book is never opened for another id.
pub(crate) async fn programme(tx: &mut PgTransaction<'_>, id: ProgrammeId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from catalogue.programme where id = $1) as "known!""#,
        id.uuid()
    )
    .fetch_one(&mut **tx)
    .await
}

/// Whether there is such a funder.
pub(crate) async fn funder(tx: &mut PgTransaction<'_>, id: OrganisationId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from funding.funder where id = $1) as "known!""#,
        id.uuid()
    )
    .fetch_one(&mut **tx)
    .await
}

/// Whether a settlement has this id; a refund has another, because both name a payment order.
pub(crate) async fn settlement(tx: &mut PgTransaction<'_>, id: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from funding.settlement where id = $1) as "known!""#,
        id
    )
    .fetch_one(&mut **tx)
    .await
}

/// Whether a refund has this id; a settlement has another.
pub(crate) async fn refund(tx: &mut PgTransaction<'_>, id: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from funding.refund where id = $1) as "known!""#,
        id
    )
    .fetch_one(&mut **tx)
    .await
}

/// A funder as the books know it.
pub(crate) const fn party(funder: OrganisationId) -> PartyId {
    PartyId::from_uuid(funder.uuid())
}
