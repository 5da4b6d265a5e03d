//! Long random simulations of a fund, every event of it, against an oracle in the words of the business: funders, programmes,
//! vouchers, claims, payments. After each event all invariants hold, the bank account is what the oracle says, and the report
//! is the oracle's, figure by figure.

mod events;
mod oracle;
mod step;

use std::collections::BTreeMap;

use ledger::read::Figures;
use ledger::{Account, Outcome, Posting};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sqlx::PgPool;
use standards::Cents;

use crate::common::*;
use oracle::{BOOKS, Oracle, STRUCTURES};
use step::{Expected, Step};

const STEPS: usize = 1_000;

/// How often each kind of event was booked and refused; and how many claims of reduced payments that came back were reversed.
async fn simulate(pool: &PgPool, seed: u64) -> (Seen, u32) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut oracle = Oracle::new();
    let mut booked: Vec<Posting> = Vec::new();
    let mut counted = Seen::new();
    for number in 0..STEPS {
        // One in ten is a retry, which must change nothing.
        let retried = (!booked.is_empty() && random.random_bool(0.1)).then(|| random.random_range(0..booked.len()));
        let (what, posting, expected) = if let Some(retried) = retried {
            ("retry", booked[retried].clone(), Expected::Before)
        } else {
            let Some(step) = Step::random(&mut random, &oracle) else {
                continue;
            };
            let (posting, expected) = step.take(number, &mut oracle);
            (step.name(), posting, expected)
        };
        let when = format!("seed {seed}, {number}: {what}");
        happens(pool, &oracle, &posting, expected, &when).await;
        counted.entry(what).or_default()[usize::from(expected == Expected::Refused)] += 1;
        if expected == Expected::Now {
            booked.push(posting);
        }
    }
    (counted, oracle.reversed_into_debt)
}

async fn happens(pool: &PgPool, oracle: &Oracle, posting: &Posting, expected: Expected, when: &str) {
    let outcome = post_all(pool, std::slice::from_ref(posting)).await.remove(0);
    let gave = match outcome {
        Outcome::Posted => Expected::Now,
        Outcome::AlreadyPosted => Expected::Before,
        Outcome::Rejected(_) => Expected::Refused,
    };
    assert_eq!(gave, expected, "{when} {posting:?} gave {outcome:?}");
    check(pool, oracle, when).await;
}

type Seen = BTreeMap<&'static str, [u32; 2]>;

async fn check(pool: &PgPool, oracle: &Oracle, when: &str) {
    let mut snapshot = ledger::read::snapshot(pool).await.unwrap();
    let figures = Figures::read(&mut snapshot).await.unwrap();
    let payable: Vec<Account> = (0..BOOKS)
        .flat_map(|b| (0..STRUCTURES).map(move |s| Account::payable(oracle::book_of(b), oracle::structure_of(s))))
        .collect();
    let held = ledger::read::balances(&mut snapshot, &payable).await.unwrap();
    snapshot.rollback().await.unwrap();
    let bank = figures.bank_invariant(Cents::new(oracle.bank), Cents::ZERO);
    let broken: Vec<_> = figures
        .invariants()
        .into_iter()
        .chain([bank])
        .filter(|invariant| !invariant.holds())
        .collect();
    assert_eq!(broken, [], "{when}");
    assert_eq!(
        held.into_iter().map(Cents::get).collect::<Vec<_>>(),
        oracle.payable(),
        "{when}"
    );
    let report = figures.waterfall();
    for funder in report.funders {
        assert_eq!(funder, oracle.funder_figures(funder.funder), "{when}");
    }
    for line in report.programmes {
        assert_eq!(line, oracle.programme_figures(line.book, line.funder), "{when}");
    }
}

#[testkit::test]
async fn a_simulation_of_a_fund_is_what_the_oracle_says_after_each_event(pool: PgPool) {
    let (seen, reversed_into_debt) = simulate(&pool, 104).await;
    let booked = seen
        .iter()
        .filter(|(what, [booked, _])| **what != "retry" && *booked > 0);
    assert_eq!(
        booked.count(),
        Step::KINDS,
        "a simulation has all kinds of events: {seen:?}"
    );
    assert!(reversed_into_debt > 0, "what hardly happens by chance was steered to");
}

/// Rare in random simulations: a payment that was reduced by a debt comes back, and then its claims are reversed.
#[testkit::test]
async fn what_a_structure_owes_survives_a_payment_that_comes_back(pool: PgPool) {
    let mut oracle = Oracle::new();
    let money = (0..3).flat_map(|f| [Step::Received((f, 9_000)), Step::Allocated(0, (f, 9_000))]);
    let vouchers = (1..=5).map(|serial| Step::Activated(0, (0, serial)));
    let steps = [
        Step::Claimed(0, 0, vec![(0, 1)]),
        Step::Settled(0, 0),
        Step::Paid(0),
        Step::Reversed(0, 0, false),
        Step::Claimed(0, 0, vec![(0, 2)]),
        Step::Claimed(0, 0, vec![(0, 3)]),
        Step::Settled(0, 0),
        Step::Rejected(1),
        Step::Reversed(0, 1, false),
        Step::Reversed(0, 2, true),
        Step::Claimed(0, 0, vec![(0, 4), (0, 5)]),
        Step::Settled(0, 0),
        Step::Paid(2),
        Step::Returned(2),
    ];
    let all = money.chain([Step::BatchFunded(0, 0)]).chain(vouchers).chain(steps);
    for (number, step) in all.enumerate() {
        let (posting, expected) = step.take(number, &mut oracle);
        assert_eq!(expected, Expected::Now, "{step:?}");
        happens(&pool, &oracle, &posting, expected, &format!("{number}: {step:?}")).await;
    }
}

/// `SIMULATION_SEEDS=100 cargo test -p ledger --test ledger many_simulations -- --ignored`
#[testkit::test]
#[ignore = "as long as one likes"]
async fn many_simulations_are_what_the_oracle_says(_: PgPool) {
    let seeds: u64 = std::env::var("SIMULATION_SEEDS").map_or(20, |seeds| seeds.parse().unwrap());
    for seed in 100..100 + seeds {
        let database = testkit::Database::new().await;
        let (seen, reversed_into_debt) = simulate(&database.pool(), seed).await;
        println!("seed {seed}: [booked, refused] {seen:?}, {reversed_into_debt} reversed into a debt");
    }
}
