#![expect(
    clippy::disallowed_types,
    reason = "the name of a database is no parameter; each is made here, of a digest or a number"
)]

use std::path::Path;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// The schemas, in the order in which they refer to each other: the folders of `migrations/`.
const SCHEMAS: [&str; 7] = [
    "roles",
    "access",
    "catalogue",
    "ledger",
    "issuer",
    "redemption",
    "funding",
];
/// Held while a template is looked for, made or dropped.
const LOCK: i64 = 0x6363_6e5f_7465_6d70;
/// What the lock of a template is taken under, by every run that copies it; the second half is of its digest.
const TEMPLATES: i32 = 0x6363_6e02;

/// Finds the template of today's migrations or makes it; its name. `connection` holds it against being dropped.
pub(super) async fn ensure(connection: &mut PgConnection, options: &PgConnectOptions) -> String {
    let schemas = read().await;
    let digest = digest(&schemas);
    let name = name(&digest);
    lock(connection, "select pg_advisory_lock($1)").await;
    sqlx::query("select pg_advisory_lock_shared($1, $2)")
        .bind(TEMPLATES)
        .bind(number(&digest))
        .execute(&mut *connection)
        .await
        .expect("a lock");
    let ready: bool =
        sqlx::query_scalar("select exists (select from pg_database where datname = $1 and datistemplate)")
            .bind(&name)
            .fetch_one(&mut *connection)
            .await
            .expect("an answer");
    if !ready {
        make(connection, options, &name, &schemas).await;
    }
    drop_unused(connection, &name).await;
    lock(connection, "select pg_advisory_unlock($1)").await;
    name
}

async fn lock(connection: &mut PgConnection, sql: &'static str) {
    sqlx::query(sql).bind(LOCK).execute(connection).await.expect("a lock");
}

/// Each schema's migrations, as its package applies them: a test that migrates again finds nothing to do.
async fn read() -> Vec<(&'static str, Migrator)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let mut schemas = Vec::with_capacity(SCHEMAS.len());
    for schema in SCHEMAS {
        let mut migrator = Migrator::new(folder.join(schema)).await.expect("migrations");
        migrator.create_schema(schema);
        migrator.dangerous_set_table_name(format!("{schema}._sqlx_migrations"));
        schemas.push((schema, migrator));
    }
    schemas
}

fn digest(schemas: &[(&str, Migrator)]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for (schema, migrator) in schemas {
        digest.update(schema);
        for migration in migrator.iter() {
            digest.update(migration.version.to_be_bytes());
            digest.update(&migration.checksum);
        }
    }
    digest.finalize().into()
}

fn name(digest: &[u8; 32]) -> String {
    format!("template_{}", HEXLOWER.encode(&digest[..12]))
}

fn number(digest: &[u8; 32]) -> i32 {
    i32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

async fn make(connection: &mut PgConnection, options: &PgConnectOptions, name: &str, schemas: &[(&str, Migrator)]) {
    // Its last name is given when all is done: what a crash leaves is made again.
    let unfinished = format!("{name}_unfinished");
    for sql in [
        format!("drop database if exists {name} with (force)"),
        format!("drop database if exists {unfinished} with (force)"),
        format!("create database {unfinished}"),
    ] {
        execute(connection, sql).await;
    }
    let mut inside = PgConnection::connect_with(&options.clone().database(&unfinished))
        .await
        .expect("it was made just now");
    for (schema, migrator) in schemas {
        if let Err(error) = migrator.run(&mut inside).await {
            panic!("migrations/{schema}: {error}");
        }
    }
    inside.close().await.expect("it ends well");
    for sql in [
        format!("alter database {unfinished} rename to {name}"),
        format!("alter database {name} with is_template true allow_connections false"),
    ] {
        execute(connection, sql).await;
    }
}

/// Drops the templates of other migrations that no run copies any more.
async fn drop_unused(connection: &mut PgConnection, ours: &str) {
    let others: Vec<String> = sqlx::query_scalar(
        "select datname::text from pg_database where datname ~ '^template_[0-9a-f]{24}$' and datistemplate and datname <> $1",
    )
    .bind(ours)
    .fetch_all(&mut *connection)
    .await
    .expect("a list");
    for other in others {
        let number = u32::from_str_radix(&other[9..17], 16).expect("eight digits");
        let unused: bool = sqlx::query_scalar("select pg_try_advisory_lock($1, $2)")
            .bind(TEMPLATES)
            .bind(number.cast_signed())
            .fetch_one(&mut *connection)
            .await
            .expect("a lock");
        if unused {
            execute(connection, format!("alter database {other} with is_template false")).await;
            execute(connection, format!("drop database {other} with (force)")).await;
            sqlx::query("select pg_advisory_unlock($1, $2)")
                .bind(TEMPLATES)
                .bind(number.cast_signed())
                .execute(&mut *connection)
                .await
                .expect("our lock");
        }
    }
}

pub(super) async fn execute(connection: &mut PgConnection, sql: String) {
    if let Err(error) = connection.execute(AssertSqlSafe(sql.as_str())).await {
        panic!("{sql}: {error}");
    }
}
