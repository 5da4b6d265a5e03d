//! What tests stand on.

use sqlx::PgPool;
use testkit::{Database, as_role};

async fn schemas(pool: &PgPool) -> Vec<String> {
    let names = "select nspname::text from pg_namespace where nspname !~ '^pg_|^information_schema$' order by nspname";
    sqlx::query_scalar(names).fetch_all(pool).await.expect("a list")
}

#[testkit::test]
async fn a_test_has_all_schemas_and_nothing_of_another_test(pool: PgPool) {
    let other = Database::new().await;
    let elsewhere = other.pool();
    sqlx::raw_sql("create table public.left_behind ()")
        .execute(&elsewhere)
        .await
        .expect("a table");
    for each in [&pool, &elsewhere] {
        assert_eq!(
            schemas(each).await,
            [
                "access",
                "catalogue",
                "funding",
                "issuer",
                "ledger",
                "public",
                "redemption",
                "roles"
            ]
        );
    }
    let there: Option<String> = sqlx::query_scalar("select to_regclass('public.left_behind')::text")
        .fetch_one(&pool)
        .await
        .expect("an answer");
    assert_eq!(there, None);
}

#[testkit::test]
async fn a_database_is_dropped_with_its_handle_whoever_is_connected(pool: PgPool) {
    let database = Database::new().await;
    let name = database.options().get_database().expect("it has a name").to_owned();
    let _connected = as_role(&database.pool(), database::Role::Funding, 1).await;
    drop(database);
    let left: i64 = sqlx::query_scalar("select count(*) from pg_database where datname = $1")
        .bind(name)
        .fetch_one(&pool)
        .await
        .expect("an answer");
    assert_eq!(left, 0);
}

#[testkit::test]
async fn a_service_that_migrates_again_finds_nothing_to_do(pool: PgPool) {
    let applied = "select count(*) from ledger._sqlx_migrations";
    let before: i64 = sqlx::query_scalar(applied).fetch_one(&pool).await.expect("a count");
    ledger::migrate(&pool).await.expect("the same migrations");
    let after: i64 = sqlx::query_scalar(applied).fetch_one(&pool).await.expect("a count");
    assert_eq!(before, after);
}

/// `scripts/test -p testkit --test database twenty -- --ignored --nocapture`
#[testkit::test]
#[ignore = "it measures"]
async fn twenty_databases_are_timed(_: PgPool) {
    let began = std::time::Instant::now();
    let mut databases = Vec::new();
    for _ in 0..20 {
        let database = Database::new().await;
        sqlx::raw_sql("select 1")
            .execute(&database.pool())
            .await
            .expect("an answer");
        databases.push(database);
    }
    println!("20 copies and a first connection: {:?} of wall time", began.elapsed());
    let began = std::time::Instant::now();
    drop(databases);
    println!("20 drops: {:?} of wall time", began.elapsed());
}
