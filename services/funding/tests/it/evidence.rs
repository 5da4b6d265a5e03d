use std::path::Path;

use http::StatusCode;
use sealed_log::NoteKey;
use serde_json::json;
use sqlx::PgPool;

use crate::bank::naming;
use crate::checkers::agreed;
use crate::cycle::{HELD, PAID, march};
use crate::fixture::{Fixture, id, instant};
use crate::fixture_exports;

fn key() -> NoteKey {
    NoteKey::from_seed("test.example/log", &[7; 32]).unwrap()
}

async fn seals(fixture: &Fixture) {
    fixture_exports::seals(fixture, &key(), instant("2026-05-02T08:00:00Z")).await;
}

async fn checked(fixture: &Fixture, structure: uuid::Uuid) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("preuves.zip");
    let bytes = fixture
        .get(&format!("/funding/v1/structures/{structure}/evidence"))
        .await;
    std::fs::write(&path, &bytes).unwrap();
    if let Some(keep) = std::env::var_os("KEEP_REPORTS") {
        std::fs::copy(&path, Path::new(&keep).join("preuves.zip")).unwrap();
    }
    let vkey = key().verifier().to_string();
    agreed("check_evidence.py", &[&path, Path::new(&vkey)])
}

/// Paid, reversed, claimed again: at each moment the structure can prove what it is owed.
#[testkit::test]
async fn a_structure_proves_what_it_is_owed_without_anybody(admin: PgPool) {
    let fixture = march(admin).await;
    seals(&fixture).await;
    assert_eq!(
        checked(&fixture, PAID).await,
        "2 claims, 3000 claimed, 3000 owed, 0 lines\n"
    );
    assert_eq!(
        checked(&fixture, HELD).await,
        "1 claims, 1000 claimed, 1000 owed, 0 lines\n"
    );
    let settled = fixture.settle(1, "2026-03", "2026-04-03").await;
    seals(&fixture).await;
    assert_eq!(
        checked(&fixture, PAID).await,
        "2 claims, 3000 claimed, 3000 owed, 1 lines\n"
    );
    fixture
        .loads(
            2,
            "200.00",
            vec![naming("-20.00", &settled["payments"][0]["end_to_end"])],
        )
        .await;
    seals(&fixture).await;
    assert_eq!(
        checked(&fixture, PAID).await,
        "2 claims, 3000 claimed, 1000 owed, 1 lines\n"
    );
    fixture
        .reverses_after_settlement(id(201), PAID, &[1, 2], "2026-04-05T10:00:00Z")
        .await;
    seals(&fixture).await;
    assert_eq!(
        checked(&fixture, PAID).await,
        "2 claims, 3000 claimed, -1000 owed, 1 lines\n"
    );

    // What is not sealed yet is listed, and said not to be proven.
    fixture.claims(id(204), PAID, &[1], "2026-04-06T10:00:00Z").await;
    assert_eq!(
        checked(&fixture, PAID).await,
        "2 claims, 3000 claimed, -1000 owed, 1 lines\n"
    );
    seals(&fixture).await;
    assert_eq!(
        checked(&fixture, PAID).await,
        "3 claims, 4000 claimed, 0 owed, 1 lines\n"
    );
}

/// What a person said of a payment is in the books as what the bank says, and in the proof.
#[testkit::test]
async fn a_payment_that_a_person_explained_is_proven_as_any_other(admin: PgPool) {
    let fixture = march(admin).await;
    let settled = fixture.settle(1, "2026-03", "2026-04-03").await;
    let payment = &settled["payments"][0]["end_to_end"];
    let payment: uuid::Uuid = payment.as_str().unwrap().parse().unwrap();
    let explain = async |amount: &str, what: &str| {
        let breaks = fixture.breaks().await;
        // Not the payment that is missing meanwhile.
        let is_line = |one: &&serde_json::Value| one["amount"] == amount && one["line"].is_number();
        let broken = breaks.iter().find(is_line).unwrap();
        let path = format!("/funding/v1/breaks/{}/explanation", broken["id"].as_str().unwrap());
        let said = json!({"what": what, "why": "Avis de la banque.", "payment_id": payment});
        assert_eq!(fixture.put_json(&path, said).await.0, StatusCode::CREATED);
    };
    fixture.loads(2, "200.00", vec![naming("-20.00", &json!("X"))]).await;
    explain("-20.00", "payment").await;
    seals(&fixture).await;
    assert_eq!(
        checked(&fixture, PAID).await,
        "2 claims, 3000 claimed, 1000 owed, 1 lines\n"
    );
    fixture.loads(3, "180.00", vec![crate::bank::moved("20.00")]).await;
    explain("20.00", "returned").await;
    seals(&fixture).await;
    assert_eq!(
        checked(&fixture, PAID).await,
        "2 claims, 3000 claimed, 3000 owed, 1 lines\n"
    );
}

/// A claim whose entry was rewritten is listed with what happened to it, and nothing false is proven.
#[testkit::test]
async fn a_rewritten_claim_is_told_and_not_proven(admin: PgPool) {
    let fixture = march(admin).await;
    seals(&fixture).await;
    sqlx::query("update ledger.transfer set reference = 'autre' where event_id = $1")
        .bind(id(203))
        .execute(&fixture.admin)
        .await
        .unwrap();
    assert_eq!(
        checked(&fixture, PAID).await,
        "1 claims, 2000 claimed, 2000 owed, 0 lines\n"
    );
}

#[testkit::test]
async fn a_structure_gets_its_own_evidence_and_no_other(admin: PgPool) {
    let fixture = march(admin).await;
    let path = |structure| format!("/funding/v1/structures/{structure}/evidence");
    assert_eq!(
        fixture.status(&path(PAID)).await,
        StatusCode::NOT_FOUND,
        "nothing is sealed"
    );
    seals(&fixture).await;
    let structure = json!({"id": PAID, "name": "Médiathèque", "roles": ["structure"]});
    let own = fixture.key_of(PAID, Some(structure)).await;
    let read = async |structure| fixture.send("GET", &path(structure), &own, Vec::new()).await.0;
    assert_eq!(read(PAID).await, StatusCode::OK);
    assert_eq!(read(HELD).await, StatusCode::NOT_FOUND);
    assert_eq!(fixture.status(&path(HELD)).await, StatusCode::OK, "the operator may");
    assert_eq!(fixture.status(&path(id(0x999))).await, StatusCode::NOT_FOUND);
    let funder = fixture.key_of(crate::fixture::FUNDERS[0], None).await;
    assert_eq!(
        fixture.send("GET", &path(PAID), &funder, Vec::new()).await.0,
        StatusCode::NOT_FOUND
    );
}
