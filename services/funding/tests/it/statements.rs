use bank_simulator::cfonb120::{Movement, movements_of};
use http::StatusCode;
use serde_json::json;
use sqlx::PgPool;

use crate::bank::{DAY, moved, naming, quoting, statement, statement_of};
use crate::fixture::{FUND_IBAN, FUNDERS, Fixture, OTHER_IBAN, PROGRAMME, id};

async fn rows(fixture: &Fixture) -> (i64, i64) {
    let count = "select (select count(*) from funding.statement_line), (select count(*) from ledger.movement)";
    sqlx::query_as(count).fetch_one(&fixture.admin).await.unwrap()
}

#[testkit::test]
async fn a_statement_loaded_twice_changes_nothing(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let reference = fixture.call(0xc1, 0xa1, "100.00").await;
    let file = statement(
        1,
        "0.00",
        vec![
            quoting("60.00", &reference),
            quoting("40.00", &reference),
            moved("1.00"),
        ],
    );
    let (status, first) = fixture
        .put(&format!("/funding/v1/statements/{}", id(1)), file.clone())
        .await;
    assert_eq!((status, &first["unexplained"]), (StatusCode::CREATED, &json!(1)));
    assert_eq!(first["lines"][0]["matched"], json!({"kind": "call", "id": id(0xc1)}));
    let before = rows(&fixture).await;
    for other_id in [1, 2] {
        let (status, again) = fixture
            .put(&format!("/funding/v1/statements/{}", id(other_id)), file.clone())
            .await;
        assert_eq!((status, &again), (StatusCode::OK, &first));
    }
    assert_eq!(rows(&fixture).await, before);
    let (status, answer) = fixture
        .put(
            &format!("/funding/v1/statements/{}", id(1)),
            statement(2, "101.00", vec![]),
        )
        .await;
    assert_eq!(
        (status, &answer["type"]),
        (StatusCode::CONFLICT, &json!("urn:ccn:problem:same-id-other-content"))
    );
    let renamed = String::from_utf8(file)
        .unwrap()
        .replace("<MsgId>M1<", "<MsgId>M9<")
        .into_bytes();
    let (_, answer) = fixture.put(&format!("/funding/v1/statements/{}", id(9)), renamed).await;
    assert_eq!(answer["type"], "urn:ccn:problem:statement-already-loaded");
    fixture.all_hold().await;
}

#[testkit::test]
async fn an_id_never_answers_with_another_statement(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.loads(1, "0.00", vec![moved("1.00")]).await;
    fixture.loads(2, "1.00", vec![moved("2.00")]).await;
    let before = rows(&fixture).await;
    let second = statement(2, "1.00", vec![moved("2.00")]);
    let (status, answer) = fixture.put(&format!("/funding/v1/statements/{}", id(1)), second).await;
    assert_eq!(
        (status, &answer["type"]),
        (StatusCode::CONFLICT, &json!("urn:ccn:problem:same-id-other-content"))
    );
    assert_eq!(rows(&fixture).await, before);
}

#[testkit::test]
async fn a_statement_that_does_not_follow_the_last_is_refused_with_the_difference(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.loads(1, "0.00", vec![moved("100.00")]).await;
    let (_, answer) = fixture
        .put(
            &format!("/funding/v1/statements/{}", id(2)),
            statement(2, "90.00", vec![]),
        )
        .await;
    assert_eq!(answer["type"], "urn:ccn:problem:statement-gap");
    assert_eq!(
        (&answer["last_closing"], &answer["opening"], &answer["difference"]),
        (&json!("100.00"), &json!("90.00"), &json!("-10.00"))
    );
    let (lines, _) = rows(&fixture).await;
    assert_eq!(lines, 1);
}

#[testkit::test]
async fn only_a_readable_statement_of_the_funds_account_is_taken(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let (_, answer) = fixture
        .put(
            &format!("/funding/v1/statements/{}", id(1)),
            statement_of(OTHER_IBAN, 1, "0.00", vec![]),
        )
        .await;
    assert_eq!(answer["type"], "urn:ccn:problem:statement-other-account");
    assert_eq!(answer["other_accounts"], json!([OTHER_IBAN]));
    let (_, answer) = fixture
        .put(
            &format!("/funding/v1/statements/{}", id(1)),
            b"<Document>\n<a></b>".to_vec(),
        )
        .await;
    assert_eq!(
        (&answer["type"], &answer["line"]),
        (&json!("urn:ccn:problem:statement-invalid"), &json!(2))
    );
}

