use redemption::StructureId;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use crate::fixture::{Fixture, SIRETS, place, place_with};

#[testkit::test]
async fn a_suspended_structure_claims_nothing_until_it_is_lifted(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=1).await;
    let path = format!("/redemption/v1/structures/{}/suspensions", structure.structure);
    let suspension = json!({ "id": Uuid::from_u128(5), "reason": "contrôle en cours" });
    let made = fixture.operator.post(&path, suspension.clone()).await.created();
    assert_eq!(fixture.operator.post(&path, suspension).await.ok(), made);
    let second = json!({ "id": Uuid::from_u128(6), "reason": "autre" });
    assert_eq!(fixture.operator.post(&path, second).await.kind(), "already-suspended");
    let answer = structure.claims(1, &tokens).await;
    assert_eq!((answer.status, answer.kind().as_str()), (403, "structure-suspended"));

    let lift = format!("{path}/{}/lift", Uuid::from_u128(5));
    let lifted = fixture.operator.post(&lift, json!({})).await.ok();
    assert_eq!(fixture.operator.post(&lift, json!({})).await.ok(), lifted);
    structure.claims(1, &tokens).await.created();
}

#[testkit::test]
async fn an_organisation_that_was_not_accredited_claims_nothing(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=1).await;
    let id = Uuid::from_u128(77);
    let new = json!({ "id": id, "name": "Sans label", "roles": ["structure"] });
    fixture.operator.post("/issuer/v1/organisations", new).await.created();
    let mut stranger = structure.clone();
    stranger.client = fixture.operator.gives_key(id, Uuid::from_u128(78)).await;
    let answer = stranger.claims(1, &tokens).await;
    assert_eq!(
        (answer.status, answer.kind().as_str()),
        (403, "structure-not-accredited")
    );
}

#[testkit::test]
async fn a_refused_accreditation_tells_every_reason(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    fixture
        .imports(&[
            place_with("W751234567", "", "", "Ce lieu n'accueille pas de public"),
            place(SIRETS[0], "APTIC"),
        ])
        .await;
    let accredit = |pivot: &str| {
        let id = StructureId::derive(b"structure", &[pivot.as_bytes()]);
        (
            format!("/redemption/v1/structures/{id}/accreditation"),
            json!({ "id": Uuid::from_u128(1) }),
        )
    };
    let (path, body) = accredit("W751234567");
    let answer = fixture.operator.post(&path, body).await;
    assert_eq!(answer.kind(), "not-accreditable");
    let problem = answer.json();
    let reasons = problem["reasons"].as_array().unwrap();
    let criteria: Vec<_> = reasons
        .iter()
        .map(|reason| reason["criterion"].as_str().unwrap())
        .collect();
    assert_eq!(criteria, ["siret", "services", "public", "asks"]);
    let (path, body) = accredit(SIRETS[0]);
    let made = fixture.operator.post(&path, body.clone()).await.created();
    assert_eq!(fixture.operator.post(&path, body).await.ok(), made);
    let again = json!({ "id": Uuid::from_u128(2) });
    assert_eq!(fixture.operator.post(&path, again).await.kind(), "already-accredited");
    let (path, body) = accredit("inconnu");
    assert_eq!(fixture.operator.post(&path, body).await.kind(), "not-found");

    let list = fixture
        .operator
        .get("/redemption/v1/structures?accredited=true")
        .await
        .ok();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["siret"], SIRETS[0]);
    let list = fixture.operator.get("/redemption/v1/structures").await.ok();
    assert_eq!(
        (list["items"].as_array().unwrap().len(), &list["next"]),
        (2, &json!(null))
    );
}

#[testkit::test]
async fn a_structure_decides_nothing_about_structures(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let structure = fixture.structure(0).await;
    assert_eq!(
        structure.client.get("/redemption/v1/structures").await.kind(),
        "forbidden"
    );
    let path = format!("/redemption/v1/structures/{}/accreditation", structure.structure);
    assert_eq!(
        structure
            .client
            .post(&path, json!({ "id": Uuid::from_u128(9) }))
            .await
            .kind(),
        "forbidden"
    );
    let path = format!("/redemption/v1/structure-imports/{}?file=x.csv", Uuid::from_u128(9));
    assert_eq!(structure.client.put(&path, "text/csv", "").await.kind(), "forbidden");
}

#[testkit::test]
async fn the_service_reads_no_person_and_rewrites_no_history(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    for forbidden in [
        "select from issuer.identity",
        "select from issuer.beneficiary",
        "select from issuer.voucher",
        "select from funding.settlement",
        "update ledger.transfer set cents = 1",
        "delete from redemption.claim",
        "update redemption.claim set cents = 1",
        "update redemption.reversal set reason = ''",
        "delete from redemption.bank_details",
    ] {
        let error = sqlx::query(forbidden).execute(&fixture.pool).await.unwrap_err();
        let code = error
            .as_database_error()
            .and_then(|error| error.code().map(std::borrow::Cow::into_owned));
        assert_eq!(code.as_deref(), Some("42501"), "{forbidden}: {error}");
    }
}
