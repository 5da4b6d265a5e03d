use std::collections::BTreeMap;
use std::sync::Arc;

use redemption::ClaimRequestId;
use redemption::claims::claim::{ClaimError, ClaimPipeline, ClaimRejection, Claimant, NewClaim};
use sqlx::PgPool;
use standards::Cents;
use tokio::task::JoinSet;
use uuid::Uuid;

use testkit::Answer;

use crate::actor::Mediator;
use crate::fixture::{Fixture, MORNING, claim_secrets, instant, number};

/// Who asks at once.
const CALLERS: u32 = 64;

/// Often enough that every order of arrival and every split into batches comes up.
const ROUNDS: u32 = 12;

async fn all_at_once(callers: impl Iterator<Item = (Mediator, u128, Vec<String>)>) -> Vec<Answer> {
    let mut tasks = JoinSet::new();
    for (structure, id, tokens) in callers {
        tasks.spawn(async move { structure.claims(id, &tokens).await });
    }
    tasks.join_all().await
}

/// How many were answered what.
fn counted(answers: &[Answer]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        let word = if answer.status < 300 {
            answer.status.to_string()
        } else {
            answer.kind()
        };
        *counts.entry(word).or_default() += 1;
    }
    counts
}

#[testkit::test]
async fn one_voucher_is_spent_once(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, here, there) = (
        fixture.programme(1).await,
        fixture.structure(0).await,
        fixture.structure(1).await,
    );
    for round in 1..=ROUNDS {
        let tokens = fixture.activates(programme, round..=round).await;
        let structure = |caller: u32| {
            if caller.is_multiple_of(2) {
                here.clone()
            } else {
                there.clone()
            }
        };
        let callers =
            (0..CALLERS).map(|caller| (structure(caller), u128::from(round * CALLERS + caller), tokens.clone()));
        let mut counts = counted(&all_at_once(callers).await);
        assert_eq!(counts.remove("201"), Some(1), "{counts:?}");
        let refused =
            counts.remove("already-used-by-you").unwrap_or(0) + counts.remove("already-used-elsewhere").unwrap_or(0);
        assert_eq!((refused, counts), (63, BTreeMap::new()));
    }
    let owed =
        fixture.owed(programme, here.structure).await.get() + fixture.owed(programme, there.structure).await.get();
    assert_eq!(owed, i64::from(ROUNDS) * 1000);
    assert_eq!(fixture.claims_booked(programme).await, i64::from(ROUNDS));
}

#[testkit::test]
async fn one_claim_sent_many_times_at_once_is_one_claim(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    for round in 1..=ROUNDS {
        let tokens = fixture.activates(programme, round * 4..=round * 4 + 3).await;
        let answers = all_at_once((0..CALLERS).map(|_| (structure.clone(), u128::from(round), tokens.clone()))).await;
        assert!(
            answers.iter().all(|answer| answer.json() == answers[0].json()),
            "equal receipts"
        );
        assert_eq!(
            counted(&answers),
            BTreeMap::from([("200".to_owned(), 63), ("201".to_owned(), 1)])
        );
    }
    assert_eq!(
        fixture.owed(programme, structure.structure).await,
        Cents::new(i64::from(ROUNDS) * 4000)
    );
    assert_eq!(fixture.claims_booked(programme).await, i64::from(ROUNDS));
}

#[testkit::test]
async fn one_id_with_two_contents_at_once_is_one_claim(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, here, there) = (
        fixture.programme(1).await,
        fixture.structure(0).await,
        fixture.structure(1).await,
    );
    for round in 1..=ROUNDS {
        let (one, two) = (round * 2 - 1, round * 2);
        let tokens = fixture.activates(programme, one..=two).await;
        let callers = (0..CALLERS).map(|caller| {
            let (structure, token) = if caller.is_multiple_of(2) {
                (&here, &tokens[0])
            } else {
                (&there, &tokens[1])
            };
            (structure.clone(), u128::from(round), vec![token.clone()])
        });
        let counts = counted(&all_at_once(callers).await);
        let half = CALLERS as usize / 2;
        let expected = [("200", half - 1), ("201", 1), ("same-id-other-content", half)];
        assert_eq!(counts, expected.map(|(word, count)| (word.to_owned(), count)).into());
    }
    assert_eq!(fixture.claims_booked(programme).await, i64::from(ROUNDS));
}

