use sqlx::PgPool;
use sqlx::migrate::{MigrateError, Migrator};

static LEDGER: Migrator = sqlx::migrate!();

/// Applies what is missing of schema `ledger`. The services' roles come first (`database::apply_roles`): grants need them.
pub async fn migrate(pool: &PgPool) -> Result<(), MigrateError> {
    database::apply(pool, &LEDGER).await
}
