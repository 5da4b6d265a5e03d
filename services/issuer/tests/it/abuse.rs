//! Ids made to collide, booklets that are not lost, money that nothing can use.

use ledger::{EventId, TransferId};
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use crate::fixture::{Fixture, instant, uuid};

/// The event under which a voucher expires.
async fn expiry_event(fixture: &Fixture, batch: Uuid, serial: i32) -> Uuid {
    let number = fixture.number(batch, serial).await;
    EventId::derive(b"expired", &[fixture.programme.as_bytes(), &number.get().to_be_bytes()]).uuid()
}

#[testkit::test]
async fn one_id_serves_a_hand_over_and_a_revocation(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.funded(1, 2).await;
    let people = fixture.people(1, 1).await;
    fixture.hands_over(30, batch, 1, people[0]).await.created();
    assert_eq!(
        fixture.declares(30, batch, 1, "lost").await.created()["returned"],
        "100.00"
    );
}

#[testkit::test]
async fn a_callers_id_cannot_take_the_place_of_another_event(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.minted(1, 2).await;
    let people = fixture.people(2, 1).await;
    let funding = EventId::derive(b"batch funded", &[batch.as_bytes()]).uuid();
    let first = fixture.funded(2, 2).await;
    let give = |id: Uuid, booklet: u32, person: Uuid| {
        let body = json!({"id": id, "batch_id": first, "booklet": booklet, "beneficiary_id": person});
        let path = fixture.path("hand-overs");
        let prescriber = fixture.prescriber.clone();
        async move { prescriber.post(&path, body).await }
    };
    give(funding, 3, people[0]).await.created();
    fixture.allocates([20_001; 3]).await;
    let path = fixture.path(&format!("batches/{batch}/funding"));
    fixture.sponsor.post(&path, json!({})).await.created();

    give(expiry_event(&fixture, first, 1).await, 4, people[1])
        .await
        .created();
    fixture.clock.move_to(instant("2027-02-04T08:00:00Z"));
    let done = fixture
        .sponsor
        .post(&fixture.path("expiry"), json!({"id": uuid(60)}))
        .await
        .created();
    assert_eq!(
        (&done["vouchers"], &done["returned"], &done["reserved_returned"]),
        (&json!(20), &json!("200.00"), &json!("200.00"))
    );
}

#[testkit::test]
async fn an_end_that_cannot_be_swept_is_an_error_and_keeps_its_trace(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.funded(1, 2).await;
    let people = fixture.people(1, 1).await;
    fixture.hands_over(30, batch, 1, people[0]).await.created();
    let taken = TransferId::from_uuid(expiry_event(&fixture, batch, 2).await);
    fixture.claims_as(taken, fixture.number(batch, 1).await).await;
    fixture.clock.move_to(instant("2027-02-04T08:00:00Z"));
    for _ in 0..2 {
        let request = http::Request::post(fixture.path("expiry")).header("content-type", "application/json");
        let answer = fixture
            .sponsor
            .respond(request, json!({"id": uuid(60)}).to_string())
            .await;
        assert_eq!(answer.status(), 500);
        assert_eq!(fixture.traces("programme.expire").await, 1);
    }
}

#[testkit::test]
async fn only_a_booklet_that_was_lost_or_stolen_is_replaced(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.funded(1, 8).await;
    let people = fixture.people(4, 1).await;
    for (booklet, &person) in (1..).zip(&people) {
        fixture
            .hands_over(u128::from(30 + booklet), batch, booklet, person)
            .await
            .created();
    }
    fixture.declares(41, batch, 1, "fraud").await.created();
    fixture.replaces(51, 31, batch, 5).await.refused("not-replaceable");
    let one = json!({"id": uuid(42), "batch_id": batch, "serial": 11, "reason": "ineligible"});
    fixture
        .prescriber
        .post(&fixture.path("revocations"), one)
        .await
        .created();
    fixture.replaces(52, 32, batch, 5).await.refused("not-revoked");
    fixture.declares(43, batch, 2, "lost").await.created();
    fixture.replaces(52, 32, batch, 5).await.refused("not-replaceable");
    fixture.declares(44, batch, 3, "stolen").await.created();
    fixture.replaces(53, 33, batch, 5).await.created();
    let one = json!({"id": uuid(45), "batch_id": batch, "serial": 31, "reason": "stolen"});
    fixture
        .prescriber
        .post(&fixture.path("revocations"), one)
        .await
        .created();
    fixture.declares(46, batch, 4, "lost").await.created();
    fixture.replaces(54, 34, batch, 6).await.created();
}

#[testkit::test]
async fn a_booklet_that_was_spent_whole_is_not_replaced(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.funded(1, 3).await;
    let people = fixture.people(2, 1).await;
    for (booklet, &person) in (1..).zip(&people) {
        fixture
            .hands_over(u128::from(30 + booklet), batch, booklet, person)
            .await
            .created();
    }
    for serial in 1..=19 {
        fixture.claims(fixture.number(batch, serial).await).await;
    }
    for booklet in [1, 2] {
        fixture
            .declares(u128::from(40 + booklet), batch, booklet, "lost")
            .await
            .created();
    }
    fixture.replaces(51, 31, batch, 3).await.refused("not-replaceable");
    fixture.replaces(52, 32, batch, 3).await.created();
}

#[testkit::test]
async fn vouchers_revoked_before_the_money_came_reserve_none(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.minted(1, 3).await;
    let revoke = async |body| fixture.sponsor.post(&fixture.path("revocations"), body).await.created();
    revoke(json!({"id": uuid(2), "batch_id": batch, "serial": 2, "reason": "fraud"})).await;
    revoke(json!({"id": uuid(3), "batch_id": batch, "booklet": 3, "reason": "stolen"})).await;
    let path = fixture.path(&format!("batches/{batch}/funding"));
    let refused = fixture.sponsor.post(&path, json!({})).await.refused("not-funded");
    assert!(refused["detail"].as_str().unwrap().contains("63,"), "{refused}");
    fixture.allocates([10_000; 3]).await;
    fixture.sponsor.post(&path, json!({})).await.created();
    assert_eq!(fixture.reserved(batch).await.iter().sum::<i64>(), 19_000);

    // Exact to the cent of each funder: what is left is worth the second booklet, then nothing.
    let people = fixture.people(1, 1).await;
    fixture.hands_over(30, batch, 2, people[0]).await.created();
    for (n, serial) in (100_u128..).zip((1..=10).filter(|serial| *serial != 2)) {
        revoke(json!({"id": uuid(n), "batch_id": batch, "serial": serial, "reason": "lost"})).await;
    }
    assert_eq!(fixture.reserved(batch).await, [0, 0, 0]);

    let dead = fixture.minted(5, 2).await;
    for booklet in [4_u32, 5] {
        let id = uuid(200 + u128::from(booklet));
        revoke(json!({"id": id, "batch_id": dead, "booklet": booklet, "reason": "stolen"})).await;
    }
    let path = fixture.path(&format!("batches/{dead}/funding"));
    fixture.sponsor.post(&path, json!({})).await.created();
    assert_eq!(fixture.reserved(dead).await, [0, 0, 0]);
}
