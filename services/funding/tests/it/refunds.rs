//! Money that goes back to a funder: by whom it is looked at, and out of what.

use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::bank::{naming, quoting, returning};
use crate::cycle::{march, row, rules};
use crate::fixture::{FUNDERS, Fixture, PROGRAMME, id, instant};
use crate::payment_reports::report;

/// August: the programme owes 20.03 € to the first funder, 39.97 € to the second.
async fn august(admin: PgPool) -> Fixture {
    let fixture = march(admin).await;
    fixture.hand.move_to(instant("2026-08-10T08:00:00Z"));
    fixture.expires(&[5], "2026-08-08T10:00:00Z").await;
    fixture
}

fn owed(n: u128, way: &str) -> Value {
    json!({"id": id(n), "funder_id": FUNDERS[0], "programme_id": PROGRAMME, "method": way, "execute_on": "2026-08-11"})
}

fn free(n: u128, amount: &str) -> Value {
    json!({"id": id(n), "funder_id": FUNDERS[0], "amount": amount, "method": "bank", "execute_on": "2026-08-11"})
}

fn path(n: u128, what: &str) -> String {
    format!("/funding/v1/refunds/{}{what}", id(n))
}

fn told(refund: &Value) -> [&str; 2] {
    [&refund["approval"]["state"], &refund["state"]].map(|state| state.as_str().unwrap())
}

#[testkit::test]
async fn a_refund_above_the_amount_waits_for_another_person(admin: PgPool) {
    let fixture = august(admin).await;
    let colleague = fixture.colleague(900).await;
    fixture.sets_rules(Some("20.00")).await;
    let refund = fixture.created("/funding/v1/refunds", owed(31, "bank")).await;
    assert_eq!(told(&refund), ["waiting", "proposed"]);
    assert_eq!(refund["approval"]["above"], "20.00");
    let file = path(31, "/pain.001.xml");
    assert_eq!(fixture.problem(&file).await, "urn:ccn:problem:approval-waiting");
    // The bank has nothing to say of it.
    let end_to_end = refund["end_to_end"].as_str().unwrap();
    let message = format!("CCN{}", id(31).simple());
    let early = report(1, &message, "", &[(end_to_end, "RJCT", None)]);
    let (_, answer) = fixture.reports(early).await;
    assert_eq!(answer["type"], "urn:ccn:problem:payment-report-unknown-file");

    let alone = fixture.refused(&path(31, "/approval"), json!({})).await;
    assert_eq!(alone["type"], "urn:ccn:problem:same-person");
    fixture.hand.move_to(instant("2026-08-10T09:00:00Z"));
    let helper = fixture.colleague(901).await;
    let (status, _) = fixture.decides(&helper, &path(31, "/approval"), json!({})).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "a key made after the proposal");

    let (status, approved) = fixture.decides(&colleague, &path(31, "/approval"), json!({})).await;
    assert_eq!((status, told(&approved)), (StatusCode::CREATED, ["approved", "sent"]));
    let (status, again) = fixture.decides(&colleague, &path(31, "/approval"), json!({})).await;
    assert_eq!((status, &again), (StatusCode::OK, &approved));
    assert_eq!(fixture.get_json(&path(31, "")).await, approved);
    let reason = json!({"reason": "Trop tard."});
    let (status, answer) = fixture.decides(&helper, &path(31, "/rejection"), reason).await;
    assert_eq!(
        (status, &answer["type"]),
        (StatusCode::CONFLICT, &json!("urn:ccn:problem:payment-order-decided"))
    );
    assert_eq!(fixture.status(&file).await, 200);
    let matched = fixture
        .loads(2, "200.00", vec![naming("-20.03", &refund["end_to_end"])])
        .await;
    assert_eq!(matched, rules(&["end-to-end"]));
    assert_eq!(fixture.get_json(&path(31, "")).await["state"], "debited");
    fixture.all_hold().await;
    let trail: Vec<String> = sqlx::query_scalar("select action from access.audit where object_id = $1 order by id")
        .bind(id(31))
        .fetch_all(&fixture.admin)
        .await
        .unwrap();
    assert_eq!(trail, ["refund.create", "refund.approve"]);
}

