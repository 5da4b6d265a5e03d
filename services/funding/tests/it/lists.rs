//! What is found without its id: settlements, statements, allocations.

use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::bank::naming;
use crate::cycle::march;
use crate::fixture::{FUNDERS, Fixture, id};

impl Fixture {
    pub async fn list(&self, path: &str, secret: &str) -> (StatusCode, Value) {
        let (status, bytes) = self.send("GET", path, secret, Vec::new()).await;
        (status, serde_json::from_slice(&bytes).unwrap())
    }
}

#[testkit::test]
async fn who_approves_finds_the_settlement_that_waits(admin: PgPool) {
    let fixture = march(admin).await;
    fixture.sets_rules(Some("15.00")).await;
    fixture.settle(1, "2026-03", "2026-04-03").await;
    fixture.settle(2, "2026-03", "2026-04-03").await;
    let colleague = fixture.colleague(900).await;
    let (_, page) = fixture.list("/funding/v1/settlements", &colleague).await;
    let told: Vec<Value> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            json!([
                line["month"],
                line["payments"],
                line["held"],
                line["total"],
                line["approval"]
            ])
        })
        .collect();
    let waiting = json!(["2026-03", 1, 1, "20.00", "waiting"]);
    let empty = json!(["2026-03", 0, 1, "0.00", "not_needed"]);
    assert!(
        told.len() == 2 && told.contains(&waiting) && told.contains(&empty),
        "{page}"
    );
    assert_eq!(page["next"], Value::Null);
    let first = page["items"][0]["id"].as_str().unwrap();
    let (_, rest) = fixture
        .list(&format!("/funding/v1/settlements?after={first}"), &colleague)
        .await;
    assert_eq!(rest["items"], json!([page["items"][1]]));
}

#[testkit::test]
async fn the_last_statement_says_where_the_next_begins(admin: PgPool) {
    let fixture = march(admin).await;
    let settlement = fixture.settle(1, "2026-03", "2026-04-03").await;
    fixture
        .loads(
            2,
            "200.00",
            vec![naming("-20.00", &settlement["payments"][0]["end_to_end"])],
        )
        .await;
    let (_, page) = fixture.list("/funding/v1/statements", &fixture.secret).await;
    let last = &page["items"][0];
    assert_eq!(
        json!([last["opening"], last["closing"], last["lines"], last["unexplained"]]),
        json!(["200.00", "180.00", 1, 0])
    );
    let rows = page["items"].as_array().unwrap();
    let positions: Vec<_> = rows.iter().map(|row| row["position"].as_u64().unwrap()).collect();
    let newest = u64::try_from(rows.len()).unwrap();
    assert_eq!(positions, (1..=newest).rev().collect::<Vec<_>>());
}

#[testkit::test]
async fn a_funder_reads_its_own_allocations_and_nothing_of_the_funds(admin: PgPool) {
    let fixture = march(admin).await;
    let (_, all) = fixture.list("/funding/v1/allocations", &fixture.secret).await;
    let funder = fixture.key_of(FUNDERS[0], None).await;
    let (_, own) = fixture.list("/funding/v1/allocations", &funder).await;
    let of_it: Vec<&Value> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["funder_id"] == json!(FUNDERS[0]))
        .collect();
    assert!(!of_it.is_empty() && of_it.len() < all["items"].as_array().unwrap().len());
    assert_eq!(own["items"].as_array().unwrap().iter().collect::<Vec<_>>(), of_it);
    for path in ["/funding/v1/settlements", "/funding/v1/statements"] {
        assert_eq!(fixture.list(path, &funder).await.0, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(
        fixture
            .list(&format!("/funding/v1/allocations?after={}", id(0xffff_ffff)), "")
            .await
            .0,
        StatusCode::UNAUTHORIZED
    );
}
