//! What the bank refuses before any debit goes back to what it paid.

use bank_simulator::pain002::{PaymentStatus, Report};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use testkit::Answers;

use crate::bank::{naming, returning};
use crate::cycle::{PAID, march, reasons, rules};
use crate::fixture::{FUNDERS, Fixture, OTHER_IBAN, PROGRAMME, id, instant};

/// A pain.002.001.10 on a file; each payment with its status, reason and perhaps amount.
pub fn report(n: u32, message_id: &str, file: &str, payments: &[(&str, &str, Option<&str>)]) -> Vec<u8> {
    let payments: Vec<PaymentStatus> = payments
        .iter()
        .map(|&(end_to_end, status, amount)| PaymentStatus {
            end_to_end,
            status,
            amount,
        })
        .collect();
    let report = Report {
        id: &format!("RAPPORT-{n}"),
        at: "2026-04-03T09:00:00",
        message_id,
        group: file,
        payments: &payments,
    };
    report.write()
}

fn file_of(n: u128) -> String {
    format!("CCN{}", id(n).simple())
}

impl Fixture {
    pub async fn reports(&self, file: Vec<u8>) -> (StatusCode, Value) {
        self.post_bytes("/funding/v1/payment-status-reports", file).await
    }
}

fn outcomes(answer: &Value) -> Vec<&str> {
    let lines = answer["lines"].as_array().unwrap().iter();
    lines.map(|line| line["outcome"].as_str().unwrap()).collect()
}

#[testkit::test]
async fn a_rejected_payment_is_owed_again_and_paid_to_another_account(admin: PgPool) {
    let fixture = march(admin).await;
    let first = fixture.settle(1, "2026-03", "2026-04-03").await;
    let end_to_end = first["payments"][0]["end_to_end"].as_str().unwrap();
    let accepted = report(
        1,
        &file_of(1),
        "<GrpSts>ACCP</GrpSts>",
        &[(end_to_end, "ACSP", Some("20.00"))],
    );
    let (status, answer) = fixture.reports(accepted).await;
    assert_eq!(
        (status, outcomes(&answer)),
        (StatusCode::CREATED, vec!["recorded"]),
        "{answer}"
    );
    fixture.all_hold().await;

    let file = report(
        2,
        &file_of(1),
        "",
        &[(&end_to_end.to_uppercase(), "RJCT", Some("20.00"))],
    );
    let (status, answer) = fixture.reports(file.clone()).await;
    assert_eq!(
        (status, outcomes(&answer)),
        (StatusCode::CREATED, vec!["rejected"]),
        "{answer}"
    );
    assert_eq!((&answer["rejected"], &answer["unexplained"]), (&json!(1), &json!(0)));
    fixture.all_hold().await;
    assert_eq!(fixture.reports(file.clone()).await, (StatusCode::OK, answer.clone()));
    let path = format!("/funding/v1/payment-status-reports/{}", answer["id"].as_str().unwrap());
    let mut alone = answer.clone();
    assert_eq!(alone.as_object_mut().unwrap().remove("further"), Some(json!([])));
    assert_eq!(fixture.get_json(&path).await, alone);
    let again = String::from_utf8(file).unwrap().replace('\n', "\r\n").into_bytes();
    let (_, refused) = fixture.reports(again).await;
    assert_eq!(refused["type"], "urn:ccn:problem:payment-report-already-loaded");

    let seen = fixture.get_json(&format!("/funding/v1/settlements/{}", id(1))).await;
    assert_eq!(seen["payments"][0]["state"], "rejected");
    let second = fixture.settle(2, "2026-03", "2026-04-03").await;
    assert_eq!(
        reasons(&second),
        [("20.00", "returned_by_bank"), ("10.00", "no_bank_details")]
    );
    fixture
        .has_structure(PAID, Some(OTHER_IBAN), "2026-04-02T00:00:00Z")
        .await;
    let third = fixture.settle(3, "2026-03", "2026-04-03").await;
    assert_eq!(third["total"], "20.00");
    let paid = fixture
        .loads(2, "200.00", vec![naming("-20.00", &third["payments"][0]["end_to_end"])])
        .await;
    assert_eq!(paid, rules(&["end-to-end"]));
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_file_rejected_whole_rejects_its_payments_without_naming_them(admin: PgPool) {
    let fixture = march(admin).await;
    fixture.settle(1, "2026-03", "2026-04-03").await;
    let why = "<GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>FF01</Cd></Rsn></StsRsnInf>";
    let (_, answer) = fixture.reports(report(1, &file_of(1), why, &[])).await;
    assert_eq!(
        (outcomes(&answer), &answer["lines"][0]["reason"]),
        (vec!["rejected"], &json!("FF01"))
    );
    fixture.all_hold().await;
    // A second report that says so again changes nothing.
    let (_, answer) = fixture.reports(report(2, &file_of(1), why, &[])).await;
    assert_eq!(outcomes(&answer), ["recorded"]);
    fixture.all_hold().await;
    // The bank debits it all the same: nobody can say what that is.
    let message_id = file_of(1);
    let found = fixture
        .loads(2, "200.00", vec![crate::bank::batch("-20.00", &message_id)])
        .await;
    assert_eq!(found, [None]);
    fixture.all_hold().await;
}

#[testkit::test]
async fn what_a_report_cannot_settle_is_left_to_a_person(admin: PgPool) {
    let fixture = march(admin).await;
    let settlement = fixture.settle(1, "2026-03", "2026-04-03").await;
    let end_to_end = &settlement["payments"][0]["end_to_end"];
    let text = end_to_end.as_str().unwrap();
    let unknown = "00000000000000000000000000000009";
    let file = report(
        1,
        &file_of(1),
        "",
        &[
            (text, "RJCT", Some("19.99")),
            (unknown, "RJCT", None),
            ("X", "ACSP", None),
        ],
    );
    let (_, answer) = fixture.reports(file).await;
    assert_eq!(outcomes(&answer), ["amount_differs", "unknown", "unknown"]);
    assert_eq!((&answer["rejected"], &answer["unexplained"]), (&json!(0), &json!(3)));
    fixture.loads(2, "200.00", vec![naming("-20.00", end_to_end)]).await;
    let (_, answer) = fixture
        .reports(report(2, &file_of(1), "", &[(text, "RJCT", None)]))
        .await;
    assert_eq!(outcomes(&answer), ["too_late"]);
    fixture.all_hold().await;
    // It comes back on the statement.
    let back = fixture.loads(3, "180.00", vec![returning("20.00", end_to_end)]).await;
    assert_eq!(back, rules(&["return"]));
    fixture.all_hold().await;

    let (status, answer) = fixture.reports(report(3, "AUTRE", "", &[(text, "RJCT", None)])).await;
    assert_eq!(
        (status, &answer["type"]),
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            &json!("urn:ccn:problem:payment-report-unknown-file")
        )
    );
    let (_, answer) = fixture
        .reports(report(4, &file_of(1), "", &[(text, "BOF", None)]))
        .await;
    assert_eq!(
        (&answer["type"], &answer["line"], &answer["element"]),
        (
            &json!("urn:ccn:problem:payment-report-invalid"),
            &json!(5),
            &json!("TxSts")
        )
    );
}

