//! From the order to the last cent given back; the invariants of the books hold after each step.

use chrono::{Days, NaiveDate};
use e2e::{DAY, Refusal, Scene, Settings};
use serde_json::{Value, json};
use sqlx::PgPool;
use standards::Cents;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn cents(value: &Value) -> i64 {
    serde_json::from_value::<Cents>(value.clone()).expect("an amount").get()
}

/// A column of the report, funder by funder in the order of the plan.
async fn column(scene: &Scene, name: &str) -> Vec<String> {
    let waterfall = scene.operator().waterfall().await;
    let totals = waterfall["totals"].as_array().expect("a row a funder");
    let of = |funder: &e2e::Funder| {
        let row = totals.iter().find(|row| row["funder_id"] == json!(funder.id));
        row.map_or("0.00", |row| row[name].as_str().expect("an amount"))
            .to_owned()
    };
    scene.funders.iter().map(of).collect()
}

#[testkit::test]
async fn a_voucher_goes_from_order_to_payment(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let batch = scene.funded_batch(2).await;
    scene.operator().balances_the_books().await;
    scene.prescriber.hands_over(&batch, 1, &scene.people[0]).await.created();
    scene.operator().balances_the_books().await;

    scene.structures[0].claims(&batch.booklet(1)[..4]).await.created();
    scene.structures[1].claims(&batch.booklet(1)[4..6]).await.created();
    scene.operator().balances_the_books().await;
    let states = scene.sponsor.counts_states().await;
    let expected = json!({"minted": 10, "activated": 4, "claimed": 6, "settled": 0, "revoked": 0, "expired": 0});
    assert_eq!(states, expected);

    // The month is settled in the next one, a transfer a structure.
    scene
        .operator()
        .settles("2026-03", day("2026-03-31"))
        .await
        .refused_with(422);
    scene.deployment.go_to(day("2026-04-02"));
    let settlement = scene.operator().settles("2026-03", day("2026-04-03")).await.created();
    assert_eq!(settlement["total"], "60.00");
    let paid: Vec<_> = settlement["payments"]
        .as_array()
        .expect("payments")
        .iter()
        .map(|one| one["amount"].clone())
        .collect();
    assert_eq!(paid, [json!("40.00"), json!("20.00")]);
    assert_eq!(settlement["held"], json!([]));
    scene.operator().balances_the_books().await;

    let file = format!(
        "/funding/v1/settlements/{}/pain.001.xml",
        settlement["id"].as_str().expect("an id")
    );
    let pain001 = scene.operator().client.get(&file).await.file();
    scene.bank.execute(&pain001).expect("a payment file");
    scene.deployment.go_to(day("2026-04-05"));
    let statement = scene.statement(day("2026-04-05")).await;
    assert_eq!(statement["unexplained"], 0, "{statement:#}");
    scene.operator().balances_the_books().await;
    assert_eq!(column(&scene, "paid").await, ["21.00", "30.00", "9.00"]);
    assert_eq!(column(&scene, "owed").await, ["0.00", "0.00", "0.00"]);
    // The whole way of the second funder's money: half of everything.
    let way = [
        ("announced", "1000000.00"),
        ("agreed", "1000000.00"),
        ("called", "100.00"),
        ("received", "100.00"),
        ("ordered", "100.00"),
        ("funded", "100.00"),
        ("activated", "50.00"),
        ("handed_over", "50.00"),
        ("claimed", "30.00"),
        ("paid", "30.00"),
        ("expired", "0.00"),
        ("returned", "0.00"),
        ("free", "0.00"),
        ("at_risk", "0.00"),
        ("owed", "0.00"),
    ];
    for (name, amount) in way {
        assert_eq!(column(&scene, name).await[1], amount, "{name}");
    }
}

#[testkit::test]
async fn a_returned_transfer_is_owed_again_and_paid_to_new_bank_details(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let (_, vouchers) = scene.booklet_in_hand().await;
    scene.structures[0].claims(&vouchers[..3]).await.created();
    scene.deployment.go_to(day("2026-04-02"));
    let settlement = scene.operator().settles("2026-03", day("2026-04-03")).await.created();
    let file = |settlement: &Value| {
        format!(
            "/funding/v1/settlements/{}/pain.001.xml",
            settlement["id"].as_str().expect("an id")
        )
    };
    scene
        .bank
        .execute(&scene.operator().client.get(&file(&settlement)).await.file())
        .expect("a payment file");
    scene.bank.send_back_last("AC04").expect("something was paid");
    scene.deployment.go_to(day("2026-04-06"));
    let statement = scene.statement(day("2026-04-06")).await;
    assert_eq!(statement["unexplained"], 0, "{statement:#}");
    scene.operator().balances_the_books().await;
    assert_eq!(column(&scene, "owed").await, ["10.50", "15.00", "4.50"]);

    // Held while the account is the one that sent it back.
    scene.deployment.go_to(day("2026-05-04"));
    let held = scene.operator().settles("2026-04", day("2026-05-05")).await.created();
    assert_eq!(
        (&held["payments"], &held["held"][0]["reason"]),
        (&json!([]), &json!("returned_by_bank"))
    );
    let place = e2e::Place::new(1);
    let details = format!(
        "siret,titulaire,iban,bic\n{},{},{},AGRIFRPPXXX\n",
        place.siret(),
        place.name(),
        e2e::iban(4711)
    );
    scene.operator().imports_bank_details(details.as_bytes()).await;
    let again = scene.operator().settles("2026-04", day("2026-05-05")).await.created();
    assert_eq!(again["total"], "30.00");
    scene
        .bank
        .execute(&scene.operator().client.get(&file(&again)).await.file())
        .expect("a payment file");
    scene.deployment.go_to(day("2026-05-06"));
    scene.statement(day("2026-05-06")).await;
    assert_eq!(column(&scene, "owed").await, ["0.00", "0.00", "0.00"]);
    scene.operator().balances_the_books().await;
}

