//! The bank takes a contribution back: a recalled transfer, or a booking that it undoes.

use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use standards::camt053::Entry;

use crate::bank::{moved, quoting};
use crate::fixture::{FUNDERS, Fixture, id};

fn undone(amount: &str) -> Entry {
    Entry {
        reversal: true,
        ..moved(amount)
    }
}

impl Fixture {
    async fn says(&self, amount: &str, explanation: Value) -> (StatusCode, Value) {
        let breaks = self.breaks().await;
        let broken = breaks.iter().find(|one| one["amount"] == amount).unwrap();
        let path = format!("/funding/v1/breaks/{}/explanation", broken["id"].as_str().unwrap());
        self.put_json(&path, explanation).await
    }

    /// What a funder gave, what left, what it can still place, and what it has at the bank.
    async fn given(&self, funder: usize) -> [Value; 4] {
        let waterfall = self.get_json("/funding/v1/waterfall").await;
        let total = &waterfall["totals"][funder];
        ["received", "returned", "free", "cash"].map(|column| total[column].clone())
    }
}

#[testkit::test]
async fn a_contribution_that_the_bank_takes_back_is_nobodys_money_to_place(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let reference = fixture.call(0xc1, 0xa1, "100.00").await;
    fixture.loads(1, "0.00", vec![quoting("100.00", &reference)]).await;
    fixture.loads(2, "100.00", vec![undone("-100.00")]).await;
    assert_eq!(fixture.suspense().await, -10_000);
    let taken_back = json!({"what": "contribution", "why": "Virement rappelé.", "funder_id": FUNDERS[0]});
    let (status, answer) = fixture.says("-100.00", taken_back).await;
    assert_eq!(
        (status, &answer["explained_as"]),
        (StatusCode::CREATED, &json!("contribution")),
        "{answer}"
    );
    assert_eq!(fixture.suspense().await, 0);
    assert_eq!(
        fixture.given(0).await,
        ["100.00", "100.00", "0.00", "0.00"].map(|cents| json!(cents))
    );
    let allocation =
        json!({"id": id(1), "funder_id": FUNDERS[0], "programme_id": crate::fixture::PROGRAMME, "amount": "0.01"});
    let refused = fixture.refused("/funding/v1/allocations", allocation).await;
    assert_eq!(refused["type"], "urn:ccn:problem:not-enough-deposited");
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_call_whose_money_is_taken_back_waits_for_it_again(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let reference = fixture.call(0xc1, 0xa1, "100.00").await;
    fixture
        .loads(1, "0.00", vec![quoting("60.00", &reference), moved("40.00")])
        .await;
    fixture
        .loads(2, "100.00", vec![undone("-60.00"), undone("-40.00")])
        .await;
    let call = json!({"what": "call", "why": "Erreur de la banque.", "call_id": id(0xc1)});
    let (status, _) = fixture.says("-60.00", call.clone()).await;
    assert_eq!(status, StatusCode::CREATED);
    // Nothing of it is there any more.
    let (_, answer) = fixture.says("-40.00", call).await;
    assert_eq!(
        (&answer["type"], &answer["amount"]),
        (&json!("urn:ccn:problem:break-amount"), &json!("0.00"))
    );
    fixture.all_hold().await;
    let again = fixture.loads(3, "0.00", vec![quoting("100.00", &reference)]).await;
    assert_eq!(again, [Some("call-reference".to_owned())]);
    fixture.all_hold().await;
}

#[testkit::test]
async fn money_that_is_placed_is_not_taken_back_from_what_it_is_behind(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.money_arrives().await;
    fixture.loads(2, "200.00", vec![undone("-100.00")]).await;
    let taken_back = json!({"what": "contribution", "why": "Virement rappelé.", "funder_id": FUNDERS[0]});
    let (_, answer) = fixture.says("-100.00", taken_back.clone()).await;
    assert_eq!(
        (&answer["type"], &answer["needed"], &answer["free"]),
        (
            &json!("urn:ccn:problem:break-placed"),
            &json!("100.00"),
            &json!("30.00")
        ),
        "{answer}"
    );
    assert_eq!(fixture.suspense().await, -10_000);
    fixture.all_hold().await;
    // New money covers it: both lines together, or the one after the other.
    fixture.loads(3, "100.00", vec![moved("70.00")]).await;
    let came = json!({"what": "contribution", "why": "Nouveau virement.", "funder_id": FUNDERS[0]});
    assert_eq!(fixture.says("70.00", came).await.0, StatusCode::CREATED);
    assert_eq!(fixture.says("-100.00", taken_back).await.0, StatusCode::CREATED);
    assert_eq!(fixture.suspense().await, 0);
    fixture.all_hold().await;
}
