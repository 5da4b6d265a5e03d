use serde_json::{Value, json};
use sqlx::PgPool;

use crate::fixture::{FUNDERS, Fixture, OTHER_IBAN, PLAN, PROGRAMME, SPONSOR, id, instant};

#[testkit::test]
async fn calls_stay_within_their_convention_and_carry_their_own_reference(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let first = fixture.call(1, 0xa1, "60.00").await;
    let second = fixture.call(2, 0xa1, "40.00").await;
    assert_ne!(first, second);
    assert!(first.starts_with("AF-2026-") && first.len() == 14, "{first}");
    let third = json!({"id": id(3), "convention_id": id(0xa1), "amount": "0.01", "due_on": "2026-03-31"});
    assert_eq!(
        fixture.refused("/funding/v1/calls", third).await["type"],
        "urn:ccn:problem:above-convention"
    );
    let other = json!({"id": id(1), "convention_id": id(0xa1), "amount": "60.01", "due_on": "2026-03-31"});
    assert_eq!(fixture.refused("/funding/v1/calls", other).await["status"], 409);
}

#[testkit::test]
async fn a_call_is_due_on_the_day_it_is_made_or_later(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let call = |n, due_on| json!({"id": id(n), "convention_id": id(0xa1), "amount": "10.00", "due_on": due_on});
    // In Paris it is 3 March.
    fixture.hand.move_to(instant("2026-03-02T23:30:00Z"));
    for day in ["2026-03-02", "2026-02-28", "2025-03-31"] {
        let refused = fixture.refused("/funding/v1/calls", call(1, day)).await;
        assert_eq!(refused["type"], "urn:ccn:problem:call-due-past", "{day}");
        assert!(refused["detail"].as_str().unwrap().contains("03/03/2026"), "{refused}");
    }
    fixture.created("/funding/v1/calls", call(1, "2026-03-03")).await;
    // Sent again when its day has passed, it is the same call.
    fixture.hand.move_to(instant("2026-04-10T10:00:00Z"));
    let (status, _) = fixture.post("/funding/v1/calls", call(1, "2026-03-03")).await;
    assert_eq!(status, 200);
}

#[testkit::test]
async fn a_body_that_wears_several_hats_becomes_a_funder_and_keeps_them(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let organisation = json!({"id": id(0x77), "name": "CAF", "roles": ["sponsor", "funder"]});
    fixture.created("/issuer/v1/organisations", organisation).await;
    let funder = json!({"id": id(0x77), "siren": "443061841", "name": "CAF de Côte-d'Or", "iban": OTHER_IBAN});
    fixture.created("/funding/v1/funders", funder).await;

    fixture
        .created(
            "/issuer/v1/organisations",
            json!({"id": id(0x78), "name": "CCAS", "roles": ["prescriber"]}),
        )
        .await;
    let funder = json!({"id": id(0x78), "siren": "542051180", "name": "CCAS", "iban": OTHER_IBAN});
    assert_eq!(
        fixture.refused("/funding/v1/funders", funder).await["type"],
        "urn:ccn:problem:not-a-funder"
    );
    let twin = json!({"id": id(0x79), "siren": "443061841", "name": "CAF", "iban": OTHER_IBAN});
    assert_eq!(
        fixture.refused("/funding/v1/funders", twin).await["type"],
        "urn:ccn:problem:siren-taken"
    );
}

#[testkit::test]
async fn a_promise_names_what_exists(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let convention = |funder, programme, amount| {
        json!({"id": id(5), "funder_id": funder, "programme_id": programme, "amount": amount,
            "signed_on": "2026-01-15", "starts_on": "2026-01-01", "ends_on": "2026-12-31"})
    };
    assert_eq!(
        fixture
            .refused("/funding/v1/conventions", convention(id(9), PROGRAMME, "1.00"))
            .await["status"],
        404
    );
    assert_eq!(
        fixture
            .refused("/funding/v1/conventions", convention(FUNDERS[0], id(9), "1.00"))
            .await["status"],
        404
    );
    assert_eq!(
        fixture
            .refused("/funding/v1/conventions", convention(FUNDERS[0], PROGRAMME, "0.00"))
            .await["status"],
        422
    );
    let plan = json!({"id": id(6), "shares": [{"funder_id": FUNDERS[0], "rate": "0.9"}]});
    let path = format!("/funding/v1/programmes/{PROGRAMME}/plans");
    assert_eq!(fixture.refused(&path, plan).await["type"], "urn:ccn:problem:not-a-plan");
}

#[testkit::test]
async fn a_plan_names_only_funders_that_signed_for_the_programme(admin: PgPool) {
    let fixture = Fixture::new(admin).await;
    let (stranger, nobody) = (id(0xf3), id(0xf4));
    let funder = json!({"id": stranger, "siren": "443061841", "name": "Fondation", "iban": OTHER_IBAN});
    fixture.created("/funding/v1/funders", funder).await;
    let sponsor = fixture.key_of(SPONSOR, None).await;
    let path = format!("/funding/v1/programmes/{PROGRAMME}/plans");
    let halves = |other| json!([{"funder_id": FUNDERS[0], "rate": "0.5"}, {"funder_id": other, "rate": "0.5"}]);
    let plan = |other| json!({"id": id(6), "shares": halves(other)});

    for (other, name) in [(stranger, "Fondation".to_owned()), (nobody, nobody.to_string())] {
        let (status, answer) = fixture
            .send("POST", &path, &sponsor, plan(other).to_string().into_bytes())
            .await;
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(
            (status.as_u16(), &answer["type"]),
            (422, &json!("urn:ccn:problem:no-convention"))
        );
        assert!(answer["detail"].as_str().unwrap().contains(&name), "{answer}");
        let funders = answer["funders"].as_array().unwrap();
        assert_eq!((funders.len(), &funders[0]["funder_id"]), (1, &json!(other)));
        assert_eq!(fixture.refused(&path, plan(other)).await["type"], answer["type"]);
    }

    // A convention for another time is none; the days are those of Paris.
    let convention = json!({"id": id(7), "funder_id": stranger, "programme_id": PROGRAMME, "amount": "0.01",
        "signed_on": "2026-03-01", "starts_on": "2026-04-01", "ends_on": "2026-04-30"});
    fixture.created("/funding/v1/conventions", convention).await;
    for (at, agreed) in [
        ("2026-03-31T21:59:59Z", false),
        ("2026-04-30T22:00:00Z", false),
        ("2026-04-30T21:59:59Z", true),
    ] {
        fixture.hand.move_to(instant(at));
        let (status, answer) = fixture.post(&path, plan(stranger)).await;
        assert_eq!(status.as_u16(), if agreed { 201 } else { 422 }, "{at} {answer}");
    }

    // What was agreed can be asked for again when the conventions are over.
    fixture.hand.move_to(instant("2027-06-01T10:00:00Z"));
    assert_eq!(fixture.post(&path, plan(stranger)).await.0.as_u16(), 200);
    let fresh = json!({"id": id(8), "shares": halves(FUNDERS[1])});
    assert_eq!(
        fixture.refused(&path, fresh).await["funders"].as_array().unwrap().len(),
        2
    );
    let other = json!({"id": PLAN, "shares": halves(FUNDERS[1])});
    assert_eq!(fixture.refused(&path, other).await["status"], 409);
}
