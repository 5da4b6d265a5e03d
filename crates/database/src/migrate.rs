use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection, PgConnection, PgPool};

use crate::NamedLock;

static ROLES: Migrator = sqlx::migrate!();

/// Creates the services' roles where they are missing; every schema's grants need them.
pub async fn apply_roles(pool: &PgPool) -> Result<(), MigrateError> {
    apply(pool, &ROLES).await
}

/// Applies what is missing of one schema's migrations. Safe to call from several processes at once.
pub async fn apply(pool: &PgPool, migrator: &Migrator) -> Result<(), MigrateError> {
    let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
    NamedLock::Migrations.take_for_session(&mut connection).await?;
    let applied = migrator.run(&mut connection).await;
    // Closing the connection gives the lock back, whatever happened.
    connection.close().await?;
    applied
}
