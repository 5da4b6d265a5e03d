//! The halves of ids and codes that are in no database: renewed, lost, mistaken for others.

use std::sync::Arc;

use issuer::{Config, IdentityKey, Signers, VoucherSecrets};
use serde_json::json;
use sqlx::PgPool;
use testkit::Client;
use voucher::{CodeKeys, IdKeys, ShortCode, SigningKey};
use web::Clock;
use zeroize::Zeroizing;

use crate::fixture::{Fixture, HOST, SIGNING_SEED, instant, uuid, voucher_secrets};

/// The tests' keys after a new one was put before each.
fn renewed() -> (IdKeys, CodeKeys) {
    let ring = |old: &str| format!("{}\n{}", "a5".repeat(32), old.repeat(32));
    (
        IdKeys::parse(&ring("1d")).unwrap(),
        CodeKeys::parse(&ring("c0")).unwrap(),
    )
}

/// The sponsor, before another process of the issuer that was given these secrets.
async fn sponsor_before(fixture: &Fixture, secrets: VoucherSecrets) -> Client {
    let signing = SigningKey::from_seed(&Zeroizing::new(SIGNING_SEED));
    let (clock, _) = Clock::set(instant("2026-05-04T08:00:00Z"));
    let config = Config {
        pool: testkit::as_role(&fixture.owner, database::Role::Issuer, 4).await,
        clock: clock.clone(),
        host: HOST.parse().unwrap(),
        signers: Signers::new(Arc::new(signing), []),
        key_sets: issuer::KeySets::under(Vec::new()),
        identity_key: IdentityKey::new(Zeroizing::new([5; 32])),
        voucher_secrets: secrets,
    };
    let operator = testkit::operator_of(&fixture.owner, &clock, issuer::routes(config)).await;
    operator.gives_key(uuid(1), uuid(0x7001)).await
}

#[testkit::test]
async fn secrets_are_renewed_and_nothing_is_printed_again(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let (first, second) = (fixture.minted(1, 2).await, uuid(2));
    let csv = |batch| fixture.path(&format!("batches/{batch}/vouchers.csv"));
    let printed = fixture.sponsor.get(&csv(first)).await.text();

    let (ids, codes) = renewed();
    let secrets = VoucherSecrets::new(ids, codes.clone());
    let sponsor = sponsor_before(&fixture, secrets.clone()).await;
    assert_eq!(sponsor.get(&csv(first)).await.text(), printed);
    sponsor
        .post(&fixture.path("orders"), json!({"id": second, "booklets": 2}))
        .await
        .created();
    let mint = fixture.path(&format!("batches/{second}/mint"));
    sponsor.post(&mint, json!({})).await.ok();
    let new = sponsor.get(&csv(second)).await.text();

    // A process that was not given the new key prints nothing of it, and would not start.
    fixture.sponsor.get(&csv(second)).await.refused("key-not-loaded");
    assert_eq!(secrets.missing(&fixture.owner).await.unwrap(), None);
    let missing = voucher_secrets().missing(&fixture.owner).await.unwrap().unwrap();
    assert_eq!(missing.check.to_string().len(), 8);

    // The codes of both are found by who has both keys.
    let mut found = 0;
    for line in printed.lines().skip(1).chain(new.lines().skip(1)) {
        let code = ShortCode::restore(line.split(',').nth(2).unwrap()).unwrap();
        let digests: Vec<Vec<u8>> = codes.digests(code.id()).map(|digest| digest.to_vec()).collect();
        found += sqlx::query_scalar::<_, i64>("select count(*) from issuer.vouchers_of_codes($1)")
            .bind(digests)
            .fetch_one(&fixture.owner)
            .await
            .unwrap();
    }
    assert_eq!(found, 40);
}

#[testkit::test]
async fn other_secrets_than_those_that_vouchers_were_made_with_are_noticed(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let other = || {
        let key = "77".repeat(32);
        VoucherSecrets::new(IdKeys::parse(&key).unwrap(), CodeKeys::parse(&key).unwrap())
    };
    // Nothing was minted: any will do.
    assert_eq!(other().missing(&fixture.owner).await.unwrap(), None);
    fixture.minted(1, 2).await;
    assert_eq!(voucher_secrets().missing(&fixture.owner).await.unwrap(), None);
    let missing = other().missing(&fixture.owner).await.unwrap().unwrap();
    assert!(["id", "code"].contains(&missing.purpose));
}
