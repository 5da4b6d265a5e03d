//! What a structure sees, is told and can take back.

use chrono::TimeDelta;
use e2e::{DAY, Place, Refusal, Scene};
use serde_json::json;
use sqlx::PgPool;

#[testkit::test]
async fn only_a_structure_claims_and_it_sees_its_own_claims_only(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let (_, vouchers) = scene.booklet_in_hand().await;
    let [here, elsewhere] = &scene.structures[..] else {
        panic!("two structures")
    };
    let claim = here.claim(scene.deployment.ids.next("claim"), &vouchers[..1]);
    scene
        .deployment
        .anyone
        .post("/redemption/v1/claims", &claim)
        .await
        .refused(Refusal::Unauthorized);
    scene
        .sponsor
        .client
        .post("/redemption/v1/claims", &claim)
        .await
        .refused(Refusal::Forbidden);
    let receipt = here.claims(&vouchers[..1]).await.created();
    let path = format!(
        "/redemption/v1/claims/{}?programme={}",
        receipt["claim_id"].as_str().expect("an id"),
        scene.programme()
    );
    assert_eq!(here.client.get(&path).await.accepted(), receipt);
    elsewhere.client.get(&path).await.refused(Refusal::NotFound);
    let list = |programme| format!("/redemption/v1/claims?programme={programme}");
    assert_eq!(
        here.client.get(&list(scene.programme())).await.accepted()["items"],
        json!([receipt])
    );
    assert_eq!(
        elsewhere.client.get(&list(scene.programme())).await.accepted()["items"],
        json!([])
    );
}

#[testkit::test]
async fn a_place_that_did_not_ask_is_not_accredited_and_all_reasons_are_told(pool: PgPool) {
    let scene = Scene::set(pool).await;
    let place = Place {
        labels: "Label QualiREL",
        ..Place::new(77)
    };
    scene
        .operator()
        .imports_structures(&Place::file(std::slice::from_ref(&place)))
        .await;
    let known = scene.operator().structures().await;
    let found = known
        .iter()
        .find(|structure| structure["siret"] == place.siret().as_str())
        .expect("it was imported");
    let structure = serde_json::from_value(found["id"].clone()).expect("an id");
    let problem = scene
        .operator()
        .accredits(structure)
        .await
        .refused(Refusal::NotAccreditable);
    insta::assert_json_snapshot!(problem["reasons"], @r#"
    [
      {
        "criterion": "asks",
        "problem": "Ce lieu n'a pas demandé à accepter le chèque.",
        "remedy": "Avec l'accord de la structure, ajoutez « Chèque culture numérique » dans la colonne « autres_formations_labels », puis importez de nouveau le lieu."
      }
    ]
    "#);
}

#[testkit::test]
async fn a_reversed_claim_gives_its_vouchers_back_once(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let (batch, vouchers) = scene.booklet_in_hand().await;
    let [here, elsewhere] = &scene.structures[..] else {
        panic!("two structures")
    };
    let receipt = here.claims(&vouchers[..3]).await.created();
    scene
        .deployment
        .go_to_instant(e2e::morning(DAY) + TimeDelta::minutes(5));
    elsewhere.reverses(&receipt).await.refused(Refusal::NotFound);
    // One is blocked meanwhile, and must not come back to life.
    scene
        .sponsor
        .revokes_voucher(&batch, &vouchers[2], "fraud")
        .await
        .created();
    let reversal = here.reverses(&receipt).await.created();
    assert_eq!(
        (&reversal["vouchers_alive"], &reversal["vouchers_dead"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(reversal["after_settlement"], false);
    assert_eq!(here.reverses(&receipt).await.status, 422);
    elsewhere.claims_one(&vouchers[2]).await.refused(Refusal::Revoked);
    elsewhere.claims(&vouchers[..2]).await.created();
    scene.operator().balances_the_books().await;
}
