//! What is tried again, and what is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{PgPool, PgTransaction};
use tokio::sync::Barrier;

#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("a rule says no")]
    Rule,
    #[error("database")]
    Database(#[from] sqlx::Error),
}

async fn add_one(tx: &mut PgTransaction<'static>, id: i32) -> Result<(), sqlx::Error> {
    sqlx::query("update box set n = n + 1 where id = $1")
        .bind(id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

#[testkit::test]
async fn a_deadlock_is_begun_again_until_both_are_through(pool: PgPool) {
    sqlx::raw_sql("create table box (id int primary key, n int); insert into box values (1, 0), (2, 0)")
        .execute(&pool)
        .await
        .unwrap();
    let attempts = AtomicU32::new(0);
    let each_has_one = Arc::new(Barrier::new(2));
    let run = |first, second| {
        let (attempts, each_has_one) = (&attempts, Arc::clone(&each_has_one));
        database::transaction(&pool, "test", move |tx| {
            let earlier = attempts.fetch_add(1, Ordering::SeqCst);
            let each_has_one = Arc::clone(&each_has_one);
            Box::pin(async move {
                add_one(tx, first).await?;
                if earlier < 2 {
                    each_has_one.wait().await;
                }
                Ok::<_, Failed>(add_one(tx, second).await?)
            })
        })
    };
    let (one, other) = tokio::join!(run(1, 2), run(2, 1));
    one.unwrap();
    other.unwrap();
    let sums: Vec<i32> = sqlx::query_scalar("select n from box order by id")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(sums, [2, 2]);
    assert!(attempts.load(Ordering::SeqCst) > 2, "they did not meet");
}

#[testkit::test]
async fn a_refusal_leaves_nothing_behind_and_is_not_tried_again(pool: PgPool) {
    sqlx::query("create table box (id int)").execute(&pool).await.unwrap();
    let attempts = AtomicU32::new(0);
    let refused = database::transaction(&pool, "test", |tx| {
        attempts.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            sqlx::query("insert into box values (1)").execute(&mut **tx).await?;
            Err::<(), _>(Failed::Rule)
        })
    })
    .await;
    assert!(matches!(refused, Err(Failed::Rule)));
    assert_eq!(attempts.load(Ordering::SeqCst), 1);
    let rows: i64 = sqlx::query_scalar("select count(*) from box")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(rows, 0);
}

#[testkit::test]
async fn migrations_run_at_once_from_several_places_apply_once(pool: PgPool) {
    let (one, two, three) = tokio::join!(
        database::apply_roles(&pool),
        database::apply_roles(&pool),
        database::apply_roles(&pool)
    );
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    let roles: i64 = sqlx::query_scalar("select count(*) from pg_roles where rolname like 'ccn\\_%'")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(roles, 4);
}
