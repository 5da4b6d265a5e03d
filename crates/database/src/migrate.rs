use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection, PgConnection, PgPool};

static ROLES: Migrator = sqlx::migrate!();

/// Advisory lock held while a schema is migrated: services that start together migrate one after the other.
pub const MIGRATION_LOCK: i64 = 0x6363_6e5f_6d69_6772;

/// Creates the services' roles where they are missing; every schema's grants need them.
pub async fn apply_roles(pool: &PgPool) -> Result<(), MigrateError> {
    apply(pool, &ROLES).await
}

/// Applies what is missing of one schema's migrations. Safe to call from several processes at once.
pub async fn apply(pool: &PgPool, migrator: &Migrator) -> Result<(), MigrateError> {
    let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
    sqlx::query("select pg_advisory_lock($1)")
        .bind(MIGRATION_LOCK)
        .execute(&mut connection)
        .await?;
    let applied = migrator.run(&mut connection).await;
    // Closing the connection gives the lock back, whatever happened.
    connection.close().await?;
    applied
}
