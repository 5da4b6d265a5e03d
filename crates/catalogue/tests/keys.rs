//! The public halves of keys, under the role that may write them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

use catalogue::{KeyRejection, NewKey, WithdrawKeyRejection, Withdrawal, WithdrawalId};
use chrono::{DateTime, Utc};
use database::UseCaseError::{self, Rejected};
use sqlx::PgPool;
use voucher::{Bounds, Kid, LastDay, Purpose, SigningKey};
use web::Created;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

const NOW: &str = "2026-03-02T09:00:00Z";

fn public(seed: u8) -> [u8; 32] {
    SigningKey::from_seed(&[seed; 32].into()).public_bytes()
}

fn new(seed: u8, purpose: Purpose) -> NewKey {
    NewKey::unbounded(
        public(seed),
        purpose,
        at("2026-03-09T09:00:00Z"),
        at("2028-01-01T00:00:00Z"),
    )
}

async fn issuer(owner: &PgPool) -> PgPool {
    testkit::as_role(owner, database::Role::Issuer, 2).await
}

async fn publish(pool: &PgPool, new: &NewKey) -> Result<bool, UseCaseError<KeyRejection>> {
    let mut tx = pool.begin().await.unwrap();
    let made = catalogue::publish_key(&mut tx, new, at(NOW)).await?;
    tx.commit().await.unwrap();
    Ok(matches!(made, Created::New(_)))
}

#[testkit::test]
async fn a_key_is_published_once_and_reads_back_as_it_was_given(pool: PgPool) {
    let pool = issuer(&pool).await;
    let bounded = NewKey {
        bounds: Bounds {
            series: 3..=9,
            max_cents: 1000,
            latest_day: LastDay::new(2900),
        },
        ..new(1, Purpose::Voucher)
    };
    assert!(publish(&pool, &bounded).await.unwrap());
    assert!(!publish(&pool, &bounded).await.unwrap());
    assert!(matches!(
        publish(&pool, &new(1, Purpose::Voucher)).await,
        Err(Rejected(KeyRejection::OtherPolicy))
    ));
    for (seed, purpose) in [(2, Purpose::Status), (3, Purpose::KeySet)] {
        assert!(publish(&pool, &new(seed, purpose)).await.unwrap());
    }
    assert!(matches!(
        publish(&pool, &new(4, Purpose::Root)).await,
        Err(Rejected(KeyRejection::Root))
    ));
    let known = catalogue::published_key(&pool, Kid::of(&public(1)))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (known.key.to_bytes(), &known.key.policy().bounds),
        (public(1), &bounded.bounds)
    );
    assert_eq!((known.published_at, known.valid_from), (at(NOW), bounded.valid_from));
    assert_eq!(catalogue::public_keys(&pool).await.unwrap().len(), 3);
}

#[testkit::test]
async fn a_key_whose_identifier_is_taken_is_refused(owner: PgPool) {
    let pool = issuer(&owner).await;
    publish(&pool, &new(1, Purpose::Voucher)).await.unwrap();
    // As if 32 bits had met.
    let taken = Kid::of(&public(2)).to_bytes();
    sqlx::query("update catalogue.signing_key set kid = $1")
        .bind(&taken[..])
        .execute(&owner)
        .await
        .unwrap();
    assert!(matches!(
        publish(&pool, &new(2, Purpose::Voucher)).await,
        Err(Rejected(KeyRejection::KidTaken))
    ));
}

#[testkit::test]
async fn a_withdrawal_wants_a_reason_and_is_never_undone(owner: PgPool) {
    let pool = issuer(&owner).await;
    publish(&pool, &new(1, Purpose::Voucher)).await.unwrap();
    let kid = Kid::of(&public(1));
    let act = |n: &[u8], reason: &str| Withdrawal {
        id: WithdrawalId::derive(n, &[]),
        reason: reason.to_owned(),
    };
    let withdraw = async |act: Withdrawal| {
        let mut tx = pool.begin().await.unwrap();
        let done = catalogue::withdraw_key(&mut tx, kid, &act, at(NOW)).await;
        tx.commit().await.unwrap();
        done
    };
    assert!(matches!(
        withdraw(act(b"a", "  ")).await,
        Err(Rejected(WithdrawKeyRejection::NoReason))
    ));
    assert!(matches!(withdraw(act(b"a", "copiée")).await, Ok(Created::New(_))));
    assert!(matches!(withdraw(act(b"a", "copiée")).await, Ok(Created::Existing(_))));
    assert!(matches!(
        withdraw(act(b"b", "copiée")).await,
        Err(Rejected(WithdrawKeyRejection::Before(_)))
    ));
    let known = catalogue::published_key(&pool, kid).await.unwrap().unwrap();
    assert_eq!(known.withdrawn, Some((at(NOW), "copiée".to_owned())));
    assert!(known.key.policy().withdrawn);
    let undone = sqlx::query("update catalogue.signing_key set valid_until = now()")
        .execute(&pool)
        .await;
    assert!(undone.is_err(), "the issuer changes what it published");
}
