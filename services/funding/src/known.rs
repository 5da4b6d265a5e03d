use access::OrganisationId;
use catalogue::ProgrammeId;
use ledger::PartyId;
use sqlx::PgTransaction;

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

/// A funder as the books know it.
pub(crate) const fn party(funder: OrganisationId) -> PartyId {
    PartyId::from_uuid(funder.uuid())
}