/// The bank writes no zone: its nine o'clock may be Greenwich's, so a report of the same morning is taken.
#[testkit::test]
async fn the_dates_of_a_report_are_shown_and_its_clock_may_differ(admin: PgPool) {
    let fixture = march(admin).await;
    let settlement = fixture.settle(1, "2026-03", "2026-04-03").await;
    let end_to_end = settlement["payments"][0]["end_to_end"].as_str().unwrap();
    let text = report(1, &file_of(1), "", &[(end_to_end, "ACSP", None)]);
    let text = String::from_utf8(text).unwrap();
    let dated = |created: &str| text.replace("2026-04-03T09:00:00", created);
    // The file is of 2 April, 8:00 UTC.
    for early in ["2026-04-02T07:54:59", "2026-04-02T09:54:59+02:00"] {
        let (_, refused) = fixture.reports(dated(early).into_bytes()).await;
        assert_eq!(refused["type"], "urn:ccn:problem:payment-report-too-early", "{early}");
    }
    let full = dated("2026-04-02T07:55:00")
        .replace(
            "<OrgnlMsgNmId>",
            "<OrgnlCreDtTm>2026-04-02T08:00:00Z</OrgnlCreDtTm><OrgnlMsgNmId>",
        )
        .replace(
            "</TxInfAndSts>",
            "<AccptncDtTm>2026-04-03T10:30:00+02:00</AccptncDtTm></TxInfAndSts>",
        );
    let (status, view) = fixture.reports(full.into_bytes()).await;
    assert_eq!(status, StatusCode::CREATED, "{view}");
    assert_eq!(
        (
            &view["created_at"],
            &view["original_created_at"],
            &view["lines"][0]["accepted_at"]
        ),
        (
            &json!("2026-04-02T05:55:00Z"),
            &json!("2026-04-02T08:00:00Z"),
            &json!("2026-04-03T08:30:00Z")
        )
    );
}