#[testkit::test]
async fn what_no_rule_explains_is_kept_apart(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let unknown = json!("00000000000000000000000000000001");
    let found = fixture
        .loads(
            1,
            "0.00",
            vec![
                moved("30.00"),
                naming("-10.00", &unknown),
                quoting("5.00", "AF-2026-111111"),
            ],
        )
        .await;
    assert_eq!(found, [None, None, None]);
    fixture.all_hold().await;
    let balance: i64 = sqlx::query_scalar("select cents from ledger.balance where kind = 'suspense'")
        .fetch_one(&fixture.admin)
        .await
        .unwrap();
    assert_eq!(balance, 2500);
}

#[testkit::test]
async fn a_statement_is_loaded_whole_or_not_at_all(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let (_, answer) = fixture
        .put(
            &format!("/funding/v1/statements/{}", id(1)),
            statement(1, "0.00", vec![moved("-1.00")]),
        )
        .await;
    assert_eq!(answer["type"], "urn:ccn:problem:statement-overdrawn");
    assert_eq!(rows(&fixture).await, (0, 0));
    // Money in first, whatever the bank's order.
    fixture.loads(1, "0.00", vec![moved("-1.00"), moved("1.00")]).await;
    fixture.all_hold().await;
}

#[testkit::test]
async fn only_money_that_has_arrived_is_allocated(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    fixture.money_arrives().await;
    let allocation =
        |n, amount| json!({"id": id(n), "funder_id": FUNDERS[0], "programme_id": PROGRAMME, "amount": amount});
    let answer = fixture.refused("/funding/v1/allocations", allocation(1, "30.01")).await;
    assert_eq!(
        (&answer["type"], &answer["available"]),
        (&json!("urn:ccn:problem:not-enough-deposited"), &json!("30.00"))
    );
    // The refusal used up no id.
    fixture.created("/funding/v1/allocations", allocation(1, "30.00")).await;
    fixture.all_hold().await;
}

/// A CFONB 120 statement of the fund's account: signed cents, complements.
pub fn cfonb(opening: i64, movements: &[(i64, &[(&str, &str)])]) -> Vec<u8> {
    let movements: Vec<Movement> = movements
        .iter()
        .map(|&(cents, complements)| Movement {
            cents,
            complements: complements.to_vec(),
        })
        .collect();
    movements_of(&FUND_IBAN.parse().unwrap(), (DAY, opening), DAY, &movements)
}

#[testkit::test]
async fn a_cfonb_statement_is_known_by_its_content_and_matched_as_any_other(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let reference = fixture.call(0xc1, 0xa1, "100.00").await;
    let quoted = format!("VIREMENT {}", reference.replace('-', " "));
    let file = cfonb(0, &[(10_000, &[("LCC", &quoted)]), (500, &[("LIB", "INCONNU")])]);
    let path = format!("/funding/v1/statements/{}", id(1));
    let (status, first) = fixture.put(&path, file.clone()).await;
    assert_eq!(
        (status, &first["closing"]),
        (StatusCode::CREATED, &json!("105.00")),
        "{first}"
    );
    assert_eq!(first["lines"][0]["matched"], json!({"kind": "call", "id": id(0xc1)}));
    assert_eq!(first["unexplained"], 1);
    assert_eq!(fixture.put(&path, file.clone()).await, (StatusCode::OK, first));
    let crlf = String::from_utf8(file).unwrap().replace('\n', "\r\n").into_bytes();
    let (_, answer) = fixture.put(&format!("/funding/v1/statements/{}", id(2)), crlf).await;
    assert_eq!(answer["type"], "urn:ccn:problem:statement-already-loaded");
    // The next one in the other format.
    fixture.loads(3, "105.00", vec![moved("1.00")]).await;
    fixture.all_hold().await;

    let wrong = cfonb(10_600, &[(1, &[("R-N", "")])]);
    let wrong = String::from_utf8(wrong)
        .unwrap()
        .replacen("0000000000000A", "0000000000000a", 1)
        .into_bytes();
    let (_, answer) = fixture.put(&format!("/funding/v1/statements/{}", id(4)), wrong).await;
    assert_eq!(
        (&answer["type"], &answer["line"], &answer["columns"]),
        (
            &json!("urn:ccn:problem:statement-invalid"),
            &json!(2),
            &json!([91, 104])
        )
    );
    let (_, answer) = fixture
        .put(&format!("/funding/v1/statements/{}", id(4)), b"PK\x03\x04".to_vec())
        .await;
    assert_eq!(answer["type"], "urn:ccn:problem:statement-invalid");
}
