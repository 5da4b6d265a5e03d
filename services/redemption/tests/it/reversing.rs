use ledger::{Account, TransferKind};
use serde_json::{Value, json};
use sqlx::PgPool;
use standards::Cents;
use testkit::{Answer, Client};
use uuid::Uuid;

use crate::fixture::{Dispositif, Fixture, funders, number};

pub async fn reverses(actor: &Client, programme: Dispositif, receipt: &Value, id: u128) -> Answer {
    let claim = receipt["claim_id"].as_str().unwrap();
    let path = format!("/redemption/v1/programmes/{}/claims/{claim}/reversal", programme.id);
    actor
        .post(
            &path,
            json!({ "id": Uuid::from_u128(id), "reason": "erreur de saisie" }),
        )
        .await
}

#[testkit::test]
async fn a_reversed_claim_gives_its_vouchers_back_once(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure, other) = (
        fixture.programme(1).await,
        fixture.structure(0).await,
        fixture.structure(1).await,
    );
    let tokens = fixture.activates(programme, 1..=2).await;
    let receipt = structure.claims(1, &tokens).await.created();
    assert_eq!(
        reverses(&other.client, programme, &receipt, 1).await.kind(),
        "not-found"
    );
    let reversal = reverses(&structure.client, programme, &receipt, 1).await.created();
    assert_eq!(
        (
            &reversal["vouchers_alive"],
            &reversal["vouchers_dead"],
            &reversal["after_settlement"]
        ),
        (&json!(2), &json!(0), &json!(false))
    );
    assert_eq!(reverses(&structure.client, programme, &receipt, 1).await.ok(), reversal);
    assert_eq!(
        reverses(&structure.client, programme, &receipt, 2).await.kind(),
        "already-reversed"
    );
    assert_eq!(
        reverses(&fixture.operator, programme, &receipt, 1).await.kind(),
        "same-id-other-content"
    );
    assert_eq!(fixture.owed(programme, structure.structure).await, Cents::ZERO);

    let retried = structure.claims(1, &tokens).await.ok();
    assert_eq!(retried["reversed_at"], "2026-03-10T10:00:00Z");
    other.claims(2, &tokens).await.created();
    assert_eq!(fixture.owed(programme, other.structure).await, Cents::new(2000));
}

#[testkit::test]
async fn a_voucher_revoked_since_does_not_come_back_to_life(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=2).await;
    let receipt = structure.claims(1, &tokens).await.created();
    fixture.revokes(programme, 2).await;
    let reversal = reverses(&fixture.operator, programme, &receipt, 1).await.created();
    assert_eq!(
        (&reversal["vouchers_alive"], &reversal["vouchers_dead"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(structure.claims(2, &tokens[1..]).await.kind(), "revoked");
    structure.claims(3, &tokens[..1]).await.created();
    let mut returned = Vec::new();
    for funder in funders() {
        returned.push(fixture.balance(Account::refundable(programme.book, funder)).await.get());
    }
    // Voucher 2 of 33.39 % and 66.61 %: the second bound minus the first, 668 - 334 and its rest.
    assert_eq!(returned, [334, 666]);
    assert_eq!(
        fixture
            .balance(Account::voucher(programme.book, number(programme, 2)))
            .await,
        Cents::ZERO
    );
}

#[testkit::test]
async fn a_claim_reversed_after_its_payment_is_owed_by_the_structure(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=3).await;
    let paid = structure.claims(1, &tokens[..2]).await.created();
    let claim: Uuid = paid["claim_id"].as_str().unwrap().parse().unwrap();
    fixture
        .settles(programme, claim, structure.structure, Cents::new(2000))
        .await;
    let unpaid = structure.claims(2, &tokens[2..]).await.created();
    fixture.expires(programme, []).await;

    let reversal = reverses(&fixture.operator, programme, &paid, 1).await.created();
    assert_eq!(
        (&reversal["after_settlement"], &reversal["vouchers_dead"]),
        (&json!(true), &json!(2))
    );
    let recoverable = Account::recoverable(programme.book, structure.structure.party());
    assert_eq!(fixture.balance(recoverable).await, Cents::new(2000));
    // What is owed for the other claim is not touched, until that one is reversed too.
    assert_eq!(fixture.owed(programme, structure.structure).await, Cents::new(1000));
    let reversal = reverses(&structure.client, programme, &unpaid, 2).await.created();
    assert_eq!(reversal["after_settlement"], json!(false));
    assert_eq!(fixture.owed(programme, structure.structure).await, Cents::ZERO);
    assert_eq!(fixture.balance(recoverable).await, Cents::new(2000));
}

#[testkit::test]
async fn a_claim_whose_reduced_payment_came_back_can_still_be_reversed(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=5).await;
    let paid = structure.claims(1, &tokens[..2]).await.created();
    let claim: Uuid = paid["claim_id"].as_str().unwrap().parse().unwrap();
    fixture
        .settles(programme, claim, structure.structure, Cents::new(2000))
        .await;
    reverses(&fixture.operator, programme, &paid, 1).await.created();
    let next = structure.claims(2, &tokens[2..]).await.created();
    // A settlement took the debt of 20 € from the 30 €; its payment of 10 € came back.
    let party = structure.structure.party();
    let (payable, recoverable) = (
        Account::payable(programme.book, party),
        Account::recoverable(programme.book, party),
    );
    let deduction = (TransferKind::Deducted, payable, recoverable, Cents::new(2000));
    fixture.book("deduction", vec![deduction]).await;
    assert_eq!(fixture.owed(programme, structure.structure).await, Cents::new(1000));

    reverses(&fixture.operator, programme, &next, 2).await.created();
    assert_eq!(fixture.owed(programme, structure.structure).await, Cents::new(1000));
    assert_eq!(fixture.balance(recoverable).await, Cents::new(3000));
}

#[testkit::test]
async fn many_reversals_at_once_are_one(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=2).await;
    let receipt = structure.claims(1, &tokens).await.created();
    let mut tasks = tokio::task::JoinSet::new();
    for id in 0..16 {
        let (actor, receipt) = (structure.client.clone(), receipt.clone());
        tasks.spawn(async move { reverses(&actor, programme, &receipt, id / 2 + 1).await.status });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_unstable();
    assert_eq!(
        (answers[0], answers[1], answers[2..].iter().all(|&status| status == 422)),
        (200, 201, true)
    );
    assert_eq!(fixture.owed(programme, structure.structure).await, Cents::ZERO);
}