/// As banks put them into one download: two, the other way round, or with one that is known; and all or none.
#[testkit::test]
async fn several_reports_in_one_file_are_loaded_together_or_not_at_all(admin: PgPool) {
    let fixture = march(admin).await;
    let settlement = fixture.settle(1, "2026-03", "2026-04-03").await;
    let end_to_end = settlement["payments"][0]["end_to_end"].as_str().unwrap();
    let accepted = report(1, &file_of(1), "", &[(end_to_end, "ACSP", None)]);
    let rejected = report(2, &file_of(1), "", &[(end_to_end, "RJCT", Some("20.00"))]);
    let strange = report(3, "AUTRE", "", &[(end_to_end, "RJCT", None)]);
    let (_, refused) = fixture.reports([accepted.clone(), strange].concat()).await;
    assert_eq!(refused["type"], "urn:ccn:problem:payment-report-unknown-file");
    let (_, refused) = fixture
        .reports([&accepted[..], &rejected[..rejected.len() / 2]].concat())
        .await;
    assert_eq!(refused["type"], "urn:ccn:problem:payment-report-invalid");
    let kept: i64 = sqlx::query_scalar("select count(*) from funding.payment_report")
        .fetch_one(&fixture.admin)
        .await
        .unwrap();
    assert_eq!(kept, 0, "all or none");

    let both = [&accepted[..], b"\n\n", &rejected[..]].concat();
    let (status, answer) = fixture.reports(both.clone()).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    assert_eq!(
        (outcomes(&answer), outcomes(&answer["further"][0])),
        (vec!["recorded"], vec!["rejected"]),
        "{answer}"
    );
    fixture.all_hold().await;
    assert_eq!(fixture.reports(both).await, (StatusCode::OK, answer.clone()));
    // The other way round they say nothing new; one alone is the other file's.
    let (status, again) = fixture.reports([rejected.clone(), accepted].concat()).await;
    assert_eq!(
        (status, &again["identification"]),
        (StatusCode::OK, &json!("RAPPORT-2"))
    );
    let (_, refused) = fixture.reports(rejected.clone()).await;
    assert_eq!(refused["type"], "urn:ccn:problem:payment-report-already-loaded");
    // A new one beside a known one, and the same twice.
    let next = report(4, &file_of(1), "", &[(end_to_end, "RJCT", None)]);
    let (status, answer) = fixture.reports([rejected, next.clone(), next].concat()).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    assert_eq!(
        (&answer["identification"], &answer["further"][0]["identification"]),
        (&json!("RAPPORT-2"), &json!("RAPPORT-4"))
    );
    assert_eq!(answer["further"].as_array().unwrap().len(), 1);
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_rejected_refund_is_the_funders_free_money(admin: PgPool) {
    let fixture = march(admin).await;
    fixture.hand.move_to(instant("2026-08-10T08:00:00Z"));
    fixture.expires(&[5], "2026-08-08T10:00:00Z").await;
    let refund = json!({"id": id(31), "funder_id": FUNDERS[0], "programme_id": PROGRAMME, "method": "bank", "execute_on": "2026-08-11"});
    let end_to_end = fixture.created("/funding/v1/refunds", refund).await["end_to_end"].clone();
    let file = report(1, &file_of(31), "", &[(end_to_end.as_str().unwrap(), "CANC", None)]);
    // Of April, on a file of August: nothing goes back on its word.
    let (status, refused) = fixture.reports(file.clone()).await;
    assert_eq!(
        (status, &refused["type"], &refused["file_made_at"]),
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            &json!("urn:ccn:problem:payment-report-too-early"),
            &json!("2026-08-10T08:00:00Z")
        ),
        "{refused}"
    );
    let detail = refused["detail"].as_str().unwrap();
    assert!(
        detail.contains("03/04/2026 à 09:00:00") && detail.contains("10/08/2026 à 10:00:00"),
        "{detail}"
    );
    let file = String::from_utf8(file)
        .unwrap()
        .replace("2026-04-03", "2026-08-10")
        .into_bytes();
    assert_eq!(outcomes(&fixture.reports(file).await.1), ["rejected"]);
    fixture.all_hold().await;
    let waterfall = fixture.get_json("/funding/v1/waterfall").await;
    let rows = waterfall["rows"].as_array().unwrap();
    let free = rows
        .iter()
        .find(|row| row["funder_id"] == json!(FUNDERS[0]) && row["programme_id"].is_null())
        .unwrap();
    assert_eq!((&free["received"], &free["free"]), (&json!("50.03"), &json!("50.03")));
}

#[testkit::test]
async fn a_rejected_payment_is_answered_like_this(admin: PgPool) {
    let fixture = march(admin).await;
    let operator = fixture.client(&fixture.secret);
    let settlement = fixture.settle(1, "2026-03", "2026-04-03").await;
    let end_to_end = settlement["payments"][0]["end_to_end"].as_str().unwrap();
    let file = report(1, &file_of(1), "", &[(end_to_end, "RJCT", Some("20.00"))]);
    let sends = async |file: Vec<u8>| {
        let path = "/funding/v1/payment-status-reports";
        operator.send(Method::POST, path, Some((file, "application/xml"))).await
    };
    let mut answers = Answers::default();
    let told = sends(file).await;
    answers.add("the bank's report", told).created();
    let path = format!("/funding/v1/settlements/{}", id(1));
    answers.add("rejected by the bank", operator.get(&path).await).ok();
    let again = json!({"id": id(2), "month": "2026-03", "execute_on": "2026-04-03"});
    let again = operator.post("/funding/v1/settlements", again).await;
    answers.add("settled again, on hold", again).created();
    answers.add("on hold", operator.get("/funding/v1/holds").await).ok();
    let late = report(2, &file_of(9), "", &[(end_to_end, "RJCT", None)]);
    answers.add("a report on another file", sends(late).await);
    insta::assert_json_snapshot!("rejected_payment", answers);
}
