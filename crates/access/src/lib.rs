//! Who you are: organisations with their roles, API keys, and the trail of what was done.
//!
//! Authorisation is an argument: a handler that takes [`Operator`] or [`OperatorOrAuditor`] cannot be reached by anybody else, and no
//! middleware has to be remembered. People's sign-in will stand beside API keys and give the same [`Caller`].

mod api;
mod api_key;
mod audit;
mod bootstrap;
mod caller;
mod organisation;

pub use api::routes;
pub use api_key::{ApiKey, KeyId, Secret};
pub use audit::{audit, audit_beside_log};
pub use bootstrap::{OPERATOR, ensure_operator};
pub use caller::{
    Accreditor, AccreditorOrOperator, Auditor, BookletReader, Caller, ClaimReader, Cosigner, Funder, FunderReader,
    Operator, OperatorOrAuditor, Prescriber, ReportReader, Sponsor, SponsorReader, Structure,
};
pub use organisation::{CreateRejection, NewOrganisation, Organisation, OrganisationId, Role, create};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// Brings schema `access` up to date.
pub async fn migrate(pool: &sqlx::PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    database::apply(pool, &MIGRATIONS).await
}
