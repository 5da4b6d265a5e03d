//! Which money is a mandate's: nobody's money pays another's, and what counts already is not counted again.

use serde_json::json;
use sqlx::PgPool;
use standards::camt053::Entry;

use crate::bank::quoting;
use crate::fixture::{Fixture, OTHER_IBAN, PROGRAMME, STRUCTURE_IBAN, id};

/// A town, which pays from an account of its own.
const TOWN: uuid::Uuid = id(0xf3);

fn from(amount: &str, remittance: &str, iban: &str) -> Entry {
    let mut entry = quoting(amount, remittance);
    entry.transfers[0].counterparty_iban = Some(iban.parse().unwrap());
    entry
}

impl Fixture {
    async fn has_a_town(&self) {
        let town = json!({"id": TOWN, "siren": "443061841", "name": "Ville", "iban": STRUCTURE_IBAN});
        self.created("/funding/v1/funders", town).await;
        let convention = json!({"id": id(0xa3), "funder_id": TOWN, "programme_id": PROGRAMME, "amount": "100.00",
            "signed_on": "2026-01-15", "starts_on": "2026-01-01", "ends_on": "2026-12-31"});
        self.created("/funding/v1/conventions", convention).await;
    }

    /// Mandate `n`, of this number, that answers call 0xc1.
    async fn answers_the_call(&self, n: u128, number: &str, amount: &str) {
        let new = json!({"id": id(n), "convention_id": id(0xa1), "call_id": id(0xc1), "number": number,
            "amount": amount, "issued_on": "2026-02-20"});
        self.created("/funding/v1/mandates", new).await;
    }

    async fn received(&self) -> serde_json::Value {
        self.get_json("/funding/v1/waterfall").await["totals"][0]["received"].clone()
    }
}

#[testkit::test]
async fn the_towns_money_never_pays_the_departments_mandate(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.has_a_town().await;
    fixture.accepts_mandates(true).await;
    fixture.mandates(0x1e1, 0xa1, "60.00").await;
    // The town's accountant has a mandate 481 too, of which we know nothing.
    let entries = vec![
        from("5.00", "VIR MANDAT 481 SUBVENTION", STRUCTURE_IBAN),
        from("60.00", "VIR MANDAT 481 SUBVENTION", STRUCTURE_IBAN),
        quoting("5.00", "VIR MANDAT 481 SUBVENTION"),
    ];
    assert_eq!(fixture.loads(1, "0.00", entries).await, [None, None, None]);
    let mandate = fixture.get_json(&format!("/funding/v1/mandates/{}", id(0x1e1))).await;
    assert_eq!(
        (&mandate["state"], &mandate["awaited"]),
        (&json!("awaited"), &json!("60.00"))
    );
    fixture.all_hold().await;
    // Its own money is known by its account, its bordereau or its amount.
    let entries = vec![
        from("10.00", "MANDAT 481", OTHER_IBAN),
        quoting("20.00", "MANDAT 481 BORD 12"),
        quoting("30.00", "MANDAT 481"),
    ];
    let found = fixture.loads(2, "70.00", entries).await;
    assert_eq!(found, vec![Some("mandate".to_owned()); 3]);
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_call_that_two_mandates_answer_is_paid_once(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.accepts_mandates(true).await;
    let reference = fixture.call(0xc1, 0xa1, "100.00").await;
    fixture.answers_the_call(0x1e1, "345", "60.00").await;
    fixture.answers_the_call(0x1e2, "346", "40.00").await;
    assert_eq!(fixture.received().await, "100.00");
    let line = quoting("100.00", &format!("TRESOR {reference} MANDATS 345 ET 346"));
    assert_eq!(fixture.loads(1, "0.00", vec![line]).await, [None]);
    assert_eq!(fixture.received().await, "100.00");
    let breaks = fixture.breaks().await;
    let broken = breaks.iter().find(|one| one["kind"] == "unexpected").unwrap();
    let part = |n: u128, amount: &str| json!({"what": "mandate", "amount": amount, "mandate_id": id(n)});
    let split = json!({"id": id(1), "break_ids": [broken["id"]], "why": "Avis du comptable public.",
        "parts": [part(0x1e1, "60.00"), part(0x1e2, "40.00")]});
    fixture.created("/funding/v1/explanations", split).await;
    assert_eq!(fixture.received().await, "100.00");
    // The call is paid: nothing is late.
    assert!(fixture.breaks().await.iter().all(|one| one["kind"] != "late"));
    fixture.all_hold().await;
}