#[testkit::test]
async fn nobody_is_asked_for_a_credit_or_up_to_the_amount(admin: PgPool) {
    let fixture = august(admin).await;
    fixture.sets_rules(Some("20.03")).await;
    let bank = fixture.created("/funding/v1/refunds", owed(31, "bank")).await;
    assert_eq!(told(&bank), ["not_needed", "sent"]);
    fixture.sets_rules(Some("0.00")).await;
    let second = json!({"id": id(32), "funder_id": FUNDERS[1], "programme_id": PROGRAMME, "method": "credit", "execute_on": "2026-08-11"});
    let credit = fixture.created("/funding/v1/refunds", second).await;
    assert_eq!(
        (&credit["approval"]["state"], &credit["state"]),
        (&json!("not_needed"), &Value::Null)
    );
    let refused = fixture.refused(&path(32, "/approval"), json!({})).await;
    assert_eq!(refused["type"], "urn:ccn:problem:approval-not-needed");
    assert_eq!(fixture.refused(&path(99, "/approval"), json!({})).await["status"], 404);
    // A settlement of this id is no refund.
    fixture.settle(1, "2026-07", "2026-08-11").await;
    assert_eq!(
        fixture.refused(&path(1, "/rejection"), json!({"reason": "x"})).await["status"],
        404
    );
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_rejected_refund_is_free_money_that_can_go_back_after_all(admin: PgPool) {
    let fixture = august(admin).await;
    let colleague = fixture.colleague(900).await;
    fixture.sets_rules(Some("0.00")).await;
    fixture.created("/funding/v1/refunds", owed(31, "bank")).await;
    let before = fixture.get_json("/funding/v1/waterfall").await;
    assert_eq!(row(&before, 0, false, &["received", "free"]), ["30.00", "30.00"]);
    let reason = json!({"reason": "Le compte du financeur a changé."});
    let rejected = fixture.created(&path(31, "/rejection"), reason.clone()).await;
    assert_eq!(told(&rejected), ["rejected", "withdrawn"]);
    assert_eq!(rejected["approval"]["reason"], reason["reason"]);
    assert_eq!(
        fixture.problem(&path(31, "/pain.001.xml")).await,
        "urn:ccn:problem:payment-order-rejected"
    );
    fixture.all_hold().await;
    let after = fixture.get_json("/funding/v1/waterfall").await;
    assert_eq!(row(&after, 0, true, &["received", "returned"]), ["49.97", "0.00"]);
    assert_eq!(
        row(&after, 0, false, &["received", "free", "cash"]),
        ["50.03", "50.03", "50.03"]
    );

    // It goes back all the same, once somebody has looked.
    let again = fixture.created("/funding/v1/refunds", free(32, "20.03")).await;
    assert_eq!(told(&again), ["waiting", "proposed"]);
    fixture.all_hold().await;
    let (status, _) = fixture.decides(&colleague, &path(32, "/approval"), json!({})).await;
    assert_eq!(status, StatusCode::CREATED);
    let file = String::from_utf8(fixture.get(&path(32, "/pain.001.xml")).await).unwrap();
    assert!(file.contains("20.03") && file.contains("credit rendu"), "{file}");
    let matched = fixture
        .loads(2, "200.00", vec![naming("-20.03", &again["end_to_end"])])
        .await;
    assert_eq!(matched, rules(&["end-to-end"]));
    fixture.all_hold().await;
    let back = fixture.get_json("/funding/v1/waterfall").await;
    assert_eq!(
        row(&back, 0, false, &["received", "returned", "free", "cash"]),
        ["50.03", "20.03", "30.00", "30.00"]
    );
    let total = &back["totals"][0];
    assert_eq!(
        (&total["received"], &total["returned"]),
        (&json!("100.00"), &json!("20.03"))
    );
}

#[testkit::test]
async fn free_money_that_comes_back_from_its_funders_bank_is_free_again(admin: PgPool) {
    let fixture = august(admin).await;
    let refund = fixture.created("/funding/v1/refunds", free(31, "30.00")).await;
    let under_way = fixture.get_json("/funding/v1/waterfall").await;
    assert_eq!(
        row(&under_way, 0, false, &["received", "returned", "free"]),
        ["30.00", "0.00", "0.00"]
    );
    let lines = vec![
        naming("-30.00", &refund["end_to_end"]),
        returning("30.00", &refund["end_to_end"]),
    ];
    fixture.loads(2, "200.00", lines).await;
    fixture.all_hold().await;
    let back = fixture.get_json("/funding/v1/waterfall").await;
    assert_eq!(
        row(&back, 0, false, &["received", "returned", "free", "cash"]),
        ["30.00", "0.00", "30.00", "30.00"]
    );
    assert_eq!(fixture.get_json(&path(31, "")).await["state"], "returned");
}

#[testkit::test]
async fn free_money_goes_back_as_far_as_it_is_free_and_is_said_in_one_way(admin: PgPool) {
    let fixture = august(admin).await;
    let without = |names: &[&str], mut body: Value| {
        for name in names {
            body.as_object_mut().unwrap().remove(*name);
        }
        body
    };
    let both = |mut body: Value| {
        body["programme_id"] = json!(PROGRAMME);
        body
    };
    let credit = |mut body: Value| {
        body["method"] = json!("credit");
        body
    };
    for (body, kind) in [
        (free(31, "30.01"), "refund-too-large"),
        (free(31, "0.00"), "refund-amount"),
        (free(31, "-1.00"), "refund-amount"),
        (without(&["amount"], free(31, "1.00")), "refund-amount"),
        (both(free(31, "1.00")), "refund-amount"),
        (credit(free(31, "1.00")), "refund-method"),
    ] {
        let refused = fixture.refused("/funding/v1/refunds", body.clone()).await;
        assert_eq!(refused["type"], format!("urn:ccn:problem:{kind}"), "{body}: {refused}");
    }
    let made = fixture.created("/funding/v1/refunds", free(31, "10.00")).await;
    let (status, again) = fixture.post("/funding/v1/refunds", free(31, "10.00")).await;
    assert_eq!((status, &again), (StatusCode::OK, &made));
    for other in [free(31, "10.01"), owed(31, "bank")] {
        assert_eq!(fixture.post("/funding/v1/refunds", other).await.0, StatusCode::CONFLICT);
    }
    // Payment orders share one space of ids: the bank knows their files by them.
    fixture.settle(32, "2026-03", "2026-08-11").await;
    assert_eq!(
        fixture.post("/funding/v1/refunds", free(32, "1.00")).await.0,
        StatusCode::CONFLICT
    );
    let settlement = json!({"id": id(31), "month": "2026-04", "execute_on": "2026-08-11"});
    assert_eq!(
        fixture.post("/funding/v1/settlements", settlement).await.0,
        StatusCode::CONFLICT
    );
    fixture.all_hold().await;
}

#[testkit::test]
async fn what_is_only_mandated_goes_back_to_nobody(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let reference = fixture.call(0xc1, 0xa1, "60.00").await;
    fixture.loads(1, "0.00", vec![quoting("60.00", &reference)]).await;
    // What came stands in a programme that takes no mandates; what is free is the mandate, accepted when it took some.
    fixture.allocate(0xd1, FUNDERS[0], "60.00").await;
    fixture.accepts_mandates(true).await;
    fixture.mandates(0xe1, 0xa1, "40.00").await;
    fixture.accepts_mandates(false).await;
    let early = |n, amount| json!({"id": id(n), "funder_id": FUNDERS[0], "amount": amount, "method": "bank", "execute_on": "2026-08-11"});
    for amount in ["40.00", "0.01"] {
        let refused = fixture.refused("/funding/v1/refunds", early(31, amount)).await;
        assert_eq!(refused["type"], "urn:ccn:problem:money-awaited", "{refused}");
    }
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_large_sum_in_small_refunds_is_looked_at_as_well(admin: PgPool) {
    let fixture = august(admin).await;
    fixture.sets_rules(Some("20.00")).await;
    let first = fixture.created("/funding/v1/refunds", free(31, "12.00")).await;
    assert_eq!(told(&first), ["not_needed", "sent"]);
    let second = fixture.created("/funding/v1/refunds", free(32, "8.01")).await;
    assert_eq!(told(&second), ["waiting", "proposed"]);
    // Another funder's are counted apart, and a month later they begin again.
    let other =
        json!({"id": id(33), "funder_id": FUNDERS[1], "amount": "20.00", "method": "bank", "execute_on": "2026-08-11"});
    assert_eq!(
        told(&fixture.created("/funding/v1/refunds", other).await),
        ["not_needed", "sent"]
    );
    fixture.hand.move_to(instant("2026-09-10T08:00:00Z"));
    let mut later = free(34, "5.00");
    later["execute_on"] = json!("2026-09-11");
    assert_eq!(
        told(&fixture.created("/funding/v1/refunds", later).await),
        ["not_needed", "sent"]
    );
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_funder_finds_its_own_refunds_and_no_others(admin: PgPool) {
    let fixture = august(admin).await;
    fixture.sets_rules(Some("0.00")).await;
    let mine = fixture.created("/funding/v1/refunds", owed(31, "bank")).await;
    let theirs = json!({"id": id(32), "funder_id": FUNDERS[1], "programme_id": PROGRAMME, "method": "credit", "execute_on": "2026-08-11"});
    let theirs = fixture.created("/funding/v1/refunds", theirs).await;
    let colleague = fixture.colleague(900).await;
    let (_, page) = fixture.list("/funding/v1/refunds", &colleague).await;
    let items = page["items"].as_array().unwrap();
    assert!(
        items.len() == 2 && items.contains(&mine) && items.contains(&theirs),
        "{page}"
    );
    let first = items[0]["id"].as_str().unwrap();
    let (_, rest) = fixture
        .list(&format!("/funding/v1/refunds?after={first}"), &colleague)
        .await;
    assert_eq!(rest["items"], json!([items[1]]));
    let funder = fixture.key_of(FUNDERS[0], None).await;
    let (_, own) = fixture.list("/funding/v1/refunds", &funder).await;
    assert_eq!(own["items"], json!([mine]));
    assert_eq!(fixture.list(&path(31, ""), &funder).await.0, StatusCode::OK);
    assert_eq!(fixture.list(&path(32, ""), &funder).await.0, StatusCode::NOT_FOUND);
    let structure = json!({"id": id(77), "name": "Une structure", "roles": ["structure"]});
    let nobody = fixture.key_of(id(77), Some(structure)).await;
    assert_eq!(
        fixture.list("/funding/v1/refunds", &nobody).await.0,
        StatusCode::FORBIDDEN
    );
}
