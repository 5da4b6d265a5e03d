//! Random steps, good and bad, against a model of a few lines: a voucher is inert, alive, spent or dead, and nothing else. A
//! failure is: an outcome that the model does not foresee, or books that break an invariant.

use std::collections::BTreeMap;

use crate::common::*;
use ledger::{Account, BookId, Outcome, Posting, TransferKind};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sqlx::PgPool;

const BOOK: BookId = book(1);
const VOUCHERS: u32 = 12;
const BATCHES: usize = 60;
const POSTINGS_MAX: usize = 8;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Voucher {
    Inert,
    Alive,
    SpentAt(u128),
    Dead,
}

/// What a step would do, with the name that its ids come from.
#[derive(Clone, Debug)]
enum Step {
    Activate(u32),
    Claim {
        name: String,
        by: u128,
        indexes: Vec<u32>,
    },
    Reverse {
        claim: String,
        by: u128,
        idx: u32,
        dead: bool,
    },
    Sweep {
        name: String,
        kind: TransferKind,
        idx: u32,
    },
}

/// What the books should look like.
struct Model {
    vouchers: Vec<Voucher>,
    /// Steps booked, by name: coming again with the same content they change nothing.
    booked: BTreeMap<String, String>,
    reversed: Vec<String>,
}

impl Step {
    fn name(&self) -> String {
        match self {
            Self::Activate(idx) => format!("activated {idx}"),
            Self::Claim { name, .. } | Self::Sweep { name, .. } => name.clone(),
            Self::Reverse { claim, .. } => format!("reversal of {claim}"),
        }
    }

    fn posting(&self) -> Posting {
        match self {
            Self::Activate(idx) => activated(BOOK, batch(1), *idx),
            Self::Claim { name, by, indexes } => claimed(name, BOOK, structure(*by), indexes),
            Self::Reverse { claim, by, idx, dead } => {
                reversed(&self.name(), claim, Account::payable(BOOK, structure(*by)), *idx, *dead)
            }
            Self::Sweep { name, kind, idx } => swept(*kind, name, BOOK, *idx),
        }
    }

    fn random(random: &mut StdRng, past: &[Step]) -> Self {
        // One step in five is an earlier one again, or an earlier id with another content.
        if !past.is_empty() && random.random_bool(0.2) {
            let mut step = past[random.random_range(0..past.len())].clone();
            if let Self::Claim { by, .. } = &mut step {
                *by = random.random_range(0..2);
            }
            return step;
        }
        let idx = random.random_range(0..VOUCHERS);
        let name = format!("step {}", random.random_range(0..u64::MAX));
        match random.random_range(0..10) {
            0..3 => Self::Activate(idx),
            3..7 => {
                let indexes = (0..random.random_range(1..4))
                    .map(|n| (idx + n * 5) % VOUCHERS)
                    .collect();
                Self::Claim {
                    name,
                    by: random.random_range(0..2),
                    indexes,
                }
            }
            7..9 => {
                let claims = past.iter().filter_map(|step| match step {
                    Self::Claim { name, by, indexes } => Some((name.clone(), *by, indexes[0])),
                    _ => None,
                });
                let claims: Vec<_> = claims.collect();
                let dead = random.random_bool(0.3);
                match claims.get(random.random_range(0..claims.len().max(1))) {
                    None => Self::Activate(idx),
                    Some((claim, by, idx)) => Self::Reverse {
                        claim: claim.clone(),
                        by: *by,
                        idx: *idx,
                        dead,
                    },
                }
            }
            _ => {
                let kind = if random.random_bool(0.5) {
                    TransferKind::Revoked
                } else {
                    TransferKind::Expired
                };
                Self::Sweep { name, kind, idx }
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Now,
    Before,
    Refused,
}

impl Model {
    fn take(&mut self, step: &Step) -> Expected {
        let content = format!("{step:?}");
        match self.booked.get(&step.name()) {
            Some(booked) if *booked == content => return Expected::Before,
            Some(_) => return Expected::Refused,
            None => {}
        }
        let admitted = match step {
            Step::Activate(idx) => self.turn(*idx, Voucher::Inert, Voucher::Alive),
            Step::Claim { by, indexes, .. } => {
                let all = indexes.iter().all(|&idx| self.vouchers[idx as usize] == Voucher::Alive);
                let by = Voucher::SpentAt(*by);
                all && indexes.iter().all(|&idx| self.turn(idx, Voucher::Alive, by))
            }
            Step::Reverse { claim, by, idx, dead } => {
                let stands = self.booked.contains_key(claim) && !self.reversed.contains(claim);
                let by_them = self
                    .booked
                    .get(claim)
                    .is_some_and(|content| content.contains(&format!("by: {by},")));
                let after = if *dead { Voucher::Dead } else { Voucher::Alive };
                let admitted = stands && by_them && self.turn(*idx, Voucher::SpentAt(*by), after);
                self.reversed.extend(admitted.then(|| claim.clone()));
                admitted
            }
            Step::Sweep { idx, .. } => self.turn(*idx, Voucher::Alive, Voucher::Dead),
        };
        if admitted {
            self.booked.insert(step.name(), content);
            Expected::Now
        } else {
            Expected::Refused
        }
    }

    fn turn(&mut self, idx: u32, from: Voucher, to: Voucher) -> bool {
        let voucher = &mut self.vouchers[idx as usize];
        let can = *voucher == from;
        if can {
            *voucher = to;
        }
        can
    }
}

async fn play(pool: &PgPool, seed: u64) {
    spendable(pool, BOOK, 0).await;
    let mut random = StdRng::seed_from_u64(seed);
    let mut model = Model {
        vouchers: vec![Voucher::Inert; VOUCHERS as usize],
        booked: BTreeMap::new(),
        reversed: Vec::new(),
    };
    let mut past: Vec<Step> = Vec::new();
    for _ in 0..BATCHES {
        let steps: Vec<Step> = (0..random.random_range(1..=POSTINGS_MAX))
            .map(|_| Step::random(&mut random, &past))
            .collect();
        let outcomes = post_all(pool, &steps.iter().map(Step::posting).collect::<Vec<_>>()).await;
        for (step, outcome) in steps.iter().zip(outcomes) {
            let gave = match outcome {
                Outcome::Posted => Expected::Now,
                Outcome::AlreadyPosted => Expected::Before,
                Outcome::Rejected(_) => Expected::Refused,
            };
            assert_eq!(gave, model.take(step), "seed {seed}: {step:?} gave {outcome:?}");
        }
        past.extend(steps);
    }
    for (idx, voucher_is) in (0..).zip(&model.vouchers) {
        let left = if *voucher_is == Voucher::Alive {
            FACE_VALUE.get()
        } else {
            0
        };
        assert_eq!(
            held(pool, Account::voucher(BOOK, voucher(idx))).await,
            left,
            "seed {seed}: voucher {idx}"
        );
    }
    assert_eq!(broken(pool).await, []);
}

#[testkit::test]
async fn random_steps_end_as_the_model_says(pool: PgPool) {
    play(&pool, 1).await;
}

#[testkit::test]
async fn other_random_steps_end_as_the_model_says(pool: PgPool) {
    play(&pool, 2).await;
}

#[testkit::test]
async fn more_random_steps_end_as_the_model_says(pool: PgPool) {
    play(&pool, 3).await;
}
