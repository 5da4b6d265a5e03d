//! No voucher without money behind it.

use chrono::Days;
use e2e::{DAY, Refusal, Scene, redacted};
use serde_json::json;
use sqlx::PgPool;
use standards::Cents;

#[testkit::test]
async fn a_batch_is_refused_while_the_money_is_not_there(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let batch = scene.sponsor.orders(2).await;
    let problem = scene.sponsor.funds(&batch).await.refused(Refusal::NotFunded);
    insta::assert_json_snapshot!(redacted(&problem["shortfalls"]), @r#"
    [
      {
        "available": "0.00",
        "funder": "Financeur 1",
        "funder_id": "id-1",
        "missing": "70.00",
        "needed": "70.00"
      },
      {
        "available": "0.00",
        "funder": "Financeur 2",
        "funder_id": "id-2",
        "missing": "100.00",
        "needed": "100.00"
      },
      {
        "available": "0.00",
        "funder": "Financeur 3",
        "funder_id": "id-3",
        "missing": "30.00",
        "needed": "30.00"
      }
    ]
    "#);
    scene
        .prescriber
        .hands_over(&batch, 1, &scene.people[0])
        .await
        .refused(Refusal::NotFunded);

    // Two of the three have paid: still nothing is reserved.
    for number in 0..2 {
        let funder = scene.funders[number].clone();
        scene.pays(&funder, Cents::new(10_000)).await;
    }
    scene.statement(DAY).await;
    for funder in &scene.funders[..2] {
        scene
            .operator()
            .allocates(funder.id, scene.programme(), &json!("100.00"))
            .await
            .created();
    }
    let problem = scene.sponsor.funds(&batch).await.refused(Refusal::NotFunded);
    let missing: Vec<_> = problem["shortfalls"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|lack| lack["missing"].clone())
        .collect();
    assert_eq!(missing, [json!("30.00")]);
    assert_eq!(scene.sponsor.looks_at(&batch).await["funded"], false);

    let last = scene.funders[2].clone();
    scene.pays(&last, Cents::new(3_000)).await;
    scene.statement(DAY).await;
    scene
        .operator()
        .allocates(last.id, scene.programme(), &json!("30.00"))
        .await
        .created();
    assert_eq!(scene.sponsor.funds(&batch).await.accepted()["state"], "funded");
    scene.operator().balances_the_books().await;
}

#[testkit::test]
async fn money_is_allocated_only_after_it_came(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let funder = scene.funders[0].clone();
    scene
        .operator()
        .allocates(funder.id, scene.programme(), &json!("0.01"))
        .await
        .refused(Refusal::NotEnoughDeposited);
    scene.pays(&funder, Cents::new(5_000)).await;
    scene
        .operator()
        .allocates(funder.id, scene.programme(), &json!("50.00"))
        .await
        .refused(Refusal::NotEnoughDeposited);
    scene.statement(DAY).await;
    scene
        .operator()
        .allocates(funder.id, scene.programme(), &json!("50.00"))
        .await
        .created();
    scene
        .operator()
        .allocates(funder.id, scene.programme(), &json!("0.01"))
        .await
        .refused(Refusal::NotEnoughDeposited);
}

#[testkit::test]
async fn a_statement_that_does_not_follow_the_last_one_is_refused(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let funder = scene.funders[0].clone();
    scene.pays(&funder, Cents::new(5_000)).await;
    scene.statement(DAY).await;
    let kept = scene.bank.clone();
    scene.pays(&funder, Cents::new(100)).await;
    let lost = scene.prints_statement(DAY + Days::new(1));
    scene.pays(&funder, Cents::new(200)).await;
    let next = scene.prints_statement(DAY + Days::new(2));
    scene.deployment.go_to(DAY + Days::new(2));
    let problem = scene
        .operator()
        .loads_statement(&next)
        .await
        .refused(Refusal::StatementGap);
    let told = problem.to_string();
    assert!(
        told.contains("50") && told.contains("51"),
        "both balances are told: {told}"
    );
    assert_eq!(kept.balance(), Cents::new(5_000));
    scene.operator().loads_statement(&lost).await.created();
    scene.operator().loads_statement(&next).await.created();
    scene.operator().balances_the_books().await;
}

#[testkit::test]
async fn a_statement_loaded_twice_changes_nothing(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let funder = scene.funders[0].clone();
    scene.pays(&funder, Cents::new(5_000)).await;
    let xml = scene.prints_statement(DAY);
    let path = format!("/funding/v1/statements/{}", e2e::id("statement"));
    let first = scene
        .operator()
        .client
        .put(&path, "application/xml", &xml)
        .await
        .created();
    assert_eq!(
        scene.operator().client.put(&path, "application/xml", &xml).await.ok(),
        first
    );
    // The same file under another id is the same statement.
    let again = scene.operator().loads_statement(&xml).await;
    assert!(matches!(again.status, 200 | 409 | 422), "{}", again.told());
    let received = scene.operator().waterfall().await["totals"][0]["received"].clone();
    assert_eq!(received, "50.00");
}

#[testkit::test]
async fn a_file_that_is_no_statement_is_refused_with_its_place(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let xml = String::from_utf8(scene.prints_statement(DAY)).expect("UTF-8");
    for wrong in [
        xml.replace("EUR", "USD"),
        xml[..xml.len() / 2].to_owned(),
        String::new(),
    ] {
        let answer = scene.operator().loads_statement(wrong.as_bytes()).await;
        answer.refused(Refusal::StatementInvalid);
    }
}

#[testkit::test]
async fn a_cancelled_batch_gives_its_money_back_to_those_who_paid(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let batch = scene.funded_batch(1).await;
    assert_eq!(scene.sponsor.cancels(&batch).await.accepted()["state"], "cancelled");
    scene.operator().balances_the_books().await;
    let expected = ["35.00", "50.00", "15.00"];
    for (funder, amount) in scene.funders.iter().zip(expected) {
        let refund = scene
            .operator()
            .refunds(funder.id, scene.programme(), "credit", DAY)
            .await
            .created();
        assert_eq!(refund["amount"], amount);
    }
    scene.operator().balances_the_books().await;
    // A booklet of a cancelled batch is paper.
    let answer = scene.prescriber.hands_over(&batch, 1, &scene.people[0]).await;
    assert_eq!(answer.status, 422, "{}", answer.told());
}

#[testkit::test]
async fn an_order_below_the_minimum_is_refused(pool: PgPool) {
    let scene = Scene::with(
        pool,
        e2e::Settings {
            booklets_min: 5,
            ..e2e::Settings::default()
        },
    )
    .await;
    let answer = scene.sponsor.places_order(e2e::id("small"), 4).await;
    answer.refused(Refusal::OrderTooSmall);
    scene.sponsor.places_order(e2e::id("small"), 5).await.created();
}

#[testkit::test]
async fn booklets_revoked_before_anybody_had_them_are_ordered_no_more(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    // One before the money is there, one after.
    let batch = scene.sponsor.orders(3).await;
    scene.sponsor.revokes(&batch, 3, "stolen").await.created();
    let sponsor = scene.sponsor.clone();
    scene.pay_for(&sponsor, &batch).await;
    sponsor.funds(&batch).await.accepted();
    sponsor.revokes(&batch, 2, "stolen").await.created();
    let totals = scene.operator().waterfall().await["totals"].clone();
    let column = |name: &str| -> Vec<serde_json::Value> {
        totals
            .as_array()
            .expect("totals")
            .iter()
            .map(|row| row[name].clone())
            .collect()
    };
    assert_eq!(column("funded"), [json!("35.00"), json!("50.00"), json!("15.00")]);
    assert_eq!(column("ordered"), column("funded"));
    scene.operator().balances_the_books().await;
}
