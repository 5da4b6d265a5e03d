use serde_json::{Value, json};
use sqlx::PgPool;

use crate::bank::{batch, naming, returning};
use crate::fixture::{FUNDERS, Fixture, OTHER_IBAN, PROGRAMME, SPONSOR, STRUCTURE_IBAN, id, instant};

pub const PAID: uuid::Uuid = id(101);
pub const HELD: uuid::Uuid = id(102);

pub fn rules(rules: &[&str]) -> Vec<Option<String>> {
    rules.iter().map(|rule| Some((*rule).to_owned())).collect()
}

pub fn reasons(settlement: &Value) -> Vec<(&str, &str)> {
    let held = settlement["held"].as_array().unwrap();
    held.iter()
        .map(|one| (one["amount"].as_str().unwrap(), one["reason"].as_str().unwrap()))
        .collect()
}

/// The figures of a row by column.
pub fn row(waterfall: &Value, funder: usize, programme: bool, columns: &[&str]) -> Vec<String> {
    let rows = waterfall["rows"].as_array().unwrap();
    let wanted =
        |row: &&Value| row["funder_id"] == json!(FUNDERS[funder]) && row["programme_id"].is_null() != programme;
    let row = rows.iter().find(wanted).unwrap();
    columns
        .iter()
        .map(|column| row[column].as_str().unwrap().to_owned())
        .collect()
}

/// Contributions, a batch handed over, and claims of March: 20 € of one structure, 10 € of another without an account.
pub async fn march(admin: PgPool) -> Fixture {
    let fixture = Fixture::new(admin).await;
    fixture.money_arrives().await;
    fixture.funds_a_batch().await;
    fixture.hands_over().await;
    fixture
        .has_structure(PAID, Some(STRUCTURE_IBAN), "2026-03-01T00:00:00Z")
        .await;
    fixture.has_structure(HELD, None, "2026-03-01T00:00:00Z").await;
    fixture.claims(id(201), PAID, &[1, 2], "2026-03-31T21:59:59Z").await;
    fixture.claims(id(202), HELD, &[3], "2026-03-10T10:00:00Z").await;
    // In Paris it is April already.
    fixture.claims(id(203), PAID, &[4], "2026-03-31T22:00:00Z").await;
    fixture.all_hold().await;
    fixture.hand.move_to(instant("2026-04-02T08:00:00Z"));
    fixture
}

#[testkit::test]
async fn a_month_is_settled_once_and_by_paris_time(admin: PgPool) {
    let fixture = march(admin).await;
    let settlement = fixture.settle(1, "2026-03", "2026-04-03").await;
    assert_eq!(settlement["total"], "20.00");
    assert_eq!(settlement["payments"][0]["name"], "Médiathèque 101");
    assert_eq!(reasons(&settlement), [("10.00", "no_bank_details")]);
    let again = fixture.settle(2, "2026-03", "2026-04-03").await;
    assert_eq!(
        (again["total"].as_str(), again["payments"].as_array().unwrap().len()),
        (Some("0.00"), 0)
    );
    fixture.all_hold().await;

    let file = String::from_utf8(
        fixture
            .get(&format!("/funding/v1/settlements/{}/pain.001.xml", id(1)))
            .await,
    )
    .unwrap();
    assert!(
        file.contains("pain.001.001.09") && file.contains(settlement["payments"][0]["end_to_end"].as_str().unwrap())
    );
    assert_eq!(
        fixture.get_json(&format!("/funding/v1/settlements/{}", id(1))).await,
        settlement
    );

    let early = json!({"id": id(3), "month": "2026-04", "execute_on": "2026-04-03"});
    assert_eq!(
        fixture.refused("/funding/v1/settlements", early).await["type"],
        "urn:ccn:problem:month-not-over"
    );
    let other = json!({"id": id(1), "month": "2026-02", "execute_on": "2026-04-03"});
    assert_eq!(fixture.refused("/funding/v1/settlements", other).await["status"], 409);
}

