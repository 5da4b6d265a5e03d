//! What must hold whoever comes at the same moment. Each is repeated until it would have shown a race.

use std::collections::BTreeMap;

use e2e::{Refusal, Scene, Settings, together};
use sqlx::PgPool;

/// Requests let go at the same moment.
const TASKS: usize = 64;

const ROUNDS: u32 = 25;

/// Booklets of ten vouchers that [`ROUNDS`] needs at a voucher a round.
const BOOKLETS: u32 = ROUNDS.div_ceil(10);

fn crowd() -> Settings {
    Settings {
        threads: 4,
        structures: 4,
        people: 3,
        ..Settings::default()
    }
}

async fn booklets_in_hand(scene: &mut Scene) -> Vec<e2e::Voucher> {
    let batch = scene.funded_batch(BOOKLETS).await;
    for (booklet, person) in (1..=BOOKLETS).zip(&scene.people) {
        scene.prescriber.hands_over(&batch, booklet, person).await.created();
    }
    batch.vouchers
}

#[testkit::test]
async fn one_voucher_is_spent_once(pool: PgPool) {
    let mut scene = Scene::with(pool, crowd()).await;
    let vouchers = booklets_in_hand(&mut scene).await;
    for voucher in &vouchers[..ROUNDS as usize] {
        let structures = (0..TASKS)
            .map(|task| scene.structures[task % scene.structures.len()].clone())
            .collect();
        let answers = together(structures, |structure| {
            let voucher = voucher.clone();
            async move { (structure.id, structure.claims_one(&voucher).await) }
        })
        .await;
        let winners: Vec<_> = answers
            .iter()
            .filter(|(_, answer)| answer.status == 201)
            .map(|(id, _)| *id)
            .collect();
        assert_eq!(
            winners.len(),
            1,
            "voucher {}: {} claims were accepted",
            voucher.serial,
            winners.len()
        );
        for (structure, answer) in answers.into_iter().filter(|(_, answer)| answer.status != 201) {
            let by_you = structure == winners[0];
            answer.refused(if by_you {
                Refusal::AlreadyUsedByYou
            } else {
                Refusal::AlreadyUsedElsewhere
            });
        }
    }
    let states = scene.sponsor.counts_states().await;
    assert_eq!(states["claimed"], ROUNDS);
    scene.operator().balances_the_books().await;
}

#[testkit::test]
async fn a_repeated_claim_is_one_claim(pool: PgPool) {
    let mut scene = Scene::with(pool, crowd()).await;
    let vouchers = booklets_in_hand(&mut scene).await;
    for voucher in &vouchers[..ROUNDS as usize] {
        let claim = scene.deployment.ids.next("claim");
        let answers = together(vec![scene.structures[0].clone(); TASKS], |structure| {
            let voucher = voucher.clone();
            async move { structure.claims_as(claim, &[voucher]).await }
        })
        .await;
        let mut statuses = BTreeMap::<u16, usize>::new();
        for answer in &answers {
            *statuses.entry(answer.status).or_default() += 1;
            assert_eq!(answer.text(), answers[0].text(), "two receipts of one claim differ");
        }
        assert_eq!(statuses, BTreeMap::from([(200, TASKS - 1), (201, 1)]));
    }
    let path = format!("/redemption/v1/claims?programme={}", scene.programme());
    let claims = scene.structures[0].client.get(&path).await.accepted();
    assert_eq!(claims["items"].as_array().map(Vec::len), Some(ROUNDS as usize));
    scene.operator().balances_the_books().await;
}

#[testkit::test]
async fn overlapping_claims_share_no_voucher(pool: PgPool) {
    let mut scene = Scene::with(pool, crowd()).await;
    let vouchers = booklets_in_hand(&mut scene).await;
    // Ten neighbouring vouchers each, in both directions: whoever locks in the order given would wait in a ring.
    let claims = (0..TASKS)
        .map(|task| {
            let mut wanted: Vec<_> = vouchers
                .iter()
                .cycle()
                .skip(task % vouchers.len())
                .take(10)
                .cloned()
                .collect();
            if task % 2 == 1 {
                wanted.reverse();
            }
            (scene.structures[task % scene.structures.len()].clone(), wanted)
        })
        .collect();
    let answers = together(claims, |(structure, wanted)| async move {
        (structure.claims(&wanted).await, wanted)
    })
    .await;
    let mut spent = Vec::new();
    for (answer, wanted) in answers {
        match answer.status {
            201 => spent.extend(wanted.into_iter().map(|voucher| voucher.serial)),
            _ => assert!(answer.kind().starts_with("already-used-"), "{}", answer.told()),
        }
    }
    let times = spent.len();
    spent.sort_unstable();
    spent.dedup();
    assert!(times > 0 && times == spent.len(), "a voucher was spent twice");
    assert_eq!(scene.sponsor.counts_states().await["claimed"], times);
    scene.operator().balances_the_books().await;
}

#[testkit::test]
async fn two_batches_do_not_reserve_the_same_money(pool: PgPool) {
    let mut scene = Scene::with(pool, crowd()).await;
    let sponsor = scene.sponsor.clone();
    for _ in 0..5 {
        let batches = [sponsor.orders(1).await, sponsor.orders(1).await];
        scene.pay_for(&sponsor, &batches[0]).await;
        let mut answers = together(batches.to_vec(), |batch| {
            let sponsor = sponsor.clone();
            async move { sponsor.funds(&batch).await }
        })
        .await;
        answers.sort_by_key(|answer| answer.status);
        let short = answers.pop().expect("two answers").refused(Refusal::NotFunded);
        let funded = answers.pop().expect("two answers").accepted();
        assert_eq!(funded["funded"], true);
        let lacks = short["shortfalls"].as_array().expect("who lacks what");
        assert!(lacks.iter().all(|lack| lack["available"] == "0.00"), "{short:#}");
        scene.operator().balances_the_books().await;
    }
}

#[testkit::test]
async fn a_booklet_is_handed_to_one_person(pool: PgPool) {
    let mut scene = Scene::with(pool, crowd()).await;
    let batch = scene.funded_batch(1).await;
    let desks: Vec<_> = (0..TASKS)
        .map(|task| scene.people[task % scene.people.len()].clone())
        .collect();
    let answers = together(desks, |person| {
        let (prescriber, batch) = (scene.prescriber.clone(), batch.clone());
        async move { prescriber.hands_over(&batch, 1, &person).await }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        let kind = answer.kind();
        assert!(
            kind == "booklet-already-handed-over" || kind == "cap-reached",
            "{}",
            answer.told()
        );
    }
    assert_eq!(scene.sponsor.counts_states().await["activated"], 10);
    scene.operator().balances_the_books().await;
}
