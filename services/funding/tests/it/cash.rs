//! Where mandates count before their money comes: nobody is paid from another funder's cash unless the operator says so, and nothing is
//! sent that the bank account cannot pay.
//!
//! Of a voucher the Département (whose money is mandated) pays 3.34 €, the State (whose money is there) 6.66 €.

use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use standards::Cents;
use uuid::Uuid;

use crate::bank::{moved, naming, quoting};
use crate::cycle::reasons;
use crate::fixture::{FUNDERS, Fixture, OTHER_IBAN, PROGRAMME, STRUCTURE_IBAN, id, instant};
use crate::true_ups::END;

const FIRST: Uuid = id(101);
const SECOND: Uuid = id(102);

/// Claims of 10 € on the 5th and 20 € on the 10th of March by one structure, of 10 € on the 12th by another; 100 € of the State have come,
/// of the Département's 100 € nothing.
async fn mandated(admin: PgPool) -> Fixture {
    let fixture = Fixture::new(admin).await;
    fixture.accepts_mandates(true).await;
    fixture.mandates(0x1e1, 0xa1, "100.00").await;
    let reference = fixture.call(0xc2, 0xa2, "100.00").await;
    fixture.loads(1, "0.00", vec![quoting("100.00", &reference)]).await;
    for (n, funder) in [0xd1, 0xd2].into_iter().zip(FUNDERS) {
        fixture.allocate(n, funder, "70.00").await;
    }
    fixture.funds_a_batch().await;
    fixture.hands_over().await;
    fixture
        .has_structure(FIRST, Some(STRUCTURE_IBAN), "2026-03-01T00:00:00Z")
        .await;
    fixture
        .has_structure(SECOND, Some(OTHER_IBAN), "2026-03-01T00:00:00Z")
        .await;
    fixture.claims(id(201), FIRST, &[1], "2026-03-05T10:00:00Z").await;
    fixture.claims(id(202), FIRST, &[2, 3], "2026-03-10T10:00:00Z").await;
    fixture.claims(id(203), SECOND, &[4], "2026-03-12T10:00:00Z").await;
    fixture.hand.move_to(instant("2026-04-02T08:00:00Z"));
    fixture
}

async fn settle(fixture: &Fixture, n: u128) -> Value {
    fixture.settle(n, "2026-03", "2026-04-03").await
}

async fn cash(fixture: &Fixture) -> Vec<Value> {
    let totals = fixture.get_json("/funding/v1/waterfall").await["totals"].clone();
    totals
        .as_array()
        .unwrap()
        .iter()
        .map(|total| total["cash"].clone())
        .collect()
}

async fn position(fixture: &Fixture) -> [Value; 4] {
    let ageing = fixture.get_json("/funding/v1/mandates/ageing").await;
    ["funder", "awaited", "cash", "advanced"].map(|name| ageing["funders"][0][name].clone())
}

fn plain(text: &Value) -> String {
    text.as_str().unwrap().replace(['\u{a0}', '\u{202f}'], " ")
}

#[testkit::test]
async fn claims_wait_for_the_money_of_their_funders_in_order_of_age(admin: PgPool) {
    let fixture = mandated(admin).await;
    let none = settle(&fixture, 1).await;
    assert_eq!((&none["total"], &none["payments"]), (&json!("0.00"), &json!([])));
    assert_eq!(reasons(&none), [("30.00", "money_awaited"), ("10.00", "money_awaited")]);
    let held = &none["held"][0];
    assert_eq!(
        (
            &held["awaits"][0]["funder"],
            &held["awaits"][0]["amount"],
            &held["awaits"][0]["issued_on"]
        ),
        (&json!("Département"), &json!("10.02"), &json!("2026-02-20"))
    );
    let told = plain(&held["explanation"]);
    assert!(
        told.contains("« Département » (10,02 €, mandat 2026 12/481 du 20/02/2026)"),
        "{told}"
    );
    assert_eq!(
        position(&fixture).await,
        ["Département", "100.00", "0.00", "0.00"].map(Value::from)
    );
    fixture.all_hold().await;

    // 5 € come: the oldest claim is paid. The next wants 6.68 €, and the youngest, of 3.34 €, does not overtake it.
    fixture
        .loads(2, "100.00", vec![quoting("5.00", "TRESOR PUBLIC MDT 481 BORD 12")])
        .await;
    let some = settle(&fixture, 2).await;
    assert_eq!(some["total"], "10.00");
    assert_eq!(reasons(&some), [("20.00", "money_awaited"), ("10.00", "money_awaited")]);
    assert_eq!(
        position(&fixture).await,
        ["Département", "95.00", "1.66", "0.00"].map(Value::from)
    );
    fixture.hand.move_to(instant("2026-04-12T08:00:00Z"));
    let holds = fixture.get_json("/funding/v1/holds").await;
    assert_eq!(
        (
            &holds["total"],
            &holds["structures"][0]["reason"],
            &holds["structures"][0]["awaits"][0]["funder"]
        ),
        (&json!("30.00"), &json!("money_awaited"), &json!("Département"))
    );

    // The rest comes: nothing is held any more.
    fixture.hand.move_to(instant("2026-04-02T08:00:00Z"));
    fixture
        .loads(3, "105.00", vec![quoting("95.00", "MANDAT 481 BORD 12")])
        .await;
    let rest = settle(&fixture, 3).await;
    assert_eq!((&rest["total"], &rest["held"]), (&json!("30.00"), &json!([])));
    fixture.all_hold().await;
    assert_eq!(cash(&fixture).await, ["100.00", "100.00"]);
    let lines = [&some, &rest]
        .into_iter()
        .flat_map(|settled| settled["payments"].as_array().unwrap());
    let debits: Vec<_> = lines
        .map(|payment| {
            naming(
                &format!("-{}", payment["amount"].as_str().unwrap()),
                &payment["end_to_end"],
            )
        })
        .collect();
    fixture.loads(4, "200.00", debits).await;
    assert_eq!(
        cash(&fixture).await,
        ["86.64", "73.36"],
        "together what is on the bank account: 160 €"
    );
    fixture.all_hold().await;
}

