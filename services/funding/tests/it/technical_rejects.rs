//! What the bank refuses or undoes for a reason of its own is paid again: the structure's account is not to blame.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::bank::{naming, returning};
use crate::cycle::{march, reasons, rules};
use crate::fixture::{Fixture, STRUCTURE_IBAN, id};
use crate::payment_reports::report;

const NOT_HELD: [(&str, &str); 1] = [("10.00", "no_bank_details")];
const HELD: [(&str, &str); 2] = [("20.00", "returned_by_bank"), ("10.00", "no_bank_details")];

fn file_of(n: u128) -> String {
    format!("CCN{}", id(n).simple())
}

async fn first_payment(fixture: &Fixture, settlement: u128) -> Value {
    let seen = fixture
        .get_json(&format!("/funding/v1/settlements/{}", id(settlement)))
        .await;
    seen["payments"][0].clone()
}

#[testkit::test]
async fn a_file_that_is_rejected_whole_is_paid_by_the_next_settlement(admin: PgPool) {
    let fixture = march(admin).await;
    // Neither its form nor the fund's own account (a group's AC04) says anything of the structure.
    for (n, reason) in [(1, "FF01"), (2, "AC04")] {
        let settled = fixture.settle(n, "2026-03", "2026-04-03").await;
        assert_eq!(
            (&settled["total"], reasons(&settled)),
            (&json!("20.00"), NOT_HELD.to_vec())
        );
        let why = format!("<GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>");
        let (_, answer) = fixture
            .reports(report(u32::try_from(n).unwrap(), &file_of(n), &why, &[]))
            .await;
        assert_eq!(answer["rejected"], 1, "{answer}");
        // Its history says why.
        let payment = first_payment(&fixture, n).await;
        assert_eq!(
            (&payment["state"], &payment["reason"]),
            (&json!("rejected"), &json!(reason))
        );
        fixture.all_hold().await;
    }
    let third = fixture.settle(3, "2026-03", "2026-04-03").await;
    assert_eq!((&third["total"], reasons(&third)), (&json!("20.00"), NOT_HELD.to_vec()));
    assert_eq!(third["payments"][0]["reason"], Value::Null);
    let file = String::from_utf8(
        fixture
            .get(&format!("/funding/v1/settlements/{}/pain.001.xml", id(3)))
            .await,
    )
    .unwrap();
    assert!(file.contains(STRUCTURE_IBAN));
    let paid = vec![naming("-20.00", &third["payments"][0]["end_to_end"])];
    assert_eq!(fixture.loads(2, "200.00", paid).await, rules(&["end-to-end"]));
    fixture.all_hold().await;
}

#[testkit::test]
async fn what_the_bank_itself_undoes_is_paid_again(admin: PgPool) {
    let fixture = march(admin).await;
    let settled = fixture.settle(1, "2026-03", "2026-04-03").await;
    let end_to_end = &settled["payments"][0]["end_to_end"];
    let mut undone = naming("20.00", end_to_end);
    undone.reversal = true;
    let entries = vec![naming("-20.00", end_to_end), undone];
    assert_eq!(
        fixture.loads(2, "200.00", entries).await,
        rules(&["end-to-end", "return"])
    );
    let payment = first_payment(&fixture, 1).await;
    assert_eq!(
        (&payment["state"], &payment["reason"]),
        (&json!("returned"), &json!("RVSL"))
    );
    let second = fixture.settle(2, "2026-03", "2026-04-03").await;
    assert_eq!(
        (&second["total"], reasons(&second)),
        (&json!("20.00"), NOT_HELD.to_vec())
    );
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_payees_bank_that_does_not_say_why_speaks_of_the_account_all_the_same(admin: PgPool) {
    let fixture = march(admin).await;
    let settled = fixture.settle(1, "2026-03", "2026-04-03").await;
    let end_to_end = &settled["payments"][0]["end_to_end"];
    let mut back = returning("20.00", end_to_end);
    back.transfers[0].return_reason = Some("MS03".to_owned());
    fixture
        .loads(2, "200.00", vec![naming("-20.00", end_to_end), back])
        .await;
    let second = fixture.settle(2, "2026-03", "2026-04-03").await;
    assert_eq!(reasons(&second), HELD);
}
