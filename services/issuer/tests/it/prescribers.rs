//! Who may act in a programme.

use serde_json::json;
use sqlx::PgPool;

use crate::world::{COLUMNS, World, uuid};

#[testkit::test]
async fn a_prescriber_acts_only_where_the_sponsor_admitted_it(pool: PgPool) {
    let mut world = World::new(pool, "hand_over").await;
    let body = json!({"id": uuid(101), "name": "Autre dispositif", "territory": "21", "face_value": "10.00", "booklet_size": 10,
        "spendable": "hand_over", "printed_day": "2026-12-31", "booklets_min": 2, "booklets_per_person_max": 2});
    world.sponsor.post("/issuer/v1/programmes", body).await.created();
    world.programme = uuid(101);
    let one = &world.prescriber;
    let import = world.path(&format!("beneficiary-imports/{}?file=a.csv", uuid(1)));
    let file = format!("{COLUMNS}\n");
    one.put(&import, "text/csv", file.clone()).await.refused("not-found");
    let lists = [world.path("beneficiaries"), world.path("batches")];
    for list in &lists {
        one.get(list).await.refused("not-found");
    }
    one.get(&world.path(&format!("batches/{}", uuid(2))))
        .await
        .refused("not-found");
    let hidden = world.hands_over(3, uuid(2), 1, uuid(4)).await.refused("not-found");
    assert!(hidden["title"].as_str().unwrap().starts_with("Ce dispositif"));
    let hidden = world.replaces(3, 5, uuid(2), 1).await.refused("not-found");
    assert!(hidden["title"].as_str().unwrap().starts_with("Ce dispositif"));

    let before = world.traces("prescriber.admit").await;
    let admitted = world.admits(2).await.created();
    assert_eq!(admitted["id"], json!(uuid(2)));
    assert_eq!(world.admits(2).await.ok(), admitted);
    assert_eq!(world.traces("prescriber.admit").await, before + 1);
    for list in &lists {
        world.prescriber.get(list).await.ok();
        world.other_prescriber.get(list).await.refused("not-found");
    }
    world.prescriber.put(&import, "text/csv", file).await.ok();
}

#[testkit::test]
async fn only_the_sponsor_admits_and_only_prescribers(pool: PgPool) {
    let world = World::new(pool, "hand_over").await;
    world.admits(11).await.refused("not-a-prescriber");
    world.admits(999).await.refused("not-a-prescriber");
    let body = json!({"id": uuid(2)});
    world
        .prescriber
        .post(&world.path("prescribers"), body.clone())
        .await
        .refused("forbidden");
    world
        .sponsor
        .post(&format!("/issuer/v1/programmes/{}/prescribers", uuid(9)), body)
        .await
        .refused("not-found");
}
