//! A statement that is missing, older or told twice shows also where its balance says nothing: what came has left again.

use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use standards::Cents;
use standards::camt053::{self, Balance, Entry, Statement};

use crate::bank::{euros, moved, naming, quoting};
use crate::fixture::{FUND_IBAN, Fixture, id, instant};
use crate::statements::cfonb;

/// A statement of a period, with the bank's number or without.
fn dated(n: u128, sequence: Option<u64>, (from, to): (&str, &str), opening: &str, entries: Vec<Entry>) -> Vec<u8> {
    let moved = Cents::try_sum(entries.iter().map(|entry| entry.amount)).unwrap();
    let balance = |amount: Cents, day: &str| Balance {
        amount,
        date: day.parse().unwrap(),
    };
    let statement = Statement {
        id: format!("RELEVE-{n}"),
        sequence,
        account: FUND_IBAN.parse().unwrap(),
        opening: balance(euros(opening), from),
        closing: balance(euros(opening).checked_add(moved).unwrap(), to),
        entries,
    };
    camt053::write(&statement, &format!("M{n}"), instant("2026-04-11T04:00:00Z")).unwrap()
}

/// What came has left again.
fn back_and_forth() -> Vec<Entry> {
    vec![moved("50.00"), moved("-50.00")]
}

impl Fixture {
    async fn sends_statement(&self, n: u128, file: Vec<u8>) -> (StatusCode, Value) {
        self.put(&format!("/funding/v1/statements/{}", id(n)), file).await
    }
}

#[testkit::test]
async fn one_day_in_two_formats_is_booked_once(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let reference = fixture.call(0xc1, 0xa1, "100.00").await;
    fixture.loads(1, "0.00", vec![moved("10.00")]).await;
    // Half of the call, and as much that leaves.
    fixture
        .loads(2, "10.00", vec![quoting("50.00", &reference), moved("-50.00")])
        .await;
    let same = cfonb(1_000, &[(5_000, &[("LCC", &reference)]), (-5_000, &[])]);
    let (status, answer) = fixture.sends_statement(3, same).await;
    assert_eq!(
        (status, &answer["type"], &answer["statement_id"]),
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            &json!("urn:ccn:problem:statement-already-loaded"),
            &json!(id(2))
        ),
        "{answer}"
    );
    let received = fixture.get_json("/funding/v1/waterfall").await["totals"][0]["received"].clone();
    assert_eq!(received, "50.00");
    fixture.all_hold().await;
    // Another statement of the day goes on, in either format.
    let next = cfonb(1_000, &[(700, &[]), (-700, &[])]);
    assert_eq!(fixture.sends_statement(4, next).await.0, StatusCode::CREATED);
    fixture.loads(5, "10.00", vec![moved("60.00"), moved("-60.00")]).await;
    // Other payments of the same amounts are others.
    for (n, reference) in [(6, "A"), (7, "B")] {
        let names = |amount: &str| naming(amount, &json!(reference));
        fixture.loads(n, "10.00", vec![names("80.00"), names("-80.00")]).await;
    }
    fixture.all_hold().await;
}

#[testkit::test]
async fn an_older_period_is_not_loaded_after_a_newer_one(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.loads(1, "0.00", vec![moved("10.00")]).await;
    for (n, period) in [(2, ("2026-04-08", "2026-04-09")), (3, ("2026-04-06", "2026-04-13"))] {
        let file = dated(n, None, period, "10.00", back_and_forth());
        let (status, answer) = fixture.sends_statement(n, file).await;
        assert_eq!(
            (status, &answer["type"], &answer["last_to"]),
            (
                StatusCode::UNPROCESSABLE_ENTITY,
                &json!("urn:ccn:problem:statement-order"),
                &json!("2026-04-10")
            ),
            "{answer}"
        );
    }
    let next = dated(4, None, ("2026-04-10", "2026-04-13"), "10.00", back_and_forth());
    assert_eq!(fixture.sends_statement(4, next).await.0, StatusCode::CREATED);
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_number_that_the_bank_jumped_is_a_missing_statement(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let day = ("2026-04-10", "2026-04-10");
    let next_day = ("2026-04-10", "2026-04-13");
    let first = dated(1, Some(41), day, "0.00", vec![moved("10.00")]);
    assert_eq!(fixture.sends_statement(1, first).await.0, StatusCode::CREATED);
    let jumped = dated(3, Some(43), next_day, "10.00", back_and_forth());
    let (_, answer) = fixture.sends_statement(3, jumped.clone()).await;
    assert_eq!(
        (&answer["type"], &answer["last_number"], &answer["number"]),
        (&json!("urn:ccn:problem:statement-number"), &json!(41), &json!(43)),
        "{answer}"
    );
    // The missing one, then this one, then a series that begins again and statements without a number.
    let missing = dated(2, Some(42), day, "10.00", back_and_forth());
    assert_eq!(fixture.sends_statement(2, missing).await.0, StatusCode::CREATED);
    assert_eq!(fixture.sends_statement(3, jumped).await.0, StatusCode::CREATED);
    for (n, sequence) in [(4, Some(44)), (5, None), (6, Some(60)), (7, Some(1))] {
        let day = ("2026-04-13", "2026-04-13");
        let cents = format!("{n}.00");
        let entries = vec![moved(&cents), moved(&format!("-{cents}"))];
        let file = dated(n, sequence, day, "10.00", entries);
        let (status, answer) = fixture.sends_statement(n, file).await;
        assert_eq!(status, StatusCode::CREATED, "{n} {answer}");
    }
    let new_year = dated(8, Some(900), ("2026-04-13", "2027-01-04"), "10.00", vec![]);
    assert_eq!(fixture.sends_statement(8, new_year).await.0, StatusCode::CREATED);
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_number_that_the_bank_never_gave_is_confirmed_by_a_person(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let day = ("2026-04-10", "2026-04-10");
    let first = dated(1, Some(41), day, "0.00", vec![moved("10.00")]);
    assert_eq!(fixture.sends_statement(1, first).await.0, StatusCode::CREATED);
    let jumped = dated(2, Some(43), day, "10.00", back_and_forth());
    let send = async |number: u64| {
        let path = format!("/funding/v1/statements/{}?confirmed_number={number}", id(2));
        fixture.put(&path, jumped.clone()).await
    };
    // Of another statement.
    assert_eq!(send(42).await.1["type"], "urn:ccn:problem:statement-number");
    assert_eq!(send(43).await.0, StatusCode::CREATED);
    let kept: Value = sqlx::query_scalar(
        "select detail from access.audit where action = 'statement.load' order by at desc, detail desc limit 1",
    )
    .fetch_one(&fixture.admin)
    .await
    .unwrap();
    assert_eq!(kept[2], 43, "{kept}");
    // It never makes up for a balance.
    let path = format!("/funding/v1/statements/{}?confirmed_number=50", id(3));
    let (_, answer) = fixture.put(&path, dated(3, Some(50), day, "11.00", vec![])).await;
    assert_eq!(answer["type"], "urn:ccn:problem:statement-gap");
}
