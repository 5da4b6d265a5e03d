//! The matching rules on a real database: named in the answer, and each item claimed once.

use serde_json::json;
use sqlx::PgPool;

use crate::bank::{moved, naming, quoting};
use crate::cycle::march;
use crate::world::{OTHER_IBAN, STRUCTURE_IBAN, World, id};
use standards::camt053::Entry;

/// A movement whose other side's account the bank gives.
fn with(amount: &str, iban: &str) -> Entry {
    let mut entry = moved(amount);
    entry.transfers[0].counterparty_iban = Some(iban.parse().unwrap());
    entry
}

#[sqlx::test(migrations = false)]
async fn amount_and_account_find_a_payment_and_a_call_once(admin: PgPool) {
    let world = march(admin).await;
    world.settle(1, "2026-03", "2026-04-03").await;
    let entries = vec![with("-20.00", STRUCTURE_IBAN), with("-20.00", STRUCTURE_IBAN)];
    let found = world.loads(2, "200.00", entries).await;
    assert_eq!(found, [Some("amount-and-account".to_owned()), None]);
    let seen = world.get_json(&format!("/v1/settlements/{}", id(1))).await;
    assert_eq!(seen["payments"][0]["state"], "debited");
    world.all_hold().await;
}

#[sqlx::test(migrations = false)]
async fn a_contribution_without_a_reference_is_found_by_the_funders_account(admin: PgPool) {
    let world = World::new(admin).await;
    // Both funders pay from one account: another amount each tells them apart.
    world.call(0xc1, 0xa1, "60.00").await;
    world.call(0xc2, 0xa2, "40.00").await;
    let entries = vec![
        with("40.00", OTHER_IBAN),
        with("60.01", OTHER_IBAN),
        with("60.00", STRUCTURE_IBAN),
    ];
    let found = world.loads(1, "0.00", entries).await;
    assert_eq!(found, [Some("amount-and-account".to_owned()), None, None]);
    // It is paid.
    let found = world.loads(2, "160.01", vec![with("40.00", OTHER_IBAN)]).await;
    assert_eq!(found, [None]);
    world.all_hold().await;
}

#[sqlx::test(migrations = false)]
async fn a_call_that_is_paid_twice_or_too_much_is_a_break(admin: PgPool) {
    let world = World::new(admin).await;
    let reference = world.call(0xc1, 0xa1, "60.00").await;
    let other = world.call(0xc2, 0xa2, "40.00").await;
    let entries = vec![
        quoting("60.00", &reference),
        quoting("60.00", &reference),
        quoting("40.01", &other),
    ];
    let found = world.loads(1, "0.00", entries).await;
    assert_eq!(found, [Some("call-reference".to_owned()), None, None]);
    let mut kinds: Vec<_> = world.breaks().await.iter().map(|one| one["kind"].clone()).collect();
    kinds.sort_by_key(ToString::to_string);
    // The second call is not paid: money that is too much is not taken for it.
    assert_eq!(kinds, [json!("amount_differs"), json!("duplicate"), json!("late")]);
    // A payment that nobody made.
    let nobodys = json!("00000000000000000000000000000001");
    assert_eq!(world.loads(2, "160.01", vec![naming("-1.00", &nobodys)]).await, [None]);
    world.all_hold().await;
}
