//! What the bank takes from the fund's account for itself is the operator's, until it has paid it back.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::bank::moved;
use crate::fixture::{FUNDERS, Fixture};
use crate::reconciling::Reconciling;
use crate::splits::of;

impl Fixture {
    async fn charges_owed(&self) -> Value {
        self.get_json("/funding/v1/waterfall").await["bank_charges_owed"].clone()
    }

    /// Explains the open break of this amount as a charge, or as one that is given back.
    async fn is_a_charge(&self, amount: &str) -> Value {
        let breaks = self.breaks().await;
        let id = of(&breaks, amount)["id"].as_str().unwrap().to_owned();
        let path = format!("/funding/v1/breaks/{id}/explanation");
        let why = json!({"what": "bank_charge", "why": "Avis de la banque."});
        let (_, answer) = self.put_json(&path, why).await;
        self.all_hold().await;
        answer
    }
}

#[testkit::test]
async fn bank_charges_are_the_operators_until_it_has_paid_them_back(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.money_arrives().await;
    let before = fixture.get_json("/funding/v1/waterfall").await;
    assert_eq!(before["bank_charges_owed"], "0.00");
    fixture
        .loads(2, "200.00", vec![moved("-1.20"), moved("0.70"), moved("0.60")])
        .await;
    fixture.is_a_charge("-1.20").await;
    let after = fixture.get_json("/funding/v1/waterfall").await;
    assert_eq!(after["bank_charges_owed"], "1.20");
    assert_eq!(
        (&after["rows"], &after["totals"]),
        (&before["rows"], &before["totals"]),
        "no funder pays them"
    );
    fixture.is_a_charge("0.70").await;
    assert_eq!(fixture.charges_owed().await, "0.50");
    let refused = fixture.is_a_charge("0.60").await;
    assert_eq!(
        (&refused["type"], &refused["amount"]),
        (&json!("urn:ccn:problem:break-amount"), &json!("0.50"))
    );
    // A part of a line, and the bank's own gesture, are no other.
    let parts = json!([
        {"what": "bank_charge", "amount": "0.50"},
        {"what": "contribution", "amount": "0.10", "funder_id": FUNDERS[0]},
    ]);
    let breaks = fixture.breaks().await;
    fixture.explains_together(1, &[of(&breaks, "0.60")], parts).await;
    assert_eq!(fixture.charges_owed().await, "0.00");
    assert_eq!(fixture.suspense().await, 0);
    let invariants = fixture.get_json("/funding/v1/invariants").await;
    let sides = |part: &str| {
        let all = invariants["invariants"].as_array().unwrap();
        let one = all.iter().find(|one| one["name"].as_str().unwrap().contains(part));
        let one = one.unwrap_or_else(|| panic!("{part}: {invariants:#}"));
        (one["left"].clone(), one["right"].clone())
    };
    assert_eq!(sides("à sa charge"), (json!("0.00"), json!("0.00")));
    assert_eq!(
        sides("dû aux financeurs et aux structures"),
        (json!("200.10"), json!("200.10"))
    );
}

#[testkit::test]
async fn a_reconciliation_and_the_printed_waterfall_say_what_the_operator_owes(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.money_arrives().await;
    fixture.loads(2, "200.00", vec![moved("-12.34")]).await;
    fixture.is_a_charge("-12.34").await;
    let pdf = fixture.get("/funding/v1/reports/waterfall?format=pdf").await;
    let said = crate::structures_money::words("cascade-frais", &pdf);
    assert!(said.contains("À la charge de l'opérateur : 12,34 €"), "{said}");
    let reconciling = Reconciling::of(fixture, "2026-04-12T08:00:00Z").await;
    let run = reconciling.runs(1).await;
    let points = run["document"]["open_points"].as_array().unwrap();
    let [point] = &points[..] else { panic!("{points:#?}") };
    assert_eq!(
        (&point["kind"], &point["amount"], point.get("programme_id")),
        (&json!("charges_due"), &json!("12.34"), None)
    );
}