#[testkit::test]
async fn a_returned_payment_is_held_until_another_account_is_given_and_then_paid(admin: PgPool) {
    let fixture = march(admin).await;
    let first = fixture.settle(1, "2026-03", "2026-04-03").await;
    let end_to_end = &first["payments"][0]["end_to_end"];
    let entries = vec![naming("-20.00", end_to_end), returning("20.00", end_to_end)];
    assert_eq!(
        fixture.loads(2, "200.00", entries).await,
        rules(&["end-to-end", "return"])
    );
    fixture.all_hold().await;
    let seen = fixture.get_json(&format!("/funding/v1/settlements/{}", id(1))).await;
    assert_eq!(seen["payments"][0]["state"], "returned");
    let waterfall = fixture.get_json("/funding/v1/waterfall").await;
    assert_eq!(row(&waterfall, 0, true, &["claimed", "paid"]), ["13.36", "0.00"]);

    let second = fixture.settle(2, "2026-03", "2026-04-03").await;
    assert_eq!(
        reasons(&second),
        [("20.00", "returned_by_bank"), ("10.00", "no_bank_details")]
    );

    fixture
        .has_structure(PAID, Some(OTHER_IBAN), "2026-04-02T00:00:00Z")
        .await;
    fixture
        .has_structure(HELD, Some(STRUCTURE_IBAN), "2026-04-02T00:00:00Z")
        .await;
    let third = fixture.settle(3, "2026-03", "2026-04-03").await;
    assert_eq!(
        (third["total"].as_str(), third["held"].as_array().unwrap().len()),
        (Some("30.00"), 0)
    );
    fixture.all_hold().await;
    let file = String::from_utf8(
        fixture
            .get(&format!("/funding/v1/settlements/{}/pain.001.xml", id(3)))
            .await,
    )
    .unwrap();
    assert!(file.contains(OTHER_IBAN));
    let message_id = format!("CCN{}", id(3).simple());
    assert_eq!(
        fixture.loads(3, "200.00", vec![batch("-30.00", &message_id)]).await,
        rules(&["payment-file"])
    );
    fixture.all_hold().await;
    let waterfall = fixture.get_json("/funding/v1/waterfall").await;
    let figures = row(
        &waterfall,
        0,
        true,
        &["activated", "handed_over", "claimed", "paid", "owed", "at_risk"],
    );
    assert_eq!(figures, ["16.70", "16.70", "13.36", "10.02", "3.34", "0.00"]);
}

#[testkit::test]
async fn a_claim_reversed_after_it_was_paid_is_deducted_from_the_next_payment(admin: PgPool) {
    let fixture = march(admin).await;
    let first = fixture.settle(1, "2026-03", "2026-04-03").await;
    fixture
        .loads(2, "200.00", vec![naming("-20.00", &first["payments"][0]["end_to_end"])])
        .await;
    fixture
        .reverses_after_settlement(id(201), PAID, &[1, 2], "2026-04-05T10:00:00Z")
        .await;
    fixture.all_hold().await;
    fixture.hand.move_to(instant("2026-05-02T08:00:00Z"));
    let april = fixture.settle(2, "2026-04", "2026-05-04").await;
    assert_eq!(reasons(&april), [("10.00", "deductions"), ("10.00", "no_bank_details")]);
    fixture.claims(id(204), PAID, &[1, 2, 5], "2026-04-06T10:00:00Z").await;
    let april = fixture.settle(3, "2026-04", "2026-05-04").await;
    assert_eq!(
        (&april["payments"][0]["amount"], april["total"].as_str()),
        (&json!("20.00"), Some("20.00"))
    );
    fixture.all_hold().await;

    // It comes back; what was deducted stays deducted, and the rest is paid to another account.
    let end_to_end = &april["payments"][0]["end_to_end"];
    fixture
        .loads(
            3,
            "180.00",
            vec![naming("-20.00", end_to_end), returning("20.00", end_to_end)],
        )
        .await;
    fixture.all_hold().await;
    fixture
        .has_structure(PAID, Some(OTHER_IBAN), "2026-05-02T00:00:00Z")
        .await;
    let again = fixture.settle(4, "2026-04", "2026-05-04").await;
    assert_eq!(again["total"], "20.00");
    fixture.all_hold().await;
    fixture
        .loads(4, "180.00", vec![naming("-20.00", &again["payments"][0]["end_to_end"])])
        .await;
    fixture.all_hold().await;
    let waterfall = fixture.get_json("/funding/v1/waterfall").await;
    assert_eq!(waterfall["rows"][0]["claimed"], "16.70");
    let paid: Vec<_> = [0, 1]
        .into_iter()
        .flat_map(|funder| row(&waterfall, funder, true, &["paid"]))
        .collect();
    assert_eq!(paid, ["13.36", "26.64"]);
}

