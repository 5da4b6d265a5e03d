//! Who may act in a programme.

use serde_json::json;
use sqlx::PgPool;

use crate::fixture::{COLUMNS, Fixture, uuid};

#[testkit::test]
async fn a_prescriber_acts_only_where_the_sponsor_admitted_it(pool: PgPool) {
    let mut fixture = Fixture::new(pool, "hand_over").await;
    let body = json!({"id": uuid(101), "name": "Autre dispositif", "territory": "21", "face_value": "10.00", "booklet_size": 10,
        "spendable": "hand_over", "printed_day": "2026-12-31", "booklets_min": 2, "booklets_per_person_max": 2});
    fixture.sponsor.post("/issuer/v1/programmes", body).await.created();
    fixture.programme = uuid(101);
    let one = &fixture.prescriber;
    let import = fixture.path(&format!("beneficiary-imports/{}?file=a.csv", uuid(1)));
    let file = format!("{COLUMNS}\n");
    one.put(&import, "text/csv", file.clone()).await.refused("not-found");
    let lists = [fixture.path("beneficiaries"), fixture.path("batches")];
    for list in &lists {
        one.get(list).await.refused("not-found");
    }
    one.get(&fixture.path(&format!("batches/{}", uuid(2))))
        .await
        .refused("not-found");
    let hidden = fixture.hands_over(3, uuid(2), 1, uuid(4)).await.refused("not-found");
    assert!(hidden["title"].as_str().unwrap().starts_with("Ce dispositif"));
    let hidden = fixture.replaces(3, 5, uuid(2), 1).await.refused("not-found");
    assert!(hidden["title"].as_str().unwrap().starts_with("Ce dispositif"));

    let before = fixture.traces("prescriber.admit").await;
    let admitted = fixture.admits(2).await.created();
    assert_eq!(admitted["id"], json!(uuid(2)));
    assert_eq!(fixture.admits(2).await.ok(), admitted);
    assert_eq!(fixture.traces("prescriber.admit").await, before + 1);
    for list in &lists {
        fixture.prescriber.get(list).await.ok();
        fixture.other_prescriber.get(list).await.refused("not-found");
    }
    fixture.prescriber.put(&import, "text/csv", file).await.ok();
}

#[testkit::test]
async fn only_the_sponsor_admits_and_only_prescribers(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    fixture.admits(11).await.refused("not-a-prescriber");
    fixture.admits(999).await.refused("not-a-prescriber");
    let body = json!({"id": uuid(2)});
    fixture
        .prescriber
        .post(&fixture.path("prescribers"), body.clone())
        .await
        .refused("forbidden");
    fixture
        .sponsor
        .post(&format!("/issuer/v1/programmes/{}/prescribers", uuid(9)), body)
        .await
        .refused("not-found");
}
