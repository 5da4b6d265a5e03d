//! The operator's own fee: its own entries, never mixed with face value.

use std::ops::RangeInclusive;

use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::bank::quoting;
use crate::fixture::{BATCH, FUNDERS, Fixture, PROGRAMME, id};

impl Fixture {
    async fn charges(&self, fee_rate: &str) {
        let path = format!("/funding/v1/programmes/{PROGRAMME}/funding-terms");
        let terms = json!({"fee_rate": fee_rate});
        let (status, answer) = self.put(&path, terms.to_string().into_bytes()).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
    }

    async fn fee(&self, n: u128) -> Value {
        self.get_json(&format!("/funding/v1/fees/{}", id(n))).await
    }

    /// Both funders pay 300 €; the issuer funds batches of one booklet with it.
    async fn has_batches(&self, batches: RangeInclusive<u128>) {
        let mut entries = Vec::new();
        for (convention, funder) in (0xe1..).zip(FUNDERS) {
            let signed = json!({"id": id(convention), "funder_id": funder, "programme_id": PROGRAMME, "amount": "300.00",
                "signed_on": "2026-01-15", "starts_on": "2026-01-01", "ends_on": "2026-12-31"});
            self.created("/funding/v1/conventions", signed).await;
            entries.push(quoting("300.00", &self.call(convention, convention, "300.00").await));
        }
        self.loads(1, "0.00", entries).await;
        for (allocation, funder) in (0xe1..).zip(FUNDERS) {
            self.allocate(allocation, funder, "300.00").await;
        }
        for batch in batches {
            self.issuing().await.funds(id(batch), 1).await;
        }
    }
}

fn of_batch(n: u128) -> Value {
    json!({"id": id(n), "programme_id": PROGRAMME, "batch_id": BATCH})
}

#[testkit::test]
async fn the_fee_of_a_batch_is_invoiced_once_and_paid_by_its_number(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    assert_eq!(
        fixture.refused("/funding/v1/fees", of_batch(1)).await["type"],
        "urn:ccn:problem:not-found"
    );
    fixture.money_arrives().await;
    fixture.funds_a_batch().await;
    assert_eq!(
        fixture.refused("/funding/v1/fees", of_batch(1)).await["type"],
        "urn:ccn:problem:no-fee"
    );
    fixture.charges("0.0333").await;
    let before = fixture.get("/funding/v1/waterfall").await;
    let fee = fixture.created("/funding/v1/fees", of_batch(1)).await;
    // 3.33 % of 100 €, and 20 % of it.
    assert_eq!(
        (&fee["number"], &fee["net"], &fee["vat"], &fee["gross"]),
        (&json!("F-2026-00001"), &json!("3.33"), &json!("0.67"), &json!("4.00"))
    );
    assert_eq!(
        fixture.refused("/funding/v1/fees", of_batch(2)).await["type"],
        "urn:ccn:problem:already-invoiced"
    );
    assert_eq!(
        fixture.get("/funding/v1/waterfall").await,
        before,
        "face value is not touched"
    );
    fixture.all_hold().await;
    let rules = fixture
        .loads(
            2,
            "200.00",
            vec![
                quoting("1.50", "FACTURE F2026 00001"),
                quoting("2.51", "F-2026-00001"),
                quoting("2.50", "solde f-2026-00001"),
            ],
        )
        .await;
    // More than is owed is nobody's: a person says what it was.
    let paid = Some("fee-invoice".to_owned());
    assert_eq!(rules, [paid.clone(), None, paid]);
    let fee = fixture.fee(1).await;
    assert_eq!((&fee["received"], &fee["owed"]), (&json!("4.00"), &json!("0.00")));
    assert_eq!(fixture.get("/funding/v1/waterfall").await, before);
    fixture.all_hold().await;
    let invariants = fixture.get_json("/funding/v1/invariants").await;
    let fees = invariants["invariants"].as_array().unwrap().iter();
    assert_eq!(
        fees.filter(|one| one["name"].as_str().unwrap().contains("Rémunération"))
            .count(),
        2
    );
}

#[testkit::test]
async fn numbers_have_no_gap_whoever_asks_at_once_and_whatever_is_refused(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.charges("0.1").await;
    fixture.has_batches(1..=6).await;
    let invoice = async |n: u128| {
        let new = json!({"id": id(n), "programme_id": PROGRAMME, "batch_id": id(n)});
        fixture.post("/funding/v1/fees", new).await
    };
    let (one, two, three, four) = tokio::join!(invoice(1), invoice(2), invoice(9), invoice(3));
    let made: Vec<u16> = [one, two, three, four].iter().map(|answer| answer.0.as_u16()).collect();
    assert_eq!(made, [201, 201, 404, 201]);
    for n in 4..=6 {
        assert_eq!(invoice(n).await.0, StatusCode::CREATED);
    }
    let list = fixture.get_json("/funding/v1/fees").await;
    let numbers: Vec<&str> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|fee| fee["number"].as_str())
        .collect();
    let expected: Vec<String> = (1..=6).map(|n| format!("F-2026-{n:05}")).collect();
    assert_eq!(numbers, expected);
}
