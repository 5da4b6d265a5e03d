//! What a person says of a break: said again it is the same, said otherwise it is refused, and words never hide a line's money.

use database::NamedLock;
use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::bank::{moved, quoting};
use crate::fixture::{FUNDERS, Fixture, id, instant};

impl Fixture {
    /// The path of an act on the only break of this amount.
    async fn act_on(&self, amount: &str, act: &str) -> String {
        let breaks = self.breaks().await;
        let broken = breaks.iter().find(|one| one["amount"] == amount).unwrap();
        format!("/funding/v1/breaks/{}/{act}", broken["id"].as_str().unwrap())
    }
}

#[testkit::test]
async fn a_line_is_never_explained_in_words_alone(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.loads(1, "0.00", vec![moved("100.00")]).await;
    let path = fixture.act_on("100.00", "explanation").await;
    let (status, answer) = fixture
        .put_json(&path, json!({"what": "words", "why": "On verra."}))
        .await;
    assert_eq!(
        (status, &answer["type"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("urn:ccn:problem:break-misfit")),
        "{answer}"
    );
    // It waits, and can still be what it was.
    assert_eq!(fixture.breaks().await[0]["state"], "open");
    let was = json!({"what": "contribution", "why": "Confirmé par le payeur.", "funder_id": FUNDERS[0]});
    assert_eq!(fixture.put_json(&path, was).await.0, StatusCode::CREATED);
    assert_eq!(fixture.suspense().await, 0);
    fixture.all_hold().await;
}

#[testkit::test]
async fn the_same_kind_of_explanation_with_another_name_is_refused(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.accepts_mandates(true).await;
    fixture.call(0xc1, 0xa1, "50.00").await;
    fixture.call(0xc2, 0xa2, "50.00").await;
    fixture.mandates(0x101, 0xa1, "30.00").await;
    fixture.mandates(0x102, 0xa1, "20.00").await;
    fixture
        .loads(1, "0.00", vec![moved("10.00"), moved("11.00"), moved("12.00")])
        .await;
    let why = "Avis de la banque.";
    let funder = |n: usize| json!({"what": "contribution", "why": why, "funder_id": FUNDERS[n]});
    let call = |n: u128| json!({"what": "call", "why": why, "call_id": id(n)});
    let mandate = |n: u128| json!({"what": "mandate", "why": why, "mandate_id": id(n)});
    for (amount, said, other) in [
        ("10.00", funder(0), funder(1)),
        ("11.00", call(0xc1), call(0xc2)),
        ("12.00", mandate(0x101), mandate(0x102)),
    ] {
        let path = fixture.act_on(amount, "explanation").await;
        let (status, answer) = fixture.put_json(&path, said.clone()).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        assert_eq!(fixture.put_json(&path, said).await, (StatusCode::OK, answer));
        let (_, refused) = fixture.put_json(&path, other).await;
        assert_eq!(refused["type"], "urn:ccn:problem:break-explained", "{amount} {refused}");
    }
    fixture.all_hold().await;
}

#[testkit::test]
async fn what_was_explained_with_others_is_not_explained_alone_again(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.loads(1, "0.00", vec![moved("10.00"), moved("5.00")]).await;
    let breaks: Vec<Value> = fixture.breaks().await.iter().map(|one| one["id"].clone()).collect();
    let path = fixture.act_on("10.00", "explanation").await;
    let part = json!({"what": "contribution", "amount": "15.00", "funder_id": FUNDERS[0]});
    let split = json!({"id": id(1), "break_ids": breaks, "parts": [part], "why": "Deux moitiés."});
    fixture.created("/funding/v1/explanations", split).await;
    let alone = json!({"what": "contribution", "why": "Deux moitiés.", "funder_id": FUNDERS[0]});
    let (_, refused) = fixture.put_json(&path, alone).await;
    assert_eq!(refused["type"], "urn:ccn:problem:break-explained");
}

/// A statement that is being loaded closes the break; whoever assigns it meanwhile waits, and is told.
#[testkit::test]
async fn a_break_that_a_statement_closes_meanwhile_is_not_assigned(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let reference = fixture.call(0xc1, 0xa1, "100.00").await;
    // Due on 31 March, and not there on 10 April.
    fixture.loads(1, "0.00", vec![quoting("1.00", &reference)]).await;
    let path = fixture.act_on("99.00", "owner").await;
    let mut load = fixture.admin.begin().await.unwrap();
    NamedLock::Statements.take(&mut load).await.unwrap();
    sqlx::query(
        "insert into funding.break_step (break_id, number, state, why, organisation_id, at)
         select break_id, 2, 'closed', 'Le versement est arrivé en entier.', organisation_id, $1 from funding.break_step",
    )
    .bind(instant("2026-04-11T08:00:00Z"))
    .execute(&mut *load)
    .await
    .unwrap();
    let loaded = async {
        testkit::until_waiting(&fixture.admin, 1).await;
        load.commit().await.unwrap();
    };
    let owner = json!({"owner": "Comptabilité"});
    let ((status, answer), ()) = tokio::join!(fixture.put_json(&path, owner), loaded);
    assert_eq!(
        (status, &answer["type"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("urn:ccn:problem:break-closed")),
        "{answer}"
    );
}
