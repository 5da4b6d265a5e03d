//! One line that was several things, several lines that were one: the sums agree, and nothing is claimed twice.

use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::bank::{moved, naming, quoting};
use crate::cycle::march;
use crate::fixture::{FUNDERS, Fixture, id};

const WHY: &str = "Détail demandé à la banque.";

impl Fixture {
    /// Explains together, twice: the second time changes nothing.
    pub async fn explains_together(&self, n: u128, breaks: &[&Value], parts: Value) -> Value {
        let breaks: Vec<&Value> = breaks.iter().map(|one| &one["id"]).collect();
        let new = json!({"id": id(n), "break_ids": breaks, "parts": parts, "why": WHY});
        let answer = self.created("/funding/v1/explanations", new).await;
        self.all_hold().await;
        answer
    }

    pub async fn refuses_together(&self, breaks: &[&Value], parts: Value) -> Value {
        let breaks: Vec<&Value> = breaks.iter().map(|one| &one["id"]).collect();
        let new = json!({"id": id(0xbad), "break_ids": breaks, "parts": parts, "why": WHY});
        let before = self.suspense().await;
        let answer = self.refused("/funding/v1/explanations", new).await;
        assert_eq!(self.suspense().await, before);
        answer
    }
}

pub fn of<'b>(breaks: &'b [Value], amount: &str) -> &'b Value {
    breaks.iter().find(|one| one["amount"] == amount).unwrap()
}

#[testkit::test]
async fn one_line_is_several_things_whose_cents_make_its_own(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let reference = fixture.call(0xc1, 0xa1, "100.00").await;
    let other = fixture.call(0xc2, 0xa2, "50.00").await;
    // Two calls in one transfer, less what the bank took for it.
    fixture
        .loads(1, "0.00", vec![quoting("149.50", &format!("{reference} {other}"))])
        .await;
    let breaks = fixture.breaks().await;
    let line = of(&breaks, "149.50");
    let parts = |charge: &str| {
        json!([
            {"what": "call", "amount": "100.00", "call_id": id(0xc1)},
            {"what": "call", "amount": "50.00", "call_id": id(0xc2)},
            {"what": "bank_charge", "amount": charge},
        ])
    };
    let answer = fixture.refuses_together(&[line], parts("-0.51")).await;
    assert_eq!(
        (&answer["type"], &answer["difference"]),
        (&json!("urn:ccn:problem:break-sum"), &json!("0.01"))
    );
    let answer = fixture.refuses_together(&[line], parts("0.50")).await;
    assert_eq!(answer["type"], "urn:ccn:problem:break-sum");
    let explained = fixture.explains_together(1, &[line], parts("-0.50")).await;
    assert_eq!(explained["parts"][2]["amount"], "-0.50");
    assert_eq!(fixture.suspense().await, 0);
    let seen = fixture.get_json("/funding/v1/breaks?state=explained").await;
    assert_eq!(
        (&seen["items"][0]["explained_as"], &seen["items"][0]["explanation_id"]),
        (&json!("several"), &json!(id(1)))
    );
    let waterfall = fixture.get_json("/funding/v1/waterfall").await;
    let received = [0, 1].map(|funder| waterfall["totals"][funder]["received"].clone());
    assert_eq!(received, [json!("100.00"), json!("50.00")]);
    // The calls are late no more.
    assert_eq!(fixture.breaks().await.len(), 1);
    // The calls are paid: another line that quotes one is too much.
    fixture.loads(2, "149.50", vec![quoting("1.00", &reference)]).await;
    assert_eq!(of(&fixture.breaks().await, "1.00")["kind"], "duplicate");
    let answer = fixture.refuses_together(&[line], parts("-0.50")).await;
    assert_eq!(answer["type"], "urn:ccn:problem:break-explained");
}

