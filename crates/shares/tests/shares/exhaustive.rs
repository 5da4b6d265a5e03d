//! Shares proven, not sampled: for plans of up to six funders, every face value and every number of vouchers.
//!
//! An independent calculation walks n = 1, 2, 3, … with one addition a boundary (billionths of a cent in 64 bits, where the real
//! one multiplies in 128), and checks at every n that the cents sum to the face value, that none is negative, and that nobody is a
//! full cent away from its exact share of the first n. Where all remainders are zero together everything repeats, so the walk
//! may stop: what holds up to there holds for ever. Along the way the real function must give the same cents.
//!
//! The fast test takes seconds; `scripts/prove-shares` takes every value up to 200 € and every n up to 100,000.

use std::num::NonZeroU32;

use rust_decimal::Decimal;
use sealed_log::PartyId;
use shares::{Plan, SHARE_CENTS_MIN};
use standards::Cents;
use uuid::Uuid;

const VOUCHERS: u32 = 100_000;
const VALUE_CENTS: u32 = 20_000;
const FUNDERS_MAX: usize = 6;
const ONE: u64 = 1_000_000_000;
/// How often the real function is asked, besides the first vouchers and the last.
const ASKED_EVERY: u32 = 9_973;
const FIRST_ASKED: u32 = 5;

/// `SplitMix64`: the same plans everywhere, for ever.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// A plan of one to six funders whose rates have 2, 4, 6 or 8 decimals, in billionths.
fn any_rates(random: &mut Random) -> Vec<u64> {
    let unit = [10_000_000, 100_000, 1_000, 10][usize::try_from(random.below(4)).unwrap()];
    let whole = ONE / unit;
    let mut cuts: Vec<u64> = (0..random.below(FUNDERS_MAX.try_into().unwrap()))
        .map(|_| 1 + random.below(whole - 1))
        .collect();
    cuts.extend([0, whole]);
    cuts.sort_unstable();
    cuts.dedup();
    cuts.windows(2).map(|pair| (pair[1] - pair[0]) * unit).collect()
}

fn plan(rates: &[u64]) -> Plan {
    let funder = |(n, &rate): (usize, &u64)| {
        let rate = Decimal::from_i128_with_scale(rate.into(), 9).normalize();
        (PartyId::from_uuid(Uuid::from_u128(n as u128)), rate)
    };
    Plan::new(rates.iter().enumerate().map(funder).collect()).unwrap()
}

/// One boundary between funders: n·V·C, as whole cents and billionths.
#[derive(Clone, Copy, Default)]
struct Boundary {
    step_whole: u64,
    step_rest: u64,
    whole: u64,
    rest: u64,
}

impl Boundary {
    fn new(cumulated: u64, value: u32) -> Self {
        let step = cumulated * u64::from(value);
        Self {
            step_whole: step / ONE,
            step_rest: step % ONE,
            ..Self::default()
        }
    }

    fn advance(&mut self) {
        self.whole += self.step_whole;
        self.rest += self.step_rest;
        if self.rest >= ONE {
            self.rest -= ONE;
            self.whole += 1;
        }
    }

    /// Rounded half up.
    fn rounded(&self) -> u64 {
        self.whole + u64::from(2 * self.rest >= ONE)
    }

    /// Rounded less exact, in billionths.
    fn off(&self) -> i64 {
        let rest = i64::try_from(self.rest).unwrap_or(i64::MAX);
        if 2 * self.rest >= ONE {
            1_000_000_000 - rest
        } else {
            -rest
        }
    }
}