#[testkit::test]
async fn a_claim_reversed_after_it_was_paid_is_deducted_from_the_next_payment(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let (_, vouchers) = scene.booklet_in_hand().await;
    let structure = scene.structures[0].clone();
    let receipt = structure.claims(&vouchers[..4]).await.created();
    scene.deployment.go_to(day("2026-04-02"));
    scene.operator().settles("2026-03", day("2026-04-03")).await.created();
    let reversal = structure.reverses(&receipt).await.created();
    assert_eq!(reversal["after_settlement"], true);
    scene.operator().balances_the_books().await;
    // Six others, and the four that came back to life: 100 € claimed, 40 € of them paid already.
    structure.claims(&vouchers[4..]).await.created();
    structure.claims(&vouchers[..4]).await.created();
    scene.deployment.go_to(day("2026-05-04"));
    let next = scene.operator().settles("2026-04", day("2026-05-05")).await.created();
    assert_eq!(next["total"], "60.00", "{next:#}");
    scene.operator().balances_the_books().await;
}

/// Programmes end; what was not used goes back in exact shares, whatever the rates.
async fn end_in_exact_shares(pool: PgPool, rates: Vec<&'static str>) {
    let settings = Settings {
        printed_day: DAY + Days::new(20),
        tolerance_days: 10,
        rates: rates.clone(),
        ..Settings::default()
    };
    let mut scene = Scene::with(pool, settings).await;
    let batch = scene.funded_batch(3).await;
    for (booklet, person) in [1, 2].into_iter().zip(&scene.people) {
        scene.prescriber.hands_over(&batch, booklet, person).await.created();
    }
    scene.structures[0].claims(&batch.booklet(1)[..7]).await.created();
    let last_day = DAY + Days::new(30);
    scene.deployment.go_to(last_day + Days::new(2));
    scene.sponsor.ends_programme().await.refused(Refusal::TooEarly);
    scene.deployment.go_to(last_day + Days::new(5));
    let end = scene.sponsor.ends_programme().await.created();
    assert_eq!(
        (&end["vouchers"], &end["returned"], &end["reserved_returned"]),
        (&json!(13), &json!("130.00"), &json!("100.00"))
    );
    scene.operator().balances_the_books().await;
    scene.structures[0]
        .claims_one(&batch.booklet(2)[0])
        .await
        .refused(Refusal::Expired);
    scene
        .prescriber
        .hands_over(&batch, 3, &scene.people[2])
        .await
        .refused(Refusal::ProgrammeOver);

    // Exact: the split of each voucher by cumulative rounding, and only those that were used were kept.
    let plan: Vec<rust_decimal::Decimal> = rates.iter().map(|rate| rate.parse().expect("a rate")).collect();
    let kept: Vec<i64> = shares_of(&plan, 1..=7);
    let paid: Vec<i64> = shares_of(&plan, 1..=30);
    let expired: Vec<i64> = column(&scene, "expired")
        .await
        .iter()
        .map(|amount| cents(&json!(amount)))
        .collect();
    let expected: Vec<i64> = paid.iter().zip(&kept).map(|(paid, kept)| paid - kept).collect();
    assert_eq!(expired, expected);

    let execute_on = last_day + Days::new(6);
    for funder in scene.funders.clone() {
        let refund = scene
            .operator()
            .refunds(funder.id, scene.programme(), "bank", execute_on)
            .await
            .created();
        let file = format!(
            "/funding/v1/refunds/{}/pain.001.xml",
            refund["id"].as_str().expect("an id")
        );
        scene
            .bank
            .execute(&scene.operator().client.get(&file).await.file())
            .expect("a payment file");
    }
    scene.deployment.go_to(execute_on);
    let statement = scene.statement(execute_on).await;
    assert_eq!(statement["unexplained"], 0, "{statement:#}");
    scene.operator().balances_the_books().await;
    let returned: Vec<i64> = column(&scene, "returned")
        .await
        .iter()
        .map(|amount| cents(&json!(amount)))
        .collect();
    assert_eq!(returned, expected);
    // On the account stays what the structure is owed.
    assert_eq!(scene.bank.balance().get(), 7_000);
}

/// Each funder's cents of the vouchers of these serial numbers, from the definition: the first serial is 1, the face value 10 €.
fn shares_of(rates: &[rust_decimal::Decimal], serials: std::ops::RangeInclusive<i64>) -> Vec<i64> {
    use rust_decimal::prelude::ToPrimitive;
    use rust_decimal::{Decimal, RoundingStrategy};
    let mut cumulative = Decimal::ZERO;
    let mut before = 0;
    let mut shares = Vec::new();
    for rate in rates {
        cumulative += rate;
        let upto = |serial: i64| {
            let exact = Decimal::from(serial * 1000) * cumulative;
            exact
                .round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)
                .to_i64()
                .expect("small")
        };
        let sum = upto(*serials.end()) - upto(serials.start() - 1);
        shares.push(sum - before);
        before = sum;
    }
    shares
}

#[testkit::test]
async fn unused_money_goes_back_in_exact_shares(pool: PgPool) {
    end_in_exact_shares(pool, vec!["0.35", "0.50", "0.15"]).await;
}

#[testkit::test]
async fn unused_money_goes_back_in_exact_shares_when_rates_do_not_divide(pool: PgPool) {
    end_in_exact_shares(pool, vec!["0.3339", "0.33305", "0.33305"]).await;
}
