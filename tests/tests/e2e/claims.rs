//! A claim is a clear yes, or a clear no with its reason, and all or nothing.

use chrono::Days;
use e2e::{DAY, Refusal, Scene, Settings, Voucher, redacted};
use serde_json::{Value, json};
use sqlx::PgPool;
use voucher::{Idx, TOKEN_DIGITS, Token, VoucherId};

/// What the problem says of each bad voucher.
fn reasons(problem: &Value) -> Vec<(u64, String)> {
    let vouchers = problem["vouchers"].as_array().expect("every bad voucher is listed");
    vouchers
        .iter()
        .map(|voucher| {
            (
                voucher["index"].as_u64().expect("a place"),
                voucher["reason"].as_str().expect("a word").to_owned(),
            )
        })
        .collect()
}

#[testkit::test]
async fn a_workshop_is_paid_with_four_vouchers_and_gives_a_receipt(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let (_, vouchers) = scene.booklet_in_hand().await;
    let mut receipt = redacted(&scene.structures[0].claims(&vouchers[..4]).await.created());
    for voucher in receipt["vouchers"].as_array_mut().expect("vouchers") {
        // Drawn at random, so that it says nothing about the booklet.
        voucher["idx"] = json!("[random]");
    }
    insta::assert_json_snapshot!(receipt, @r#"
    {
      "at": "instant-1",
      "claim_id": "id-1",
      "date": "2026-03-02",
      "id": "id-2",
      "programme_id": "id-3",
      "reversed_at": null,
      "service": "atelier-premiers-pas",
      "status_list_at": null,
      "structure_id": "id-4",
      "total": "40.00",
      "vouchers": [
        {
          "idx": "[random]",
          "series": 1,
          "value": "10.00"
        },
        {
          "idx": "[random]",
          "series": 1,
          "value": "10.00"
        },
        {
          "idx": "[random]",
          "series": 1,
          "value": "10.00"
        },
        {
          "idx": "[random]",
          "series": 1,
          "value": "10.00"
        }
      ]
    }
    "#);
    scene.operator().balances_the_books().await;
}

#[testkit::test]
async fn a_voucher_with_a_changed_digit_is_forged(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let (_, vouchers) = scene.booklet_in_hand().await;
    let (rest, last) = vouchers[0].token.split_at(vouchers[0].token.len() - 1);
    let other = if last == "1" { "2" } else { "1" };
    let structure = &scene.structures[0];
    for text in [format!("{rest}{other}"), "https://exemple.fr".to_owned()] {
        structure.claims_texts(&[text]).await.refused(Refusal::Forged);
    }
    // What cannot be read says nothing of the voucher.
    for text in [rest.to_owned(), "bonjour".to_owned(), String::new()] {
        structure.claims_texts(&[text]).await.refused(Refusal::Unreadable);
    }
    structure.claims_one(&vouchers[0]).await.created();
}

#[testkit::test]
async fn a_well_signed_voucher_that_was_never_minted_is_unknown(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let (_, vouchers) = scene.booklet_in_hand().await;
    // A thief has the signing key; no account stands behind what it signs.
    let (prefix, digits) = vouchers[0].token.split_at(vouchers[0].token.len() - TOKEN_DIGITS);
    let mut terms = *Token::from_digits(digits).expect("a token").unverified_terms();
    terms.id = VoucherId::new(*b"volevole");
    terms.idx = Idx::new(terms.idx.get() ^ 1).expect("24 bits");
    let stolen = format!("{prefix}{}", scene.deployment.signing_key.sign(&terms).digits());
    scene.structures[0]
        .claims_texts(&[stolen])
        .await
        .refused(Refusal::Unknown);
}

#[testkit::test]
async fn a_printed_voucher_is_worth_nothing_before_its_hand_over(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let batch = scene.funded_batch(1).await;
    let structure = &scene.structures[0];
    structure
        .claims_one(&batch.vouchers[0])
        .await
        .refused(Refusal::NotActive);
    scene.prescriber.hands_over(&batch, 1, &scene.people[0]).await.created();
    structure.claims_one(&batch.vouchers[0]).await.created();
}

#[testkit::test]
async fn a_used_voucher_is_told_apart_by_who_used_it(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let (_, vouchers) = scene.booklet_in_hand().await;
    let [here, elsewhere] = &scene.structures[..] else {
        panic!("two structures")
    };
    here.claims_one(&vouchers[0]).await.created();
    scene.deployment.go_to(DAY + Days::new(3));
    let mine = here.claims_one(&vouchers[0]).await.refused(Refusal::AlreadyUsedByYou);
    assert_eq!(mine["vouchers"][0]["used_on"], DAY.to_string());
    let theirs = elsewhere
        .claims_one(&vouchers[0])
        .await
        .refused(Refusal::AlreadyUsedElsewhere);
    // Where it was used is not this structure's business.
    assert!(!theirs.to_string().contains(&here.name) && !theirs.to_string().contains(&here.id.to_string()));
}

#[testkit::test]
async fn a_lost_booklet_is_refused_and_one_voucher_can_be_blocked_alone(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let batch = scene.funded_batch(2).await;
    for booklet in [1, 2] {
        let person = &scene.people[booklet as usize];
        scene.prescriber.hands_over(&batch, booklet, person).await.created();
    }
    scene.prescriber.declares_lost(&batch, 1).await.created();
    let stolen = &batch.booklet(2)[0];
    scene.sponsor.revokes_voucher(&batch, stolen, "stolen").await.created();
    let structure = &scene.structures[0];
    structure
        .claims_one(&batch.booklet(1)[3])
        .await
        .refused(Refusal::Revoked);
    structure.claims_one(stolen).await.refused(Refusal::Revoked);
    structure.claims_one(&batch.booklet(2)[1]).await.created();
    scene.operator().balances_the_books().await;
}

#[testkit::test]
async fn a_voucher_is_accepted_on_its_last_day_and_refused_after_the_grace(pool: PgPool) {
    let settings = Settings {
        printed_day: DAY + Days::new(10),
        tolerance_days: 5,
        ..Settings::default()
    };
    let mut scene = Scene::with(pool, settings).await;
    let (_, vouchers) = scene.booklet_in_hand().await;
    let last_day = DAY + Days::new(15);
    scene.deployment.go_to(last_day);
    scene.structures[0].claims_one(&vouchers[0]).await.created();
    scene.deployment.go_to(last_day + Days::new(3));
    scene.structures[0]
        .claims_one(&vouchers[1])
        .await
        .refused(Refusal::Expired);
}

#[testkit::test]
async fn a_suspended_structure_claims_nothing_until_it_is_let_again(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let (_, vouchers) = scene.booklet_in_hand().await;
    let structure = &scene.structures[0];
    let suspension = scene.operator().suspends(structure.id).await;
    structure
        .claims_one(&vouchers[0])
        .await
        .refused(Refusal::StructureSuspended);
    scene.operator().lifts(structure.id, suspension).await.accepted();
    structure.claims_one(&vouchers[0]).await.created();
}

#[testkit::test]
async fn three_good_vouchers_and_a_bad_one_are_all_refused(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let (_, vouchers) = scene.booklet_in_hand().await;
    let [here, elsewhere] = &scene.structures[..] else {
        panic!("two structures")
    };
    elsewhere.claims_one(&vouchers[2]).await.created();
    let problem = here.claims(&vouchers[..4]).await.refused(Refusal::AlreadyUsedElsewhere);
    assert_eq!(reasons(&problem), [(2, "already-used-elsewhere".to_owned())]);
    let good: Vec<Voucher> = [0, 1, 3, 4].map(|place| vouchers[place].clone()).into();
    let receipt = here.claims(&good).await.created();
    assert_eq!(receipt["total"], "40.00");
    scene.operator().balances_the_books().await;
}

#[testkit::test]
async fn every_bad_voucher_of_a_claim_is_told_at_its_place(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let batch = scene.funded_batch(2).await;
    scene.prescriber.hands_over(&batch, 1, &scene.people[0]).await.created();
    let [here, elsewhere] = &scene.structures[..] else {
        panic!("two structures")
    };
    here.claims_one(&batch.vouchers[0]).await.created();
    elsewhere.claims_one(&batch.vouchers[1]).await.created();
    let not_active = &batch.booklet(2)[0];
    let mixed: Vec<Voucher> = [&batch.vouchers[0], &batch.vouchers[2], not_active, &batch.vouchers[1]]
        .map(Clone::clone)
        .into();
    let answer = here.claims(&mixed).await;
    assert_eq!(answer.status, 422);
    let expected = [
        (0, "already-used-by-you"),
        (2, "not-active"),
        (3, "already-used-elsewhere"),
    ];
    assert_eq!(
        reasons(&answer.json()),
        expected.map(|(place, word)| (place, word.to_owned()))
    );
}

#[testkit::test]
async fn the_same_voucher_twice_in_one_claim_is_refused(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let (_, vouchers) = scene.booklet_in_hand().await;
    let twice = [vouchers[0].clone(), vouchers[1].clone(), vouchers[0].clone()];
    let problem = scene.structures[0]
        .claims(&twice)
        .await
        .refused(Refusal::TwiceInOneClaim);
    assert_eq!(reasons(&problem), [(2, "twice-in-one-claim".to_owned())]);
}

#[testkit::test]
async fn vouchers_of_two_programmes_make_two_claims(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let (_, ours) = scene.booklet_in_hand().await;
    let (sponsor, prescriber) = scene.another_programme().await;
    let batch = sponsor.orders(1).await;
    scene.pay_for(&sponsor, &batch).await;
    sponsor.funds(&batch).await.accepted();
    let person = &prescriber.people().await[0];
    prescriber.hands_over(&batch, 1, person).await.created();
    let structure = &scene.structures[0];
    structure
        .claims(&[ours[0].clone(), batch.vouchers[0].clone()])
        .await
        .refused(Refusal::MixedProgrammes);
    structure.claims_one(&ours[0]).await.created();
    structure.claims_one(&batch.vouchers[0]).await.created();
    scene.operator().balances_the_books().await;
}

#[testkit::test]
async fn a_claim_names_a_service_of_the_catalogue_and_a_recent_day(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let (_, vouchers) = scene.booklet_in_hand().await;
    let structure = &scene.structures[0];
    let cases = [
        ("service", json!("poterie"), Refusal::UnknownService),
        ("date", json!(DAY + Days::new(1)), Refusal::DateOutOfRange),
        ("date", json!(DAY - Days::new(40)), Refusal::DateOutOfRange),
        ("tokens", json!(vec![&vouchers[0].token; 51]), Refusal::TooManyVouchers),
    ];
    for (field, value, refusal) in cases {
        let mut claim = structure.claim(scene.deployment.ids.next("claim"), &vouchers[..1]);
        claim[field] = value;
        structure
            .client
            .post("/redemption/v1/claims", &claim)
            .await
            .refused(refusal);
    }
    structure.claims_one(&vouchers[0]).await.created();
}