#[testkit::test]
async fn the_operator_may_let_the_others_advance_it_and_everybody_sees_how_much(admin: PgPool) {
    let fixture = mandated(admin).await;
    let colleague = fixture.colleague(900).await;
    let rules = json!({"approval_above": null, "delay_days": 30, "may_advance": true}).to_string();
    let (status, answer) = fixture.put("/funding/v1/payment-rules", rules.into_bytes()).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(
        (
            &answer["in_force"]["may_advance"],
            &answer["waiting"]["rules"]["may_advance"]
        ),
        (&json!(false), &json!(true)),
        "somebody else looks at it"
    );
    let path = format!("/funding/v1/payment-rules/{}/confirmation", answer["waiting"]["number"]);
    let (status, bytes) = fixture.send("POST", &path, &colleague, b"{}".to_vec()).await;
    assert!(status.is_success(), "{}", String::from_utf8_lossy(&bytes));
    let settled = settle(&fixture, 1).await;
    assert_eq!((&settled["total"], &settled["held"]), (&json!("40.00"), &json!([])));
    assert_eq!(
        position(&fixture).await,
        ["Département", "100.00", "-13.36", "13.36"].map(Value::from)
    );
    let debits = settled["payments"].as_array().unwrap().iter();
    let debits = debits.map(|one| naming(&format!("-{}", one["amount"].as_str().unwrap()), &one["end_to_end"]));
    fixture.loads(2, "100.00", debits.collect()).await;
    assert_eq!(
        cash(&fixture).await,
        ["-13.36", "73.36"],
        "together what is on the bank account: 60 €"
    );
    fixture.all_hold().await;
    // Its own money comes: what was advanced is there again.
    fixture
        .loads(3, "60.00", vec![quoting("20.00", "MANDAT 481 BORD 12")])
        .await;
    assert_eq!(
        position(&fixture).await,
        ["Département", "80.00", "6.64", "0.00"].map(Value::from)
    );
}

#[testkit::test]
async fn nothing_is_sent_that_the_bank_account_cannot_pay(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.money_arrives().await;
    fixture.funds_a_batch().await;
    fixture.hands_over().await;
    fixture
        .has_structure(FIRST, Some(STRUCTURE_IBAN), "2026-03-01T00:00:00Z")
        .await;
    fixture
        .has_structure(SECOND, Some(OTHER_IBAN), "2026-03-01T00:00:00Z")
        .await;
    fixture.claims(id(201), SECOND, &[1, 2], "2026-03-05T10:00:00Z").await;
    fixture.claims(id(202), FIRST, &[3], "2026-03-10T10:00:00Z").await;
    fixture.claims(id(203), SECOND, &[4], "2026-03-12T10:00:00Z").await;
    fixture.hand.move_to(instant("2026-04-02T08:00:00Z"));
    // Something that nobody has explained left the account: 30.01 € are left.
    fixture.loads(2, "200.00", vec![moved("-169.99")]).await;
    let settled = settle(&fixture, 1).await;
    assert_eq!(
        (&settled["total"], reasons(&settled)),
        (&json!("30.00"), vec![("10.00", "bank_short")])
    );
    // What is sent is spent: a second settlement finds one cent.
    let again = settle(&fixture, 2).await;
    assert_eq!(
        (&again["total"], reasons(&again)),
        (&json!("0.00"), vec![("10.00", "bank_short")])
    );
    // What nobody has explained is not the fund's to spend, whichever way it went.
    fixture.loads(3, "30.01", vec![moved("9.98")]).await;
    assert_eq!(settle(&fixture, 3).await["total"], "0.00");
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_refund_by_the_bank_takes_nobody_elses_money(admin: PgPool) {
    let fixture = mandated(admin).await;
    fixture.expires(&[5], END).await;
    fixture.hand.move_to(instant(END));
    let refund = |n: u128, funder: usize, way: &str| json!({"id": id(n), "funder_id": FUNDERS[funder], "programme_id": PROGRAMME, "method": way, "execute_on": "2026-08-06"});
    let refused = fixture.refused("/funding/v1/refunds", refund(31, 0, "bank")).await;
    assert_eq!(refused["type"], "urn:ccn:problem:money-awaited");
    fixture.created("/funding/v1/refunds", refund(32, 0, "credit")).await;
    let sent = fixture.created("/funding/v1/refunds", refund(33, 1, "bank")).await;
    assert_eq!(sent["amount"], "39.97");
    let amount: Cents = sent["amount"].as_str().unwrap().parse().unwrap();
    assert!(amount.is_positive());
    fixture.all_hold().await;
}
