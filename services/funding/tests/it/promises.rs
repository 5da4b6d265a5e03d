use serde_json::json;
use sqlx::PgPool;

use crate::world::{FUNDERS, OTHER_IBAN, PROGRAMME, World, id};

#[sqlx::test(migrations = false)]
async fn calls_stay_within_their_convention_and_carry_their_own_reference(admin: PgPool) {
    let world = World::new(admin).await;
    let first = world.call(1, 0xa1, "60.00").await;
    let second = world.call(2, 0xa1, "40.00").await;
    assert_ne!(first, second);
    assert!(first.starts_with("AF-2026-") && first.len() == 14, "{first}");
    let third = json!({"id": id(3), "convention_id": id(0xa1), "amount": "0.01", "due_on": "2026-03-31"});
    assert_eq!(
        world.refused("/v1/calls", third).await["type"],
        "urn:ccn:problem:above-convention"
    );
    let other = json!({"id": id(1), "convention_id": id(0xa1), "amount": "60.01", "due_on": "2026-03-31"});
    assert_eq!(world.refused("/v1/calls", other).await["status"], 409);
}

#[sqlx::test(migrations = false)]
async fn a_body_that_wears_several_hats_becomes_a_funder_and_keeps_them(admin: PgPool) {
    let world = World::new(admin).await;
    let organisation = json!({"id": id(0x77), "name": "CAF", "roles": ["sponsor", "funder"]});
    world.created("/v1/organisations", organisation).await;
    let funder = json!({"id": id(0x77), "siren": "443061841", "name": "CAF de Côte-d'Or", "iban": OTHER_IBAN});
    world.created("/v1/funders", funder).await;

    world
        .created(
            "/v1/organisations",
            json!({"id": id(0x78), "name": "CCAS", "roles": ["prescriber"]}),
        )
        .await;
    let funder = json!({"id": id(0x78), "siren": "542051180", "name": "CCAS", "iban": OTHER_IBAN});
    assert_eq!(
        world.refused("/v1/funders", funder).await["type"],
        "urn:ccn:problem:not-a-funder"
    );
    let twin = json!({"id": id(0x79), "siren": "443061841", "name": "CAF", "iban": OTHER_IBAN});
    assert_eq!(
        world.refused("/v1/funders", twin).await["type"],
        "urn:ccn:problem:siren-taken"
    );
}

#[sqlx::test(migrations = false)]
async fn a_promise_names_what_exists(admin: PgPool) {
    let world = World::new(admin).await;
    let convention = |funder, programme, amount| {
        json!({"id": id(5), "funder_id": funder, "programme_id": programme, "amount": amount,
            "signed_on": "2026-01-15", "starts_on": "2026-01-01", "ends_on": "2026-12-31"})
    };
    assert_eq!(
        world
            .refused("/v1/conventions", convention(id(9), PROGRAMME, "1.00"))
            .await["status"],
        404
    );
    assert_eq!(
        world
            .refused("/v1/conventions", convention(FUNDERS[0], id(9), "1.00"))
            .await["status"],
        404
    );
    assert_eq!(
        world
            .refused("/v1/conventions", convention(FUNDERS[0], PROGRAMME, "0.00"))
            .await["status"],
        422
    );
    let plan = json!({"id": id(6), "shares": [{"funder_id": FUNDERS[0], "rate": "0.9"}]});
    let path = format!("/v1/programmes/{PROGRAMME}/plans");
    assert_eq!(world.refused(&path, plan).await["type"], "urn:ccn:problem:not-a-plan");
}