/// Walks the vouchers of one plan and value; how many were looked at, or nothing when the value is refused.
fn prove(rates: &[u64], plan: &Plan, value: u32, vouchers: u32) -> Option<u32> {
    let least = rates.iter().min().copied().unwrap_or(0);
    let refused = u128::from(least) * u128::from(value) < u128::from(ONE) * u128::try_from(SHARE_CENTS_MIN).unwrap();
    let cents = Cents::new(value.into());
    assert_eq!(plan.check(cents).is_err(), refused, "{rates:?} {value}");
    if refused {
        return None;
    }
    let mut boundaries = [Boundary::default(); FUNDERS_MAX];
    let count = rates.len();
    let mut cumulated = 0;
    for (boundary, rate) in boundaries.iter_mut().zip(rates) {
        cumulated += rate;
        *boundary = Boundary::new(cumulated, value);
    }
    let boundaries = &mut boundaries[..count];
    for n in 1..=vouchers {
        let (mut sum, mut before, mut upto, mut off, mut rests) = (0, 0, 0, 0, 0);
        for boundary in boundaries.iter_mut() {
            let earlier = boundary.rounded();
            boundary.advance();
            let now = boundary.rounded();
            let share = (now + before).checked_sub(upto + earlier);
            assert!(share.is_some(), "{rates:?} {value} {n}: a negative share");
            sum += share.unwrap_or(0);
            assert!(
                (boundary.off() - off).abs() < 1_000_000_000,
                "{rates:?} {value} {n}: a full cent off"
            );
            (before, upto, off) = (earlier, now, boundary.off());
            rests |= boundary.rest;
        }
        assert!(sum == u64::from(value), "{rates:?} {value} {n}: {sum} cents");
        if n <= FIRST_ASKED || n % ASKED_EVERY == 0 || n == vouchers {
            same_as_real(plan, cents, n, boundaries);
        }
        if rests == 0 {
            return Some(n);
        }
    }
    Some(vouchers)
}

fn same_as_real(plan: &Plan, value: Cents, n: u32, boundaries: &[Boundary]) {
    let mut below = 0;
    let walked = boundaries.iter().map(|boundary| {
        let share = boundary.rounded() - below;
        below = boundary.rounded();
        share
    });
    let walked: Vec<i64> = walked.map(|share| i64::try_from(share).unwrap()).collect();
    let real: Vec<i64> = plan.sum_first(n, value).into_iter().map(Cents::get).collect();
    assert_eq!(real, walked, "{value} {n}");
    let split = plan.split(NonZeroU32::new(n).unwrap(), value);
    assert_eq!(Cents::try_sum(split), Some(value));
}

#[test]
fn shares_hold_for_plans_of_up_to_six_funders_up_to_the_last_voucher() {
    let mut random = Random(1);
    let (mut looked_at, mut refused) = (0_u64, 0);
    for _ in 0..24 {
        let rates = any_rates(&mut random);
        let plan = plan(&rates);
        let values = [1, 2, 3, 499, 500, 1000, VALUE_CENTS];
        let drawn: Vec<u32> = (0..3)
            .map(|_| 1 + u32::try_from(random.below(VALUE_CENTS.into())).unwrap())
            .collect();
        for value in values {
            match prove(&rates, &plan, value, 2_000) {
                Some(n) => looked_at += u64::from(n),
                None => refused += 1,
            }
        }
        for value in drawn {
            looked_at += u64::from(prove(&rates, &plan, value, VOUCHERS).unwrap_or(0));
        }
    }
    assert!(
        looked_at > 1_000_000 && refused > 10,
        "{looked_at} vouchers, {refused} values refused"
    );
}

/// `SHARES_PLANS` plans (12 when absent), every value up to 200 €, every n up to 100,000: minutes with optimisation.
#[test]
#[ignore = "minutes: run scripts/prove-shares"]
fn shares_hold_for_every_value_and_every_number_of_vouchers() {
    let plans: u64 = std::env::var("SHARES_PLANS").map_or(12, |plans| plans.parse().unwrap());
    let mut random = Random(2);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (mut looked_at, mut values, mut refused) = (0_u64, 0_u64, 0_u64);
    for number in 1..=plans {
        let rates = any_rates(&mut random);
        let plan = plan(&rates);
        let (rates, plan) = (&rates, &plan);
        let part = move |first: u32| {
            let mine = (1..=VALUE_CENTS).skip(first as usize).step_by(threads);
            mine.map(|value| prove(rates, plan, value, VOUCHERS))
                .collect::<Vec<_>>()
        };
        let parts: Vec<Option<u32>> = std::thread::scope(|scope| {
            let running: Vec<_> = (0..u32::try_from(threads).unwrap())
                .map(|first| scope.spawn(move || part(first)))
                .collect();
            running.into_iter().flat_map(|part| part.join().unwrap()).collect()
        });
        let proven: u64 = parts.iter().flatten().map(|&n| u64::from(n)).sum();
        refused += parts.iter().filter(|part| part.is_none()).count() as u64;
        values += parts.iter().flatten().count() as u64;
        looked_at += proven;
        println!("plan {number} of {plans}: {} funders, {proven} vouchers", rates.len());
    }
    println!("{plans} plans, {values} values proven, {refused} refused as too small, {looked_at} vouchers walked");
    assert_eq!(values + refused, plans * u64::from(VALUE_CENTS));
}
