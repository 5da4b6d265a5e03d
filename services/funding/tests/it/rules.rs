//! The matching rules on a real database: named in the answer, and each item claimed once.

use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::bank::{moved, naming, quoting};
use crate::cycle::march;
use crate::fixture::{FUNDERS, Fixture, OTHER_IBAN, STRUCTURE_IBAN, id};
use standards::camt053::Entry;

/// A movement whose other side's account the bank gives.
fn with(amount: &str, iban: &str) -> Entry {
    let mut entry = moved(amount);
    entry.transfers[0].counterparty_iban = Some(iban.parse().unwrap());
    entry
}

#[testkit::test]
async fn amount_and_account_find_a_payment_and_a_call_once(admin: PgPool) {
    let fixture = march(admin).await;
    fixture.settle(1, "2026-03", "2026-04-03").await;
    let entries = vec![with("-20.00", STRUCTURE_IBAN), with("-20.00", STRUCTURE_IBAN)];
    let found = fixture.loads(2, "200.00", entries).await;
    assert_eq!(found, [Some("amount-and-account".to_owned()), None]);
    let seen = fixture.get_json(&format!("/funding/v1/settlements/{}", id(1))).await;
    assert_eq!(seen["payments"][0]["state"], "debited");
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_contribution_without_a_reference_is_found_by_the_funders_account(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    // Both funders pay from one account: another amount each tells them apart.
    fixture.call(0xc1, 0xa1, "60.00").await;
    fixture.call(0xc2, 0xa2, "40.00").await;
    let entries = vec![
        with("40.00", OTHER_IBAN),
        with("60.01", OTHER_IBAN),
        with("60.00", STRUCTURE_IBAN),
    ];
    let found = fixture.loads(1, "0.00", entries).await;
    assert_eq!(found, [Some("amount-and-account".to_owned()), None, None]);
    // It is paid.
    let found = fixture.loads(2, "160.01", vec![with("40.00", OTHER_IBAN)]).await;
    assert_eq!(found, [None]);
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_call_that_is_paid_twice_or_too_much_is_a_break(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let reference = fixture.call(0xc1, 0xa1, "60.00").await;
    let other = fixture.call(0xc2, 0xa2, "40.00").await;
    let entries = vec![
        quoting("60.00", &reference),
        quoting("60.00", &reference),
        quoting("40.01", &other),
    ];
    let found = fixture.loads(1, "0.00", entries).await;
    assert_eq!(found, [Some("call-reference".to_owned()), None, None]);
    let mut kinds: Vec<_> = fixture.breaks().await.iter().map(|one| one["kind"].clone()).collect();
    kinds.sort_by_key(ToString::to_string);
    // The second call is not paid: money that is too much is not taken for it.
    assert_eq!(kinds, [json!("amount_differs"), json!("duplicate"), json!("late")]);
    // A payment that nobody made.
    let nobodys = json!("00000000000000000000000000000001");
    assert_eq!(
        fixture.loads(2, "160.01", vec![naming("-1.00", &nobodys)]).await,
        [None]
    );
    fixture.all_hold().await;
}

async fn charges(fixture: &Fixture) -> i64 {
    let sum = "select coalesce(sum(cents), 0)::bigint from ledger.balance where kind = 'charges_owed'";
    sqlx::query_scalar(sum).fetch_one(&fixture.admin).await.unwrap()
}

#[testkit::test]
async fn what_the_operator_tolerates_is_booked_where_everybody_sees_it(admin: PgPool) {
    let fixture = march(admin).await;
    let settlement = fixture.settle(1, "2026-03", "2026-04-03").await;
    let payment = &settlement["payments"][0]["end_to_end"];
    assert_eq!(
        fixture.get_json("/funding/v1/tolerance").await,
        json!({"amount": "0.00", "why": Value::Null, "since": Value::Null})
    );
    // Nothing is tolerated by itself.
    assert_eq!(
        fixture.loads(2, "200.00", vec![naming("-20.01", payment)]).await,
        [None]
    );
    assert_eq!(
        fixture
            .breaks()
            .await
            .iter()
            .filter(|one| one["kind"] == "amount_differs")
            .count(),
        1
    );

    let set = async |amount: &str, why: &str| {
        fixture
            .put_json("/funding/v1/tolerance", json!({"amount": amount, "why": why}))
            .await
    };
    for (amount, why, problem) in [
        ("5.01", "x", "tolerance-amount"),
        ("-0.01", "x", "tolerance-amount"),
        ("0.50", " ", "tolerance-words"),
    ] {
        let (status, answer) = set(amount, why).await;
        assert_eq!(
            (status, &answer["type"]),
            (
                StatusCode::UNPROCESSABLE_ENTITY,
                &json!(format!("urn:ccn:problem:{problem}"))
            )
        );
    }
    assert_eq!(set("0.50", "Frais convenus.").await.0, StatusCode::CREATED);
    assert_eq!(set("0.50", "Frais convenus.").await.0, StatusCode::OK);
    let funder = fixture.key_of(FUNDERS[0], None).await;
    let body = json!({"amount": "5.00", "why": "x"}).to_string().into_bytes();
    assert_eq!(fixture.send("PUT", "/funding/v1/tolerance", &funder, body).await.0, 403);
    assert_eq!(
        fixture
            .send("GET", "/funding/v1/tolerance", &funder, Vec::new())
            .await
            .0,
        403
    );

    let found = fixture
        .loads(3, "179.99", vec![naming("-20.51", payment), naming("-20.50", payment)])
        .await;
    assert_eq!(found, [None, Some("end-to-end-tolerance".to_owned())]);
    assert_eq!(charges(&fixture).await, 50);
    fixture.all_hold().await;
    let seen = fixture.get_json(&format!("/funding/v1/settlements/{}", id(1))).await;
    assert_eq!(seen["payments"][0]["state"], "debited");
    let forged =
        "update ledger.transfer set cents = cents + 1 where ledger.name_of_transfer_kind(kind) = 'bank_charge'";
    sqlx::query(forged).execute(&fixture.admin).await.unwrap();
    let failing = fixture.failing().await;
    assert!(
        failing.iter().any(|name| name.contains("écritures de frais")),
        "{failing:?}"
    );
}

#[testkit::test]
async fn money_that_may_be_a_mandates_is_never_counted_twice(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.accepts_mandates(true).await;
    fixture.call(0xc1, 0xa1, "60.00").await;
    // The accountant answers the call with a mandate of the same amount; its money comes without a word.
    fixture.mandates(0x101, 0xa1, "60.00").await;
    assert_eq!(fixture.loads(1, "0.00", vec![with("60.00", OTHER_IBAN)]).await, [None]);
    let breaks = fixture.breaks().await;
    let line = breaks
        .iter()
        .find(|one| one["amount"] == "60.00" && one["kind"] == "unexpected")
        .unwrap();
    let path = format!("/funding/v1/breaks/{}/explanation", line["id"].as_str().unwrap());
    let explanation = json!({"what": "mandate", "why": "Avis du comptable public.", "mandate_id": id(0x101)});
    assert_eq!(fixture.put_json(&path, explanation).await.0, StatusCode::CREATED);
    let waterfall = fixture.get_json("/funding/v1/waterfall").await;
    assert_eq!(waterfall["totals"][0]["received"], "60.00");
    fixture.all_hold().await;
}
