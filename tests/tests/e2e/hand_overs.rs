//! At the desk.

use e2e::{Refusal, Scene, Settings};
use serde_json::json;
use sqlx::PgPool;

#[testkit::test]
async fn a_person_gets_as_many_booklets_as_granted_and_no_more(pool: PgPool) {
    let settings = Settings {
        booklets_per_person: 2,
        ..Settings::default()
    };
    let mut scene = Scene::with(pool, settings).await;
    let batch = scene.funded_batch(3).await;
    for booklet in [1, 2] {
        scene
            .prescriber
            .hands_over(&batch, booklet, &scene.people[0])
            .await
            .created();
    }
    scene
        .prescriber
        .hands_over(&batch, 3, &scene.people[0])
        .await
        .refused(Refusal::CapReached);
    let person = &scene
        .prescriber
        .people()
        .await
        .into_iter()
        .find(|person| person.id == scene.people[0].id);
    assert_eq!(person.as_ref().map(|person| person.handed_over), Some(2));
}

#[testkit::test]
async fn a_booklet_is_handed_over_once(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let batch = scene.funded_batch(1).await;
    let hand_over = scene.prescriber.hands_over(&batch, 1, &scene.people[0]).await.created();
    assert_eq!(hand_over["vouchers"], json!([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
    scene
        .prescriber
        .hands_over(&batch, 1, &scene.people[1])
        .await
        .refused(Refusal::BookletAlreadyHandedOver);
    // There is no second booklet in the batch.
    let answer = scene.prescriber.hands_over(&batch, 2, &scene.people[1]).await;
    assert!(matches!(answer.status, 404 | 422), "{}", answer.told());
}

#[testkit::test]
async fn a_prescriber_hands_over_to_its_own_people_only(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let batch = scene.funded_batch(1).await;
    let (_, stranger) = scene.another_programme().await;
    let stranger = e2e::Prescriber {
        programme: scene.programme(),
        ..stranger
    };
    // Nothing of a programme whose sponsor did not admit it.
    stranger
        .hands_over(&batch, 1, &scene.people[0])
        .await
        .refused(Refusal::NotFound);
    let batches = stranger.path("/batches");
    stranger.client.get(&batches).await.refused(Refusal::NotFound);
    scene.sponsor.admits_prescriber(stranger.id).await.created();
    stranger.client.get(&batches).await.accepted();
    stranger
        .hands_over(&batch, 1, &scene.people[0])
        .await
        .refused(Refusal::NotYourBeneficiary);
    assert_eq!(stranger.people().await, []);
    scene.prescriber.hands_over(&batch, 1, &scene.people[0]).await.created();
}

#[testkit::test]
async fn a_lost_booklet_is_replaced_by_a_whole_one(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let batch = scene.funded_batch(3).await;
    let lost = scene.prescriber.hands_over(&batch, 1, &scene.people[0]).await.created();
    let structure = scene.structures[0].clone();
    structure.claims(&batch.booklet(1)[..4]).await.created();
    // Not before it was blocked: the finder could spend it.
    let answer = scene.prescriber.replaces(&lost, &batch, 2).await;
    assert_eq!(answer.status, 422, "{}", answer.told());

    let revoked = scene.prescriber.declares_lost(&batch, 1).await.created();
    assert_eq!(
        (&revoked["revoked"], &revoked["already_claimed"]),
        (&json!(10), &json!(4)),
        "{revoked:#}"
    );
    assert_eq!(revoked["returned"], "60.00");
    scene.operator().balances_the_books().await;

    let replacement = scene.prescriber.replaces(&lost, &batch, 2).await.created();
    assert_eq!(replacement["beneficiary_id"], json!(scene.people[0].id));
    let answer = scene.prescriber.replaces(&lost, &batch, 3).await;
    assert_eq!(answer.status, 422, "{}", answer.told());
    structure
        .claims_one(&batch.booklet(1)[5])
        .await
        .refused(Refusal::Revoked);
    structure.claims(&batch.booklet(2)).await.created();
    // A blocked booklet that nobody got cannot be given any more.
    scene.sponsor.revokes(&batch, 3, "stolen").await.created();
    scene
        .prescriber
        .hands_over(&batch, 3, &scene.people[1])
        .await
        .refused(Refusal::BookletBlocked);
    scene.operator().balances_the_books().await;
}

#[testkit::test]
async fn a_whole_batch_can_be_made_spendable_at_once(pool: PgPool) {
    let mut scene = Scene::with(
        pool,
        Settings {
            spendable: "batch",
            ..Settings::default()
        },
    )
    .await;
    let batch = scene.sponsor.orders(2).await;
    assert_eq!(scene.sponsor.activates(&batch).await.status, 422);
    let sponsor = scene.sponsor.clone();
    scene.pay_for(&sponsor, &batch).await;
    sponsor.funds(&batch).await.accepted();
    scene.structures[0]
        .claims_one(&batch.vouchers[0])
        .await
        .refused(Refusal::NotActive);
    // Blocked in the drawer: it stays closed, and the books know it.
    sponsor
        .revokes_voucher(&batch, &batch.vouchers[19], "stolen")
        .await
        .created();
    assert_eq!(sponsor.activates(&batch).await.accepted()["state"], "activated");
    scene.structures[0].claims_one(&batch.vouchers[0]).await.created();
    assert_eq!(sponsor.counts_states().await["activated"], 18);
    scene.operator().balances_the_books().await;
}

#[testkit::test]
async fn a_batch_of_a_hand_over_programme_is_never_activated_whole(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let batch = scene.funded_batch(1).await;
    assert_eq!(scene.sponsor.activates(&batch).await.status, 422);
    scene.structures[0]
        .claims_one(&batch.vouchers[0])
        .await
        .refused(Refusal::NotActive);
}
