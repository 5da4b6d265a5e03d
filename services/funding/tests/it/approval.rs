//! Four eyes on payment files.

use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use testkit::Answers;

use crate::bank::{batch, naming};
use crate::cycle::{PAID, march, reasons, rules};
use crate::fixture::{Fixture, id, instant};
use crate::payment_reports::report;

impl Fixture {
    /// A key of the operator's for somebody else.
    pub async fn colleague(&self, n: u128) -> String {
        let path = format!("/issuer/v1/organisations/{}/api-keys", access::OPERATOR.uuid());
        let (status, key) = self.post(&path, json!({"id": id(n)})).await;
        assert_eq!(status, StatusCode::CREATED, "{key}");
        key["secret"].as_str().unwrap().to_owned()
    }

    pub async fn sets_rules(&self, above: Option<&str>) -> Value {
        let body = json!({"approval_above": above, "delay_days": 30}).to_string();
        let (status, answer) = self.put("/funding/v1/payment-rules", body.into_bytes()).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    pub async fn decides(&self, secret: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let (status, bytes) = self.send("POST", path, secret, body.to_string().into_bytes()).await;
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    pub async fn problem(&self, path: &str) -> Value {
        let (status, answer) = self.stream("GET", path, axum::body::Body::empty()).await;
        assert!(status.is_client_error());
        answer["type"].clone()
    }
}

fn path(n: u128, what: &str) -> String {
    format!("/funding/v1/settlements/{}/{what}", id(n))
}

#[testkit::test]
async fn a_settlement_above_the_amount_waits_for_another_person(admin: PgPool) {
    let fixture = march(admin).await;
    let colleague = fixture.colleague(900).await;
    fixture.sets_rules(Some("15.00")).await;
    let settlement = fixture.settle(1, "2026-03", "2026-04-03").await;
    assert_eq!(
        (
            &settlement["approval"]["state"],
            &settlement["approval"]["above"],
            &settlement["payments"][0]["state"]
        ),
        (&json!("waiting"), &json!("15.00"), &json!("proposed"))
    );
    let file = path(1, "pain.001.xml");
    assert_eq!(fixture.problem(&file).await, "urn:ccn:problem:approval-waiting");

    let alone = fixture.refused(&path(1, "approval"), json!({})).await;
    assert_eq!(
        (&alone["type"], &alone["status"]),
        (&json!("urn:ccn:problem:same-person"), &json!(403))
    );
    fixture.hand.move_to(instant("2026-04-02T09:00:00Z"));
    let helper = fixture.colleague(901).await;
    let (status, answer) = fixture.decides(&helper, &path(1, "approval"), json!({})).await;
    assert_eq!(
        (status, &answer["type"]),
        (StatusCode::FORBIDDEN, &json!("urn:ccn:problem:same-person"))
    );

    let (status, approved) = fixture.decides(&colleague, &path(1, "approval"), json!({})).await;
    assert_eq!(
        (status, &approved["approval"]["state"]),
        (StatusCode::CREATED, &json!("approved")),
        "{approved}"
    );
    let (status, again) = fixture.decides(&colleague, &path(1, "approval"), json!({})).await;
    assert_eq!((status, again), (StatusCode::OK, approved.clone()));
    assert_eq!(approved["payments"][0]["state"], "sent");
    assert_eq!(fixture.status(&file).await, 200);
    let (status, answer) = fixture
        .decides(&helper, &path(1, "rejection"), json!({"reason": "Trop tard."}))
        .await;
    assert_eq!(
        (status, &answer["type"]),
        (StatusCode::CONFLICT, &json!("urn:ccn:problem:payment-order-decided"))
    );
    fixture.all_hold().await;
    let trail: Vec<String> = sqlx::query_scalar(
        "select action from access.audit where object_id = $1 and action like 'settlement.%' order by id",
    )
    .bind(id(1))
    .fetch_all(&fixture.admin)
    .await
    .unwrap();
    assert_eq!(trail, ["settlement.create", "settlement.approve"]);
    let paid = fixture
        .loads(
            2,
            "200.00",
            vec![naming("-20.00", &settlement["payments"][0]["end_to_end"])],
        )
        .await;
    assert_eq!(paid, rules(&["end-to-end"]));
    fixture.all_hold().await;
}

#[testkit::test]
async fn nobody_is_asked_up_to_the_amount_and_always_above_nothing(admin: PgPool) {
    let fixture = march(admin).await;
    fixture.sets_rules(Some("20.00")).await;
    let settlement = fixture.settle(1, "2026-03", "2026-04-03").await;
    assert_eq!(settlement["approval"]["state"], "not_needed");
    assert_eq!(fixture.status(&path(1, "pain.001.xml")).await, 200);
    let refused = fixture.refused(&path(1, "approval"), json!({})).await;
    assert_eq!(refused["type"], "urn:ccn:problem:approval-not-needed");
    fixture.sets_rules(Some("0.00")).await;
    let empty = fixture.settle(2, "2026-03", "2026-04-03").await;
    assert_eq!(empty["approval"]["state"], "not_needed", "nothing is paid");
    fixture.hand.move_to(instant("2026-05-02T08:00:00Z"));
    let april = fixture.settle(3, "2026-04", "2026-05-04").await;
    assert_eq!(
        (&april["total"], &april["approval"]["state"]),
        (&json!("10.00"), &json!("waiting"))
    );
    assert_eq!(fixture.refused(&path(9, "approval"), json!({})).await["status"], 404);
}

#[testkit::test]
async fn a_rejected_settlement_loses_nothing(admin: PgPool) {
    let fixture = march(admin).await;
    fixture.colleague(900).await;
    fixture.sets_rules(Some("0.00")).await;
    let first = fixture.settle(1, "2026-03", "2026-04-03").await;
    for reason in [String::new(), "  ".to_owned(), "x".repeat(501)] {
        let refused = fixture.refused(&path(1, "rejection"), json!({"reason": reason})).await;
        assert_eq!(refused["type"], "urn:ccn:problem:rejection-reason");
    }
    let reason = json!({"reason": "Le RIB de la médiathèque est à vérifier."});
    let rejected = fixture.created(&path(1, "rejection"), reason.clone()).await;
    assert_eq!(
        (
            &rejected["approval"]["state"],
            &rejected["approval"]["reason"],
            &rejected["payments"][0]["state"]
        ),
        (&json!("rejected"), &reason["reason"], &json!("withdrawn"))
    );
    fixture.all_hold().await;
    assert_eq!(
        fixture.problem(&path(1, "pain.001.xml")).await,
        "urn:ccn:problem:payment-order-rejected"
    );
    let late = fixture.refused(&path(1, "approval"), json!({})).await;
    assert_eq!(late["status"], 403, "{late}");
    let account = fixture
        .get_json(&format!("/funding/v1/structures/{PAID}/account"))
        .await;
    assert_eq!(
        (&account["payable"], &account["in_transit"]),
        (&json!("30.00"), &json!("0.00"))
    );

    // The same account is paid: no bank refused it.
    let second = fixture.settle(2, "2026-03", "2026-04-03").await;
    assert_eq!(
        (&second["total"], reasons(&second)),
        (&json!("20.00"), vec![("10.00", "no_bank_details")])
    );
    assert_ne!(second["payments"][0]["end_to_end"], first["payments"][0]["end_to_end"]);
    fixture.all_hold().await;
}

#[testkit::test]
async fn of_two_who_decide_at_once_one_is_told_that_it_is_decided(admin: PgPool) {
    let fixture = march(admin).await;
    let colleague = fixture.colleague(900).await;
    let third = fixture.colleague(901).await;
    fixture.sets_rules(Some("0.00")).await;
    fixture.settle(1, "2026-03", "2026-04-03").await;
    let (approval, rejection) = (path(1, "approval"), path(1, "rejection"));
    let (approved, rejected) = tokio::join!(
        fixture.decides(&colleague, &approval, json!({})),
        fixture.decides(&third, &rejection, json!({"reason": "Un doute."})),
    );
    let mut statuses = [approved.0.as_u16(), rejected.0.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409], "{} {}", approved.1, rejected.1);
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_day_that_passed_meanwhile_is_not_approved(admin: PgPool) {
    let fixture = march(admin).await;
    let colleague = fixture.colleague(900).await;
    fixture.sets_rules(Some("0.00")).await;
    fixture.settle(1, "2026-03", "2026-04-03").await;
    fixture.hand.move_to(instant("2026-04-05T08:00:00Z"));
    let (status, answer) = fixture.decides(&colleague, &path(1, "approval"), json!({})).await;
    assert_eq!(
        (status.as_u16(), &answer["type"]),
        (422, &json!("urn:ccn:problem:execute-on-past"))
    );
    let (status, _) = fixture
        .decides(
            &colleague,
            &path(1, "rejection"),
            json!({"reason": "La date est passée."}),
        )
        .await;
    assert_eq!(status, StatusCode::CREATED);
    fixture.all_hold().await;
}

#[testkit::test]
async fn nobody_lifts_the_rule_alone(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let colleague = fixture.colleague(900).await;
    let none = json!({"in_force": {"approval_above": null, "delay_days": 30, "may_advance": false}, "waiting": null});
    assert_eq!(fixture.get_json("/funding/v1/payment-rules").await, none);
    assert_eq!(
        fixture.sets_rules(Some("0.00")).await["in_force"]["approval_above"],
        "0.00"
    );
    // A higher amount lets more pass, as none does.
    let higher = fixture.sets_rules(Some("5000.00")).await;
    assert_eq!(
        (&higher["in_force"]["approval_above"], &higher["waiting"]["number"]),
        (&json!("0.00"), &json!(2))
    );
    let asked = fixture.sets_rules(None).await;
    assert_eq!(
        (
            &asked["in_force"]["approval_above"],
            &asked["waiting"]["number"],
            &asked["waiting"]["rules"]["approval_above"]
        ),
        (&json!("0.00"), &json!(3), &Value::Null)
    );
    assert_eq!(fixture.sets_rules(None).await, asked, "asked once");
    let confirm = "/funding/v1/payment-rules/3/confirmation";
    assert_eq!(
        fixture.refused(confirm, json!({})).await["type"],
        "urn:ccn:problem:same-person"
    );
    // Whoever asked makes a key and confirms with it.
    fixture.hand.move_to(instant("2026-03-02T10:05:00Z"));
    let made = fixture.colleague(901).await;
    let (status, answer) = fixture.decides(&made, confirm, json!({})).await;
    assert_eq!(
        (status.as_u16(), &answer["type"]),
        (403, &json!("urn:ccn:problem:same-person"))
    );
    let (status, lifted) = fixture.decides(&colleague, confirm, json!({})).await;
    assert_eq!((status, lifted), (StatusCode::OK, none));
    assert_eq!(fixture.decides(&colleague, confirm, json!({})).await.0, 404);
    for wrong in [
        json!({"approval_above": "-1.00", "delay_days": 30}),
        json!({"approval_above": null, "delay_days": 0}),
    ] {
        let (status, answer) = fixture
            .put("/funding/v1/payment-rules", wrong.to_string().into_bytes())
            .await;
        assert_eq!(
            (status.as_u16(), &answer["type"]),
            (422, &json!("urn:ccn:problem:payment-rules"))
        );
    }
}

#[testkit::test]
async fn a_debit_of_what_nobody_approved_is_for_a_person(admin: PgPool) {
    let fixture = march(admin).await;
    fixture.sets_rules(Some("0.00")).await;
    let settlement = fixture.settle(1, "2026-03", "2026-04-03").await;
    let end_to_end = &settlement["payments"][0]["end_to_end"];
    let message_id = format!("CCN{}", id(1).simple());
    let entries = vec![naming("-20.00", end_to_end), batch("-20.00", &message_id)];
    assert_eq!(fixture.loads(2, "200.00", entries).await, [None, None]);
    fixture.all_hold().await;
    fixture
        .created(
            &path(1, "rejection"),
            json!({"reason": "La banque a débité deux fois ce que personne n'a approuvé."}),
        )
        .await;
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_claim_reversed_while_its_payment_waited_is_not_paid_after_a_rejection(admin: PgPool) {
    let fixture = march(admin).await;
    fixture.sets_rules(Some("0.00")).await;
    fixture.settle(1, "2026-03", "2026-04-03").await;
    fixture
        .reverses_after_settlement(id(201), PAID, &[1, 2], "2026-04-02T07:00:00Z")
        .await;
    fixture
        .created(
            &path(1, "rejection"),
            json!({"reason": "Un encaissement a été annulé."}),
        )
        .await;
    fixture.all_hold().await;
    fixture.hand.move_to(instant("2026-05-02T08:00:00Z"));
    let april = fixture.settle(2, "2026-04", "2026-05-04").await;
    assert_eq!(april["total"], "10.00");
    fixture.all_hold().await;
    let account = fixture
        .get_json(&format!("/funding/v1/structures/{PAID}/account"))
        .await;
    assert_eq!(
        (&account["payable"], &account["recoverable"]),
        (&json!("0.00"), &json!("0.00"))
    );
}

#[testkit::test]
async fn a_report_on_what_nobody_approved_is_of_a_file_that_was_never_sent(admin: PgPool) {
    let fixture = march(admin).await;
    let colleague = fixture.colleague(900).await;
    fixture.sets_rules(Some("15.00")).await;
    let settlement = fixture.settle(1, "2026-03", "2026-04-03").await;
    let end_to_end = settlement["payments"][0]["end_to_end"].as_str().unwrap();
    let message_id = format!("CCN{}", id(1).simple());
    let file = report(1, &message_id, "", &[(end_to_end, "RJCT", None)]);
    let (_, refused) = fixture.reports(file.clone()).await;
    assert_eq!(refused["type"], "urn:ccn:problem:payment-report-unknown-file");
    fixture.all_hold().await;
    // It can still be decided either way.
    let why = json!({"reason": "Montant inattendu"});
    let (status, rejected) = fixture.decides(&colleague, &path(1, "rejection"), why).await;
    assert_eq!(
        (status, &rejected["payments"][0]["state"]),
        (StatusCode::CREATED, &json!("withdrawn")),
        "{rejected}"
    );
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_settlement_is_answered_like_this(admin: PgPool) {
    let fixture = march(admin).await;
    let colleague = fixture.colleague(900).await;
    fixture.sets_rules(Some("5.00")).await;
    let (operator, colleague) = (fixture.client(&fixture.secret), fixture.client(&colleague));
    let settlements = "/funding/v1/settlements";
    let of = |n: u128, month: &str, execute_on: &str| json!({"id": id(n), "month": month, "execute_on": execute_on});
    let mut answers = Answers::default();
    let proposed = operator.post(settlements, of(1, "2026-03", "2026-04-03")).await;
    let proposed = answers.add("proposed", proposed).created();
    answers.add("its file, too early", operator.get(&path(1, "pain.001.xml")).await);
    let alone = operator.post(&path(1, "approval"), json!({})).await;
    answers.add("approved by who proposed it", alone);
    fixture.hand.move_to(instant("2026-04-02T09:00:00Z"));
    let approved = colleague.post(&path(1, "approval"), json!({})).await;
    answers.add("approved", approved).created();
    let file = operator.get(&path(1, "pain.001.xml")).await;
    answers.add("its file", file).file();
    answers.add("on hold", operator.get("/funding/v1/holds").await).ok();
    let debit = naming("-20.00", &proposed["payments"][0]["end_to_end"]);
    fixture.loads(2, "200.00", vec![debit]).await;
    let one = format!("{settlements}/{}", id(1));
    answers.add("paid", operator.get(&one).await).ok();

    fixture.hand.move_to(instant("2026-05-02T08:00:00Z"));
    operator
        .post(settlements, of(2, "2026-04", "2026-05-04"))
        .await
        .created();
    let why = json!({"reason": "Le RIB de la médiathèque est à vérifier."});
    let rejected = colleague.post(&path(2, "rejection"), why).await;
    answers.add("another, rejected", rejected).created();
    answers.add("listed", operator.get(settlements).await).ok();
    let account = format!("/funding/v1/structures/{PAID}/account");
    answers
        .add("the structure's account", operator.get(&account).await)
        .ok();
    insta::assert_json_snapshot!("settlement", answers);
}
