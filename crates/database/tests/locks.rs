//! Advisory locks against a real database.

use database::NamedLock;
use sqlx::PgPool;
use uuid::Uuid;

const CONVENTION: NamedLock = NamedLock::Convention(Uuid::from_u128(1));

#[testkit::test]
async fn a_lock_is_held_until_the_end_of_the_transaction(pool: PgPool) {
    let (mut first, mut second) = (pool.begin().await.unwrap(), pool.begin().await.unwrap());
    NamedLock::Statements.take(&mut first).await.unwrap();
    // Once more, in the same transaction.
    NamedLock::Statements.take(&mut first).await.unwrap();
    assert!(!NamedLock::Statements.try_take(&mut second).await.unwrap());
    assert!(CONVENTION.try_take(&mut second).await.unwrap());
    first.rollback().await.unwrap();
    let mut third = pool.begin().await.unwrap();
    assert!(NamedLock::Statements.try_take(&mut third).await.unwrap());
}

#[testkit::test]
async fn a_shared_lock_keeps_out_who_wants_it_alone(pool: PgPool) {
    let numbers = NamedLock::StatusPlaces(Uuid::from_u128(1));
    let (mut first, mut second) = (pool.begin().await.unwrap(), pool.begin().await.unwrap());
    numbers.take_shared(&mut first).await.unwrap();
    numbers.take_shared(&mut second).await.unwrap();
    let mut third = pool.begin().await.unwrap();
    assert!(!numbers.try_take(&mut third).await.unwrap());
}

#[testkit::test]
async fn who_waits_too_long_is_told(pool: PgPool) {
    let (mut first, mut second) = (pool.begin().await.unwrap(), pool.begin().await.unwrap());
    assert!(NamedLock::Settlements.take_within(&mut first, 1).await.unwrap());
    assert!(!NamedLock::Settlements.take_within(&mut second, 1).await.unwrap());
    // Of the first, the limit is gone with the wait.
    let timeout: String = sqlx::query_scalar("show lock_timeout")
        .fetch_one(&mut *first)
        .await
        .unwrap();
    assert_eq!(timeout, "0");
}

/// Why two locks are not taken one after the other.
#[cfg(debug_assertions)]
async fn refused(pool: &PgPool, first: NamedLock, second: NamedLock) -> String {
    let mut tx = pool.begin().await.expect("a connection");
    first.take(&mut tx).await.expect("nobody else has it");
    let taken = tokio::spawn(async move { second.take(&mut tx).await });
    let panic = taken.await.expect_err("it panics").into_panic();
    panic.downcast_ref::<String>().expect("a message").clone()
}

#[cfg(debug_assertions)]
#[testkit::test]
async fn a_lock_that_comes_earlier_in_the_list_is_not_taken_later(pool: PgPool) {
    assert_eq!(
        refused(&pool, CONVENTION, NamedLock::Statements).await,
        "Statements is taken after the lock of place 15"
    );
    // Nor two of a kind, of which nobody knows the order.
    let other = NamedLock::Convention(Uuid::from_u128(2));
    assert!(
        refused(&pool, CONVENTION, other)
            .await
            .ends_with("after the lock of place 15")
    );
}