#[testkit::test]
async fn overlapping_claims_of_many_vouchers_never_share_one(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = Arc::new(fixture.activates(programme, 1..=40).await);
    // Each caller wants ten neighbours, scanned forwards or backwards: locks taken in scanning order would deadlock.
    let callers = (0..CALLERS).map(|caller| {
        let start = (caller as usize * 7) % 31;
        let mut wanted = tokens[start..start + 10].to_vec();
        if caller.is_multiple_of(2) {
            wanted.reverse();
        }
        (structure.clone(), u128::from(caller) + 1, wanted)
    });
    let counts = counted(&all_at_once(callers).await);
    let booked = counts["201"];
    assert_eq!(counts["already-used-by-you"], CALLERS as usize - booked, "{counts:?}");
    assert!((1..=4).contains(&booked), "{booked} claims of ten out of forty");
    let owed = fixture.owed(programme, structure.structure).await;
    assert_eq!(owed, Cents::new(i64::try_from(booked).unwrap() * 10_000));
}

#[testkit::test]
async fn a_caller_that_goes_away_loses_nothing(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=30).await;
    for (id, token) in tokens.iter().enumerate() {
        let (phone, tokens) = (structure.clone(), vec![token.clone()]);
        let task = tokio::spawn(async move { phone.claims(id as u128 + 1, &tokens).await });
        for _ in 0..id {
            tokio::task::yield_now().await;
        }
        task.abort();
    }
    for (id, token) in tokens.iter().enumerate() {
        let answer = structure.claims(id as u128 + 1, std::slice::from_ref(token)).await;
        assert!(answer.status < 300, "{:#}", answer.json());
    }
    assert_eq!(fixture.claims_booked(programme).await, 30);
    assert_eq!(fixture.owed(programme, structure.structure).await, Cents::new(30_000));
}

#[testkit::test]
async fn a_database_that_fails_hangs_nobody_and_the_desk_stays_open(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=2).await;
    structure.claims(1, &tokens[..1]).await.created();
    sqlx::query("revoke insert on redemption.claim from ccn_redemption")
        .execute(&fixture.admin)
        .await
        .unwrap();
    let answer = structure.claims(2, &tokens[1..]).await;
    assert_eq!((answer.status, answer.kind().as_str()), (503, "unavailable"));
    assert_eq!(answer.retry_after(), Some("2"));
    assert_eq!(fixture.owed(programme, structure.structure).await, Cents::new(1000));
    sqlx::query("grant insert on redemption.claim to ccn_redemption")
        .execute(&fixture.admin)
        .await
        .unwrap();
    structure.claims(2, &tokens[1..]).await.created();
}

#[testkit::test]
async fn a_full_queue_sends_callers_away_and_keeps_who_waits(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await.structure);
    let tokens = fixture.activates(programme, 1..=3).await;
    let pipeline = Arc::new(ClaimPipeline::with_limits(
        &fixture.pool,
        fixture.host.clone(),
        claim_secrets(),
        1,
        1,
    ));
    let who = Claimant {
        structure,
        key: Uuid::nil(),
    };
    let claim = |nth: usize| {
        let new = NewClaim {
            id: ClaimRequestId::from_uuid(Uuid::from_u128(nth as u128)),
            tokens: vec![tokens[nth].clone()],
            short_codes: Vec::new(),
            status_list_at: None,
            service: "bureautique".to_owned(),
            date: "2026-03-10".parse().unwrap(),
        };
        let pipeline = Arc::clone(&pipeline);
        tokio::spawn(async move { pipeline.claim(who, &new, instant(MORNING)).await })
    };
    // Somebody holds the first voucher: the only worker waits for it.
    let mut holder = fixture.admin.begin().await.unwrap();
    let held = "select from ledger.account where book_id = $1 and number = $2 for update";
    let account = number(programme, 1).get();
    sqlx::query(held)
        .bind(programme.id.uuid())
        .bind(account)
        .execute(&mut *holder)
        .await
        .unwrap();
    let at_work = claim(0);
    let waiting =
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(waiting)
        .fetch_one(&fixture.admin)
        .await
        .unwrap()
        == 0
    {}
    // Of two more, one finds the only place in the queue and the other finds it taken.
    let (one, other) = (claim(1), claim(2));
    while !one.is_finished() && !other.is_finished() {
        tokio::task::yield_now().await;
    }
    holder.rollback().await.unwrap();
    let mut results = Vec::new();
    for task in [at_work, one, other] {
        results.push(task.await.unwrap());
    }
    assert!(results[0].is_ok());
    assert_eq!(
        results
            .iter()
            .filter(|result| matches!(result, Err(ClaimError::Rejected(ClaimRejection::Busy))))
            .count(),
        1
    );
    assert_eq!(fixture.owed(programme, structure).await, Cents::new(2000));
}
