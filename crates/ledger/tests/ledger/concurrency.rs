//! Many at once: exactly one wins, nobody deadlocks, the books stay whole.

use std::sync::Arc;

use crate::common::*;
use ledger::{Account, BookId, Outcome, Posting};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::sync::Barrier;

const BOOK: BookId = book(1);
const TASKS: usize = 64;
/// Repeated until a race would have shown.
const ROUNDS: u32 = 10;
const VOUCHERS: u32 = 40;

/// More connections than `testkit::test` gives.
async fn wide(pool: &PgPool, connections: u32) -> PgPool {
    let options = (*pool.connect_options()).clone();
    PgPoolOptions::new()
        .max_connections(connections)
        .connect_with(options)
        .await
        .unwrap()
}

/// Runs all postings at the same moment, each in a transaction of its own.
async fn at_once(pool: &PgPool, postings: Vec<Vec<Posting>>) -> Vec<Vec<Outcome>> {
    let barrier = Arc::new(Barrier::new(postings.len()));
    let tasks: Vec<_> = postings
        .into_iter()
        .map(|postings| {
            let (pool, barrier) = (pool.clone(), Arc::clone(&barrier));
            tokio::spawn(async move {
                barrier.wait().await;
                post_all(&pool, &postings).await
            })
        })
        .collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    outcomes
}

#[testkit::test]
async fn one_voucher_hammered_by_64_tasks_is_spent_once(pool: PgPool) {
    let pool = wide(&pool, 16).await;
    spendable(&pool, BOOK, ROUNDS).await;
    for idx in 0..ROUNDS {
        let claim = |n: usize| vec![claimed(&format!("{idx} {n}"), BOOK, structure(n as u128 % 3), &[idx])];
        let outcomes = at_once(&pool, (0..TASKS).map(claim).collect()).await;
        let won = outcomes
            .iter()
            .flatten()
            .filter(|outcome| **outcome == Outcome::Posted)
            .count();
        assert_eq!((won, outcomes.len()), (1, TASKS));
    }
    assert_eq!(broken(&pool).await, []);
}

#[testkit::test]
async fn one_claim_repeated_by_64_tasks_is_booked_once(pool: PgPool) {
    let pool = wide(&pool, 16).await;
    spendable(&pool, BOOK, 2).await;
    let claim = |_| vec![claimed("the claim", BOOK, structure(1), &[1, 0])];
    let outcomes = at_once(&pool, (0..TASKS).map(claim).collect()).await;
    let count = |wanted: Outcome| outcomes.iter().flatten().filter(|outcome| **outcome == wanted).count();
    assert_eq!((count(Outcome::Posted), count(Outcome::AlreadyPosted)), (1, TASKS - 1));
    assert_eq!(held(&pool, Account::payable(BOOK, structure(1))).await, 2000);
}

#[testkit::test]
async fn one_activation_repeated_at_once_opens_its_voucher_once(pool: PgPool) {
    let pool = wide(&pool, 16).await;
    spendable(&pool, BOOK, 0).await;
    let outcomes = at_once(&pool, (0..TASKS).map(|_| vec![activated(BOOK, batch(1), 5)]).collect()).await;
    let count = |wanted: Outcome| outcomes.iter().flatten().filter(|outcome| **outcome == wanted).count();
    assert_eq!((count(Outcome::Posted), count(Outcome::AlreadyPosted)), (1, TASKS - 1));
    assert_eq!(broken(&pool).await, []);
}

/// Batches that touch the same accounts of two books in any order, new accounts included. A deadlock would fail `post_all`.
#[testkit::test]
async fn random_batches_at_once_never_deadlock(pool: PgPool) {
    let pool = wide(&pool, 16).await;
    spendable(&pool, BOOK, VOUCHERS).await;
    spendable(&pool, book(2), VOUCHERS).await;
    let mut random = StdRng::seed_from_u64(7);
    for round in 0..5 {
        let mut batch_of = |task: usize| {
            let mut postings = Vec::new();
            for n in 0..12 {
                let in_book = if random.random_bool(0.5) { BOOK } else { book(2) };
                let mut indexes: Vec<u32> = (0..VOUCHERS).collect();
                indexes.shuffle(&mut random);
                // New structures in each round: their accounts are opened under the race.
                let by = structure(round * 10 + random.random_range(0..5));
                let name = format!("{round} {task} {n}");
                postings.push(claimed(&name, in_book, by, &indexes[..random.random_range(1..3)]));
            }
            postings
        };
        let batches = (0..16).map(&mut batch_of).collect();
        at_once(&pool, batches).await;
        assert_eq!(broken(&pool).await, []);
    }
}