#[testkit::test]
async fn unused_value_goes_back_to_the_cent_by_bank_or_as_a_credit(admin: PgPool) {
    let fixture = march(admin).await;
    let settlement = fixture.settle(1, "2026-03", "2026-04-03").await;
    fixture
        .loads(
            2,
            "200.00",
            vec![naming("-20.00", &settlement["payments"][0]["end_to_end"])],
        )
        .await;
    let nothing = json!({"id": id(30), "funder_id": FUNDERS[0], "programme_id": PROGRAMME, "method": "bank", "execute_on": "2026-09-01"});
    assert_eq!(
        fixture.refused("/funding/v1/refunds", nothing).await["type"],
        "urn:ccn:problem:nothing-to-refund"
    );
    fixture.hand.move_to(instant("2026-08-10T08:00:00Z"));
    fixture.expires(&[5], "2026-08-08T10:00:00Z").await;
    fixture.all_hold().await;

    // Vouchers 1 to 4 are claimed, 5 expires with the second booklet: 60 € of 100, cumulative shares of 33.39 %.
    let refund = |n, funder: usize, way| json!({"id": id(n), "funder_id": FUNDERS[funder], "programme_id": PROGRAMME, "method": way, "execute_on": "2026-08-11"});
    let bank = fixture.created("/funding/v1/refunds", refund(31, 0, "bank")).await;
    assert_eq!(bank["amount"], "20.03");
    let credit = fixture.created("/funding/v1/refunds", refund(32, 1, "credit")).await;
    assert_eq!(
        (&credit["amount"], &credit["end_to_end"]),
        (&json!("39.97"), &Value::Null)
    );
    fixture.all_hold().await;
    let before = fixture.get_json("/funding/v1/waterfall").await;
    assert_eq!(row(&before, 0, true, &["expired", "returned"]), ["20.03", "0.00"]);

    let file = String::from_utf8(
        fixture
            .get(&format!("/funding/v1/refunds/{}/pain.001.xml", id(31)))
            .await,
    )
    .unwrap();
    assert!(file.contains(bank["end_to_end"].as_str().unwrap()));
    assert_eq!(
        fixture
            .status(&format!("/funding/v1/refunds/{}/pain.001.xml", id(32)))
            .await,
        422
    );
    assert_eq!(
        fixture
            .loads(3, "180.00", vec![naming("-20.03", &bank["end_to_end"])])
            .await,
        rules(&["end-to-end"])
    );
    fixture.all_hold().await;

    let after = fixture.get_json("/funding/v1/waterfall").await;
    let columns = [
        "agreed",
        "called",
        "received",
        "ordered",
        "funded",
        "activated",
        "claimed",
        "expired",
        "returned",
        "free",
    ];
    assert_eq!(
        row(&after, 0, true, &columns),
        [
            "100.00", "100.00", "70.00", "33.39", "33.39", "16.70", "13.36", "20.03", "20.03", "36.61"
        ]
    );
    assert_eq!(
        row(&after, 1, true, &columns),
        [
            "100.00", "100.00", "30.03", "66.61", "66.61", "33.30", "26.64", "39.97", "0.00", "3.39"
        ]
    );
    assert_eq!(row(&after, 0, false, &["received", "free"]), ["30.00", "30.00"]);
    assert_eq!(row(&after, 1, false, &["received", "free"]), ["69.97", "69.97"]);
    assert_eq!(after["totals"].as_array().unwrap().len(), 2);
    assert_eq!(after["totals"][0]["received"], "100.00");

    let csv = String::from_utf8(fixture.get("/funding/v1/waterfall.csv").await).unwrap();
    assert!(csv.starts_with("funder,funder_id,programme,programme_id,announced,agreed,called,received,ordered,funded,activated,handed_over,claimed,paid,expired,returned,free,at_risk,owed"));
    assert_eq!(csv.lines().count(), 1 + after["rows"].as_array().unwrap().len());
    assert!(csv.contains(",70.00,33.39,33.39,16.70,16.70,13.36,"));
}

