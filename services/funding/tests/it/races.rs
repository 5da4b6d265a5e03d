//! One id, two contents, at the same time: the second is told so, whatever it had seen before it wrote.

use chrono::NaiveDate;
use http::StatusCode;
use serde_json::{Value, json};
use sqlx::{PgPool, PgTransaction};

use crate::fixture::{FUNDERS, Fixture, PROGRAMME, START, id, instant};

/// The request meets what `first` wrote and has not committed, waits for it, and is refused for its id.
async fn loses_against(fixture: &Fixture, first: PgTransaction<'_>, path: &str, body: Value) {
    let waits = async {
        testkit::until_waiting(&fixture.admin, 1).await;
        first.commit().await.unwrap();
    };
    let ((status, answer), ()) = tokio::join!(fixture.post(path, body), waits);
    assert_eq!(
        (status, &answer["type"]),
        (StatusCode::CONFLICT, &json!("urn:ccn:problem:same-id-other-content")),
        "{answer}"
    );
}

#[testkit::test]
async fn two_refunds_of_one_id_are_one_refund(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.money_arrives().await;
    fixture.funds_a_batch().await;
    fixture.hands_over().await;
    fixture.hand.move_to(instant("2026-08-10T08:00:00Z"));
    fixture.expires(&[1, 2, 3, 4, 5], "2026-08-08T10:00:00Z").await;
    let day: NaiveDate = "2026-08-11".parse().unwrap();
    let mut first = fixture.admin.begin().await.unwrap();
    sqlx::query(
        "insert into funding.refund (id, funder_id, programme_id, cents, method, execute_on, at, message_id)
         values ($1, $2, $3, 1, 'credit', $4, $5, 'CCN')",
    )
    .bind(id(1))
    .bind(FUNDERS[1])
    .bind(PROGRAMME)
    .bind(day)
    .bind(instant(START))
    .execute(&mut *first)
    .await
    .unwrap();
    let body =
        json!({"id": id(1), "funder_id": FUNDERS[0], "programme_id": PROGRAMME, "method": "bank", "execute_on": day});
    loses_against(&fixture, first, "/funding/v1/refunds", body).await;
}

#[testkit::test]
async fn refunds_asked_for_at_once_give_back_once(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.money_arrives().await;
    fixture.funds_a_batch().await;
    fixture.hands_over().await;
    fixture.hand.move_to(instant("2026-08-10T08:00:00Z"));
    fixture.expires(&[1, 2, 3, 4, 5], "2026-08-08T10:00:00Z").await;
    let ask = async |n: u128| {
        let body = json!({"id": id(n), "funder_id": FUNDERS[0], "programme_id": PROGRAMME, "method": "credit",
            "execute_on": "2026-08-11"});
        fixture.post("/funding/v1/refunds", body).await
    };
    let (one, two, three, four) = tokio::join!(ask(1), ask(2), ask(3), ask(4));
    let mut kinds = [one, two, three, four].map(|(status, answer)| (status.as_u16(), answer["type"].clone()));
    kinds.sort_by_key(|(status, _)| *status);
    let nothing = (422, json!("urn:ccn:problem:nothing-to-refund"));
    assert_eq!(kinds, [(201, Value::Null), nothing.clone(), nothing.clone(), nothing]);
    fixture.all_hold().await;
}

#[testkit::test]
async fn two_calls_of_one_id_are_one_call(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let day: NaiveDate = "2026-03-31".parse().unwrap();
    let mut first = fixture.admin.begin().await.unwrap();
    sqlx::query(
        "insert into funding.call (id, convention_id, cents, reference, called_at, due_on) values ($1, $2, 1, 'AF', $3, $4)",
    )
    .bind(id(1))
    .bind(id(0xa2))
    .bind(instant(START))
    .bind(day)
    .execute(&mut *first)
    .await
    .unwrap();
    let body = json!({"id": id(1), "convention_id": id(0xa1), "amount": "1.00", "due_on": day});
    loses_against(&fixture, first, "/funding/v1/calls", body).await;
}

#[testkit::test]
async fn two_plans_of_one_id_are_one_plan(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let mut first = fixture.admin.begin().await.unwrap();
    sqlx::query("insert into catalogue.plan (id, programme_id, version, created_at) values ($1, $2, 99, $3)")
        .bind(id(1))
        .bind(PROGRAMME)
        .bind(instant(START))
        .execute(&mut *first)
        .await
        .unwrap();
    let body = json!({"id": id(1), "shares": [{"funder_id": FUNDERS[0], "rate": "1"}]});
    loses_against(
        &fixture,
        first,
        &format!("/funding/v1/programmes/{PROGRAMME}/plans"),
        body,
    )
    .await;
}