#[testkit::test]
async fn several_lines_are_one_payment_and_none_is_claimed_twice(admin: PgPool) {
    let fixture = march(admin).await;
    let settlement = fixture.settle(1, "2026-03", "2026-04-03").await;
    let payment = &settlement["payments"][0]["end_to_end"];
    let payment_id: uuid::Uuid = payment.as_str().unwrap().parse().unwrap();
    fixture
        .loads(2, "200.00", vec![moved("-12.00"), moved("-8.00"), moved("-8.01")])
        .await;
    let breaks = fixture.breaks().await;
    let (twelve, eight, odd) = (of(&breaks, "-12.00"), of(&breaks, "-8.00"), of(&breaks, "-8.01"));
    let whole = json!([{"what": "payment", "amount": "-20.00", "payment_id": payment_id}]);
    // Alone, no line is the payment.
    for (lines, problem) in [
        (vec![twelve], "break-sum"),
        (vec![twelve, odd], "break-sum"),
        (vec![twelve, eight, odd], "break-sum"),
    ] {
        assert_eq!(
            fixture.refuses_together(&lines, whole.clone()).await["type"],
            format!("urn:ccn:problem:{problem}")
        );
    }
    let halves = json!([
        {"what": "payment", "amount": "-12.00", "payment_id": payment_id},
        {"what": "payment", "amount": "-8.00", "payment_id": payment_id},
    ]);
    for (lines, parts, problem) in [
        (vec![twelve, eight], halves, "break-misfit"),
        (vec![twelve, twelve], whole.clone(), "break-misfit"),
        (vec![], whole.clone(), "break-misfit"),
        (vec![twelve], json!([]), "break-misfit"),
        (vec![twelve, eight], json!([]), "break-sum"),
        (
            vec![twelve],
            json!([{"what": "payment", "amount": "-12.00", "payment_id": payment_id}]),
            "break-amount",
        ),
        (
            vec![twelve],
            json!([{"what": "words", "amount": "-12.00"}]),
            "break-misfit",
        ),
    ] {
        assert_eq!(
            fixture.refuses_together(&lines, parts).await["type"],
            format!("urn:ccn:problem:{problem}")
        );
    }
    fixture.explains_together(2, &[twelve, eight], whole.clone()).await;
    let seen = fixture.get_json(&format!("/funding/v1/settlements/{}", id(1))).await;
    assert_eq!(seen["payments"][0]["state"], "debited");
    assert_eq!(fixture.suspense().await, -801);
    // Neither the lines nor the payment again: not by a person, and not by the bank.
    let again = json!({"what": "payment", "why": WHY, "payment_id": payment_id});
    let path = format!("/funding/v1/breaks/{}/explanation", odd["id"].as_str().unwrap());
    let (status, answer) = fixture.put_json(&path, again).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
    fixture.loads(3, "171.99", vec![naming("-20.00", payment)]).await;
    assert_eq!(of(&fixture.breaks().await, "-20.00")["kind"], "duplicate");
    fixture.all_hold().await;
}

#[testkit::test]
async fn lines_that_undo_one_another_need_no_part(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture
        .loads(1, "0.00", vec![moved("30.00"), moved("-30.00"), moved("5.00")])
        .await;
    let breaks = fixture.breaks().await;
    fixture
        .explains_together(1, &[of(&breaks, "30.00"), of(&breaks, "-30.00")], json!([]))
        .await;
    assert_eq!(fixture.suspense().await, 500);
    let other = json!({"id": id(1), "break_ids": [of(&breaks, "5.00")["id"]], "why": WHY,
        "parts": [{"what": "contribution", "amount": "5.00", "funder_id": FUNDERS[0]}]});
    let (status, _) = fixture.post("/funding/v1/explanations", other).await;
    assert_eq!(status, StatusCode::CONFLICT);
}

#[testkit::test]
async fn a_falsified_explanation_is_told(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.loads(1, "0.00", vec![moved("30.00"), moved("5.00")]).await;
    let breaks = fixture.breaks().await;
    let parts = json!([{"what": "contribution", "amount": "30.00", "funder_id": FUNDERS[0]}]);
    fixture.explains_together(1, &[of(&breaks, "30.00")], parts).await;
    for (forgery, back, told) in [
        (
            "update funding.explanation_part set cents = cents + 1",
            "update funding.explanation_part set cents = cents - 1",
            "leurs parts",
        ),
        (
            "update funding.explained_line set line = 3 - line",
            "update funding.explained_line set line = 3 - line",
            "compte d'attente",
        ),
        (
            "update ledger.account set credits_cents = credits_cents + 1 where ledger.name_of_account_kind(kind) = 'suspense'",
            "update ledger.account set credits_cents = credits_cents - 1 where ledger.name_of_account_kind(kind) = 'suspense'",
            "compte d'attente",
        ),
    ] {
        sqlx::query(forgery).execute(&fixture.admin).await.unwrap();
        let failing = fixture.failing().await;
        assert!(failing.iter().any(|name| name.contains(told)), "{forgery}: {failing:?}");
        sqlx::query(back).execute(&fixture.admin).await.unwrap();
        fixture.all_hold().await;
    }
}