#[testkit::test]
async fn what_can_be_spent_by_nobody_any_more_is_at_risk_no_more(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.money_arrives().await;
    fixture.funds_a_batch().await;
    // Five vouchers can be spent, and nobody recorded who has them.
    fixture.activates().await;
    fixture
        .has_structure(PAID, Some(STRUCTURE_IBAN), "2026-03-01T00:00:00Z")
        .await;
    let at_risk = async || {
        let waterfall = fixture.get_json("/funding/v1/waterfall").await;
        let csv = fixture.get("/funding/v1/waterfall.csv").await;
        let mut reader = csv::Reader::from_reader(csv.as_slice());
        let column = reader.headers().unwrap().iter().position(|name| name == "at_risk");
        let by_csv: Vec<_> = reader
            .records()
            .map(|record| record.unwrap()[column.unwrap()].to_owned())
            .collect();
        let rows = waterfall["rows"].as_array().unwrap();
        let by_json: Vec<_> = rows.iter().map(|row| row["at_risk"].as_str().unwrap()).collect();
        assert_eq!(by_csv, by_json);
        [0, 1].map(|funder| row(&waterfall, funder, true, &["at_risk"]).remove(0))
    };
    assert_eq!(at_risk().await, ["16.70", "33.30"]);
    fixture.claims(id(201), PAID, &[1], "2026-03-10T10:00:00Z").await;
    assert_eq!(at_risk().await, ["13.36", "26.64"]);
    fixture.hand.move_to(instant("2026-08-10T08:00:00Z"));
    fixture.expires(&[2, 3, 4, 5], "2026-08-08T10:00:00Z").await;
    assert_eq!(at_risk().await, ["0.00", "0.00"]);
    let waterfall = fixture.get_json("/funding/v1/waterfall").await;
    assert_eq!(
        row(&waterfall, 0, true, &["activated", "handed_over", "claimed"]),
        ["16.70", "0.00", "3.34"]
    );
}

#[testkit::test]
async fn a_refund_that_comes_back_is_the_funders_free_money(admin: PgPool) {
    let fixture = march(admin).await;
    fixture.hand.move_to(instant("2026-08-10T08:00:00Z"));
    fixture.expires(&[5], "2026-08-08T10:00:00Z").await;
    let refund = json!({"id": id(31), "funder_id": FUNDERS[0], "programme_id": PROGRAMME, "method": "bank", "execute_on": "2026-08-11"});
    let end_to_end = fixture.created("/funding/v1/refunds", refund).await["end_to_end"].clone();
    fixture
        .loads(
            2,
            "200.00",
            vec![naming("-20.03", &end_to_end), returning("20.03", &end_to_end)],
        )
        .await;
    fixture.all_hold().await;
    let waterfall = fixture.get_json("/funding/v1/waterfall").await;
    assert_eq!(row(&waterfall, 0, true, &["received", "returned"]), ["49.97", "0.00"]);
    assert_eq!(row(&waterfall, 0, false, &["received", "free"]), ["50.03", "50.03"]);
}

#[testkit::test]
async fn everybody_sees_their_own_part_of_the_report(admin: PgPool) {
    let fixture = march(admin).await;
    let rows = |bytes: Vec<u8>| {
        serde_json::from_slice::<Value>(&bytes).unwrap()["rows"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(rows(fixture.get("/funding/v1/waterfall").await), 4);
    let funder = fixture.key_of(FUNDERS[0], None).await;
    assert_eq!(
        rows(
            fixture
                .send("GET", "/funding/v1/waterfall", &funder, Vec::new())
                .await
                .1
        ),
        2
    );
    let sponsor = fixture.key_of(SPONSOR, None).await;
    assert_eq!(
        rows(
            fixture
                .send("GET", "/funding/v1/waterfall", &sponsor, Vec::new())
                .await
                .1
        ),
        2
    );
    let other = fixture
        .key_of(
            PAID,
            Some(json!({"id": PAID, "name": "Médiathèque", "roles": ["structure"]})),
        )
        .await;
    for path in [
        "/funding/v1/waterfall",
        "/funding/v1/waterfall.csv",
        "/funding/v1/invariants",
    ] {
        assert_eq!(fixture.send("GET", path, &other, Vec::new()).await.0, 403);
    }
}