#[testkit::test]
async fn a_line_is_explained_as_the_money_of_mandates(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.accepts_mandates(true).await;
    fixture.mandates(0x101, 0xa1, "60.00").await;
    fixture.mandates(0x102, 0xa1, "40.00").await;
    fixture.loads(1, "0.00", vec![moved("90.00"), moved("15.00")]).await;
    let breaks = fixture.breaks().await;
    let part = |n: u128, amount: &str| json!({"what": "mandate", "amount": amount, "mandate_id": id(n)});
    for (parts, problem) in [
        (json!([part(0x101, "60.00"), part(0x102, "40.00")]), "break-sum"),
        (json!([part(0x101, "30.00"), part(0x101, "60.00")]), "break-misfit"),
        (json!([part(0x101, "90.00")]), "break-amount"),
        (json!([part(0x1ff, "90.00")]), "not-found"),
    ] {
        let answer = fixture.refuses_together(&[of(&breaks, "90.00")], parts).await;
        assert_eq!(answer["type"], format!("urn:ccn:problem:{problem}"), "{answer}");
    }
    let parts = json!([part(0x101, "60.00"), part(0x102, "30.00")]);
    fixture.explains_together(1, &[of(&breaks, "90.00")], parts).await;
    // The rest of the second one, and what is above it.
    let parts = json!([part(0x102, "10.00"), {"what": "contribution", "amount": "5.00", "funder_id": FUNDERS[0]}]);
    fixture.explains_together(2, &[of(&breaks, "15.00")], parts).await;
    assert_eq!(fixture.suspense().await, 0);
    for n in [0x101, 0x102] {
        let mandate = fixture.get_json(&format!("/funding/v1/mandates/{}", id(n))).await;
        assert_eq!(
            (&mandate["state"], &mandate["awaited"]),
            (&json!("received"), &json!("0.00"))
        );
    }
    // Counted once: when it was mandated.
    let waterfall = fixture.get_json("/funding/v1/waterfall").await;
    assert_eq!(
        (&waterfall["totals"][0]["received"], &waterfall["totals"][0]["mandated"]),
        (&json!("105.00"), &json!("0.00"))
    );
}

#[testkit::test]
async fn a_call_gets_what_it_awaits_and_the_rest_is_another_contribution(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let reference = fixture.call(0xc1, 0xa1, "100.00").await;
    fixture.loads(1, "0.00", vec![quoting("100.02", &reference)]).await;
    let breaks = fixture.breaks().await;
    let line = of(&breaks, "100.02");
    let call = |amount: &str| json!({"what": "call", "amount": amount, "call_id": id(0xc1)});
    let path = format!("/funding/v1/breaks/{}/explanation", line["id"].as_str().unwrap());
    let whole = json!({"what": "call", "call_id": id(0xc1), "why": WHY});
    let (status, answer) = fixture.put(&path, whole.to_string().into_bytes()).await;
    assert_eq!(
        (status, &answer["type"], &answer["amount"]),
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            &json!("urn:ccn:problem:break-amount"),
            &json!("100.00")
        ),
        "{answer}"
    );
    let twice = fixture
        .refuses_together(&[line], json!([call("100.00"), call("0.02")]))
        .await;
    assert_eq!(twice["type"], "urn:ccn:problem:break-misfit");
    let rest = json!({"what": "contribution", "amount": "0.02", "funder_id": FUNDERS[0]});
    fixture
        .explains_together(1, &[line], json!([call("100.00"), rest]))
        .await;
    let (_, again) = fixture.put(&path, whole.to_string().into_bytes()).await;
    assert_eq!(again["type"], "urn:ccn:problem:break-explained");
}
